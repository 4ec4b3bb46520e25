"""Which variants there are, and how their files are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_export.export import export_model
from distill_export.formats.names import default_name
from distill_runtime.errors import RequestError


def test_default_names_tell_variants_apart() -> None:
    source = Path("sounds/rain.distill")
    assert default_name(source) == "rain.onnx"
    assert default_name(source, precision="int8") == "rain_int8.onnx"
    assert default_name(source, format="torchscript") == "rain.ts"
    assert default_name(source, format="nn") == "rain_nn.ts"


def test_a_wrong_precision_is_refused_in_python(model_path: Path) -> None:
    with pytest.raises(RequestError, match="expected one of float32, float16, int8"):
        export_model(model_path, precision="half")


@pytest.mark.parametrize(
    ("format", "name", "expected"),
    [
        ("torch", None, "the format is 'torch', expected one of onnx, torchscript, pt2, html"),
        ("onnx", "a.ts", "give --format torchscript, or a name that ends in .onnx"),
        ("nn", "a.onnx", "give --format onnx, or a name that ends in .ts"),
        ("pt2", "a.onnx", "give --format onnx, or a name that ends in .pt2"),
    ],
)
def test_a_format_that_cannot_be_is_refused(
    tiny_source: Path, format: str, name: str | None, expected: str
) -> None:
    output = name and tiny_source.with_name(name)
    with pytest.raises(RequestError) as caught:
        export_model(tiny_source, output and Path(output), format=format)
    assert expected in str(caught.value)
