"""What every command line of this project does alike: errors in one line, and exit codes.

0 is success, 1 a failure (a check that did not hold, a full disk), 2 misuse (an option, a file that
is not there or not what it should be), 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
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
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILURE
    except (Exception, KeyboardInterrupt) as error:
        # typer's own exceptions moved between its versions: they are known by what they can do.
        usage = getattr(error, "format_message", None)
        known = isinstance(error, DistillError | MemoryError) or usage or _is_interrupt(error)
        if not known and os.environ.get("DISTILL_DEBUG"):
            raise
        message, code = _verdict(error, usage)
        print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
        return code


def say(message: str) -> None:
    """Print a line for the person at the terminal, on stderr: stdout is for results."""
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
    what = f"{type(error).__name__}: {error}"[:300]
    return f"internal error: {what} (a bug: DISTILL_DEBUG=1 shows where)", _FAILURE


def _is_interrupt(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort"
