"""The graph as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto

from distill_export.export import ExportReport
from distill_export.formats.onnx_graph import with_mel_output
from distill_export.model.file import load_model
from tests.distill_export import model_files


def shape_of(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


def test_the_tensors_are_the_contracts(
    tiny_graph: onnx.ModelProto, tiny_report: ExportReport
) -> None:
    size = tiny_report.metadata.state_size
    float32, boolean = TensorProto.FLOAT, TensorProto.BOOL
    inputs = [(i.name, i.type.tensor_type.elem_type, shape_of(i)) for i in tiny_graph.graph.input]
    assert inputs == [
        ("latents", float32, ["batch", "steps", 16]),
        ("state", float32, ["batch", size]),
        ("finish", boolean, []),
    ]
    outputs = [(o.name, o.type.tensor_type.elem_type, shape_of(o)) for o in tiny_graph.graph.output]
    assert outputs == [
        ("audio", float32, ["batch", "samples"]),
        ("next_state", float32, ["batch", size]),
    ]


def test_the_file_is_of_the_wanted_versions(tiny_graph: onnx.ModelProto) -> None:
    assert [(opset.domain, opset.version) for opset in tiny_graph.opset_import] == [("", 18)]
    assert tiny_graph.ir_version <= 10
    assert not tiny_graph.functions
    assert not tiny_graph.training_info
    assert {node.domain for node in tiny_graph.graph.node} == {""}
    assert {tensor.data_location for tensor in tiny_graph.graph.initializer} == {
        TensorProto.DEFAULT
    }
    onnx.checker.check_model(tiny_graph, full_check=True)


def test_the_file_says_nothing_of_this_machine(
    tiny_source: Path, tiny_report: ExportReport
) -> None:
    content = tiny_report.path.read_bytes()
    repository = Path(__file__).parents[3]
    for trace in (
        repository,
        tiny_source.parent,
        Path.home(),
        "site-packages",
        ".py",
        "pkg.torch",
        "File ",
    ):
        assert str(trace).encode() not in content, trace
    model = onnx.load(tiny_report.path)
    assert [prop.key for prop in model.metadata_props] == ["distill.artifact"]
    parts = (model, model.graph, *model.graph.node, *model.graph.initializer)
    assert not any(part.doc_string for part in parts)
    assert not any(part.metadata_props for part in parts[1:])
    assert not model.graph.value_info


def test_mel_can_be_made_an_output(tiny_graph: onnx.ModelProto) -> None:
    assert any("mel" in node.output for node in tiny_graph.graph.node)
    with_mel = with_mel_output(tiny_graph, n_mels=128)
    assert len(tiny_graph.graph.output) == 2, "the model itself is left as it is"
    onnx.checker.check_model(with_mel, full_check=True)
    session = onnxruntime.InferenceSession(
        with_mel.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    state_size = shape_of(tiny_graph.graph.input[1])[1]
    feeds = {
        "latents": np.zeros((2, 3, 16), np.float32),
        "state": np.zeros((2, state_size), np.float32),
        "finish": np.array(False),
    }
    (mel,) = session.run(["mel"], feeds)
    assert mel.shape == (2, 2, 128, 3 * 47)
    assert mel[:, 0].min() >= 0


def test_the_sizes_are_the_files(
    tiny_source: Path, tiny_report: ExportReport, tiny_graph: onnx.ModelProto
) -> None:
    assert tiny_report.size_bytes == tiny_report.path.stat().st_size
    tensors = sum(len(tensor.raw_data) for tensor in tiny_graph.graph.initializer)
    assert tiny_report.weight_bytes + tiny_report.constant_bytes == tensors
    assert tiny_report.constant_bytes < 1_000_000
    decoder = load_model(tiny_source).model.decoder
    norms = 2 * 2 * sum(model_files.TINY.decoder_channels[1:])  # folded; the step counts are not
    floats = sum(value.numel() for value in decoder.state_dict().values()) - norms - 4
    assert 4 * floats <= tiny_report.weight_bytes < 6 * floats
