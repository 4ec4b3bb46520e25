"""What a way for the sound out is."""

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
