"""Playing to nowhere, at the pace of sound."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from distill_runtime.cli.live.sound_out.opening import open_sound_out


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_blocks_are_asked_for_at_the_pace_of_sound_until_it_is_closed() -> None:
    shapes: list[tuple[int, ...]] = []
    out = open_sound_out("none", sample_rate_hz=48_000, channels=2, block=480)
    started = time.monotonic()
    out.start(lambda block: shapes.append(block.shape))
    time.sleep(0.2)
    out.close()
    passed_s = time.monotonic() - started
    assert set(shapes) == {(480, 2)}
    assert 5 <= len(shapes) <= passed_s * 100 + 2
    played = len(shapes)
    time.sleep(0.03)
    assert len(shapes) == played
    assert out.failure is None


def test_a_sound_that_fails_is_a_failure_of_the_device() -> None:
    def fail(block: np.ndarray) -> None:
        raise RuntimeError("onnxruntime failed")

    out = open_sound_out("none", sample_rate_hz=48_000, channels=1, block=0)
    out.start(fail)
    wait_for(lambda: out.failure)
    assert out.failure == "onnxruntime failed"
    out.close()
