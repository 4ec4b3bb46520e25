"""How the command line names models to blend, and presets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from distill_runtime.cli.play.options import parse_blend
from distill_runtime.cli.play.preset_name import split_preset_name
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
            (text, f"--blend is {text!r}, expected FILE:WEIGHT, as in other.onnx:40")
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dawn.json", ("dawn.json", None)),
        ("dawn.json:Night", ("dawn.json", "Night")),
        ("dawn.json:Night/Deep: water", ("dawn.json", "Night/Deep: water")),
        ("a:b.json", ("a:b.json", None)),
        ("a:b.json:c", ("a:b.json", "c")),
        ("none.json:c", ("none.json:c", None)),
        ("x" * 5000, ("x" * 5000, None)),
    ],
)
def test_the_name_of_a_preset_follows_a_file_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[str, str | None]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("dawn.json", "a:b.json"):
        (tmp_path / name).touch()
    assert split_preset_name(text) == (Path(expected[0]), expected[1])
