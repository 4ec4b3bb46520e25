"""What is missing is said in one line that can be typed."""

from __future__ import annotations

import pytest

from distill_runtime.cli.live import extras
from distill_runtime.errors import DependencyError


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in modules else True)


def test_what_is_there_is_not_spoken_of() -> None:
    extras.require({**extras.SOUND, **extras.PAGE, **extras.MIDI, **extras.OSC})


def test_one_package_or_several_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "textual")
    with pytest.raises(DependencyError) as missing:
        extras.require({**extras.SOUND, **extras.PAGE})
    assert str(missing.value) == (
        "textual is not installed, and distill-run live needs it: pip install textual"
    )
    without(monkeypatch, "textual", "rtmidi", "pythonosc")
    with pytest.raises(DependencyError) as missing:
        extras.require({**extras.PAGE, **extras.MIDI, **extras.OSC})
    assert str(missing.value) == (
        "textual, python-rtmidi and python-osc are not installed, and distill-run live needs "
        "them: pip install textual python-rtmidi python-osc"
    )
