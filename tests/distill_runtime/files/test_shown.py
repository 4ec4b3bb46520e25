from __future__ import annotations

import os
from pathlib import Path

import pytest

from distill_runtime.files.shown import shown


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rain/ambience.onnx", "rain/ambience.onnx"),
        ("größe 雨\u3000音.onnx", "größe 雨\u3000音.onnx"),
        ("C:\\rain.onnx", "C:\\rain.onnx"),
        ("a\nb\x1b[31m\x00.onnx", "a\\nb\\x1b[31m\\x00.onnx"),
        ("\u202egnp.onnx\u2028", "\\u202egnp.onnx\\u2028"),
        (b"caf\xe9.onnx", "caf\\xe9.onnx"),
        ("caf\udce9.onnx", "caf\\xe9.onnx"),
        ("half \ud83d.onnx", "half \\ud83d.onnx"),
        (Path("a\tb"), "a\\tb"),
        ("", ""),
    ],
)
def test_a_path_is_printable(path: str | bytes | Path, expected: str) -> None:
    text = shown(path)
    assert text == expected
    text.encode("utf-8")
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in text)


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes only there")
def test_a_file_that_the_system_names(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x07.onnx"
    try:
        with open(name, "w"):  # noqa: PTH123  (a name of bytes)
            pass
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    (path,) = tmp_path.iterdir()
    assert shown(path.name) == "\\xff\\x07.onnx"
