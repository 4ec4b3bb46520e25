"""Progress on stderr, with the time left: of one sound that is rendered, or of many."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import rich.progress

_PATIENCE_S = 0.5  # what takes less has no bar
_BAR_COLUMNS = 16  # so that all of it, and the ^C that a terminal shows, fit 50


class _Bar:
    """A bar at a terminal, and nothing in a log.

    Args:
        total: What there is to do, in any unit.
        counts: Whether to show how many of how many are done, instead of per cent.
        rate: Whether to show how many are done in a second, in the place of a part of the bar.
    """

    def __init__(self, total: float, *, counts: bool, rate: bool = False) -> None:
        self._total, self._counts, self._rate = total, counts, rate
        self._bar: rich.progress.Progress | None = None

    def start(self) -> None:
        """Show the bar, at a terminal."""
        if not (sys.stderr and sys.stderr.isatty()):
            return
        from rich import progress  # noqa: PLC0415  (only a terminal pays for it)
        from rich.console import Console  # noqa: PLC0415

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=_BAR_COLUMNS // (4 if self._rate else 1)),
            progress.MofNCompleteColumn() if self._counts else progress.TaskProgressColumn(),
            *[progress.TextColumn("{task.fields[rate]}")] * self._rate,
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.add_task("rendering", total=self._total, rate="")
        self._bar.start()

    def stop(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self.stop()


class BatchProgress(_Bar):
    """The progress of many sounds.

    Args:
        total: How many there are to make.
        rate: Whether to show how many are made in a second.
    """

    def __init__(self, total: int, *, rate: bool = False) -> None:
        super().__init__(total, counts=True, rate=rate)
        self._done, self._started = 0, time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar."""
        self._started = time.monotonic()
        self.start()
        return self

    def advance(self, sounds: int = 1) -> None:
        """One more sound is done, or several."""
        self._done += sounds
        if self._bar is not None:
            elapsed_s = max(time.monotonic() - self._started, 1e-3)
            rate = f"{self._done / elapsed_s:.3g}/s"
            self._bar.update(self._bar.task_ids[0], advance=sounds, rate=rate)


class SoundProgress(_Bar):
    """The progress of one sound, from the moment on when it takes long enough to ask for it."""

    def __init__(self) -> None:
        super().__init__(1.0, counts=False)
        self._started = time.monotonic()
        self._waiting = True

    def __enter__(self) -> Self:
        """Begin to wait."""
        self._started = time.monotonic()
        return self

    def rendered(self, fraction: float) -> None:
        """Show how much is rendered, 0 to 1; on any thread, one at a time."""
        if self._waiting and time.monotonic() - self._started > _PATIENCE_S:
            self._waiting = False
            self.start()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=fraction)

    def writing(self) -> None:
        """Show that all is rendered and is being written."""
        self._waiting = False
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description="writing", total=None)
