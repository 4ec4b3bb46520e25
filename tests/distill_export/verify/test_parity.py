"""A graph that does not do what the model does is not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from distill_export.export import ExportReport, export_model
from distill_runtime.errors import VerificationError
from tests.distill_export import model_files

OLD = b"what was there before"
Change = Callable[[onnx.GraphProto], None]
BreakGraph = Callable[[Change], None]

# What goes wrong in a graph: its constants, or what it makes of its inputs and outputs.


def scale(name: str, factor: float) -> Change:
    def change(graph: onnx.GraphProto) -> None:
        tensors = [tensor for tensor in graph.initializer if name in tensor.name]
        assert tensors, f"no constant is called {name}"
        for tensor in tensors:
            values = numpy_helper.to_array(tensor)
            tensor.CopyFrom(
                numpy_helper.from_array((values * factor).astype(values.dtype), tensor.name)
            )

    return change


def constant(graph: onnx.GraphProto, value: float) -> str:
    name = f"broken_{len(graph.initializer)}"
    graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return name


def output(name: str, operator: str, value: float) -> Change:
    """Let one more operation follow an output."""

    def change(graph: onnx.GraphProto) -> None:
        (place,) = (i for i, node in enumerate(graph.node) if name in node.output)
        graph.node[place].output[list(graph.node[place].output).index(name)] = "broken"
        node = helper.make_node(operator, ["broken", constant(graph, value)], [name])
        graph.node.insert(place + 1, node)

    return change


def forget_the_state(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == "state":
                node.input[i] = "forgotten"
    zero = constant(graph, 0.0)
    graph.node.insert(0, helper.make_node("Mul", ["state", zero], ["forgotten"]))


def mix_the_rows(graph: onnx.GraphProto) -> None:
    """Leave a single row as it is."""
    (place,) = (i for i, node in enumerate(graph.node) if "audio" in node.output)
    graph.node[place].output[list(graph.node[place].output).index("audio")] = "unmixed"
    axis = "first_axis"
    graph.initializer.append(numpy_helper.from_array(np.array([0]), axis))
    most = constant(graph, 0.99)
    little = constant(graph, 0.01)
    for node in reversed(
        [
            helper.make_node("ReduceMean", ["unmixed", axis], ["mean"]),
            helper.make_node("Mul", ["unmixed", most], ["most"]),
            helper.make_node("Mul", ["mean", little], ["little"]),
            helper.make_node("Add", ["most", "little"], ["audio"]),
        ]
    ):
        graph.node.insert(place + 1, node)


BROKEN = {
    "decoder": (scale("decoder.", 1.001), "mel frames differ"),
    "overlap-add": (scale("chunk_overlap_add.falling", 1.001), "mel frames differ"),
    "statistics": (scale(".log_power.std", 1.001), "reconstruction against float64"),
    "frequency": (scale("frequency.std", 1.001), "reconstruction against float64"),
    "filterbank": (scale("magnitude.spread.upper_w", 1.001), "reconstruction against float64"),
    "gram": (scale("turns.gram", 1.001), "reconstruction against float64"),
    "low bins": (scale("magnitude.low_rows", 1.001), "reconstruction against float64"),
    "window": (scale("inverse_stft.window", 1.001), "reconstruction against float64"),
    "transform": (scale("dft.inner", 1.001), "reconstruction against float64"),
    "gain": (output("audio", "Mul", 1.00001), "reconstruction against float64"),
    "noisy latency": (output("audio", "Add", 1e-9), "latency at the start"),
    "NaN": (output("audio", "Mul", np.nan), "not finite"),
    "state after the end": (output("next_state", "Add", 1.0), "the state is not zero"),
    "no state": (forget_the_state, "stream against one shot"),
    "rows": (mix_the_rows, "batch against single rows"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_graph_that_differs_is_not_written(
    tiny_source: Path,
    tmp_path: Path,
    break_graph: BreakGraph,
    change: Change,
    message: str,
) -> None:
    break_graph(change)
    there = tmp_path / "there.onnx"
    there.write_bytes(OLD)
    with pytest.raises(VerificationError, match=message) as caught:
        export_model(tiny_source, there, overwrite=True)
    assert "\n" not in str(caught.value)
    assert there.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [there]


def test_a_graph_that_is_left_alone_is_written(
    tiny_source: Path, tmp_path: Path, tiny_report: ExportReport, break_graph: BreakGraph
) -> None:
    break_graph(lambda graph: None)
    (tmp_path / "there.onnx").write_bytes(OLD)
    export_model(tiny_source, tmp_path / "there.onnx", overwrite=True)
    assert (tmp_path / "there.onnx").read_bytes() == tiny_report.path.read_bytes()


def test_weights_that_overflow_are_refused(tmp_path: Path, break_graph: BreakGraph) -> None:
    """Finite numbers in the file, and no finite sound."""
    content = model_files.model_content()
    content["normalization_stats"] |= {"mag_mean": 1e5}
    source = model_files.write(content, tmp_path / "loud.distill")

    def as_told(copy: onnx.GraphProto) -> None:
        means = [t for t in copy.initializer if t.name.endswith("log_power.mean")]
        assert means
        for mean in means:
            loud = np.full_like(numpy_helper.to_array(mean), 1e5)
            mean.CopyFrom(numpy_helper.from_array(loud, mean.name))

    break_graph(as_told)
    with pytest.raises(VerificationError, match="not finite: its weights or statistics are broken"):
        export_model(source)
    assert list(tmp_path.iterdir()) == [source]
