"""What is mistyped is told in one line of our own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer

from distill_runtime.cli.program import run
from distill_runtime.cli.usage import OneLineCommand
from distill_runtime.errors import OutputExistsError, RequestError, SpaceError

Run = Callable[..., tuple[int, str]]
LIBRARIES_WORDS = ("Got unexpected", "Invalid value", "No such option", "Missing", "requires an")
LIBRARIES_WORDS += ("Input should", "not a valid", "does not take", "Possible options")


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Return what runs a program of one command, in a folder that has two files."""
    app = typer.Typer(add_completion=False)

    @app.command(cls=OneLineCommand)
    def command(
        file: Annotated[Path, typer.Argument(metavar="FILE")],
        duration: Annotated[
            float | None, typer.Option("--duration", "-d", metavar="SECONDS")
        ] = None,
        count: Annotated[int, typer.Option("--count", "-n", metavar="N")] = 1,
        quality: Annotated[int, typer.Option(min=0, max=64, metavar="PASSES")] = 8,
        stereo: Annotated[str, typer.Option(metavar="MODE")] = "mono",
        force: Annotated[bool, typer.Option("--force")] = False,
        no_space_check: Annotated[bool, typer.Option("--no-space-check")] = False,
        raises: Annotated[str, typer.Option()] = "",
    ) -> None:
        errors = {
            "duration": RequestError("duration_s is 0, expected more", setting="duration_s"),
            "stereo": RequestError("stereo.mode is 'x'", setting="stereo.mode"),
            "exists": OutputExistsError("a exists: overwrite=True", setting="overwrite=True"),
            "space": SpaceError("full: check_space=False", setting="check_space=False"),
            "none": RequestError("duration_s is a word like any other"),
        }
        if raises:
            raise errors[raises]

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").touch()
    (tmp_path / "two words.wav").touch()

    def start(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        code = run(app, "program")
        out, err = capsys.readouterr()
        assert out == ""
        if code:
            assert err.startswith("program: ")
            assert err.count("\n") == 1
            assert not any(words in err for words in LIBRARIES_WORDS)
        return code, err.removeprefix("program: ").rstrip("\n")

    return start


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a.wav", "-d", "0,5"], "-d is '0,5', expected a number: write 0.5"),
        (["a.wav", "--duration=1,25"], "--duration is '1,25', expected a number: write 1.25"),
        (["a.wav", "-d", "ten"], "-d is 'ten', expected a number"),
        (["a.wav", "-dten"], "-d is 'ten', expected a number"),
        (["a.wav", "-d", ""], "-d is '', expected a number"),
        (["a.wav", "-n", "1.5"], "-n is '1.5', expected a whole number"),
        (["a.wav", "-n", "\x1b[31m"], "-n is '\\x1b[31m', expected a whole number"),
        (["a.wav", "--quality", "65"], "--quality is '65', expected a whole number from 0 to 64"),
        (["a.wav", "--quality", "x"], "--quality is 'x', expected a whole number"),
        (["a.wav", "-d"], "-d is the last word and needs a value: -d SECONDS"),
        (["a.wav", "--force=yes"], "--force takes no value: leave it out"),
        (["a.wav", "--durtion", "3"], "there is no option --durtion: did you mean --duration?"),
        (["a.wav", "-x"], "there is no option -x"),
        (["a.wav", "-h"], "there is no option -h: did you mean --help?"),
        (["a.wav", "-duration", "3"], "-duration has one dash, --duration has two"),
        (["a.wav", "-stereo=mono"], "-stereo=mono has one dash, --stereo has two"),
        (["a.wav", "a.wav"], "'a.wav', 'a.wav' are 2 paths, expected one"),
        (["two", "words.wav"], "the name 'two words.wav' has spaces: put it between quotes"),
        (["two", "words.wav", "-d", "3"], "the name 'two words.wav' has spaces"),
        (["a.wav", "--stereo", "mid", "side"], "'side' is more than is expected: put what has"),
        (["none.wav", "b", "c", "d", "e", "f"], "'b', 'c', 'd', 'e' and 1 more is more than"),
        (["ply", "a.wav"], "there is no command and no file 'ply', and 'a.wav' follows"),
        (["-d", "3"], "FILE is missing"),
    ],
)
def test_what_is_mistyped_is_told_in_our_words(
    program: Run, arguments: list[str], expected: str
) -> None:
    code, complaint = program(*arguments)
    assert code == 2
    assert complaint.startswith(expected)
    assert complaint.endswith("--help shows what there is)") or "has one dash" in complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.wav"],
        ["a.wav", "-d3"],
        ["a.wav", "-d", "3", "-n=2"],
        ["--", "a.wav"],
        ["a.wav", "--stereo", "-x"],
        ["two words.wav", "--force", "--quality", "64"],
    ],
)
def test_what_is_right_is_taken(program: Run, arguments: list[str]) -> None:
    if "-n=2" in arguments:  # the value is "=2"
        assert program(*arguments)[0] == 2
    else:
        assert program(*arguments) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-d", "0", "--raises", "duration"], "-d is 0, expected more"),
        (["--duration", "0", "--raises", "duration"], "--duration is 0, expected more"),
        (["--duration=0", "--raises", "duration"], "--duration is 0, expected more"),
        (["-d0", "--raises", "duration"], "-d is 0, expected more"),
        # Not typed: it comes from a preset, and is no option's.
        (["--raises", "duration"], "duration_s is 0, expected more"),
        (["--stereo", "x", "--raises", "stereo"], "--stereo is 'x'"),
        (["--raises", "exists"], "a exists: --force"),
        (["--raises", "space"], "full: --no-space-check"),
        (["-d", "0", "--raises", "none"], "duration_s is a word like any other"),
    ],
)
def test_errors_speak_of_options(program: Run, arguments: list[str], expected: str) -> None:
    code, complaint = program("a.wav", *arguments)
    assert code in (1, 2)
    assert complaint == expected


def test_errors_speak_of_arguments_in_python() -> None:
    error = RequestError("duration_s is 0, expected more", setting="duration_s")
    assert str(error) == "duration_s is 0, expected more"
    assert error.said_with({"duration_s": "-d"}) == "-d is 0, expected more"
    assert error.said_with({"seed": "--seed"}) == str(error)


def test_a_command_without_words_shows_its_help(program: Run) -> None:
    code, complaint = program()
    assert code == 2
    assert complaint.startswith("FILE is missing")
