from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.call_size import split_steps
from distill_runtime.artifact.session import Graph, SessionOptions, open_session_from_bytes
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.errors import ArtifactError, BackendError, DistillError, RequestError
from tests.distill_runtime.small_artifacts import (
    LATENCY,
    LATENT_DIM,
    LEVEL,
    METADATA,
    STATE_SIZE,
    load,
    save,
    seal,
    small_model,
)

STEP = 24_064
LONG = 40  # steps of the trajectory that is cut


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """An artifact that plays a constant."""
    return load(save(seal(small_model()), tmp_path_factory.mktemp("small") / "s.onnx"))


@pytest.fixture(scope="module")
def reference(reference_artifact: Path) -> Artifact:
    return Artifact.load(reference_artifact)


@pytest.fixture(scope="module")
def long_latents(reference: Artifact) -> np.ndarray:
    """Two rows of a long trajectory."""
    rows = [standard_normal_latents(seed, LONG, reference.latent_dim) for seed in (5, 6)]
    return np.stack(rows)


@pytest.fixture(scope="module")
def one_shot(reference: Artifact, long_latents: np.ndarray) -> np.ndarray:
    """The first row's sound, from one call."""
    return reference.step(long_latents[:1], reference.initial_state(), finish=True)[0]


def latents(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.full((*shape, LATENT_DIM), 0.5, dtype)


def test_an_artifact_says_what_it_is(small: Artifact) -> None:
    assert small.path.name == "s.onnx"
    assert small.metadata.model == METADATA.model
    assert small.sample_rate_hz == 48_000
    assert small.latency_samples == LATENCY
    assert small.latent_dim == LATENT_DIM


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("finish", [False, True, np.bool_(True)])
def test_sizes_depend_on_steps_and_finish_alone(
    small: Artifact, batch: int, steps: int, finish: bool
) -> None:
    audio, state = small.step(latents(batch, steps), small.initial_state(batch), finish=finish)
    assert audio.shape == (batch, STEP * steps + (STEP + LATENCY if finish else 0))
    assert state.shape == (batch, STATE_SIZE)
    assert audio.dtype == state.dtype == np.float32


def test_sizes_and_states_of_a_real_stream(reference: Artifact, long_latents: np.ndarray) -> None:
    state, ended = reference.initial_state(2), np.zeros((2, reference.metadata.state_size))
    assert state.shape == ended.shape
    assert not state.any()
    for start, end in ((0, 1), (1, 4), (4, 5)):
        audio, state = reference.step(long_latents[:, start:end], state)
        assert audio.shape == (2, STEP * (end - start))
        assert state.any()
        if start == 0:
            assert not audio[:, : reference.latency_samples].any()
            assert audio[:, reference.latency_samples + STEP // 2 :].any()
    audio, state = reference.step(long_latents[:, 5:7], state, finish=True)
    assert audio.shape == (2, STEP * 3 + reference.latency_samples)
    np.testing.assert_array_equal(state, ended)


def test_a_state_after_the_end_starts_a_new_stream(
    reference: Artifact, long_latents: np.ndarray
) -> None:
    first, state = reference.step(long_latents[:1, :2], reference.initial_state(), finish=True)
    again, _ = reference.step(long_latents[:1, :2], state, finish=True)
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_floats_of_any_size_are_taken(small: Artifact, dtype: Any) -> None:
    state = np.full((1, STATE_SIZE), 0.5, dtype)
    audio, after = small.step(latents(1, 1, dtype=dtype), state)
    assert audio[0, 0] == np.float32(LEVEL)
    np.testing.assert_array_equal(after, np.full((1, STATE_SIZE), 0.5, np.float32))


def test_memory_in_any_order_is_taken(reference: Artifact, long_latents: np.ndarray) -> None:
    flipped = np.asfortranarray(long_latents[:, ::2])
    state = reference.initial_state(2)
    audio, _ = reference.step(flipped[:, :3], state)
    expected, _ = reference.step(np.ascontiguousarray(flipped[:, :3]), state)
    np.testing.assert_array_equal(audio, expected)


STATE = np.zeros((1, STATE_SIZE), np.float32)


@pytest.mark.parametrize(
    ("given_latents", "state", "finish", "expected"),
    [
        (latents(1), STATE, False, "latents must have the shape [batch, steps, 16], not [1, 16]"),
        (latents(1, 1, 1), STATE, False, "latents must have the shape"),
        (latents(1, 1)[..., :-1], STATE, False, "not [1, 1, 15]"),
        (latents(1, 0), STATE, False, "not [1, 0, 16]"),
        (latents(0, 1), STATE[:0], False, "not [0, 1, 16]"),
        (np.float32(1.0), STATE, False, "latents must have the shape"),
        (latents(1, 1, dtype=np.int64), STATE, False, "latents must be float32"),
        (latents(1, 1, dtype=bool), STATE, False, "not bool"),
        (latents(1, 1, dtype=np.complex64), STATE, False, "not complex64"),
        (latents(1, 1, dtype=object), STATE, False, "not object"),
        ("latents", STATE, False, "latents must be float32"),
        (None, STATE, False, "latents must be float32"),
        ([[[1.0], [1.0, 2.0]]], STATE, False, "latents must be float32"),
        (latents(1, 1) * np.nan, STATE, False, "finite"),
        (latents(1, 1) * -np.inf, STATE, False, "finite"),
        (latents(1, 1, dtype=np.float64) * 1e300, STATE, False, "finite"),
        (latents(1, 1), STATE[0], False, "state must have the shape [batch, 4], not [4]"),
        (latents(1, 1), STATE[:, 1:], False, "state must have the shape"),
        (latents(1, 1), STATE.astype(int), False, "state must be float32"),
        (latents(1, 1), None, False, "state must be float32"),
        (latents(1, 1), STATE + np.inf, False, "state must be finite"),
        (latents(2, 1), STATE, False, "latents have 2 rows and the state has 1"),
        (latents(1, 1), STATE, 1, "finish must be True or False, not 1"),
        (latents(1, 1), STATE, None, "finish must be True or False"),
        (latents(1, 1), STATE, np.array([True]), "finish must be True or False"),
    ],
)
def test_a_wrong_call_is_refused(
    small: Artifact, given_latents: Any, state: Any, finish: Any, expected: str
) -> None:
    with pytest.raises(RequestError) as caught:
        small.step(given_latents, state, finish=finish)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [latents(1), latents(1, 0), "latents", None, 1.0])
def test_render_and_stream_refuse_the_same(small: Artifact, wrong: Any) -> None:
    with pytest.raises(RequestError):
        small.render(wrong)
    for blocks in ([wrong], [latents(1, 1), wrong], [latents(1, 1), wrong, latents(1, 1)]):
        with pytest.raises(RequestError):
            list(small.stream(blocks))


@pytest.mark.parametrize("batch", [0, -1, True, 1.5, "2", None])
def test_a_state_of_no_rows_is_refused(small: Artifact, batch: Any) -> None:
    with pytest.raises(RequestError, match="batch must be"):
        small.initial_state(batch)


def test_a_stream_of_nothing_is_refused(small: Artifact) -> None:
    with pytest.raises(RequestError, match="one step is the least"):
        list(small.stream([]))


def test_a_stream_whose_batch_changes_is_refused(small: Artifact) -> None:
    with pytest.raises(RequestError, match="latents have 2 rows and the state has 1"):
        list(small.stream([latents(1, 1), latents(2, 1)]))


def test_a_stream_plays_a_block_when_the_next_arrives(small: Artifact) -> None:
    taken = []

    def blocks() -> Any:
        for steps in (1, 3, 2):
            taken.append(steps)
            yield latents(2, steps)

    stream = small.stream(blocks())
    assert next(stream).shape == (2, STEP)
    assert taken == [1, 3]
    assert [audio.shape[1] for audio in stream] == [3 * STEP, 3 * STEP + LATENCY]


@pytest.mark.parametrize(("steps", "cut"), [(1, 1), (5, 2), (8, 8), (9, 8)])
def test_split_steps_loses_nothing(steps: int, cut: int) -> None:
    whole = np.arange(2 * steps * 3.0).reshape(2, steps, 3)
    blocks = list(split_steps(whole, cut))
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)
    assert max(block.shape[1] for block in blocks) == min(steps, cut)


