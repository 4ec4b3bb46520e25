"""What playing live needs beside the runtime's own packages, and one line where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from distill_runtime.errors import DependencyError

SOUND = {"sounddevice": "sounddevice"}
PAGE = {"textual": "textual"}
MIDI = {"mido": "mido", "rtmidi": "python-rtmidi"}
OSC = {"pythonosc": "python-osc"}


def require(modules: Mapping[str, str]) -> None:
    """Check that packages are there, without importing them.

    Args:
        modules: Module -> the package that pip installs for it.

    Raises:
        DependencyError: Some are not; the message names them all.
    """
    missing = [package for module, package in modules.items() if find_spec(module) is None]
    if len(missing) == 1:
        raise DependencyError.missing(missing[0], needed_by="distill-run live")
    if missing:
        listed = f"{', '.join(missing[:-1])} and {missing[-1]}"
        raise DependencyError(
            f"{listed} are not installed, and distill-run live needs them: "
            f"pip install {' '.join(missing)}"
        )
