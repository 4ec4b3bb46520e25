r"""Everything that a command line says, and in which letters.

Text for people is escaped where a terminal would obey it (control characters, out of a file or a
file's name) and where the stream's encoding lacks it: `\x1b`, `\u65e5`. So nothing that is said
can end the program.

A path that a script is to use is another matter. To a pipe or a file go the path's own bytes, as
`ls` does, whatever the encoding: what is read there opens the file. A terminal gets it escaped.
JSON is plain ASCII; a byte of a path that is not UTF-8 is `\udc80` to `\udcff` in it, from which
Python's `os.fsencode` makes the byte again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TextIO

from distill_runtime.errors import OutputError
from distill_runtime.files.paths import why
from distill_runtime.files.shown import shown


def say(message: str) -> None:
    """Print lines for the person at the terminal, on stderr: stdout is for results."""
    if sys.stderr is None:  # where the caller closed it, and print would then take stdout
        return
    with suppress(OSError):  # whoever does not hear a remark has the result all the same
        sys.stderr.write(_for_people(message, sys.stderr) + "\n")
        sys.stderr.flush()


def show(text: str) -> None:
    """Print lines to stdout, for people.

    Raises:
        OutputError: stdout cannot be written to.
        BrokenPipeError: Whoever read it has gone.
    """
    if sys.stdout is not None:
        _write(_for_people(text, sys.stdout))


def show_path(path: str | os.PathLike[str]) -> None:
    """Print the path of a result to stdout, for a script: see above for what that means.

    Raises:
        OutputError: stdout cannot be written to.
        BrokenPipeError: Whoever read it has gone.
    """
    if sys.stdout is None:
        return
    raw = getattr(sys.stdout, "buffer", None)
    if sys.stdout.isatty():
        show(shown(path))
    elif os.name == "nt" or raw is None:  # a path has no bytes there
        _write(_sayable(os.fspath(path), sys.stdout))
    else:
        with _stdout():
            sys.stdout.flush()
            raw.write(os.fsencode(path) + b"\n")
            raw.flush()


def show_json(document: Any) -> None:
    """Print a JSON document to stdout, as one line.

    Raises:
        OutputError: stdout cannot be written to.
        BrokenPipeError: Whoever read it has gone.
    """
    if sys.stdout is not None:
        _write(json.dumps(document))


@contextmanager
def stdout_bytes() -> Iterator[BinaryIO]:
    """Give stdout as a stream of bytes.

    Raises:
        OutputError: It cannot be written to.
        BrokenPipeError: Whoever read it has gone.
    """
    with _stdout():
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()


def be_lenient() -> None:
    """Let what others print (the help) be escaped, too, where stdout's encoding lacks it."""
    if getattr(sys.stdout, "errors", None) == "strict" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def end() -> None:
    """Make sure that all was written.

    Raises:
        OutputError: stdout cannot be written to.
        BrokenPipeError: Whoever read it has gone.
    """
    if sys.stdout is not None:
        with _stdout():
            sys.stdout.flush()


def discard_stdout() -> None:
    """Let Python flush to nowhere when it exits: it would complain once more."""
    if sys.stdout is not None:
        with suppress(OSError, ValueError):  # a stdout without a descriptor needs none of this
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(line: str) -> None:
    with _stdout():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


@contextmanager
def _stdout() -> Iterator[None]:
    """Say of an error that it was stdout's: an `OSError` alone does not tell."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as reason:
        discard_stdout()
        raise OutputError(f"stdout cannot be written to: {why(reason)}") from None


def _for_people(text: str, stream: TextIO) -> str:
    return _sayable("\n".join(map(shown, text.split("\n"))), stream)


def _sayable(text: str, stream: TextIO) -> str:
    """Return a text with all that a stream's encoding lacks escaped."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
