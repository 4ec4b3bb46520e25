"""The decoder with weights of less precision, and the whole graph with it."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from benchmarks.figures import Figure, milliseconds, ratio
from benchmarks.subject import Subject
from benchmarks.timing import interleave
from distill_export.formats.onnx_graph import only_mel, trace, weight_bytes
from distill_export.graph.build import build_synthesizer
from distill_export.verify.graph_session import GraphSession
from distill_runtime import contract


def measure_precisions(subject: Subject, *, steps: tuple[int, ...], rounds: int) -> list[Figure]:
    """Return the weights' sizes, and the times of a call of so many steps."""
    graphs = {
        precision: trace(build_synthesizer(subject.loaded, precision=precision))
        for precision in contract.PRECISIONS
    }
    figures = [
        Figure("weights", precision, weight_bytes(graph) / 1e6, "MB")
        for precision, graph in graphs.items()
    ]
    for count in steps:
        for what in ("decoder", "whole graph"):
            actions = {
                precision: _call(
                    subject, only_mel(graph) if what == "decoder" else graph, steps=count
                )
                for precision, graph in graphs.items()
            }
            timings = interleave(actions, rounds=10 * rounds)  # they take milliseconds
            group = f"{what}, {count} steps in a call"
            figures += [milliseconds(group, name, timing) for name, timing in timings.items()]
            # Asked of a CPU with VNNI or AMX.
            goal = 2.0 if what == "decoder" and count > 1 else None
            slow = timings["float32"]
            figures += [
                ratio(group, "float32 / float16", slow, timings["float16"]),
                ratio(group, "float32 / int8", slow, timings["int8"], goal=goal, at_least=True),
            ]
    return figures


def _call(subject: Subject, graph: onnx.ModelProto, *, steps: int) -> Callable[[], object]:
    session, latents = GraphSession(graph, subject.artifact.options), subject.latents(steps)
    return lambda: session.begin(latents)
