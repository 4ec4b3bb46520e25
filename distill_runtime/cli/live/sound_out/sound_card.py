"""A sound card, by sounddevice and PortAudio."""

from __future__ import annotations

from typing import Any

from distill_runtime.arrays import Float32Array
from distill_runtime.cli.live.sound_out.output import NO_DEVICE, Fill
from distill_runtime.errors import FailureError
from distill_runtime.files.checks import brief
from distill_runtime.files.one_line import one_line
from distill_runtime.generation.playback import load_sounddevice

_MAX_INDEX_DIGITS = 4
_REMEDY = f"--list-devices shows what there is, --device {NO_DEVICE} plays to nowhere"


class SoundCard:
    """An output stream of PortAudio's, whose callback only copies."""

    def __init__(
        self, device: str | None, *, sample_rate_hz: int, channels: int, block: int
    ) -> None:
        """Open the device; see `open_sound_out`."""
        self.failure: str | None = None
        self.late = 0
        self._fill: Fill | None = None
        self._closing = False
        self._portaudio = load_sounddevice(needed_by="distill-run live")
        try:
            self._stream: Any = self._portaudio.OutputStream(
                device=_chosen(device),
                samplerate=sample_rate_hz,
                channels=channels,
                blocksize=block,
                dtype="float32",
                latency="low",
                callback=self._callback,
                finished_callback=self._finished,
            )
        except (self._portaudio.PortAudioError, ValueError) as error:
            of_which = "" if device is None else f" {brief(device)}"
            raise FailureError(
                f"the sound device{of_which} cannot be opened: {error}: {_REMEDY}"
            ) from None

    def start(self, fill: Fill) -> None:
        """Begin to ask for samples.

        Raises:
            FailureError: The device does not start.
        """
        self._fill = fill
        try:
            self._stream.start()
        except self._portaudio.PortAudioError as error:
            raise FailureError(f"the sound device does not start: {error}: {_REMEDY}") from None

    def close(self) -> None:
        """Stop, at once: what the device still has is not played."""
        self._closing = True
        try:
            self._stream.abort()
            self._stream.close()
        except self._portaudio.PortAudioError:  # it was unplugged, and is gone already
            pass

    def _callback(self, block: Float32Array, frames: int, time: object, status: Any) -> None:
        del frames, time
        if status and status.output_underflow:
            self.late += 1
        assert self._fill is not None, "started without a sound"
        try:
            self._fill(block)
        except Exception as error:  # PortAudio's thread has nobody to tell
            block.fill(0.0)
            self.failure = str(error) or type(error).__name__
            raise self._portaudio.CallbackAbort from None

    def _finished(self) -> None:
        if not self._closing and self.failure is None:
            self.failure = "the sound device has stopped: was it unplugged?"


def _chosen(device: str | None) -> int | str | None:
    """Return a device as sounddevice takes it: a number, or a part of a name."""
    if device is not None and device.isascii() and device.isdecimal():
        return int(device[:_MAX_INDEX_DIGITS])
    return device


def describe_devices() -> str:
    """Return the sound devices that there are, a line each.

    Raises:
        DependencyError: sounddevice, or PortAudio under it, is not installed.
    """
    portaudio = load_sounddevice(needed_by="distill-run live")
    try:
        found = [
            f"  {number} {one_line(device['name'])}, {device['max_output_channels']} channels"
            for number, device in enumerate(portaudio.query_devices())
            if device["max_output_channels"] > 0
        ]
    except portaudio.PortAudioError:
        found = []
    return "\n".join(["sound devices", *(found or ["  none"])])
