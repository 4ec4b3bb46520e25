"""What every command line of this project does alike: errors in one line, and exit codes.

0 is success, 1 a failure (a check that did not hold, a full disk), 2 misuse (an option, a file that
is not there or not what it should be), 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from distill_runtime.errors import DistillError, InputError

_FAILURE, _MISUSE, _INTERRUPTED = 1, 2, 130


def run(app: Callable[..., Any], program: str) -> int:
    """Run a typer app and return its exit code.

    Args:
        app: The app; called with `standalone_mode=False`.
        program: Its name, which starts every complaint.
    """
    try:
        code = app(prog_name=program, standalone_mode=False)
        if sys.stdout:  # None where the caller closed it
            sys.stdout.flush()
        if code == _INTERRUPTED:  # newer versions of typer turn Ctrl-C into this
            say(f"{program}: interrupted")
        return code if isinstance(code, int) else 0
    except BrokenPipeError:  # whoever read our output has gone, and need not be told
        _discard_stdout()
        return _FAILURE
    except (Exception, KeyboardInterrupt) as error:
        # typer's own exceptions moved between its versions: they are known by what they can do.
        usage = getattr(error, "format_message", None)
        known = isinstance(error, DistillError | MemoryError) or usage or _is_interrupt(error)
        if not known and os.environ.get("DISTILL_DEBUG"):
            raise
        if isinstance(error, OSError):
            _discard_stdout()
        if usage and not usage():  # no arguments at all: the help has been printed
            return _MISUSE
        message, code = _verdict(error, usage)
        say(f"{program}: {' '.join(message.split())}")
        return code


def say(message: str) -> None:
    """Print a line for the person at the terminal, on stderr: stdout is for results."""
    if sys.stderr:  # None where the caller closed it, and print would then take stdout
        print(message, file=sys.stderr, flush=True)


def _verdict(error: BaseException, usage: Callable[[], str] | None) -> tuple[str, int]:
    """Return what to say about an error, and the exit code."""
    if isinstance(error, DistillError):
        return str(error), _MISUSE if isinstance(error, InputError) else _FAILURE
    if usage:
        return f"{usage()} (--help shows what there is)", _MISUSE
    if _is_interrupt(error):
        return "interrupted", _INTERRUPTED
    if isinstance(error, MemoryError):
        return "there is not enough memory for this", _FAILURE
    if isinstance(error, OSError) and error.strerror and error.filename is None:
        # Files that are opened by name have errors of their own: this is stdout.
        return f"stdout cannot be written to: {error.strerror}", _FAILURE
    what = f"{type(error).__name__}: {error}"[:300]
    return f"internal error: {what} (a bug: DISTILL_DEBUG=1 shows where)", _FAILURE


def _discard_stdout() -> None:
    """Let Python flush to nowhere when it exits: it would complain once more."""
    if sys.stdout:
        with suppress(OSError, ValueError):  # a stdout without a descriptor needs none of this
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_interrupt(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort"
