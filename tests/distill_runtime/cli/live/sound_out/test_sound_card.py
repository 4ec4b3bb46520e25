"""A sound card, on a PortAudio that is only played here."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from distill_runtime.cli.live.sound_out.opening import open_sound_out
from distill_runtime.cli.live.sound_out.output import SoundOut
from distill_runtime.cli.live.sound_out.sound_card import describe_devices
from distill_runtime.errors import FailureError
from distill_runtime.generation import playback


class PortAudioError(Exception):
    pass


class CallbackAbort(Exception):  # noqa: N818  # sounddevice's own name
    pass


class PortAudio:
    """Stands in for sounddevice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing = ""
        self.settings: dict[str, Any] = {}
        self.calls: list[str] = []
        self.devices: Any = [
            {"name": "Microphone", "max_output_channels": 0},
            {"name": "Speakers\x1b[2J", "max_output_channels": 2},
        ]
        portaudio = self

        class OutputStream:
            def __init__(self, **settings: Any) -> None:
                portaudio.fail("open")
                portaudio.settings = settings

            def start(self) -> None:
                portaudio.fail("start")
                portaudio.calls.append("start")

            def abort(self) -> None:
                portaudio.fail("abort")
                portaudio.calls.append("abort")

            def close(self) -> None:
                portaudio.calls.append("close")

        fake: Any = ModuleType("sounddevice")
        fake.PortAudioError, fake.CallbackAbort = PortAudioError, CallbackAbort
        fake.OutputStream = OutputStream
        fake.query_devices = self.query_devices
        monkeypatch.setitem(sys.modules, "sounddevice", fake)
        monkeypatch.setattr(playback, "find_spec", lambda name: True)

    def fail(self, where: str) -> None:
        if self.failing == where:
            raise PortAudioError("Unanticipated host error")

    def query_devices(self) -> Any:
        self.fail("query")
        return self.devices

    def ask(self, block: np.ndarray, *, underflow: bool = False) -> None:
        """Ask for a block as PortAudio's thread does."""
        status = SimpleNamespace(output_underflow=underflow)
        self.settings["callback"](block, len(block), None, status)


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> PortAudio:
    return PortAudio(monkeypatch)


def opened(device: str | None = None) -> SoundOut:
    return open_sound_out(device, sample_rate_hz=48_000, channels=2, block=128)


@pytest.mark.parametrize(
    ("device", "chosen"), [(None, None), ("3", 3), ("usb", "usb"), ("99999999", 9999)]
)
def test_the_device_is_opened_as_it_was_asked_for(
    portaudio: PortAudio, device: str | None, chosen: object
) -> None:
    opened(device)
    expected = {"samplerate": 48_000, "channels": 2, "blocksize": 128, "dtype": "float32"}
    assert {name: portaudio.settings[name] for name in expected} == expected
    assert portaudio.settings["device"] == chosen
    assert portaudio.calls == []


def test_blocks_are_filled_and_gaps_counted(portaudio: PortAudio) -> None:
    out = opened()
    out.start(lambda block: block.fill(0.25))
    block = np.zeros((128, 2), np.float32)
    portaudio.ask(block)
    assert (block == 0.25).all()
    assert out.late == 0
    portaudio.ask(block, underflow=True)
    assert out.late == 1
    out.close()
    portaudio.settings["finished_callback"]()
    assert out.failure is None
    assert portaudio.calls == ["start", "abort", "close"]


def test_a_sound_that_fails_is_silence_and_the_end(portaudio: PortAudio) -> None:
    def fail(block: np.ndarray) -> None:
        block.fill(9.0)
        raise RuntimeError("onnxruntime failed")

    out = opened()
    out.start(fail)
    block = np.ones((128, 2), np.float32)
    with pytest.raises(CallbackAbort):
        portaudio.ask(block)
    assert not block.any()
    portaudio.settings["finished_callback"]()
    assert out.failure == "onnxruntime failed"


def test_a_device_that_is_unplugged_is_told_and_closes_without_an_error(
    portaudio: PortAudio,
) -> None:
    out = opened()
    out.start(lambda block: None)
    portaudio.settings["finished_callback"]()
    assert out.failure == "the sound device has stopped: was it unplugged?"
    portaudio.failing = "abort"
    out.close()


@pytest.mark.parametrize(
    ("failing", "complaint"),
    [
        ("open", "the sound device 'usb' cannot be opened: Unanticipated host error: --list-dev"),
        ("start", "the sound device does not start: Unanticipated host error: --list-devices"),
    ],
)
def test_a_device_that_fails_is_one_line(
    portaudio: PortAudio, failing: str, complaint: str
) -> None:
    portaudio.failing = failing
    with pytest.raises(FailureError) as failed:
        opened("usb").start(lambda block: None)
    assert str(failed.value).startswith(complaint)
    assert "\n" not in str(failed.value)


def test_outputs_are_listed_with_their_numbers(portaudio: PortAudio) -> None:
    assert describe_devices() == "sound devices\n  1 Speakers [2J, 2 channels"
    portaudio.failing = "query"
    assert describe_devices() == "sound devices\n  none"
