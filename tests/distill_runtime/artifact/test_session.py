from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from distill_runtime.artifact import session as session_module
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import (
    BoundStream,
    Graph,
    SessionOptions,
    open_session_from_bytes,
)
from distill_runtime.errors import BackendError, DependencyError, RequestError
from tests.distill_runtime.small_artifacts import (
    LATENT_DIM,
    METADATA,
    STATE_SIZE,
    save,
    seal,
    small_model,
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(seal(small_model()), tmp_path_factory.mktemp("session") / "small.onnx")


@pytest.fixture(scope="module")
def demo(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact, options=SessionOptions(provider="cpu", threads=2))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switch", [True, False])
def test_the_options_reach_the_session(small: Path, threads: int, switch: bool) -> None:
    options = SessionOptions(provider="cpu", threads=threads, spinning=switch, arena=switch)
    settings = open_session_from_bytes(small.read_bytes(), options).get_session_options()
    assert settings.intra_op_num_threads == threads
    assert settings.inter_op_num_threads == 1
    assert settings.enable_cpu_mem_arena is switch
    # What would change the sound, or the arithmetic of the host's own thread, stays as it is.
    for name in ("session.disable_prepacking", "session.set_denormal_as_zero"):
        with pytest.raises(RuntimeError, match="does not have"):
            settings.get_session_config_entry(name)


def waiting(artifact: Path, *, spinning: bool) -> dict[str, str]:
    settings = open_session_from_bytes(
        artifact.read_bytes(), SessionOptions(spinning=spinning)
    ).get_session_options()
    found = {}
    for name in ("intra_op.allow_spinning", "intra_op.spin_duration_us", "force_spinning_stop"):
        try:
            found[name] = settings.get_session_config_entry(f"session.{name}")
        except RuntimeError:  # it was not set
            continue
    return found


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.18.0", {"intra_op.allow_spinning": "0"}),
        ("1.25.3", {"intra_op.allow_spinning": "0"}),
        ("main", {"intra_op.allow_spinning": "0"}),
        (
            "1.26.0",
            {
                "intra_op.allow_spinning": "1",
                "intra_op.spin_duration_us": "50",
                "force_spinning_stop": "1",
            },
        ),
    ],
)
def test_threads_wait_busily_for_a_moment_only_where_a_moment_can_be_said(
    small: Path, version: str, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "__version__", version)
    assert waiting(small, spinning=False) == expected
    assert waiting(small, spinning=True) == {"intra_op.allow_spinning": "1"}


def test_the_provider_is_the_one_asked_for(small: Path) -> None:
    session = open_session_from_bytes(small.read_bytes(), SessionOptions(provider="cpu"))
    assert session.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize("settings", [{"threads": -1}, {"threads": 1.5}, {"provider": "tpu"}])
def test_bad_options_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        SessionOptions(**settings)


@pytest.mark.parametrize("cuts", [[7], [1] * 7, [2, 1, 4]], ids=str)
def test_a_state_on_the_device_plays_the_same_bit_for_bit(
    demo: Artifact, cuts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    trajectory = np.random.default_rng(1).standard_normal((2, 7, demo.latent_dim), np.float32)
    blocks = np.split(trajectory, np.cumsum(cuts)[:-1], axis=1)
    expected = list(demo.stream(blocks))
    # As with CUDA, but for the device, which is the session's own.
    monkeypatch.setattr(Artifact, "provider", "cuda")
    bound: list[BoundStream] = []

    class Recorded(BoundStream):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            bound.append(self)

    monkeypatch.setattr(session_module, "BoundStream", Recorded)
    found = list(demo.stream(blocks))
    assert len(bound) == 1
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one, other)


def test_two_bound_streams_do_not_disturb_each_other(demo: Artifact) -> None:
    session = open_session_from_bytes(demo.path.read_bytes(), demo.options)
    trajectories = np.random.default_rng(2).standard_normal((2, 1, 3, demo.latent_dim), np.float32)
    streams = [BoundStream(session, demo.initial_state()) for _ in trajectories]
    sounds: list[list[np.ndarray]] = [[], []]
    for step in range(3):
        for stream, trajectory, sound in zip(streams, trajectories, sounds, strict=True):
            sound.append(stream.step(trajectory[:, step : step + 1].copy(), step == 2))
    for trajectory, sound in zip(trajectories, sounds, strict=True):
        alone = np.concatenate(sound, axis=1)[:, demo.latency_samples :]
        assert np.array_equal(alone, demo.render(trajectory))


def test_a_graph_is_fed_by_the_contracts_names(small: Path) -> None:
    session = open_session_from_bytes(small.read_bytes(), SessionOptions(provider="cpu"))
    state = np.zeros((2, STATE_SIZE), np.float32)
    latents = np.zeros((2, 1, LATENT_DIM), np.float32)
    graph = Graph(session)
    assert (graph.provider, graph.state_size) == ("cpu", STATE_SIZE)
    audio, next_state = graph.run(latents, state, finish=False)
    assert audio.shape == (2, METADATA.audio.step_samples)
    assert next_state.shape == state.shape
    (only_state,) = Graph(session, ["next_state"]).run(latents, state, finish=False)
    assert np.array_equal(only_state, next_state)
    with pytest.raises(BackendError, match="onnxruntime failed"):
        graph.run(latents, state, finish=False, mel=latents)  # it makes its own


def test_a_bound_stream_translates_what_onnxruntime_says(small: Path) -> None:
    session = open_session_from_bytes(small.read_bytes(), SessionOptions(provider="cpu"))
    stream = BoundStream(session, np.zeros((1, STATE_SIZE), np.float32))
    audio = stream.step(np.zeros((1, 2, LATENT_DIM), np.float32), True)
    assert audio.shape == (1, 3 * METADATA.audio.step_samples + METADATA.latency_samples)
    with pytest.raises(BackendError, match="onnxruntime failed"):
        stream.step(np.zeros((1, 2, LATENT_DIM + 1), np.float32), False)


def test_an_onnxruntime_that_cannot_be_imported_is_told(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as one built for another numpy
    with pytest.raises(DependencyError, match="numpy before 2 beside"):
        open_session_from_bytes(small.read_bytes(), SessionOptions())


@pytest.mark.parametrize(("batch", "steps"), [(1, 1), (3, 1), (1, 5), (2, 8), (3, 9)])
def test_calls_of_few_rows_are_filled_up_on_cuda(
    small: Path, batch: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session_from_bytes(small.read_bytes(), SessionOptions(provider="cpu"))
    rng = np.random.default_rng(3)
    latents = rng.standard_normal((batch, steps, LATENT_DIM), np.float32)
    state = rng.standard_normal((batch, STATE_SIZE), np.float32)
    expected = Graph(session).run(latents, state, finish=True)
    played: list[int] = []

    class Counting:
        def run(self, outputs: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
            played.append(feeds["latents"].shape[0] * feeds["latents"].shape[1])
            return session.run(outputs, feeds)

    monkeypatch.setattr(Graph, "provider", "cuda")
    found = Graph(Counting()).run(latents, state, finish=True)  # type: ignore[arg-type]
    assert len(played) == 1
    assert played[0] >= 16
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one, other)
