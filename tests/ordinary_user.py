"""What an ordinary user may do: a test that is run by root sees no permission refused.

Root's rights are given up rather than another user's taken, who may not even read Python itself.
What root owns is then root's as a user's own files are the user's: with the permissions they have.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from distill_runtime.errors import DistillError

_VERSION_3 = 0x20080522  # of capset(2); two times three masks follow
_NONE = bytes(24)
_SET_SECUREBITS, _NO_ROOT = 28, 0b11  # of prctl(2): a program that root starts gets no rights anew


def as_ordinary_user(function: Callable[[], Any]) -> Any:
    """Call a function in a child process that may do no more than any user.

    Its assertions count. It returns what JSON can say; an error of ours becomes
    `"<its type>: <what it says>"`.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            give_up_rights()
            try:
                found = function()
            except DistillError as error:
                found = f"{type(error).__name__}: {error}"
            with os.fdopen(writing, "w") as file:
                json.dump(found, file)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as file:
        found = file.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "see stderr"
    return json.loads(found)


def give_up_rights() -> None:
    """Let this process, for good, do only what its files' permissions let their owner do."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_SET_SECUREBITS, _NO_ROOT, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl failed")
        if libc.capset(struct.pack("<II", _VERSION_3, 0), _NONE) != 0:
            raise OSError(ctypes.get_errno(), "capset failed")
