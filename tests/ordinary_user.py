"""What an ordinary user may do: a test that is run by root sees no permission refused.

Root's rights are given up rather than another user's taken, who may not even read Python itself.
What root owns is then root's as a user's own files are the user's: with the permissions they have.
"""

from __future__ import annotations

import ctypes
import os
import struct
import traceback
import warnings
from collections.abc import Callable

_VERSION_3 = 0x20080522  # of capset(2); two times three masks follow
_NONE = bytes(24)


def as_ordinary_user(work: Callable[[], None]) -> None:
    """Do something in a child process that may do no more than any user; its assertions count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            give_up_rights()
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "see stderr"


def give_up_rights() -> None:
    """Let this process, for good, do only what its files' permissions let their owner do."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.capset(struct.pack("<II", _VERSION_3, 0), _NONE) != 0:
            raise OSError(ctypes.get_errno(), "capset failed")
