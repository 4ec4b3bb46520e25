"""Small artifacts, each spoilt in one way, for the JavaScript library to refuse as Python does."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.errors import ArtifactError
from tests.distill_runtime import small_artifacts
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.distill_runtime.small_artifacts import document, onnx, seal, small_model, with_document


def write_spoilt(folder: Path) -> None:
    """Write them, and a whole one as `whole.onnx`; Python must refuse them, too."""
    whole = seal(small_model()).SerializeToString()
    (folder / "whole.onnx").write_bytes(whole)
    ArtifactFile.inspect(whole, trust=True)
    for name, content in _spoilt(whole):
        (folder / f"spoilt-{name}.onnx").write_bytes(content)
        with pytest.raises(ArtifactError):  # what is there twice makes its structure an unknown one
            ArtifactFile.inspect(content, trust=name != "metadata-twice")


def _spoilt(whole: bytes) -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "text", b"This is not a model.\n" * 9
    yield "page", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "pickle", b"\x80\x02}q\x00X\x06\x00\x00\x00formatq\x01."
    yield "zip", _zip()
    yield "truncated", whole[:-100]
    yield "half", whole[: len(whole) // 2]
    yield "foreign", small_model().SerializeToString()
    yield "surplus-field", whole + small_artifacts.field(9, b"x")
    for name, changes in (
        ("newer", {"version": 2}),
        ("format", {"format": "another"}),
        ("latents", {"latent_dim": 17, "sliders": None, "controls": []}),
        ("state", {"state_size": 5}),
    ):
        text = json.dumps(document() | changes)
        yield name, with_document(small_model(), text).SerializeToString()
    for name, changes in _LANDMARKS.items():
        landmarks = make_landmarks().document() | changes
        text = json.dumps(document() | {"landmarks": landmarks})
        yield f"landmarks-{name}", with_document(small_model(), text).SerializeToString()
    for name, spoil in _CHANGES.items():
        model = seal(small_model())
        spoil(model)
        yield name, model.SerializeToString()
    for name, added in (("second-graph", 7), ("training", 20), ("function", 25)):
        message = onnx.GraphProto(name="second").SerializeToString() if added == 7 else b""
        yield name, whole + small_artifacts.field(added, message)


def _zip() -> bytes:
    """Return a file as `torch.save` writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}.")
    return buffer.getvalue()


def _opset(version: int) -> Any:
    def spoil(model: Any) -> None:
        model.opset_import[0].version = version

    return spoil


def _ir_version(model: Any) -> None:
    model.ir_version = 11


def _domain(model: Any) -> None:
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))


def _metadata_twice(model: Any) -> None:
    model.metadata_props.append(model.metadata_props[0])


def _external(tensor: Any) -> None:
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights.bin"


def _external_weights(model: Any) -> None:
    _external(model.graph.initializer[0])


def _constant() -> Any:
    tensor = onnx.numpy_helper.from_array(small_artifacts.np.ones(2, "float32"), "c")
    _external(tensor)
    return onnx.helper.make_node("Constant", [], ["c"], value=tensor)


def _external_constant(model: Any) -> None:
    model.graph.node.append(_constant())


def _external_in_branch(model: Any) -> None:
    info = onnx.helper.make_tensor_value_info("c", 1, [2])
    branch = onnx.helper.make_graph([_constant()], "branch", [], [info])
    node = onnx.helper.make_node(
        "If", ["finish"], ["unused"], then_branch=branch, else_branch=branch
    )
    model.graph.node.append(node)


def _more_inputs(model: Any) -> None:
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", 1, [1]))


def _finish_of_a_row(model: Any) -> None:
    model.graph.input[2].type.tensor_type.shape.dim.add().dim_value = 1


def _audio_in_float16(model: Any) -> None:
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16


# What is in the place of a field of five landmarks of 16 values.
_LANDMARKS: dict[str, dict[str, Any]] = {
    "none": {"count": 0, "vectors": []},
    "too-many": {"count": 1025, "vectors": [0.0] * 1025 * 16, "potentials": [0.0] * 1025},
    "fewer-vectors": {"count": 6, "potentials": [0.0] * 6},
    "fewer-potentials": {"potentials": [0.0] * 4},
    "more-widths": {"widths": [1.0] * 17},
    "far": {"vectors": [1e39] * 5 * 16},
    "texts": {"vectors": ["near"] * 5 * 16},
    "huge-potential": {"potentials": [0.0] * 4 + [-2e9]},
    "no-width": {"widths": [1.0] * 15 + [0.0]},
    "narrow": {"widths": [9e-7] * 16},
    "wide": {"widths": [3.1e38] * 16},
    "nearer-than-near": {"default": 1.01},
    "no-default": {"default": None},
}

_CHANGES = {
    "opset-17": _opset(17),
    "opset-21": _opset(21),
    "ir-11": _ir_version,
    "domain": _domain,
    "metadata-twice": _metadata_twice,
    "external-weights": _external_weights,
    "external-constant": _external_constant,
    "external-in-branch": _external_in_branch,
    "more-inputs": _more_inputs,
    "finish-of-a-row": _finish_of_a_row,
    "audio-in-float16": _audio_in_float16,
}
