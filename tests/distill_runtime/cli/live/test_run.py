"""`distill-run live` without a page: what it plays, keeps, refuses, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from distill_runtime.cli.live import extras, run
from distill_runtime.cli.live.sound_out.clock import Clock
from distill_runtime.errors import FailureError
from tests.distill_runtime.cli.conftest import Outcome
from tests.distill_runtime.cli.live.midi import in_process_midi

Cli = Callable[..., Outcome]


@pytest.fixture
def live(cli: Cli) -> Cli:
    """Play for a moment, without page and device."""

    def play(*arguments: object) -> Outcome:
        return cli("live", "rain.onnx", "--no-page", "--device", "none", "-d", "0.2", *arguments)

    return play


@pytest.fixture
def midi() -> Iterator[None]:
    before = mido.backend
    mido.set_backend(in_process_midi.__name__)
    yield
    mido.set_backend(before)


def test_what_was_played_is_kept_and_plays_again_sample_for_sample(cli: Cli, live: Cli) -> None:
    played = live("--seed", 7, "--slider", "0:2.5", "--stereo", "dual-seed", "--record", "a.wav")
    assert (played.code, played.out) == (0, "a.wav\n")
    assert played.err == "playing, seed 7: Ctrl-C ends\nthe last 0:00 are in a.wav\n"
    again = cli("reproduce", "a.wav", "rain.onnx", "-o", "b.wav")
    assert again.code == 0
    first, second = (soundfile.read(name, always_2d=True)[0] for name in ("a.wav", "b.wav"))
    assert first.shape[0] >= 9600 and first.shape[1] == 2
    assert np.array_equal(first, second)
    assert abs(first).max() > 0.01


def test_without_a_seed_one_is_drawn_and_nothing_is_left_behind(
    live: Cli, made: Callable[[], list[str]]
) -> None:
    seeds = {live().err for _ in range(2)}
    assert len(seeds) == 2
    assert made() == []


def test_a_preset_gives_sliders_seed_and_stereo_and_options_go_first(
    cli: Cli, live: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--seed", "9", "--slider", "0:3", "--slider", "1:-2", "--stereo", "mid-side")
    assert cli("rain.onnx", "-d", "1", *options, "--save-preset", "dawn.json").code == 0
    started: list[dict[str, Any]] = []
    stream = run.LiveStream
    monkeypatch.setattr(
        run,
        "LiveStream",
        lambda artifact, **start: (started.append(start), stream(artifact, **start))[1],
    )
    assert live("--preset", "dawn.json", "--slider", "1:5", "--drift", "0").code == 0
    assert live("--preset", "dawn.json", "--seed", "2", "--stereo", "mono").code == 0
    first, second = started
    assert (first["seed"], first["sliders"][:3], first["drift"]) == (9, (3, 5, 0), 0.0)
    assert (first["stereo"].mode, second["stereo"].mode) == ("mid-side", "mono")
    assert (second["seed"], second["drift"]) == (2, 0.2)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--seed", "-1"], "--seed"),
        (["--slider", "Dust:1"], "there is no slider 'Dust'"),
        (["--slider", "0:11"], "11"),
        (["--control", "Dust:1"], "control"),
        (["--control", "Dust"], "NAME:STEPS"),
        (["--drift", "2"], "--drift is 2, expected a number from 0 to 1"),
        (["--drift", "nan"], "--drift is nan, expected a number from 0 to 1"),
        (["--stereo", "quad"], "--stereo is 'quad'"),
        (["--block", "9999"], "--block is 9999, expected 1 to 4096, or 0"),
        (["--midi-channel", "3"], "--midi-channel is for --midi, which is not given"),
        (["--midi", "x", "--midi-channel", "17"], "--midi-channel is 17, expected 1 to 16"),
        (["--osc-in", "70000"], "--osc-in is '70000', expected a port"),
        (["--osc-out", "host"], "--osc-out is 'host', expected a port"),
        (["--record", "a.aiff"], "a.aiff"),
        (["--record", "none/a.wav"], "does not exist"),
        (["--mapping", "rain.onnx", "--midi", "x"], "rain.onnx: is"),
        (["--preset", "none.json"], "none.json: no such file"),
        (["-d", "0"], "--duration is 0, expected seconds, more than 0"),
        (["-d", "nan"], "--duration is nan, expected seconds, more than 0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_does_not_fit_is_refused_in_one_line_before_anything_is_heard(
    live: Cli, made: Callable[[], list[str]], arguments: list[str], complaint: str
) -> None:
    refused = live(*arguments)
    assert refused.code == 2
    assert complaint in refused.complaint
    assert made() == []


def test_a_file_that_is_there_is_overwritten_only_if_asked(live: Cli) -> None:
    Path("a.wav").touch()
    assert "a.wav exists" in live("--record", "a.wav").complaint
    assert live("--record", "a.wav", "--force").code == 0
    assert soundfile.info("a.wav").frames


def test_the_page_needs_a_terminal(cli: Cli) -> None:
    refused = cli("live", "rain.onnx", "--device", "none")
    assert (refused.code, refused.complaint) == (
        2,
        "the page needs a terminal: --no-page plays without it",
    )


def test_what_is_missing_is_named_before_anything_is_loaded(
    live: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert live().code == 0  # a model and a clock need none of it
    refused = live("--midi", "x", "--osc-in", "9000")
    assert (refused.code, refused.complaint) == (
        1,
        "mido, python-rtmidi and python-osc are not installed, and distill-run live needs them: "
        "pip install mido python-rtmidi python-osc",
    )


def test_a_device_that_fails_while_it_plays_ends_it_and_keeps_what_was_heard(
    live: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unplugged(Clock):
        def start(self, fill: Any) -> None:
            for _ in range(10):
                fill(self._block)
            self.failure = "the sound device has stopped: was it unplugged?"

    monkeypatch.setattr(run, "open_sound_out", lambda device, **options: Unplugged(**options))
    failed = live("--record", "a.wav", "--block", "100")
    assert failed.code == 1
    assert failed.err.splitlines()[-1] == (
        "distill-run: the sound has stopped: the sound device has stopped: was it unplugged?"
    )
    assert soundfile.info("a.wav").frames == 1000


def test_a_device_that_does_not_open_is_one_line_and_nothing_is_kept(
    live: Cli, made: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(device: str | None, **options: Any) -> None:
        raise FailureError("the sound device cannot be opened")

    monkeypatch.setattr(run, "open_sound_out", fail)
    failed = live("--record", "a.wav")
    assert (failed.code, failed.complaint) == (1, "the sound device cannot be opened")
    assert made() == []


def test_gaps_are_told(live: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Clock):
        def start(self, fill: Any) -> None:
            super().start(fill)
            self.late = 3

    monkeypatch.setattr(run, "open_sound_out", lambda device, **options: Late(**options))
    said = live().err.splitlines()
    assert "the machine is too slow here: there are gaps in the sound (--block may help)" in said
    assert said[-1] == "3 gaps in all"


def test_midi_plays_by_the_mapping_and_the_port_is_closed(live: Cli, midi: None) -> None:
    del midi
    Path("knobs.json").write_text(
        json.dumps(
            {
                "format": "distill.live-mapping",
                "version": 1,
                "channel": None,
                "notes": True,
                "first_seed": 0,
                "controllers": [
                    {
                        "controller": 1,
                        "channel": None,
                        "moves": "slider",
                        "name": "Nowhere",
                        "from": 0,
                        "to": 1,
                    }
                ],
            }
        ),
        "utf-8",
    )
    played = live("--midi", "launch", "--mapping", "knobs.json", "--midi-channel", "2")
    assert played.code == 0
    assert "this model has no slider 'Nowhere'" in played.err
    assert in_process_midi.open_ports() == []
    assert "--midi 'moog' is no MIDI port" in live("--midi", "moog").complaint


def test_it_leaves_the_heavy_packages_alone_until_it_plays() -> None:
    program = (
        "import sys; import distill_runtime.cli.live.command\n"
        "heavy = {'textual', 'mido', 'pythonosc', 'sounddevice', 'numpy', 'onnxruntime'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
