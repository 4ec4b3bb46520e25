"""Playing aloud, into a device that is only played here."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from distill_runtime import (
    DependencyError,
    FailureError,
    GenerationConfig,
    GenerationPipeline,
    GenerationResult,
)
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.generation import playback as module
from distill_runtime.generation.playback import play_sound, require_sounddevice
from tests.distill_runtime.small_artifacts import load, save, seal, small_model


@pytest.fixture
def result(tmp_path: Path) -> GenerationResult:
    artifact = load(save(seal(small_model()), tmp_path / "rain.onnx"))
    config = GenerationConfig(
        duration_s=2.0, seed=1, stereo=StereoSettings("dual-seed"), sample_rate_hz=44_100
    )
    return GenerationPipeline(artifact).generate(config)


class PortAudioError(Exception):
    pass


class Device:
    """Stands in for sounddevice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: str = "") -> None:
        self.opened: list[dict[str, Any]] = []
        self.written: list[np.ndarray] = []
        self.closed = 0
        device = self

        class OutputStream:
            def __init__(self, **settings: Any) -> None:
                if failing == "open":
                    raise PortAudioError("Error querying device -1")
                device.opened.append(settings)

            def __enter__(self) -> OutputStream:
                return self

            def __exit__(self, *_: object) -> None:
                device.closed += 1

            def write(self, block: np.ndarray) -> None:
                if failing == "write":
                    raise PortAudioError("Unanticipated host error")
                assert block.flags.c_contiguous
                device.written.append(block.copy())

        fake: Any = ModuleType("sounddevice")
        fake.PortAudioError = PortAudioError
        fake.OutputStream = OutputStream
        monkeypatch.setitem(sys.modules, "sounddevice", fake)
        monkeypatch.setattr(module, "find_spec", lambda name: name == "sounddevice" or None)


def test_the_whole_sound_is_played_once(
    result: GenerationResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(monkeypatch)
    play_sound(result)
    assert device.opened == [{"samplerate": 44_100, "channels": 2, "dtype": "float32"}]
    assert np.array_equal(np.concatenate(device.written), result.audio.T)
    assert {block.dtype for block in device.written} == {np.dtype(np.float32)}
    assert device.closed == 1


@pytest.mark.parametrize(
    ("failing", "expected"),
    [("open", "Error querying device -1"), ("write", "Unanticipated host error")],
)
def test_a_device_that_fails_is_a_failure_in_one_line(
    result: GenerationResult, monkeypatch: pytest.MonkeyPatch, failing: str, expected: str
) -> None:
    device = Device(monkeypatch, failing)
    with pytest.raises(FailureError) as failed:
        play_sound(result)
    assert str(failed.value) == f"the sound cannot be played: {expected}"
    assert device.closed == (failing == "write")


def test_without_sounddevice_one_line_says_what_to_install(
    result: GenerationResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    for call in (require_sounddevice, lambda: play_sound(result)):
        with pytest.raises(DependencyError) as missing:
            call()
        assert str(missing.value) == (
            "sounddevice is not installed, and --play needs it: pip install sounddevice"
        )


def test_without_portaudio_the_library_is_named(
    result: GenerationResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(name: str) -> Any:
        assert name == "sounddevice"
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(module, "find_spec", lambda name: True)
    monkeypatch.setattr(module.importlib, "import_module", without)
    with pytest.raises(DependencyError, match=r"PortAudio library not found.*: install"):
        play_sound(result)
