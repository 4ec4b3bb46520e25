"""Figures of a running application, as Prometheus reads them.

https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from distill_runtime.serving.crew import Crew
from distill_runtime.serving.gathering import Observer

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ROWS = (1, 2, 3, 4, 6, 8, 12, 16)


class Figures:
    """Counts what is done; each application has its own.

    Args:
        crew: Whose sounds and live streams are told.
    """

    def __init__(self, crew: Crew) -> None:
        self._registry = registry = CollectorRegistry()
        self.answers = Counter(
            "distill_answers",
            "Answers, by route and status.",
            ("route", "status"),
            registry=registry,
        )
        self.sounds = Counter(
            "distill_sounds",
            "Sounds that were sent whole.",
            ("model", "container"),
            registry=registry,
        )
        self.sound_seconds = Counter(
            "distill_sound_seconds", "Their length together.", ("model",), registry=registry
        )
        self.given_up = Counter(
            "distill_sounds_given_up",
            "Sounds whose client went before their end.",
            registry=registry,
        )
        self.broken = Counter(
            "distill_sounds_broken",
            "Sounds that ended before their end for an error.",
            registry=registry,
        )
        self.first_byte = Histogram(
            "distill_first_byte_seconds",
            "From a request to the first byte of its sound.",
            ("level",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.live_moves = Counter(
            "distill_live_moves", "Moves while playing live.", registry=registry
        )
        self.live_samples = Counter(
            "distill_live_samples", "Samples played live, of a channel.", registry=registry
        )
        steps = Counter(
            "distill_steps",
            "Rows times steps that the graph has played.",
            ("model",),
            registry=registry,
        )
        rows = Histogram(
            "distill_batch_rows",
            "Rows of a call of the graph.",
            ("model",),
            buckets=_ROWS,
            registry=registry,
        )
        Gauge(
            "distill_sounds_in_progress", "Sounds being made or sent.", registry=registry
        ).set_function(lambda: crew.sounds)
        Gauge("distill_live_streams", "Who plays live.", registry=registry).set_function(
            lambda: crew.live
        )
        self._steps, self._rows = steps, rows

    def observer(self, model: str) -> Observer:
        """Return what counts the batches of a model."""
        steps, rows = self._steps.labels(model), self._rows.labels(model)

        def observe(count: int, length: int) -> None:
            steps.inc(count * length)
            rows.observe(count)

        return observe

    def text(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self._registry)
