"""A live stream is the artifact's own stream, in any blocks, along whatever path is decided."""

from __future__ import annotations

import threading
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_runtime import Artifact, LiveStream, RequestError
from distill_runtime.latents.sliders import latent_vector
from tests.distill_runtime.small_artifacts import METADATA, load, save, seal, small_model

STEP = 24_064


@pytest.fixture(scope="module")
def artifact(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


@pytest.fixture(scope="module")
def vectors(artifact: Artifact) -> np.ndarray:
    """Three places to go, `[3, latent_dim]`."""
    return np.random.default_rng(1).normal(size=(3, artifact.latent_dim)).astype(np.float32)


def streamed(artifact: Artifact, latents: np.ndarray) -> np.ndarray:
    """Return what the artifact streams for `[steps, latent_dim]`, as far as they are played."""
    # One step more, for a stream that goes on: a stream of one step alone is no part of any other.
    latents = np.concatenate([latents, latents[-1:]])
    blocks = artifact.stream(latents[None, step : step + 1] for step in range(len(latents)))
    return np.concatenate(list(blocks), axis=1)[0, : STEP * (len(latents) - 1)]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=6))
def test_blocks_of_any_size_are_the_artifacts_stream(
    artifact: Artifact, vectors: np.ndarray, sizes: list[int]
) -> None:
    live = LiveStream(artifact, start=vectors[0])
    blocks = [live.read(size) for size in sizes]
    assert [block.shape for block in blocks] == [(size,) for size in sizes]
    heard = np.concatenate(blocks)
    steps = max(1, -(-len(heard) // STEP))
    expected = streamed(artifact, np.repeat(vectors[:1], steps, axis=0))
    assert np.array_equal(heard, expected[: len(heard)])


def test_it_begins_with_the_latency_and_then_sounds(artifact: Artifact) -> None:
    heard = LiveStream(artifact).read(2 * STEP)
    assert np.abs(heard[: artifact.latency_samples]).max() < 1e-6
    assert np.abs(heard[artifact.latency_samples :]).max() > 1e-3


def test_a_move_is_heard_with_the_next_step_and_not_before(
    artifact: Artifact, vectors: np.ndarray
) -> None:
    live = LiveStream(artifact, start=vectors[0])
    first = live.read(STEP + 100)  # two steps are rendered, the second barely begun
    live.move_to(vectors[1])
    assert np.array_equal(live.latent, vectors[1])
    heard = np.concatenate([first, live.read(3 * STEP - 100)])
    expected = streamed(artifact, vectors[[0, 0, 1, 1]])
    assert np.array_equal(heard, expected)
    unmoved = streamed(artifact, vectors[[0, 0, 0, 0]])
    heard_from = 2 * STEP + int(np.argmax(heard[2 * STEP :] != unmoved[2 * STEP :]))
    assert np.array_equal(heard[: 2 * STEP], unmoved[: 2 * STEP])
    assert heard_from <= 2 * STEP + artifact.latency_samples


def test_sliders_lead_where_the_model_says(artifact: Artifact) -> None:
    bank = artifact.metadata.sliders
    assert bank is not None
    live = LiveStream(artifact)
    middle = live.latent
    assert np.array_equal(middle, latent_vector(bank, [0] * 8))
    positions = [5, -3, 0, 0, 0, 0, 0, 1]
    live.set_sliders(positions)
    there = latent_vector(bank, positions)
    assert np.array_equal(live.latent, there)
    assert np.array_equal(live.read(STEP), streamed(artifact, there[None]))


def test_the_gain_is_a_factor(artifact: Artifact) -> None:
    plain = LiveStream(artifact).read(STEP)
    assert np.array_equal(LiveStream(artifact, gain=0.5).read(STEP), plain * np.float32(0.5))


def test_blocks_never_end(artifact: Artifact) -> None:
    blocks = list(islice(LiveStream(artifact).blocks(10_000), 6))
    assert np.array_equal(np.concatenate(blocks), LiveStream(artifact).read(60_000))


def test_a_block_is_the_callers_own(artifact: Artifact) -> None:
    live, other = LiveStream(artifact), LiveStream(artifact)
    live.read(100)[:] = 9.0
    other.read(100)
    assert np.array_equal(live.read(STEP), other.read(STEP))


def test_readers_in_threads_lose_nothing_and_hear_nothing_twice(
    artifact: Artifact, vectors: np.ndarray
) -> None:
    live = LiveStream(artifact, start=vectors[0])
    heard: list[np.ndarray] = []
    ready = threading.Barrier(4)

    def read() -> None:
        ready.wait()
        for _ in range(12):
            heard.append(live.read(2_000))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps = 4 * 12 * 2_000 // STEP + 1
    expected = streamed(artifact, np.repeat(vectors[:1], steps, axis=0))[: 4 * 12 * 2_000]
    found = sorted(block.tobytes() for block in heard)
    assert found == sorted(block.tobytes() for block in expected.reshape(-1, 2_000))


def test_moves_from_another_thread_take_one_place_or_another(
    artifact: Artifact, vectors: np.ndarray
) -> None:
    """Every step is rendered from a vector that was once asked for, never from a mixture."""
    live = LiveStream(artifact, start=vectors[0])
    used: list[np.ndarray] = []
    done = threading.Event()

    def move() -> None:
        index = 0
        while not done.is_set():
            live.move_to(vectors[index % 3])
            index += 1

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(10):
            live.read(STEP)
            used.append(live.latent.copy())
    finally:
        done.set()
        mover.join()
    assert all(any(np.array_equal(one, vector) for vector in vectors) for one in used)


@pytest.mark.parametrize("samples", [-1, 1.5, "100", None, True])
def test_a_block_that_is_none_is_refused(artifact: Artifact, samples: object) -> None:
    with pytest.raises(RequestError, match="expected 0 or more"):
        LiveStream(artifact).read(samples)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "vector", [np.zeros(3), np.full(128, np.nan), np.zeros((1, 128)), np.full(128, 1e300), ["a"]]
)
def test_a_vector_that_does_not_fit_is_refused_and_changes_nothing(
    artifact: Artifact, vectors: np.ndarray, vector: object
) -> None:
    with pytest.raises(RequestError):
        LiveStream(artifact, start=vector)  # type: ignore[arg-type]
    live = LiveStream(artifact, start=vectors[0])
    with pytest.raises(RequestError):
        live.move_to(vector)  # type: ignore[arg-type]
    assert np.array_equal(live.latent, vectors[0])


@pytest.mark.parametrize("positions", [[], [0] * 9, [11, *[0] * 7], [-10.5, *[0] * 7], {8: 1}])
def test_sliders_that_do_not_fit_are_refused(artifact: Artifact, positions: list) -> None:
    live = LiveStream(artifact)
    with pytest.raises(RequestError):
        live.set_sliders(positions)


def test_a_model_without_sliders_says_so(tmp_path: Path) -> None:
    import dataclasses

    metadata = dataclasses.replace(METADATA, sliders=None)
    live = LiveStream(load(save(seal(small_model(), metadata), tmp_path / "a.onnx")))
    assert not live.latent.any()
    with pytest.raises(RequestError, match="this model has no sliders"):
        live.set_sliders([0])
