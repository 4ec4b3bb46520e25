"""Progress, at a terminal and without one."""

from __future__ import annotations

import io
import sys

import pytest

from distill_runtime.cli import progress as module
from distill_runtime.cli.progress import BatchProgress, SoundProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Give the test a terminal; pytest's own stderr comes back between the phases of a test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


def test_a_sound_that_takes_long_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    with SoundProgress() as progress:
        progress.rendered(0.25)
        assert progress._bar is not None
        task = progress._bar.tasks[0]
        assert (task.completed, task.total) == (0.25, 1.0)
        progress._bar.refresh()
        assert "25%" in terminal.getvalue()
        assert "-:--:--" in terminal.getvalue()  # the time left, which nobody knows yet
        progress.rendered(1.0)
        progress.writing()
        progress._bar.refresh()
        assert "writing" in terminal.getvalue()
    assert progress._bar is None


def test_a_short_sound_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with SoundProgress() as progress:
        progress.rendered(0.5)
        progress.writing()
        progress.rendered(1.0)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_without_a_terminal_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(sys, "stderr", stream)
    with SoundProgress() as progress, BatchProgress(3) as batch:
        progress.rendered(0.5)
        batch.advance()
        progress.writing()
    assert stream is None or stream.getvalue() == ""


def test_a_batch_counts_its_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with BatchProgress(7) as progress:
        progress.advance()
        assert progress._bar is not None
        progress._bar.refresh()
        assert "1/7" in terminal.getvalue()


def test_an_error_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    progress = SoundProgress()
    with pytest.raises(KeyboardInterrupt), progress:
        progress.rendered(0.25)
        raise KeyboardInterrupt
    assert progress._bar is None
    assert "\x1b[?25h" in terminal.getvalue()  # the cursor is back
