"""Jobs side by side: all of them, in order, and stopped together."""

from __future__ import annotations

import threading
import time
from functools import partial
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.generation.threads import StoppedError, ahead, in_order, until


def answer(value, stop):
    time.sleep(0.001 * (value % 3))  # later jobs overtake earlier ones
    assert not stop.is_set()
    return value


@given(st.integers(0, 20), st.integers(1, 6))
def test_every_job_is_done_once_and_in_order(jobs, workers):
    assert list(in_order([partial(answer, i) for i in range(jobs)], workers)) == list(range(jobs))


def test_jobs_run_at_the_same_time():
    together = threading.Barrier(2, timeout=20)

    def meet(stop):
        together.wait()
        return threading.current_thread().name

    assert len(set(in_order([meet, meet], 2))) == 2


def wait_until_stopped(stop):
    assert stop.wait(20), "nobody stopped the job"
    raise StoppedError


def fail(stop):
    raise RuntimeError("broken")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_an_error_stops_the_others(workers):
    jobs = [fail] + [wait_until_stopped] * 5
    with pytest.raises(RuntimeError, match="broken"):
        list(in_order(jobs, workers))


def test_a_caller_who_takes_no_more_stops_the_rest():
    results = in_order([partial(answer, 1), wait_until_stopped, wait_until_stopped], 2)
    assert next(results) == 1
    results.close()  # would wait for ever if the jobs were not told


def test_a_slow_caller_does_not_pile_up_results():
    done = []

    def note(value, stop):
        done.append(value)
        return value

    results = in_order([partial(note, i) for i in range(50)], 2)
    next(results)
    time.sleep(0.05)
    assert len(done) <= 4
    results.close()


@given(st.lists(st.integers()), st.integers(0, 5))
def test_a_stopped_job_makes_nothing_more_and_says_so(items, count):
    stop, made = threading.Event(), []

    def making():
        for item in items:
            made.append(item)
            yield item

    working = until(stop, making())
    assert list(islice(working, min(count, len(items)))) == items[:count]
    stop.set()
    with pytest.raises(StoppedError):
        next(working)
    assert made == items[:count]


@given(st.lists(st.integers()))
def test_a_step_ahead_nothing_is_lost_or_turned_around(items):
    assert list(ahead(iter(items))) == items


def test_the_next_item_is_made_while_the_last_is_used():
    made = [threading.Event() for _ in range(3)]

    def items():
        for event in made:
            event.set()
            yield event

    for i, _ in enumerate(ahead(items())):
        assert made[min(i + 1, 2)].wait(20)


def test_an_error_a_step_ahead_arrives_in_its_place():
    def items():
        yield 1
        raise RuntimeError("broken")

    results = ahead(items())
    assert next(results) == 1
    with pytest.raises(RuntimeError, match="broken"):
        next(results)


def test_a_caller_who_leaves_leaves_no_thread_behind():
    results = ahead(iter(range(1000)))
    next(results)
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("distill")]
