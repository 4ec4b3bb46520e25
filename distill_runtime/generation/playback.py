"""Playing a finished sound aloud (needs sounddevice, the extra `play`)."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from distill_runtime.errors import DependencyError, FailureError
from distill_runtime.generation.result import GenerationResult


def require_sounddevice() -> None:
    """Check that sounddevice is there, without importing it.

    Raises:
        DependencyError: It is not.
    """
    if find_spec("sounddevice") is None:
        raise DependencyError.missing("sounddevice", needed_by="--play")


def play_sound(result: GenerationResult) -> None:
    """Play a sound on the default output and return when it is over.

    Raises:
        DependencyError: sounddevice, or the PortAudio library under it, is not installed.
        FailureError: There is no output device, or it failed.
    """
    require_sounddevice()
    try:
        import sounddevice  # noqa: PLC0415
    except OSError as error:
        raise DependencyError(
            f"sounddevice cannot be used ({error}): install the PortAudio library"
        ) from None
    try:
        with sounddevice.OutputStream(
            samplerate=result.sample_rate_hz, channels=result.channels, dtype="float32"
        ) as stream:
            for block in result.blocks():
                stream.write(np.ascontiguousarray(block.T))
    except sounddevice.PortAudioError as error:
        raise FailureError(f"the sound cannot be played: {error}") from None
