"""Signals to end, held back for as long as something is being written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from distill_runtime.files.interruption import ending_alike, held_back

ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Give every test the handlers that a program starts with, and take back what it leaves."""
    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_waits_for_the_end_of_the_block(number: int) -> None:
    done = []
    handler = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), held_back() as interruption:
        assert not interruption.requested
        signal.raise_signal(number)
        assert interruption.requested
        done.append("whole")
    assert done == ["whole"]
    assert signal.getsignal(number) is handler


def test_a_second_ctrl_c_does_not_wait() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        done.append("first")
        signal.raise_signal(signal.SIGINT)
        done.append("second")
    assert done == ["first"]


@pytest.mark.parametrize("error", [None, ValueError])
def test_without_a_signal_nothing_changes(error: type[Exception] | None) -> None:
    if error is None:
        with held_back() as interruption:
            pass
        assert not interruption.requested
    else:
        with pytest.raises(error), held_back():
            raise error
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("number", ENDING)
def test_another_handler_is_left_alone(number: int) -> None:
    heard = []
    signal.signal(number, lambda *_: heard.append("mine"))
    with held_back(), ending_alike():
        signal.raise_signal(number)
    assert heard == ["mine"]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_is_ignored_stays_ignored(number: int) -> None:
    signal.signal(number, signal.SIG_IGN)
    with ending_alike(), held_back() as interruption:
        signal.raise_signal(number)
    assert not interruption.requested
    assert signal.getsignal(number) is signal.SIG_IGN


@pytest.mark.parametrize("number", ENDING)
def test_every_signal_to_end_can_raise(number: int) -> None:
    handlers = [signal.getsignal(other) for other in ENDING]
    with pytest.raises(KeyboardInterrupt), ending_alike():
        signal.raise_signal(number)
    assert [signal.getsignal(other) for other in ENDING] == handlers


@pytest.mark.parametrize("number", ENDING)
def test_what_would_raise_is_held_back_too(number: int) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), ending_alike():
        with held_back():
            signal.raise_signal(number)
            done.append("whole")
        done.append("more")
    assert done == ["whole"]


def test_another_thread_has_no_signals_to_hold() -> None:
    entered = []

    def work() -> None:
        with held_back(), ending_alike():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [True]


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("held", [False, True])
def test_it_is_known_which_signal_it_was(number: int, held: bool) -> None:
    with pytest.raises(KeyboardInterrupt), ending_alike() as interruption, ending_alike():
        assert interruption.number == signal.SIGINT
        if held:
            with held_back():
                signal.raise_signal(number)
        else:
            signal.raise_signal(number)
    assert interruption.number == number
