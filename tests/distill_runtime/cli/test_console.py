"""What is said reaches whoever listens, in whatever letters they have."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.cli import console
from distill_runtime.errors import OutputError

HOSTILE = "日本 \x1b[31mred\x1b[0m \x07 \udce9 \u202e é"
PROGRAM = """
import sys
from distill_runtime.cli import console
text = {text!r}
console.say(text)
console.show(text)
console.show_json({{"text": text}})
console.show_path(text)
"""


def spoken(encoding: str, text: str = HOSTILE) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(text=text)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "ascii", "cp437", "shift-jis"])
def test_no_letter_ends_the_program(encoding: str) -> None:
    done = spoken(encoding)
    said = done.stderr.decode(encoding).splitlines()
    shown, document, *path = done.stdout.split(b"\n")
    assert said == [shown.decode(encoding)]
    assert (
        said[0]
        .replace("\\u65e5\\u672c", "日本")
        .replace("\\xe9 \\u202e", "\\udce9")
        .startswith("日本 \\x1b[31mred\\x1b[0m \\x07 \\udce9 ")
    )
    assert json.loads(document) == {"text": HOSTILE}
    assert document.isascii()
    assert path == [os.fsencode(HOSTILE), b""]  # what opens the file, to a pipe


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_lines_stay_lines(encoding: str) -> None:
    done = spoken(encoding, "one\ntwo")
    assert done.stderr == b"one\ntwo\n"
    assert done.stdout.startswith(b"one\ntwo\n")


class Terminal(io.StringIO):
    """A terminal that shows only ASCII."""

    encoding = "ascii"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_a_terminal_gets_a_path_escaped(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]
) -> None:
    heard = stream()
    monkeypatch.setattr(sys, "stdout", heard)
    console.show_path(Path("日\x1b\n.wav"))
    escaped = {Terminal: "\\u65e5\\x1b\\n.wav\n", io.StringIO: "日\x1b\n.wav\n"}
    assert heard.getvalue() == escaped[stream]  # a host's own object gets the path as it is


class Failing(io.StringIO):
    """A stream that cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def write(self, _: Any) -> int:
        raise self._error

    def flush(self) -> None:
        raise self._error


def test_an_error_of_stdout_is_said_to_be_stdouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(OSError(28, os.strerror(28))))
    for show in (console.show, console.show_path, console.show_json):
        with pytest.raises(OutputError, match=r"^stdout cannot be written to: No space left"):
            show("a")
    with pytest.raises(OutputError, match=r"^stdout cannot be written to"):
        console.end()
    monkeypatch.setattr(sys, "stdout", Failing(BrokenPipeError(32, os.strerror(32))))
    with pytest.raises(BrokenPipeError):
        console.show("a")


def test_who_does_not_hear_a_remark_has_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OSError(28, os.strerror(28)), BrokenPipeError(32, os.strerror(32))):
        monkeypatch.setattr(sys, "stderr", Failing(error))
        console.say("a")


def test_without_streams_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    for tell in (console.say, console.show, console.show_path, console.show_json):
        tell("a")
    console.be_lenient()
    console.end()


def test_the_help_is_said_in_any_encoding() -> None:
    program = (
        "import sys\nfrom distill_runtime.cli import console\n"
        "console.be_lenient()\nprint('\\u256d \\u65e5')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "cp1252:strict"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"\\u256d \\u65e5\n"
