"""A live sound of known samples, and a stage for it, without a model or a device."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.midi.hands import MidiHands
from distill_runtime.cli.live.midi.mapping import MidiMapping
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.recorder import Recorder
from distill_runtime.cli.live.stage import Stage
from distill_runtime.contract import Landmarks
from distill_runtime.errors import FailureError, RequestError
from distill_runtime.files.interruption import Interruption
from tests.distill_runtime.slider_banks import make_bank

LABELS = ("PC1 (Brightness)", "PC2 (Loudness)", "PC3 (Texture)")


@dataclasses.dataclass(frozen=True)
class FakeControl:
    name: str
    safe_min_step: float = -5.0
    safe_max_step: float = 5.0


def fake_artifact(
    labels: tuple[str, ...] = LABELS,
    controls: tuple[str, ...] = ("Warmth",),
    landmarks: Landmarks | None = None,
) -> Any:
    sliders = make_bank(1, len(labels), 16).sliders
    sliders = tuple(
        dataclasses.replace(slider, label=label, safe_min_step=-4, safe_max_step=6)
        for slider, label in zip(sliders, labels, strict=True)
    )
    model = SimpleNamespace(name="Rain")
    return SimpleNamespace(
        sliders=sliders,
        controls=tuple(map(FakeControl, controls)),
        landmarks=landmarks,
        metadata=SimpleNamespace(model=model, reconstruction="learned"),
        sample_rate_hz=48_000,
    )


class FakeResult:
    """What was played: its file holds the number of samples."""

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.duration_s = samples / 48_000

    def save(self, path: Path | str, *, overwrite: bool = False) -> None:
        del overwrite
        Path(path).write_text(str(self.samples), "ascii")


class FakeSound:
    """Plays half of full scale, and remembers what was done to it."""

    def __init__(self, artifact: Any = None, *, channels: int = 1) -> None:
        self.artifact = fake_artifact() if artifact is None else artifact
        self.channels, self.sample_rate_hz = channels, 48_000
        self.drift, self.hold, self.nearness = 0.0, False, 0.0
        self.seed = 7
        self.underruns, self.load, self.peak = 0, 0.1, 0.5
        self.failing: Exception | None = None
        self.walks: list[int] = []
        self.walking = False
        self.played = 0
        self.closed = False
        self._sliders = [0.0] * len(self.artifact.sliders)
        self._controls = {control.name: 0.0 for control in self.artifact.controls}

    @property
    def sliders(self) -> tuple[float, ...] | None:
        return None if self.walking else tuple(self._sliders)

    @property
    def controls(self) -> dict[str, float]:
        return dict(self._controls)

    def read(self, samples: int) -> np.ndarray:
        if self.failing is not None:
            raise self.failing
        self.played += samples
        shape = (samples,) if self.channels == 1 else (self.channels, samples)
        return np.full(shape, 0.5, np.float32)

    def take_peak(self) -> float:
        return self.peak

    def move_slider(self, name_or_index: str | int, position: float) -> None:
        assert isinstance(name_or_index, int)
        if self.walking:
            self.set_sliders((0.0,) * len(self._sliders))
        self._sliders[name_or_index] = position

    def set_sliders(self, positions: tuple[float, ...]) -> None:
        if not self._sliders:
            raise RequestError("this model has no sliders")
        self._sliders = list(positions)
        self.walking = False

    def move_control(self, name: str, value: float) -> None:
        assert name in self._controls
        self._controls[name] = value

    def walk(self, seed: int) -> None:
        self.seed, self.walking = seed, True
        self.walks.append(seed)

    def record(self, seconds: float | None = None) -> FakeResult:
        assert seconds is None
        if not self.played:
            raise RequestError("nothing was played yet")
        return FakeResult(self.played)

    def close(self) -> None:
        self.closed = True


class FakeOut:
    """A device that asks for a block when a test says so."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self.late = 0

    def start(self, fill: Any) -> None:
        raise FailureError("a test starts it")

    def close(self) -> None:
        pass


def fake_stage(
    sound: FakeSound,
    *,
    mapping: MidiMapping | None = None,
    ends_after_s: float | None = None,
    **recording: Any,
) -> Stage:
    """Return a stage; with a mapping, there is MIDI."""
    instrument, notices = Instrument(sound), Notices()
    hands = None if mapping is None else MidiHands(instrument, mapping, notices)
    return Stage(
        instrument,
        FakeOut(),
        Recorder(sound, "rain", **recording),
        notices,
        hands,
        Interruption(),
        ends_after_s=ends_after_s,
    )
