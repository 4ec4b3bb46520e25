"""Ctrl-C held back for as long as a file is being written."""

from __future__ import annotations

import signal
import threading

import pytest

from distill_runtime.cli.interrupts import held_back


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        done.append("whole")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        done.append("first")
        signal.raise_signal(signal.SIGINT)
        done.append("second")
    assert done == ["first"]


@pytest.mark.parametrize("error", [None, ValueError])
def test_without_ctrl_c_nothing_changes(error: type[Exception] | None) -> None:
    if error is None:
        with held_back():
            pass
    else:
        with pytest.raises(error), held_back():
            raise error
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_handler_is_left_alone() -> None:
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("mine"))
    try:
        with held_back():
            signal.raise_signal(signal.SIGINT)
        assert heard == ["mine"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_has_no_signals_to_hold() -> None:
    entered = []

    def work() -> None:
        with held_back():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [True]