@pytest.mark.parametrize("steps", [1, 7, 8, 17])
def test_render_has_no_latency(small: Artifact, steps: int) -> None:
    assert small.render(latents(2, steps)).shape == (2, STEP * (steps + 1))


def test_render_is_one_call_without_its_latency(
    reference: Artifact, long_latents: np.ndarray, one_shot: np.ndarray
) -> None:
    rendered = reference.render(long_latents[:1])
    assert rendered.shape == (1, STEP * (LONG + 1))
    assert snr_db(one_shot[:, reference.latency_samples :], rendered) >= 120


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.sets(st.integers(1, LONG - 1), max_size=LONG))
def test_any_way_of_cutting_a_trajectory_gives_the_sound_of_one_call(
    reference: Artifact, long_latents: np.ndarray, one_shot: np.ndarray, cuts: set[int]
) -> None:
    blocks = np.split(long_latents[:1], sorted(cuts), axis=1)
    streamed = np.concatenate(list(reference.stream(blocks)), axis=1)
    assert snr_db(one_shot, streamed) >= 120


@pytest.mark.parametrize("piece", [1, 13])
def test_pieces_of_one_size_give_the_sound_of_one_call(
    reference: Artifact, long_latents: np.ndarray, one_shot: np.ndarray, piece: int
) -> None:
    streamed = list(reference.stream(split_steps(long_latents[:1], piece)))
    assert snr_db(one_shot, np.concatenate(streamed, axis=1)) >= 120


