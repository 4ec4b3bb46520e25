"""What a way for the sound out is, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from distill_runtime.arrays import Float32Array

# Writes the next samples into `[samples, channels]`; called on the device's own thread.
Fill = Callable[[Float32Array], None]

NO_DEVICE = "none"


class SoundOut(Protocol):
    """A device that asks for samples until it is closed.

    Attributes:
        failure: Why it no longer does, in one line; None while all is well.
        late: How often the device itself went without samples.
    """

    failure: str | None
    late: int

    def start(self, fill: Fill) -> None:
        """Begin to ask for samples.

        Raises:
            FailureError: The device does not start.
        """
        ...

    def close(self) -> None:
        """Stop; nothing is asked for any more when this returns."""
        ...


def open_sound_out(
    device: str | None, *, sample_rate_hz: int, channels: int, block: int
) -> SoundOut:
    """Open a device.

    Args:
        device: Its number, or a part of its name; None is the system's own, "none" plays to
            nowhere in real time.
        sample_rate_hz: Of the sound.
        channels: 1 or 2.
        block: How many samples it asks for at a time; 0 leaves that to the system.

    Raises:
        DependencyError: sounddevice, or PortAudio under it, is not installed.
        FailureError: There is no such device, or it does not play this.
    """
    if device == NO_DEVICE:
        from distill_runtime.cli.live.sound_out.clock import Clock  # noqa: PLC0415

        return Clock(sample_rate_hz=sample_rate_hz, channels=channels, block=block)
    from distill_runtime.cli.live.sound_out.sound_card import SoundCard  # noqa: PLC0415

    return SoundCard(device, sample_rate_hz=sample_rate_hz, channels=channels, block=block)
