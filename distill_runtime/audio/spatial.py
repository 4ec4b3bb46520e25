"""Stereo: mid/side width from a short delay, and depth from a quiet echo, block by block.

Both are a signal and a delayed copy of it, so they stream in constant memory: 15 ms of the input
and up to 40 ms of the result of the width. With x the mono sound, d its copy 15 ms later, w the
width:

    mid  = (x + d) / 2        left  = mid + side
    side = w (x - d) / 2      right = mid - side

and with p the depth, each channel y of the result, or of two sounds from two seeds, becomes

    y[n] + 0.15 p y[n - int(40 ms p)]

but a depth under 0.01 leaves everything as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from distill_runtime.arrays import Float64Array, FloatArray
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number

SIDE_DELAY_S = 0.015
DEPTH_DELAY_MS = 40.0
DEPTH_GAIN = 0.15

MAX_WIDTH = 1.5
MAX_DEPTH = 1.0
MIN_DEPTH = 0.01  # what is less does nothing

STEREO_MODES = ("mono", "mid-side", "dual-seed")

# Distill's own names, older and newer. Its "stereo" is mid/side with a depth of one's choice.
_LEGACY_NAMES = {"mid_side": "mid-side", "dual_seed": "dual-seed", "stereo": "mid-side"}


@dataclass(frozen=True)
class StereoSettings:
    """How a sound is spread over two channels.

    Attributes:
        mode: "mono", "mid-side" (one sound, widened) or "dual-seed" (left and right from two
            seeds). Distill's names for them, "mid_side", "dual_seed" and "stereo", become these.
        width: How far mid/side spreads, 0..1.5: at 0 both channels are the same, at 1 the left one
            is the sound and the right one its copy 15 ms later. Without effect on the other modes.
        depth: How late, and how loud, every channel's own echo is, 0..1. Without effect on mono.

    Raises:
        RequestError: There is no such mode, or a value is out of bounds.
    """

    mode: str = "mono"
    width: float = 0.7
    depth: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", _stereo_mode(self.mode))
        object.__setattr__(self, "width", _amount("stereo.width", self.width, MAX_WIDTH))
        object.__setattr__(self, "depth", _amount("stereo.depth", self.depth, MAX_DEPTH))

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
            return cls(mode or "mono", width=config.get("stereo_width", cls.width))
        if mode not in (None, "mono"):
            raise RequestError("stereo_mode and spatial are both given, expected one of them")
        if not isinstance(spatial, Mapping):
            raise RequestError(f"spatial is {brief(spatial)}, expected an object with a mode")
        return cls(
            spatial.get("mode", "mono"),
            width=spatial.get("width", cls.width),
            depth=spatial.get("depth", cls.depth),
        )

    @property
    def input_channels(self) -> int:
        """How many sounds are needed: 2 for dual seed, else 1."""
        return 2 if self.mode == "dual-seed" else 1

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
        self.settings = settings
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
        if self.settings.mode == "mono":
            return samples
        if self.settings.mode == "mid-side":
            delayed = self._side.push(samples)
            mid = (samples + delayed) / 2.0
            side = self.settings.width * ((samples - delayed) / 2.0)
            samples = np.concatenate([mid + side, mid - side])
        echo: Float64Array = DEPTH_GAIN * self._depth * self._echo.push(samples)
        return samples + echo


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


def _amount(name: str, value: object, most: float) -> float:
    """Return a number, if it is one from 0 to the most."""
    amount = number(value)
    if amount is None or not 0.0 <= amount <= most:
        raise RequestError(
            f"{name} is {brief(value)}, expected a number from 0 to {most:g}", setting=name
        )
    return amount
