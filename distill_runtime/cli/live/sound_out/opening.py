"""Opening the way for the sound out that was asked for."""

from __future__ import annotations

from distill_runtime.cli.live.sound_out.output import NO_DEVICE, SoundOut


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
