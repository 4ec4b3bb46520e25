"""What every command line here does alike, by a program of one command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer

from distill_runtime import errors
from distill_runtime.cli.console import say
from distill_runtime.cli.program import run


def outcome(monkeypatch: pytest.MonkeyPatch, error: BaseException | None, *arguments: str) -> int:
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(number: int = 0) -> None:
        print(f"number {number}")
        if error is not None:
            raise error

    monkeypatch.setattr(sys, "argv", ["program", *arguments])
    return run(app, "program")


def test_success_is_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert outcome(monkeypatch, None, "--number", "3") == 0
    assert capsys.readouterr() == ("number 3\n", "")


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (errors.InputError("what"), 2, "what"),
        (errors.ArtifactError("what"), 2, "what"),
        (errors.ModelFileError("what"), 2, "what"),
        (errors.IncompatibleModelError(), 2, errors.IncompatibleModelError.MESSAGE),
        (errors.RequestError("what"), 2, "what"),
        (errors.OutputExistsError("what"), 2, "what"),
        (errors.FailureError("what"), 1, "what"),
        (errors.BackendError("what"), 1, "what"),
        (errors.DependencyError("what"), 1, "what"),
        (errors.OutputError("what"), 1, "what"),
        (errors.VerificationError("what"), 1, "what"),
        (errors.DistillError("of\n  many\t lines"), 1, "of many lines"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "there is not enough memory for this"),
        (typer.Abort(), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    error: BaseException,
    code: int,
    expected: str,
) -> None:
    assert outcome(monkeypatch, error) == code
    assert capsys.readouterr().err == f"program: {expected}\n"


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (errors.RequestError("what\nelse"), "RequestError", 2),
        (errors.SpaceError("what else"), "SpaceError", 1),
    ],
)
@pytest.mark.parametrize("words", [["--json"], ["-o", "a.wav", "--json"]])
def test_an_error_is_json_too_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    error: BaseException,
    kind: str,
    code: int,
    words: list[str],
) -> None:
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(json: bool = False, output: Annotated[str, typer.Option("-o")] = "") -> None:
        raise error

    monkeypatch.setattr(sys, "argv", ["program", *words])
    assert run(app, "program") == code
    out, err = capsys.readouterr()
    assert err == "program: what else\n"
    document = {"error": "what else", "kind": kind, "exit_code": code}
    assert out.count("\n") == 1
    assert json.loads(out) == document
    # Samples are never mixed with it.
    monkeypatch.setattr(sys, "argv", ["program", "--json", "-o", "-"])
    assert run(app, "program") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err.splitlines()[1]) == document


@pytest.mark.parametrize("words", [[], ["--", "--json"]])
def test_nobody_who_did_not_ask_is_given_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, words: list[str]
) -> None:
    assert outcome(monkeypatch, errors.RequestError("what"), *words) == 2
    assert '{"error"' not in "".join(capsys.readouterr())


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_command_may_choose_its_exit_code(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    assert outcome(monkeypatch, typer.Exit(code)) == code


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["--number"], ["--number", "x"], ["more"], ["--numb", "3"]]
)
def test_misuse_is_2_and_points_to_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, arguments: list[str]
) -> None:
    assert outcome(monkeypatch, None, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("program: ")
    assert "--help" in printed.err
    assert printed.err.count("\n") == 1


def test_a_bug_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("DISTILL_DEBUG", raising=False)
    assert outcome(monkeypatch, ZeroDivisionError("oh\nno" + "!" * 5000)) == 1
    told = capsys.readouterr().err
    assert told.startswith("program: internal error: ZeroDivisionError: oh no!!!")
    assert "DISTILL_DEBUG=1" in told
    assert told.count("\n") == 1
    assert len(told) < 500


def test_a_bug_shows_where_it_is_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        outcome(monkeypatch, ZeroDivisionError())
    assert outcome(monkeypatch, errors.InputError("what")) == 2


def test_remarks_go_to_stderr(capsys: pytest.CaptureFixture) -> None:
    say("hello")
    assert capsys.readouterr() == ("", "hello\n")


PROGRAM = """
import sys, typer
from distill_runtime.cli.console import say, show
from distill_runtime.cli.program import run
app = typer.Typer()
@app.command()
def command(lines: int) -> None:
    for line in range(lines):
        show(str(line))
    say("said")
sys.exit(run(app, "program"))
"""


def start(lines: int, **streams: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(lines)]
    return subprocess.Popen(command, text=True, **{"stderr": subprocess.PIPE, **streams})


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_who_went_away_is_no_error_to_speak_of(lines: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = start(lines, stdout=writing)
    finally:
        os.close(writing)
    _, complaints = process.communicate(timeout=30)
    assert process.returncode == 1
    assert complaints.replace("said\n", "") == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_full_disk_behind_stdout_is_told_once(lines: int) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(lines, stdout=full)
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == 1
    complaint = "program: stdout cannot be written to: No space left on device\n"
    assert complaints.replace("said\n", "") == complaint


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize(
    ("closing", "out", "err"), [(">&-", "", "said\n"), ("2>&-", "0\n", ""), (">&- 2>&-", "", "")]
)
def test_a_closed_stream_is_done_without(closing: str, out: str, err: str) -> None:
    command = ["sh", "-c", f'"$@" {closing}', "sh", sys.executable, "-c", PROGRAM, "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, out, err)
