"""Stereo: mid/side width from a short delay, depth from a quiet echo, places, block by block.

The first two are a signal and a delayed copy of it, so they stream in constant memory: 15 ms of the
input and up to 40 ms of the result of the width. With x the mono sound, d its copy 15 ms later, w
the width:

    mid  = (x + d) / 2        left  = mid + side
    side = w (x - d) / 2      right = mid - side

and with p the depth, each channel y of the result, or of two sounds from two seeds, becomes

    y[n] + 0.15 p y[n - int(40 ms p)]

but a depth under 0.01 leaves everything as it is. Places are for headphones, and come from a filter
for each ear (`binaural/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from distill_runtime.arrays import Float64Array, FloatArray
from distill_runtime.audio.binaural.ear_filter import EarFilter
from distill_runtime.audio.binaural.sofa_file import SofaFile
from distill_runtime.audio.binaural.source_position import SourcePosition
from distill_runtime.audio.binaural.spherical_head import head_responses
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number

SIDE_DELAY_S = 0.015
DEPTH_DELAY_MS = 40.0
DEPTH_GAIN = 0.15

MAX_WIDTH = 1.5
MAX_DEPTH = 1.0
MIN_DEPTH = 0.01  # what is less does nothing

BINAURAL_MODES = ("binaural", "binaural-dual-seed")
STEREO_MODES = ("mono", "mid-side", "dual-seed", *BINAURAL_MODES)
_DUAL_SEED_MODES = ("dual-seed", "binaural-dual-seed")

# Distill's own names, older and newer. Its "stereo" is mid/side with a depth of one's choice.
_LEGACY_NAMES = {"mid_side": "mid-side", "dual_seed": "dual-seed", "stereo": "mid-side"}


@dataclass(frozen=True)
class StereoSettings:
    """How a sound is spread over two channels.

    Attributes:
        mode: "mono", "mid-side" (one sound, widened), "dual-seed" (left and right from two seeds),
            and for headphones "binaural" (one sound at a place around the head) or
            "binaural-dual-seed" (two seeds at two places, the first at that on the other side).
            Distill's names for the first, "mid_side", "dual_seed" and "stereo", become these.
        width: How far mid/side spreads, 0..1.5: at 0 both channels are the same, at 1 the left one
            is the sound and the right one its copy 15 ms later. Without effect on the other modes.
        depth: How late, and how loud, every channel's own echo is, 0..1, of mid/side and dual seed.
        azimuth_deg: Where a binaural sound is: -180 to 180, 0 in front, 90 on the right, -90 on
            the left.
        elevation_deg: The same, -90 (below) to 90 (above).
        distance_m: How far away it is, 0.2 to 100. A file's level is set afterwards: in it only
            what differs between the ears is heard of it, below 1 m.
        sofa: The head of a SOFA file instead of the built-in one.

    Raises:
        RequestError: There is no such mode, or a value is out of bounds.
    """

    mode: str = "mono"
    width: float = 0.7
    depth: float = 0.3
    azimuth_deg: float = SourcePosition.azimuth_deg
    elevation_deg: float = SourcePosition.elevation_deg
    distance_m: float = SourcePosition.distance_m
    sofa: SofaFile | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", _stereo_mode(self.mode))
        object.__setattr__(self, "width", _amount("stereo.width", self.width, MAX_WIDTH))
        object.__setattr__(self, "depth", _amount("stereo.depth", self.depth, MAX_DEPTH))
        position = SourcePosition(self.azimuth_deg, self.elevation_deg, self.distance_m)
        for name, value in vars(position).items():
            object.__setattr__(self, name, value)
        if self.sofa is not None and not isinstance(self.sofa, SofaFile):
            raise RequestError(
                f"stereo.sofa is {brief(self.sofa)}, expected a SofaFile: SofaFile.load reads it",
                setting="stereo.sofa",
            )

    @classmethod
    def from_legacy(cls, config: Mapping[str, Any]) -> StereoSettings:
        """Read the stereo settings of one of Distill's own configurations.

        These are `stereo_mode` with `stereo_width`, whose depth is always 0.3, or, newer,
        `spatial` with `mode`, `width` and `depth`. Other fields are left alone.

        Args:
            config: The configuration, as JSON gives it.

        Raises:
            RequestError: A mode is unknown, a value out of bounds, or both kinds are there.
        """
        mode, spatial = config.get("stereo_mode"), config.get("spatial")
        if spatial is None:
            mode = _legacy_mode(mode or "mono")
            return cls(mode, width=config.get("stereo_width", cls.width))
        if mode not in (None, "mono"):
            raise RequestError("stereo_mode and spatial are both given, expected one of them")
        if not isinstance(spatial, Mapping):
            raise RequestError(f"spatial is {brief(spatial)}, expected an object with a mode")
        return cls(
            _legacy_mode(spatial.get("mode", "mono")),
            width=spatial.get("width", cls.width),
            depth=spatial.get("depth", cls.depth),
        )

    @property
    def is_binaural(self) -> bool:
        """Whether sounds are at places, for headphones."""
        return self.mode in BINAURAL_MODES

    @property
    def positions(self) -> tuple[SourcePosition, ...]:
        """The place of each sound of a binaural mode, in the order of the seeds."""
        position = SourcePosition(self.azimuth_deg, self.elevation_deg, self.distance_m)
        return (position.mirrored(), position) if self.input_channels == 2 else (position,)

    @property
    def input_channels(self) -> int:
        """How many sounds are needed: 2 for dual seed, else 1."""
        return 2 if self.mode in _DUAL_SEED_MODES else 1

    @property
    def output_channels(self) -> int:
        """How many channels come out: 1 for mono, else 2."""
        return 1 if self.mode == "mono" else 2


class SpatialProcessor:
    """The settings applied to a sound, block by block.

    As many samples come out of every call as go in, and nothing is left at the end: the delays
    only look back, before the sound there is silence, and what would be heard after its end is cut.
    However the sound is cut, the joined outputs are bit for bit the same.
    """

    def __init__(self, settings: StereoSettings) -> None:
        """Set the filters up.

        Args:
            settings: How.

        Raises:
            RequestError: The SOFA file of the settings is only named, or its responses are too
                long.
            DependencyError: The SOFA file is of another rate, and soxr is not installed.
        """
        self.settings = settings
        self._ears = EarFilter(_ear_responses(settings)) if settings.is_binaural else None
        self._side = _DelayLine(settings.input_channels, round(SIDE_DELAY_S * SAMPLE_RATE_HZ))
        self._depth = settings.depth if settings.depth >= MIN_DEPTH else 0.0
        # Down to a whole sample, as Distill does. In milliseconds, so that 0.35 of them are exact.
        delay = int(self._depth * DEPTH_DELAY_MS * SAMPLE_RATE_HZ / 1000)
        self._echo = _DelayLine(settings.output_channels, delay)

    def push(self, block: FloatArray) -> Float64Array:
        """Process the next samples.

        Args:
            block: `[input_channels, samples]`, any number of samples at 48 kHz, 0 included.

        Returns:
            `[output_channels, samples]`, as many.

        Raises:
            ValueError: The block has another number of channels.
        """
        expected = self.settings.input_channels
        if block.ndim != 2 or block.shape[0] != expected:
            raise ValueError(f"a block has shape {block.shape}, expected ({expected}, samples)")
        samples = block.astype(np.float64)
        if self._ears is not None:
            return self._ears.push(samples)
        if self.settings.mode == "mono":
            return samples
        if self.settings.mode == "mid-side":
            delayed = self._side.push(samples)
            mid = (samples + delayed) / 2.0
            side = self.settings.width * ((samples - delayed) / 2.0)
            samples = np.concatenate([mid + side, mid - side])
        echo: Float64Array = DEPTH_GAIN * self._depth * self._echo.push(samples)
        return samples + echo


def _ear_responses(settings: StereoSettings) -> Float64Array:
    """Return the filters `[input_channels, 2, taps]` of a binaural mode."""
    responses = head_responses if settings.sofa is None else settings.sofa.responses
    pairs = [responses(position) for position in settings.positions]
    filters = np.zeros((len(pairs), 2, max(pair.shape[1] for pair in pairs)))
    for filled, pair in zip(filters, pairs, strict=True):
        filled[:, : pair.shape[1]] = pair
    return filters


class _DelayLine:
    """A signal, a number of samples later."""

    def __init__(self, channels: int, delay: int) -> None:
        self._held = np.zeros((channels, delay))

    def push(self, block: Float64Array) -> Float64Array:
        """Take `[channels, samples]` and return as many, from `delay` samples before."""
        held = np.concatenate([self._held, block], axis=1)
        # A copy: a view would keep the whole of a large input alive.
        self._held = held[:, block.shape[1] :].copy()
        return held[:, : block.shape[1]]


def _stereo_mode(name: object) -> str:
    """Return the mode that a name stands for, Distill's own included."""
    mode = _LEGACY_NAMES.get(name, name) if isinstance(name, str) else name
    if mode not in STEREO_MODES:
        raise RequestError(
            f"stereo.mode is {brief(name)}, expected one of {', '.join(STEREO_MODES)}",
            setting="stereo.mode",
        )
    return str(mode)


def _legacy_mode(name: Any) -> Any:
    """Return a mode of Distill's own files, which say nothing of our places.

    Raises:
        RequestError: It is one that only this program has.
    """
    if isinstance(name, str) and name in BINAURAL_MODES:
        known = ", ".join(mode for mode in STEREO_MODES if mode not in BINAURAL_MODES)
        raise RequestError(
            f"stereo.mode is {brief(name)}, expected one of {known}", setting="stereo.mode"
        )
    return name


def _amount(name: str, value: object, most: float) -> float:
    """Return a number, if it is one from 0 to the most."""
    amount = number(value)
    if amount is None or not 0.0 <= amount <= most:
        raise RequestError(
            f"{name} is {brief(value)}, expected a number from 0 to {most:g}", setting=name
        )
    return amount
