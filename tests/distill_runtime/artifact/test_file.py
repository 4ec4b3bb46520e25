"""Files that are no artifacts, and artifacts spoilt in one place, by the small model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import contract
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import (
    METADATA,
    document,
    field,
    load,
    onnx,
    save,
    seal,
    small_model,
    varint,
    weights_sha256,
    with_document,
)

helper, numpy_helper, T = onnx.helper, onnx.numpy_helper, onnx.TensorProto


def refusal(path: Path | str, *, trust: bool = False) -> str:
    with pytest.raises(ArtifactError) as caught:
        ArtifactFile.inspect(path, trust=trust)
    message = str(caught.value)
    assert message.startswith(f"{Path(path)}: ")
    assert message.isprintable()
    assert len(message) < len(str(path)) + 300
    return message


def test_a_good_file_is_described(tmp_path: Path) -> None:
    model = seal(small_model())
    path = save(model, tmp_path / "rain.onnx")
    file = ArtifactFile.inspect(str(path), trust=True)
    assert file.path == path
    assert file.size_bytes == path.stat().st_size
    assert file.metadata == dataclasses.replace(METADATA, weights_sha256=weights_sha256(model))
    assert file.weights_sha256() == file.metadata.weights_sha256
    assert file.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_demo_artifact_is_a_good_file(demo_artifact: Path) -> None:
    file = ArtifactFile.inspect(demo_artifact)
    assert file.metadata.model.name == "ambience"
    assert file.weights_sha256() == file.metadata.weights_sha256


def test_the_files_name_does_not_matter(tmp_path: Path) -> None:
    # onnxruntime would take a file with this ending for its own format.
    path = save(seal(small_model()), tmp_path / "rain.ort")
    assert load(path).metadata.model.name == "Rain"


def _nothing(path: Path) -> None:
    del path


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"x" * 100)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(path))


def _too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(contract.MAX_FILE_BYTES + 1)  # a hole, no bytes on disk


def _random(path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(10_000))


def _truncated(path: Path) -> None:
    path.write_bytes(seal(small_model()).SerializeToString()[:-100])


def _foreign(path: Path) -> None:
    save(small_model(), path)


def _loop_of_links(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (_nothing, "no such file"),
        (Path.mkdir, "is a folder"),
        (Path.touch, "is empty"),
        (_zip, "distill-export"),
        (_random, "damaged"),
        (_truncated, "truncated"),
        (lambda path: path.write_bytes(b"\0" * 1000), "damaged"),
        (lambda path: path.write_bytes(b"\x80\x02}q\x00."), "no ONNX model"),
        (lambda path: path.write_text("RIFF, says the cat\n"), "ONNX"),
        (lambda path: path.write_bytes(b"\x08"), "truncated"),
        (_foreign, "not a Distill artifact"),
        (_too_large, "larger than"),
        (_loop_of_links, "cannot be opened"),
        (os.mkfifo, "not a regular file"),
        (_socket, "cannot be opened"),
    ],
)
def test_what_is_no_artifact_is_refused(
    tmp_path: Path, make: Callable[[Path], object], expected: str
) -> None:
    path = tmp_path / "rain.onnx"
    make(path)
    assert expected in refusal(path)


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero"])
def test_a_device_is_refused(path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"there is no {path}")
    refusal(path)


@pytest.mark.parametrize("path", ["", "\0", "x" * 300, "file/rain.onnx"])
def test_a_path_that_leads_nowhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError):
        ArtifactFile.inspect(path)


def test_a_model_file_is_refused_with_the_way_out(shared: Path) -> None:
    assert "distill-export" in refusal(shared / "demo" / "ambience.distill")


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rain.onnx"
    whole = seal(small_model()).SerializeToString()
    for end in range(0, len(whole), 37):
        path.write_bytes(whole[:end])
        refusal(path)


def test_a_file_that_vanished_since_is_an_error(tmp_path: Path) -> None:
    file = ArtifactFile.inspect(save(seal(small_model()), tmp_path / "rain.onnx"), trust=True)
    file.path.unlink()
    for read in (file.weights_sha256, file.sha256):
        with pytest.raises(ArtifactError, match="no such file"):
            read()


def _external(model: Any) -> None:
    stored = model.graph.initializer[0]
    stored.data_location = T.EXTERNAL
    stored.external_data.add(key="location", value="/etc/passwd")


def _domain(model: Any) -> None:
    model.opset_import.append(helper.make_opsetid("com.example\n\x1b[2J" + "x" * 1000, 1))


def _operator_of_a_domain(model: Any) -> None:
    model.graph.node[0].domain = "com.microsoft"


def _function(model: Any) -> None:
    model.functions.append(
        helper.make_function("d", "F", [], [], [], [helper.make_opsetid("", 18)])
    )


def _training(model: Any) -> None:
    model.training_info.add().algorithm.name = "t"


def _operator(name: str) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        model.graph.node.append(helper.make_node(name, ["level"], ["unused"]))

    return spoil


def _nested_operator(model: Any) -> None:
    body = helper.make_graph([helper.make_node("Loop", [], ["o"])], "b", [], [])
    node = helper.make_node("Identity", ["level"], ["unused"])
    node.attribute.append(helper.make_attribute("body", body))
    model.graph.node.append(node)


_WEIGHTS = ("scale", "no_byte", "w", "w_scale", "w_zero", "scale", "no_byte")


def _byte_conv(model: Any, shape: tuple[int, ...]) -> Any:
    """Add a QLinearConv with weights of a shape, and return the node."""
    channels = shape[0]
    weights = {
        "scale": np.float32(1),
        "no_byte": np.uint8(0),
        "w": np.zeros(shape, np.int8),
        "w_scale": np.ones(channels, np.float32),
        "w_zero": np.zeros(channels, np.int8),
    }
    tensors = [numpy_helper.from_array(np.asarray(a), name) for name, a in weights.items()]
    model.graph.initializer.extend(tensors)
    model.graph.node.append(helper.make_node("QLinearConv", ["bytes", *_WEIGHTS], ["unused"]))
    return model.graph.node[-1]


def _empty_weights(model: Any) -> None:
    _byte_conv(model, (0, 4, 2, 2))


def _empty_weights_packed(model: Any) -> None:
    node = _byte_conv(model, (4, 4, 2, 2))
    node.input[3] = "packed"
    dims, int8, name = field(1, bytes([4, 0])), field(2, 3), field(8, b"packed")
    model.graph.MergeFromString(field(5, dims + int8 + name))


def _second_weights(model: Any) -> None:
    _byte_conv(model, (4, 4, 2, 2))
    _byte_conv(model, (0, 4, 2, 2))


def _computed_weights(model: Any) -> None:
    node = _byte_conv(model, (4, 4, 2, 2))
    model.graph.node.append(helper.make_node("Identity", ["w_scale"], ["computed"]))
    node.input[4] = "computed"


def _weights_and_a_node_of_the_same_name(model: Any) -> None:
    _byte_conv(model, (4, 4, 2, 2))
    empty = numpy_helper.from_array(np.zeros((0, 4, 2, 2), np.int8), "w")
    model.graph.node.append(helper.make_node("Constant", [], ["w"], value=empty))


def _weights_and_a_sparse_tensor_of_the_same_name(model: Any) -> None:
    _byte_conv(model, (4, 4, 2, 2))
    values = numpy_helper.from_array(np.ones(1, np.int8), "w")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "indices")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [0]))


def _nested_byte_conv(model: Any) -> None:
    conv = _byte_conv(model, (4, 4, 2, 2))
    body = helper.make_graph([conv], "b", [], [])
    node = helper.make_node("Identity", ["level"], ["nested"])
    node.attribute.append(helper.make_attribute("body", body))
    model.graph.node.remove(conv)
    model.graph.node.append(node)


def _opset(version: int) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        model.opset_import[0].version = version

    return spoil


def _ir_version(model: Any) -> None:
    model.ir_version = contract.MAX_IR_VERSION + 1


def _renamed(kind: str, index: int, name: str) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        getattr(model.graph, kind)[index].name = name

    return spoil


def _added(kind: str, name: str) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        getattr(model.graph, kind).append(helper.make_tensor_value_info(name, T.FLOAT, [1]))

    return spoil


def _removed(kind: str, index: int) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        del getattr(model.graph, kind)[index]

    return spoil


def _typed(kind: str, index: int, element: int) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        getattr(model.graph, kind)[index].type.tensor_type.elem_type = element

    return spoil


def _shaped(kind: str, index: int, shape: list[Any]) -> Callable[[Any], None]:
    def spoil(model: Any) -> None:
        value = getattr(model.graph, kind)[index]
        element = value.type.tensor_type.elem_type
        value.CopyFrom(helper.make_tensor_value_info(value.name, element, shape))

    return spoil


def _sequence(model: Any) -> None:
    model.graph.input[0].CopyFrom(helper.make_tensor_sequence_value_info("latents", T.FLOAT, None))


SPOILT = {
    "external data": (_external, "data outside the file"),
    "custom domain": (_domain, "domain 'com.example"),
    "operator of a custom domain": (_operator_of_a_domain, "com.microsoft.Shape"),
    "function": (_function, "functions"),
    "training": (_training, "training"),
    "If": (_operator("If"), "operator 'If'"),
    "Loop": (_operator("Loop"), "operator 'Loop'"),
    "random": (_operator("RandomNormal"), "operator 'RandomNormal'"),
    "no operator": (_operator(""), "operator ''"),
    "operator of many letters": (_operator("X\n\x1b[2J" * 1000), "operator 'X"),
    "operator in a nested graph": (_nested_operator, "operator 'Loop'"),
    "DequantizeLinear": (_operator("DequantizeLinear"), "operator 'DequantizeLinear'"),
    "empty weights": (_empty_weights, "QLinearConv"),
    "empty weights, packed": (_empty_weights_packed, "QLinearConv"),
    "weights twice, once empty": (_second_weights, "QLinearConv"),
    "computed weights": (_computed_weights, "QLinearConv"),
    "weights and a node": (_weights_and_a_node_of_the_same_name, "QLinearConv"),
    "weights and a sparse tensor": (_weights_and_a_sparse_tensor_of_the_same_name, "QLinearConv"),
    "nested weights": (_nested_byte_conv, "QLinearConv"),
    "opset 17": (_opset(17), "opset 17"),
    "opset 21": (_opset(21), "opset 21"),
    "opset 0": (_opset(0), "opset 0"),
    "IR version": (_ir_version, "IR version 11"),
    "input renamed": (_renamed("input", 0, "z"), "its inputs are"),
    "input of a bad name": (_renamed("input", 0, "z\n\x1b[2J" * 1000), "its inputs are"),
    "output renamed": (_renamed("output", 0, "sound"), "its outputs are"),
    "input more": (_added("input", "speed"), "its inputs are"),
    "output more": (_added("output", "mel"), "its outputs are"),
    "input less": (_removed("input", 2), "its inputs are"),
    "output less": (_removed("output", 1), "its outputs are"),
    "latents float64": (_typed("input", 0, T.DOUBLE), "'latents' has another type"),
    "state float16": (_typed("input", 1, T.FLOAT16), "'state' has another type"),
    "finish int64": (_typed("input", 2, T.INT64), "'finish' has another type"),
    "audio int16": (_typed("output", 0, T.INT16), "'audio' has another type"),
    "latents of two dimensions": (_shaped("input", 0, ["b", 16]), "'latents' has another"),
    "latents of one batch": (_shaped("input", 0, [1, "s", 16]), "'latents' has another"),
    "latents of another length": (_shaped("input", 0, ["b", "s", 17]), "'latents' has another"),
    "latents of any length": (_shaped("input", 0, ["b", "s", "d"]), "'latents' has another"),
    "state of another size": (_shaped("input", 1, ["b", 5]), "'state' has another"),
    "finish of a dimension": (_shaped("input", 2, [1]), "'finish' has another"),
    "audio of three dimensions": (_shaped("output", 0, ["b", 1, "n"]), "'audio' has another"),
    "next state of another size": (_shaped("output", 1, ["b", 3]), "'next_state' has another"),
    "latents a sequence": (_sequence, "'latents' has another"),
}


@pytest.mark.parametrize(("spoil", "expected"), SPOILT.values(), ids=SPOILT)
def test_a_graph_that_breaks_the_contract_is_refused(
    tmp_path: Path, spoil: Callable[[Any], None], expected: str
) -> None:
    model = seal(small_model())
    spoil(model)
    path = save(model, tmp_path / "rain.onnx")
    assert expected in refusal(path, trust=True)
    refusal(path)


def test_a_byte_conv_with_weights_is_none_of_these(tmp_path: Path) -> None:
    model = seal(small_model())
    _byte_conv(model, (4, 4, 2, 2))
    image = numpy_helper.from_array(np.zeros((1, 4, 5, 5), np.uint8), "bytes")
    model.graph.initializer.append(image)
    ArtifactFile.inspect(save(model, tmp_path / "rain.onnx"), trust=True)


def test_a_second_graph_is_refused(tmp_path: Path) -> None:
    data = seal(small_model()).SerializeToString() + field(7, b"")
    assert "one graph" in refusal(save(data, tmp_path / "rain.onnx"))


def test_an_operator_hidden_from_the_scan_is_refused(tmp_path: Path) -> None:
    model = seal(small_model())
    nodes = [node.SerializeToString() for node in model.graph.node]
    hidden = field(4, b"RandomNormal") + varint(4 << 3 | 1) + b"Identity"
    nodes[-1] = nodes[-1].replace(field(4, b"Identity"), hidden)
    del model.graph.node[:]
    graph = model.graph.SerializeToString() + b"".join(field(1, node) for node in nodes)
    model.ClearField("graph")
    refusal(save(model.SerializeToString() + field(7, graph), tmp_path / "rain.onnx"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": 2}, "contract version 2"),
        ({"format": "another"}, "format 'another'"),
        ({"state_size": 5}, "'state' has another type or shape"),
        (
            {"latent_dim": 17, "sliders": None, "controls": []},
            "'latents' has another type or shape",
        ),
        ({"audio": {}}, "lacks 'audio.sample_rate_hz'"),
    ],
)
def test_metadata_at_odds_with_this_version_or_with_the_graph_is_refused(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    model = with_document(small_model(), json.dumps(document() | changes))
    assert expected in refusal(save(model, tmp_path / "rain.onnx"))


@pytest.mark.parametrize("text", ["", "{", "null", "[" * 100_000, "NaN"])
def test_metadata_that_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    assert "metadata" in refusal(save(with_document(small_model(), text), tmp_path / "rain.onnx"))


def test_metadata_that_is_no_text_is_refused(tmp_path: Path) -> None:
    entry = field(1, contract.METADATA_KEY.encode()) + field(2, b"\xff\xfe{}")
    data = small_model().SerializeToString() + field(14, entry)
    refusal(save(data, tmp_path / "rain.onnx"))


def _no_opset(model: Any) -> None:
    del model.opset_import[:]


def _missing_input(model: Any) -> None:
    model.graph.node[-1].input[0] = "nowhere"


def _cycle(model: Any) -> None:
    model.graph.node[0].input[0] = "audio"


def _short_weight(model: Any) -> None:
    model.graph.initializer[0].raw_data = b"\0"


def _unknown_attribute(model: Any) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("volume", 11))


@pytest.mark.parametrize(
    "spoil", [_no_opset, _missing_input, _cycle, _short_weight, _unknown_attribute]
)
def test_a_graph_that_makes_no_sense_is_refused(
    tmp_path: Path, spoil: Callable[[Any], None]
) -> None:
    model = seal(small_model())
    spoil(model)
    path = save(model, tmp_path / "rain.onnx")
    for trust in (False, True):
        with pytest.raises(ArtifactError) as caught:
            Artifact.load(path, trust=trust)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < len(str(path)) + 300
