"""Progress of a batch, with the time left, on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress


class Progress:
    """A bar at a terminal, and nothing in a log.

    Args:
        total: How many sounds there are to make.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: rich.progress.Progress | None = None

    def __enter__(self) -> Progress:
        """Show the bar."""
        if sys.stderr and sys.stderr.isatty():
            from rich import progress  # noqa: PLC0415  (only a terminal pays for it)
            from rich.console import Console  # noqa: PLC0415

            self._bar = progress.Progress(
                progress.TextColumn("rendering"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.add_task("rendering", total=self._total)
            self._bar.start()
        return self

    def advance(self) -> None:
        """One more sound is done."""
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0])

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
