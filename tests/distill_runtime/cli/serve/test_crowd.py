"""Whose turn it is."""

from __future__ import annotations

import pytest

from distill_runtime.cli.serve import crowd as module
from distill_runtime.cli.serve.crowd import MAX_ANSWERED, Crowd, room_to_wait


class Guest:
    def __init__(self) -> None:
        self.began = 0

    def begin(self) -> None:
        self.began += 1


def test_each_begins_in_the_order_of_coming() -> None:
    crowd = Crowd(answered=2, waiting=3)
    guests = [Guest() for _ in range(6)]
    assert [crowd.enter(guest) for guest in guests] == [True] * 5 + [False]
    assert [guest.began for guest in guests] == [1, 1, 0, 0, 0, 0]
    assert crowd.somebody_waits
    crowd.leave(guests[1])
    assert [guest.began for guest in guests] == [1, 1, 1, 0, 0, 0]
    crowd.leave(guests[3])  # gives up before its turn
    crowd.leave(guests[5])  # never came in
    assert [guest.began for guest in guests] == [1, 1, 1, 0, 0, 0]
    crowd.leave(guests[0])
    assert [guest.began for guest in guests] == [1, 1, 1, 0, 1, 0]
    assert not crowd.somebody_waits
    assert crowd.enter(guests[5])
    assert guests[5].began == 0
    crowd.leave(guests[4])
    assert guests[5].began == 1


class Limits:
    """What the system says of open files."""

    RLIMIT_NOFILE, RLIM_INFINITY = 7, -1

    def __init__(self, soft: int, hard: int) -> None:
        self.limits = soft, hard

    def getrlimit(self, _: int) -> tuple[int, int]:
        return self.limits

    def setrlimit(self, _: int, limits: tuple[int, int]) -> None:
        self.limits = limits


OTHERS = 2 * MAX_ANSWERED + 64


@pytest.mark.parametrize(
    ("soft", "hard", "room", "after"),
    [
        (1024, 2**20, 1000, OTHERS + 1000),
        (1024, -1, 1000, OTHERS + 1000),
        (1024, 1024, 1024 - OTHERS, 1024),
        (256, 256, 0, 256),
        (2**16, 2**20, 1000, 2**16),
        (-1, -1, 1000, -1),
    ],
)
def test_as_many_wait_as_files_may_be_open(
    soft: int, hard: int, room: int, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(soft, hard)
    monkeypatch.setattr(module, "resource", limits)
    assert room_to_wait(1000) == room
    assert limits.limits == (after, hard)


def test_where_the_system_has_no_such_limit_all_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HAS_LIMIT", False)
    assert room_to_wait(1000) == 1000
