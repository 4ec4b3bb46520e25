"""What a person at the terminal is told of a training: losses, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable

from distill_export.training.optimization.trainer import Metrics

_LINE_EVERY_S = 10.0


class TrainingProgress:
    """A line for every epoch, and for every ten seconds of a long one.

    Args:
        say: Told each line.
        max_epochs: How many epochs there are at most.
        steps_per_epoch: Steps of each.
    """

    def __init__(
        self, say: Callable[[str], None], *, max_epochs: int, steps_per_epoch: int
    ) -> None:
        self._say = say
        self._max_epochs, self._steps_per_epoch = max_epochs, steps_per_epoch
        self._started_s = self._spoken_s = time.monotonic()
        self._steps = 0

    def step(self, epoch: int, place: int) -> None:
        """One more step is done.

        Args:
            epoch: Finished epochs.
            place: Steps done in the one that goes on.
        """
        self._steps += 1
        now_s = time.monotonic()
        if now_s - self._spoken_s > _LINE_EVERY_S:
            self._spoken_s = now_s
            left = self._left(epoch * self._steps_per_epoch + place)
            step = f"step {place}/{self._steps_per_epoch}"
            self._say(f"epoch {epoch + 1}/{self._max_epochs}: {step}, {left}")

    def epoch(self, epoch: int, metrics: Metrics) -> None:
        """An epoch is done; `metrics` is what `Trainer.finish_epoch` returned."""
        self._spoken_s = time.monotonic()
        parts = [f"loss {metrics['loss']:.3f}"]
        if "val_loss" in metrics:
            parts += [
                f"validation {metrics['val_loss']:.3f}",
                f"{metrics['val_log_mel_db']:.1f} dB off",
            ]
        parts += [f"KL {metrics['kl']:.1f}", self._left(epoch * self._steps_per_epoch)]
        self._say(f"epoch {epoch}/{self._max_epochs}: {', '.join(parts)}")

    def _left(self, done: int) -> str:
        elapsed_s = time.monotonic() - self._started_s
        remaining = self._max_epochs * self._steps_per_epoch - done
        return f"{duration(elapsed_s / max(1, self._steps) * remaining)} left"


def duration(seconds: float) -> str:
    """Return a time in words that a person would use."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
