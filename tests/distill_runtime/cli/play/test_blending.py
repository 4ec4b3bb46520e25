"""How the command line names models to blend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from distill_runtime.cli.play.blending import parse_blend
from distill_runtime.errors import RequestError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("other.onnx:40", (Path("other.onnx"), 40.0)),
        ("a:b.onnx:0.5", (Path("a:b.onnx"), 0.5)),
        (r"C:\sea.onnx:40", (Path(r"C:\sea.onnx"), 40.0)),
        ("other.onnx: 0", (Path("other.onnx"), 0.0)),
    ],
)
def test_a_model_on_the_command_line(text: str, expected: tuple[Path, float]) -> None:
    assert parse_blend(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (text, f"--blend is {text!r}, expected FILE:PERCENT, as in other.onnx:40")
            for text in ("", "other.onnx", r"C:\sea.onnx", "sea.onnx:", ":40", "sea.onnx:4O", "40")
        ),
        ("other.onnx:-1", "the blend weight is -1, expected a finite number, 0 or more"),
        ("other.onnx:nan", "the blend weight is nan, expected"),
        ("other.onnx:1e999", "the blend weight is inf, expected"),
    ],
)
def test_what_is_no_model_to_blend(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        parse_blend(text)
    assert "\n" not in str(raised.value)
