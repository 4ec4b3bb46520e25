"""The kinds of audio file: container, bit depth, and the sounds that fit in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from distill_runtime.contract import SAMPLE_RATES_HZ
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, whole
from distill_runtime.files.shown import shown

DEFAULT_BIT_DEPTH = 24

# As users write them. 32 bits are floating point.
BIT_DEPTHS = {"16": 16, "24": 24, "32-float": 32}

CONTAINER_OF_ENDING = {".wav": "wav", ".wave": "wav", ".flac": "flac", ".ogg": "ogg", ".mp3": "mp3"}


@dataclass(frozen=True)
class _Limits:
    """What a container holds. No bit depths: it stores no samples but what can be heard of them."""

    bit_depths: tuple[int, ...]
    rates_hz: range | tuple[int, ...]
    max_channels: int


_CONTAINERS = {
    "wav": _Limits((16, 24, 32), range(1, 1_000_001), 1024),
    "flac": _Limits((16, 24), range(1, 655_351), 8),
    "ogg": _Limits((), range(8_000, 192_001), 8),
    # MPEG 1, 2 and 2.5, layer III.
    "mp3": _Limits((), (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000), 2),
}
CONTAINERS = tuple(_CONTAINERS)


@dataclass(frozen=True)
class AudioFormat:
    """How samples are stored.

    Attributes:
        container: "wav", "flac", "ogg" (Vorbis) or "mp3".
        bit_depth: 16 or 24 bits of integer, or, in WAV only, 32 of floating point. Left out it is
            24, and stays None for OGG and MP3, which have none.

    Raises:
        RequestError: There is no such container, or it has no such bit depth.
    """

    container: str = "wav"
    bit_depth: int | None = None

    def __post_init__(self) -> None:
        if self.container not in _CONTAINERS:
            raise RequestError(
                f"container is {brief(self.container)}, expected one of {_listed(CONTAINERS)}",
                setting="container",
            )
        depths = _CONTAINERS[self.container].bit_depths
        if self.bit_depth is None:
            if depths:
                object.__setattr__(self, "bit_depth", DEFAULT_BIT_DEPTH)
        elif not depths:
            raise RequestError(
                f"bit_depth is {brief(self.bit_depth)}, but {self.container} has none: "
                "leave it out",
                setting="bit_depth",
            )
        elif whole(self.bit_depth) not in depths:
            names = (name for name, depth in BIT_DEPTHS.items() if depth in depths)
            raise RequestError(
                f"bit_depth is {brief(self.bit_depth)}, expected one of {_listed(names)} "
                f"for {self.container}",
                setting="bit_depth",
            )

    @classmethod
    def for_file(cls, path: Path, asked: AudioFormat | None = None) -> AudioFormat:
        """Return the format for a file: as asked for, else as the name's ending says.

        Raises:
            RequestError: The ending is of another format than was asked for, or there is nothing
                to go by.
        """
        if asked is None:
            return cls(format_from_name(path))
        named = CONTAINER_OF_ENDING.get(path.suffix.lower(), asked.container)
        if named != asked.container:
            raise RequestError(
                f"{shown(path.name)} ends in {path.suffix!r}, but the format is {asked.container}: "
                "choose another name, or leave the format out"
            )
        return asked

    def check_sample_rate(self, rate_hz: object) -> None:
        """Refuse a sampling rate that the container cannot have.

        Raises:
            RequestError: It is not an integer, or out of the container's bounds.
        """
        rates = _CONTAINERS[self.container].rates_hz
        if whole(rate_hz) not in rates:
            # Only those that sounds are delivered at: a container's others would mislead.
            expected = _listed(rate for rate in SAMPLE_RATES_HZ if rate in rates)
            raise RequestError(
                f"sample_rate_hz is {brief(rate_hz)}, expected one of {expected} "
                f"for {self.container}",
                setting="sample_rate_hz",
            )

    def check_channels(self, channels: object) -> None:
        """Refuse more channels than the container holds.

        Raises:
            RequestError: It is not an integer, or out of the container's bounds.
        """
        most = _CONTAINERS[self.container].max_channels
        if whole(channels) not in range(1, most + 1):
            raise RequestError(
                f"the number of channels is {brief(channels)}, "
                f"expected an integer from 1 to {most} for {self.container}"
            )


def format_from_name(path: Path) -> str:
    """Return the container that a file's name asks for by its ending.

    Raises:
        RequestError: The ending is unknown, or there is none.
    """
    path = Path(path)
    try:
        return CONTAINER_OF_ENDING[path.suffix.lower()]
    except KeyError:
        found = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise RequestError(
            f"{shown(path.name)} {found}, expected one of {_listed(CONTAINER_OF_ENDING)}: "
            "choose another name or give the format"
        ) from None


def bit_depth_from_name(name: str) -> int:
    """Return the bits of a bit depth as users write it, "32-float" being 32.

    Raises:
        RequestError: There is no such bit depth.
    """
    if name not in BIT_DEPTHS:
        raise RequestError(
            f"bit_depth is {brief(name)}, expected one of {_listed(BIT_DEPTHS)}",
            setting="bit_depth",
        )
    return BIT_DEPTHS[name]


def _listed(values: Iterable[object]) -> str:
    """Join the choices for a message."""
    return ", ".join(str(value) for value in values)
