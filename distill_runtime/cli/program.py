"""What every command line of this project does alike: errors in one line, and exit codes.

0 is success, 1 a failure (a check that did not hold, a full disk), 2 misuse (an option, a file that
is not there or not what it should be). A signal to end gives 128 and its number, as shells have it:
130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from distill_runtime.cli.console import be_lenient, discard_stdout, end, say, show_json
from distill_runtime.cli.usage import last_value
from distill_runtime.errors import DistillError, InputError, OutputError
from distill_runtime.files.interruption import Interruption, ending_alike
from distill_runtime.files.paths import why
from distill_runtime.files.shown import shown

_FAILURE, _MISUSE, _SIGNALLED = 1, 2, 128
_CTRL_C = _SIGNALLED + signal.SIGINT
_FLAGS = {"overwrite=True": "--force"}  # of every command; others are known to each command


def run(app: Callable[..., Any], program: str) -> int:
    """Run a typer app and return its exit code.

    Args:
        app: The app; called with `standalone_mode=False`.
        program: Its name, which starts every complaint.
    """
    be_lenient()
    with ending_alike() as interruption:
        return _run(app, program, interruption)


def _run(app: Callable[..., Any], program: str, interruption: Interruption) -> int:
    try:
        code = app(prog_name=program, standalone_mode=False)
        end()
        if code == _CTRL_C:  # newer versions of typer turn Ctrl-C into this
            return _interrupted(program, interruption)
        return code if isinstance(code, int) else 0
    except BrokenPipeError:  # whoever read our output has gone, and need not be told
        discard_stdout()
        return _FAILURE
    except (Exception, KeyboardInterrupt) as error:
        if _is_interrupt(error):
            return _interrupted(program, interruption)
        # typer's own exceptions moved between its versions: they are known by what they can do.
        usage = getattr(error, "format_message", None)
        known = isinstance(error, DistillError | MemoryError) or usage
        if not known and os.environ.get("DISTILL_DEBUG"):
            raise
        if usage and not usage():  # no arguments at all: the help has been printed
            return _MISUSE
        message, code = _verdict(error, usage)
        message = " ".join(message.split())
        say(f"{program}: {message}")
        _tell_script(message, error, code)
        return code


def _tell_script(message: str, error: BaseException, code: int) -> None:
    """Print an error as JSON, too, where JSON was asked for: beside samples, on stderr."""
    typed = list(itertools.takewhile(lambda word: word != "--", sys.argv[1:]))
    if "--json" not in typed:
        return
    document = {"error": message, "kind": type(error).__name__, "exit_code": code}
    if last_value(("--output", "-o"), typed) == "-":
        say(json.dumps(document))
        return
    with suppress(OutputError, BrokenPipeError):  # it is known by the exit code all the same
        show_json(document)


def _verdict(error: BaseException, usage: Callable[[], str] | None) -> tuple[str, int]:
    """Return what to say about an error, and the exit code."""
    if isinstance(error, DistillError):
        return error.said_with(_FLAGS), _MISUSE if isinstance(error, InputError) else _FAILURE
    if usage:
        return f"{usage()} (--help shows what there is)", _MISUSE
    if isinstance(error, MemoryError):
        return "there is not enough memory for this", _FAILURE
    if isinstance(error, OSError) and error.strerror:
        of_what = f"{shown(str(error.filename))}: " if error.filename is not None else ""
        return f"the system refuses: {of_what}{why(error)}", _FAILURE
    what = f"{type(error).__name__}: {error}"[:300]
    return f"internal error: {what} (a bug: DISTILL_DEBUG=1 shows where)", _FAILURE


def _interrupted(program: str, interruption: Interruption) -> int:
    how = "" if interruption.number == signal.SIGINT else f" by {_name(interruption.number)}"
    say(f"{program}: interrupted{how}")
    return _SIGNALLED + interruption.number


def _name(number: int) -> str:
    return signal.Signals(number).name


def _is_interrupt(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort"
