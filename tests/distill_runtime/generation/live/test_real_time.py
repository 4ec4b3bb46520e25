"""In real time a thread renders ahead: who reads never waits, and moves come from anywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distill_runtime import Artifact, BackendError, LiveStream, RequestError
from distill_runtime.generation.live.live_stream import MAX_BLOCK_SAMPLES

STEP = 24_064


@pytest.fixture(scope="module")
def artifact(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


def ahead(live: LiveStream) -> int:
    return live._timeline.end - live._timeline.position


def read_patiently(live: LiveStream, samples: int, block: int = 1_000) -> np.ndarray:
    """Read without ever being faster than the thread."""
    blocks = []
    for start in range(0, samples, block):
        until(lambda: ahead(live) >= block)
        blocks.append(live.read(min(block, samples - start)))
    return np.concatenate(blocks, axis=-1)


def test_a_patient_reader_hears_what_is_rendered_offline(artifact: Artifact) -> None:
    expected = LiveStream(artifact, seed=4, drift=0.2, realtime=False).read(5 * STEP)
    with LiveStream(artifact, seed=4, drift=0.2) as live:
        assert np.array_equal(read_patiently(live, 5 * STEP), expected)
        assert live.underruns == 0
        assert 0.0 <= live.load <= 1.0


def test_an_impatient_reader_gets_silence_and_loses_nothing(artifact: Artifact) -> None:
    expected = LiveStream(artifact, seed=4, realtime=False).read(40 * 5_000)
    with LiveStream(artifact, seed=4) as live:
        blocks = [live.read(5_000) for _ in range(40)]
        assert live.underruns > 0
        heard = np.concatenate(blocks)
        sound = heard[heard != 0.0]
        assert np.array_equal(sound, expected[expected != 0.0][: len(sound)])


def test_a_reader_does_not_wait_for_the_model(artifact: Artifact) -> None:
    rendering, go_on = threading.Event(), threading.Event()
    with LiveStream(artifact, seed=4) as live:
        until(lambda: ahead(live) >= STEP)
        step = artifact.step

        def slow(*arguments: object, **options: object) -> object:
            rendering.set()
            assert go_on.wait(20)
            return step(*arguments, **options)  # type: ignore[arg-type]

        live._timeline.artifact = _Wrapped(artifact, slow)  # type: ignore[assignment]
        live.set_sliders([3] + [0] * 7)
        assert rendering.wait(20)
        block = live.read(2_000)  # while the model is at work
        assert np.abs(block).max() > 0
        assert live.underruns == 0
        go_on.set()


class _Wrapped:
    """An artifact whose steps are somebody else's."""

    def __init__(self, artifact: Artifact, step: Callable[..., object]) -> None:
        self._artifact = artifact
        self.step = step

    def __getattr__(self, name: str) -> object:
        return getattr(self._artifact, name)


def test_moves_from_many_threads_are_merged_and_the_last_one_holds(artifact: Artifact) -> None:
    with LiveStream(artifact, drift=0.2, seed=1) as live:
        until(lambda: ahead(live) >= STEP)
        ready = threading.Barrier(4)

        def move(slider: int) -> None:
            ready.wait()
            for position in range(-4, 5):
                live.move_slider(slider, position)

        threads = [threading.Thread(target=move, args=(slider,)) for slider in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert live.sliders == (4, 4, 4, 4, 0, 0, 0, 0)
        until(lambda: live._timeline.place.sliders == live.sliders)
        read_patiently(live, STEP)
        performance = live.record().recipe.performance
        assert performance is not None
        assert 1 <= len(performance.moves) < 36
        assert performance.moves[-1].place.sliders == live.sliders


def test_a_move_that_changes_nothing_costs_nothing(artifact: Artifact) -> None:
    with LiveStream(artifact, sliders=[1] + [0] * 7, seed=1) as live:
        live.set_sliders([1] + [0] * 7)
        until(lambda: not live._answers.is_asked)
        read_patiently(live, 2_000)
        performance = live.record().recipe.performance
        assert performance is not None
        assert performance.moves == ()


def test_blocks_that_cannot_lie_ready_are_refused(artifact: Artifact) -> None:
    with LiveStream(artifact) as live:
        assert len(live.read(MAX_BLOCK_SAMPLES)) == MAX_BLOCK_SAMPLES
        with pytest.raises(RequestError, match="realtime=False"):
            live.read(MAX_BLOCK_SAMPLES + 1)


def test_a_model_that_fails_is_told_to_who_reads(artifact: Artifact) -> None:
    def failing(*_: object, **__: object) -> object:
        raise BackendError("the model gave up")

    with LiveStream(artifact) as live:
        live._timeline.artifact = _Wrapped(artifact, failing)  # type: ignore[assignment]
        live.drift = 0.5
        until(lambda: live._worker is not None and live._worker.failure is not None)
        with pytest.raises(BackendError, match="gave up"):
            live.read(100)


def test_the_thread_ends_with_the_stream(artifact: Artifact) -> None:
    with LiveStream(artifact) as live:
        names = [thread.name for thread in threading.enumerate()]
        assert "distill-live" in names
    assert "distill-live" not in [thread.name for thread in threading.enumerate()]
    live.close()  # again does no harm
