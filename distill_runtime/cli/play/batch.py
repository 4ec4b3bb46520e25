"""Rendering several sounds of `play`; what goes wrong with one does not keep the others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from distill_runtime.cli.console import say, show_json
from distill_runtime.cli.play.destination import check_free, path_for
from distill_runtime.cli.play.ends import remedies_for
from distill_runtime.cli.play.keeping import draw, save
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.play.report import report
from distill_runtime.cli.progress import BatchProgress
from distill_runtime.errors import DistillError
from distill_runtime.files.interruption import held_back
from distill_runtime.files.shown import shown
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline

_FAILURES_TOLD = 20
_WORDS = {"overwrite=True": "--force"}


def render_many(
    pipeline: GenerationPipeline, configs: Iterable[GenerationConfig], options: PlayOptions
) -> None:
    """Render several sounds.

    Raises:
        typer.Exit: Some could not be made; it has been said which.
    """
    done = _Tally(options)

    def free() -> Iterator[GenerationConfig]:
        for config in configs:
            path = path_for(options, config)
            try:
                check_free(options, path)
            except DistillError as error:
                done.failed(path, error)
            else:
                yield config

    with BatchProgress(options.count) as progress:
        try:
            for result in pipeline.generate_many(free()):
                path = path_for(options, result.config)
                started = time.perf_counter()
                try:
                    with held_back():
                        save(result, path, options)
                        done.written(path, remedies_for(result))
                    picture = draw(result, path, options)
                except DistillError as error:
                    done.failed(path, error)
                    continue
                progress.advance()
                elapsed_s = time.perf_counter() - started
                report(result, path, pipeline, options, elapsed_s, picture=picture)
        except KeyboardInterrupt:
            progress.stop()
            say(done.so_far())
            raise
    say(done.in_words())
    if done.failures:
        raise typer.Exit(1)


class _Tally:
    """What came of several sounds; there may be millions of them."""

    def __init__(self, options: PlayOptions) -> None:
        self.failures = 0
        self._asked, self._whole = options.count, 0
        self._as_json = options.as_json
        self._last: Path | None = None
        self._first_failures: list[str] = []
        self._cut = 0  # sounds that begin or end in the middle of a wave
        self._remedies: set[str] = set()

    def written(self, path: Path, remedies: list[str]) -> None:
        self._whole, self._last = self._whole + 1, path
        self._cut += bool(remedies)
        self._remedies.update(remedies)

    def failed(self, path: Path, error: DistillError) -> None:
        message = error.said_with(_WORDS)
        self.failures += 1
        if self.failures <= _FAILURES_TOLD:
            self._first_failures.append(message)
        if self._as_json:
            show_json({"path": str(path), "error": message})

    def so_far(self) -> str:
        last = "" if self._last is None else f", the last is {shown(self._last)}"
        return f"{self._whole} of {self._asked} sounds are whole{last}"

    def in_words(self) -> str:
        more = self.failures - len(self._first_failures)
        lines = [*self._first_failures, *([f"and {more} more failed"] if more else [])]
        if self._cut:
            remedies = " ".join(sorted(self._remedies))
            lines.append(f"{self._cut} start or end in the middle of a wave: {remedies}")
        return "\n".join([*lines, f"{self._whole} of {self._asked} sounds written"])
