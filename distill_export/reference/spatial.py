"""Distill's stereo: mid/side width from a short delay, and depth from a quiet echo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch

from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import number

_SIDE_DELAY_MS = 15.0
_DEPTH_DELAY_MS = 40.0
_DEPTH_GAIN = 0.15
_LEAST_DEPTH = 0.01
_MAX_WIDTH, _MAX_DEPTH = 1.5, 1.0


class SpatialMode(StrEnum):
    """How many channels, and how the second is made; Distill's "binaural" is not here."""

    MONO = "mono"
    STEREO = "stereo"


@dataclass
class SpatialConfig:
    """How a sound is spread over two channels.

    Attributes:
        mode: Mono, or stereo by mid/side.
        width: How far mid/side spreads, 0..1.5.
        depth: How late, and how loud, every channel's own echo is, 0..1.
    """

    mode: SpatialMode = SpatialMode.MONO
    width: float = 0.7
    depth: float = 0.5

    def validate(self) -> None:
        """Refuse what is out of bounds.

        Raises:
            RequestError: There is no such mode, or a value is out of bounds.
        """
        if self.mode not in set(SpatialMode):
            raise RequestError(f"the spatial mode is {self.mode!r}, expected mono or stereo")
        for name, most in (("width", _MAX_WIDTH), ("depth", _MAX_DEPTH)):
            value = number(getattr(self, name))
            if value is None or not 0 <= value <= most:
                raise RequestError(
                    f"the {name} is {getattr(self, name)!r}, expected a number from 0 to {most:g}"
                )


def widen(mono: torch.Tensor, width: float) -> torch.Tensor:
    """Spread a sound by mid/side, the right channel being its copy 15 ms later.

    Args:
        mono: `[samples]` at 48 kHz.
        width: 0: both channels the same; 1: the sound and its copy; up to 1.5.

    Returns:
        `[2, samples]`.
    """
    delayed = _delayed(mono, _SIDE_DELAY_MS)
    middle, side = (mono + delayed) / 2, width * (mono - delayed) / 2
    return torch.stack([middle + side, middle - side])


def deepen(sound: torch.Tensor, depth: float) -> torch.Tensor:
    """Add to each channel of `[channels, samples]` its own copy, later and louder with the depth.

    The delay is a whole number of samples, rounded down, and a depth below 0.01 is none.
    """
    if depth < _LEAST_DEPTH:
        return sound
    return sound + _DEPTH_GAIN * depth * _delayed(sound, depth * _DEPTH_DELAY_MS)


def _delayed(sound: torch.Tensor, delay_ms: float) -> torch.Tensor:
    """Return a sound so much later, in whole samples, and as long as it was."""
    samples = int(delay_ms * SAMPLE_RATE_HZ / 1000.0)
    late = torch.zeros_like(sound)
    late[..., samples:] = sound[..., : max(0, sound.shape[-1] - samples)]
    return late