def test_a_batch_of_two_is_two_singles(
    reference: Artifact, long_latents: np.ndarray, one_shot: np.ndarray
) -> None:
    both, _ = reference.step(long_latents, reference.initial_state(2), finish=True)
    second, _ = reference.step(long_latents[1:], reference.initial_state(), finish=True)
    assert snr_db(one_shot, both[:1]) >= 110
    assert snr_db(second, both[1:]) >= 110


def test_rows_may_be_at_different_points_of_their_streams(
    reference: Artifact, long_latents: np.ndarray
) -> None:
    early, late = long_latents[:1, :9], long_latents[1:, :5]
    alone = [np.concatenate(list(reference.stream([row])), axis=1) for row in (early, late)]

    start, state = reference.step(early[:, :4], reference.initial_state())
    state = np.concatenate([state, reference.initial_state()])
    middle, state = reference.step(np.concatenate([early[:, 4:6], late[:, :2]]), state)
    end, state = reference.step(np.concatenate([early[:, 6:], late[:, 2:]]), state, finish=True)
    assert not state.any()
    assert snr_db(alone[0], np.concatenate([start, middle[:1], end[:1]], axis=1)) >= 110
    assert snr_db(alone[1], np.concatenate([middle[1:], end[1:]], axis=1)) >= 110


def test_a_row_can_leave_a_batch(reference: Artifact, long_latents: np.ndarray) -> None:
    alone = np.concatenate(list(reference.stream([long_latents[1:, :6]])), axis=1)
    start, state = reference.step(long_latents[:, :3], reference.initial_state(2))
    end, _ = reference.step(long_latents[1:, 3:6], state[1:], finish=True)
    assert snr_db(alone, np.concatenate([start[1:], end], axis=1)) >= 110


def test_threads_share_an_artifact(reference: Artifact, long_latents: np.ndarray) -> None:
    trajectories = [long_latents[:1, i : i + 6] for i in range(0, 32, 4)]
    one_by_one = [reference.render(trajectory) for trajectory in trajectories]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(reference.render, trajectories))
    for expected, found in zip(one_by_one, together, strict=True):
        np.testing.assert_array_equal(expected, found)


def test_two_loads_play_the_same(
    reference: Artifact, reference_artifact: Path, long_latents: np.ndarray
) -> None:
    options = SessionOptions(threads=1, spinning=True)
    other = Artifact.load(str(reference_artifact), options=options)
    found = other.render(long_latents[:1, :3])
    assert snr_db(reference.render(long_latents[:1, :3]), found) >= 110


@pytest.mark.parametrize("threads", [-1, 257, True, 1.5, "2", None])
def test_a_wrong_number_of_threads_is_refused(threads: Any) -> None:
    with pytest.raises(RequestError, match="threads is"):
        SessionOptions(threads=threads)


@pytest.mark.parametrize(
    ("constant", "value"),
    [("step_samples", 24_063), ("latency", 1023), ("two", 3)],
)
def test_a_graph_that_answers_with_other_sizes_is_refused(
    tmp_path: Path, constant: str, value: int
) -> None:
    model = small_model()
    for stored in model.graph.initializer:
        if stored.name == constant:
            stored.raw_data = np.array([value], np.int64).tobytes()
    with pytest.raises(DistillError) as caught:  # by its scan, or when it plays
        load(save(seal(model), tmp_path / "s.onnx")).step(latents(1, 1), STATE, finish=True)
    assert isinstance(caught.value, ArtifactError | BackendError)
    assert "\n" not in str(caught.value)


def test_a_state_of_another_size_than_the_graph_says_is_refused(tmp_path: Path) -> None:
    model = small_model()
    model.graph.node[-1].input[0] = "latents"
    artifact = load(save(seal(model), tmp_path / "s.onnx"))
    with pytest.raises(ArtifactError, match="it answers with"):
        artifact.step(latents(1, 1), STATE)


def test_a_latency_that_the_graph_does_not_keep_is_refused(tmp_path: Path) -> None:
    metadata = dataclasses.replace(METADATA, latency_samples=LATENCY + 1)
    artifact = load(save(seal(small_model(), metadata), tmp_path / "s.onnx"))
    with pytest.raises(ArtifactError, match="it answers with"):
        artifact.render(latents(1, 1))


def test_a_failure_of_onnxruntime_is_told_in_one_line() -> None:
    model = small_model().SerializeToString()
    graph = Graph(open_session_from_bytes(model, SessionOptions()), ["audio", "next_state"])
    wrong = np.zeros((1, STATE.shape[1] + 1), np.float32)
    with pytest.raises(BackendError, match="onnxruntime failed") as caught:
        graph.run(latents(1, 1), wrong, finish=False)
    assert "\n" not in str(caught.value)
