"""The whole program in a terminal: keys, mouse, MIDI, OSC, sizes, and the ways to leave."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import mido
import pytest
import soundfile
from mido import sockets
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from distill_runtime import ArtifactFile
from tests.distill_runtime.cli.live.midi import socket_midi
from tests.distill_runtime.cli.live.terminal import Terminal, wait_for

HOST = "127.0.0.1"
COLOURS = {"0", "1", "2", "7", "22", "27", "39", "49", "38", "48"}
COLOURS |= {str(first + colour) for first in (30, 90) for colour in range(8)}


@pytest.fixture
def terminal(folder: Path, tmp_path: Path) -> Iterator[Terminal]:
    del folder
    with closing(Terminal(tmp_path)) as terminal:
        yield terminal


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def test_it_is_played_by_keys_mouse_midi_and_osc(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = ArtifactFile.inspect(folder / "rain.onnx").metadata
    first = artifact.controls[0].name
    sliders = [slider.label for slider in artifact.sliders.sliders]
    midi_port, osc_port = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    monkeypatch.setenv("MIDO_BACKEND", socket_midi.__name__)
    monkeypatch.setenv("DISTILL_TEST_MIDI", str(midi_port))
    with (
        ExitStack() as opened,
        closing(sockets.PortServer(HOST, midi_port)) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        closing(Terminal(tmp_path)) as terminal,
    ):
        ear.bind((HOST, 0))
        ear.settimeout(20.0)
        terminal.live(
            "rain.onnx --device none --seed 7 --slider 2:-1.5 --stereo mid-side --midi socket "
            f"--mapping knobs.json --osc-in {osc_port} --osc-out {ear.getsockname()[1]} "
            "--record take.flac"
        )
        knobs = opened.enter_context(closing(server.accept()))
        terminal.sees("ambience  learned stereo", "seed 7")
        terminal.sees(sliders[2], "-1.5")

        terminal.press("Right", "Right", "S-Right")
        terminal.sees(f"›{first}", "+2.1")

        row = next(index for index, line in enumerate(terminal.lines(), 1) if f"›{first}" in line)
        end = len(terminal.lines()[row - 1].split("+")[0].rstrip())  # the bar's last cell
        terminal.send(f"\x1b[<0;{end};{row}M\x1b[<0;{end};{row}m")
        terminal.sees(f"›{first}", "+10")

        client = SimpleUDPClient(HOST, osc_port)
        client.send_message("/distill/slider/1", 4.5)
        terminal.sees(sliders[1], "+4.5")
        heard: list[object] = []
        while heard != [4.5]:
            message = OscMessage(ear.recv(65_535))
            heard = message.params[:1] if message.address == "/distill/slider/1" else []
        client.send_message("/distill/slider/99", 4.5)
        terminal.sees("refused 1")
        client._sock.close()

        terminal.press("l")
        terminal.sees("move a controller")
        knobs.send(mido.Message("control_change", control=21, value=64))
        terminal.sees(first, " 0", "cc21")
        knobs.send(mido.Message("control_change", control=21, value=0))
        terminal.sees(first, "-10", "cc21")
        assert json.loads(Path("knobs.json").read_text("utf-8"))["controllers"][0]["from"] == -10
        knobs.send(mido.Message("note_on", note=60, velocity=127))
        terminal.sees("walk of seed 60")

        codes = re.findall(r"\x1b\[([\d;]*)m", terminal.text(escapes=True))
        assert {code for each in codes for code in each.split(";") if code} <= COLOURS - {
            "38",
            "48",
        }, "only the terminal's own colours fit a light one and a dark one"

        terminal.resize(50, 16)
        # What the head has room for depends on the figures of a busy machine.
        wait_for(lambda: max(map(len, terminal.lines())) <= 50 and first in terminal.text())
        terminal.press("q")
        terminal.left_with(0)
        assert terminal.complaint().startswith("the last 0:")
    sound, _ = soundfile.read("take.flac", always_2d=True)
    assert sound.shape[1] == 2
    assert abs(sound).max() > 0.01


@pytest.mark.parametrize(
    ("way", "code", "said"),
    [
        ("C-c", 130, "interrupted"),
        (signal.SIGTERM, 143, "interrupted by SIGTERM"),
    ],
    ids=str,
)
def test_however_it_is_left_the_terminal_is_as_it_was_and_the_sound_is_kept(
    terminal: Terminal, way: str | int, code: int, said: str
) -> None:
    terminal.live("rain.onnx --device none --record take.wav")
    if isinstance(way, str):
        terminal.press(way)
    else:
        os.kill(int(Path("pid").read_text("ascii")), way)
    terminal.left_with(code)
    lines = terminal.complaint().splitlines()
    assert lines[0].startswith("the last 0:0")
    assert lines[1:] == [f"distill-run: {said}"]
    assert soundfile.info("take.wav").frames > 0


def test_a_window_that_is_closed_keeps_the_sound(terminal: Terminal) -> None:
    terminal.live("rain.onnx --device none --record take.wav")
    terminal.close()
    wait_for(lambda: "SIGHUP" in terminal.complaint())
    assert terminal.complaint().splitlines()[1:] == ["distill-run: interrupted by SIGHUP"]
    assert soundfile.info("take.wav").frames > 0
