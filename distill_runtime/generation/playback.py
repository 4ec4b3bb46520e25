"""Playing a finished sound aloud (needs sounddevice, the extra `play`)."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

import numpy as np

from distill_runtime.errors import DependencyError, FailureError
from distill_runtime.generation.result import GenerationResult


def require_sounddevice(*, needed_by: str = "--play") -> None:
    """Check that sounddevice is there, without importing it.

    Raises:
        DependencyError: It is not.
    """
    if find_spec("sounddevice") is None:
        raise DependencyError.missing("sounddevice", needed_by=needed_by)


def load_sounddevice(*, needed_by: str = "--play") -> ModuleType:
    """Import sounddevice.

    Args:
        needed_by: What is said to need it, if it is not there.

    Raises:
        DependencyError: It, or the PortAudio library under it, is not installed.
    """
    require_sounddevice(needed_by=needed_by)
    try:
        return importlib.import_module("sounddevice")
    except OSError as error:
        raise DependencyError(
            f"sounddevice cannot be used ({error}): install the PortAudio library"
        ) from None


def play_sound(result: GenerationResult) -> None:
    """Play a sound on the default output and return when it is over.

    Raises:
        DependencyError: sounddevice, or the PortAudio library under it, is not installed.
        FailureError: There is no output device, or it failed.
    """
    sounddevice = load_sounddevice()
    try:
        with sounddevice.OutputStream(
            samplerate=result.sample_rate_hz, channels=result.channels, dtype="float32"
        ) as stream:
            for block in result.blocks():
                stream.write(np.ascontiguousarray(block.T))
    except sounddevice.PortAudioError as error:
        raise FailureError(f"the sound cannot be played: {error}") from None
