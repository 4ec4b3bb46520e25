from __future__ import annotations

import ctypes
import os
import sys
import threading

import pytest

from distill_export.training.data.decoding.quiet import quiet


def test_what_goes_to_the_descriptor_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    for descriptor in (1, 2):
        os.write(descriptor, b"before\n")
        with quiet():
            os.write(descriptor, b"chatter\n")
        os.write(descriptor, b"after\n")
    assert capfd.readouterr() == ("before\nafter\n", "before\nafter\n")


@pytest.mark.skipif(sys.platform == "win32", reason="each library there has a stdout of its own")
def test_what_c_has_buffered_is_neither_shown_nor_lost(capfd: pytest.CaptureFixture[str]) -> None:
    c = ctypes.CDLL(None)
    c.printf(b"mine, %s", b"still in the buffer\n")
    with quiet():
        c.printf(b"chatter\n")
    c.fflush(None)
    assert capfd.readouterr().out == "mine, still in the buffer\n"


def test_errors_pass(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="mine"), quiet():
        raise ValueError("mine")
    print("heard", file=sys.stderr)
    assert capfd.readouterr().err == "heard\n"


def test_threads_do_not_take_each_others_place(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for _ in range(200):
            with quiet():
                os.write(2, b"chatter\n")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_without_the_streams_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(descriptor: int) -> int:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(os, "dup", closed)
    with quiet():
        pass
