"""A live stream is the artifact's own sound, and follows hands within the step that plays."""

from __future__ import annotations

import dataclasses
import threading
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_runtime import (
    Artifact,
    GenerationConfig,
    GenerationPipeline,
    LiveStream,
    RequestError,
    StereoSettings,
)
from distill_runtime.generation.live.crossfade import FADE_SAMPLES
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


def offline(artifact: Artifact, **settings_: object) -> LiveStream:
    """Return a stream at the model's own level that renders as it is read."""
    return LiveStream(artifact, **{"gain": 1.0, "realtime": False, **settings_})  # type: ignore[arg-type]


def streamed(artifact: Artifact, latents: np.ndarray) -> np.ndarray:
    """Return what the artifact streams for `[steps, latent_dim]`, as far as they are played."""
    # One step more, for a stream that goes on: a stream of one step alone is no part of any other.
    latents = np.concatenate([latents, latents[-1:]])
    blocks = artifact.stream(latents[None, step : step + 1] for step in range(len(latents)))
    sound = np.concatenate(list(blocks), axis=1)[0]
    return sound[artifact.latency_samples : STEP * (len(latents) - 1)]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=6))
def test_blocks_of_any_size_are_the_artifacts_stream(
    artifact: Artifact, vectors: np.ndarray, sizes: list[int]
) -> None:
    live = offline(artifact, start=vectors[0])
    blocks = [live.read(size) for size in sizes]
    assert [block.shape for block in blocks] == [(size,) for size in sizes]
    heard = np.concatenate(blocks)
    steps = 1 + -(-(len(heard) + artifact.latency_samples) // STEP)
    expected = streamed(artifact, np.repeat(vectors[:1], steps, axis=0))
    assert np.array_equal(heard, expected[: len(heard)])


def test_it_sounds_from_the_first_sample_on(artifact: Artifact) -> None:
    assert np.abs(offline(artifact).read(2_000)).max() > 1e-3


@pytest.mark.parametrize("stereo", ["mono", "dual-seed"])
def test_a_seed_walks_as_generate_does(artifact: Artifact, stereo: str) -> None:
    settings_ = StereoSettings(stereo, depth=0.0)
    live = offline(artifact, seed=7, stereo=settings_)
    config = GenerationConfig(duration_s=10.0, seed=7, stereo=settings_)
    rows = np.concatenate(list(GenerationPipeline(artifact).stream(config)), axis=1)
    expected = rows[:, artifact.latency_samples : 10 * STEP]
    heard = live.read(expected.shape[1]).reshape(live.channels, -1)
    assert np.array_equal(heard, expected)


def test_a_drift_wanders_as_an_evolution_does(artifact: Artifact) -> None:
    positions = [2, -1, 0, 0, 3, 0, 0, 0]
    live = offline(artifact, seed=5, sliders=positions, drift=0.5)
    config = GenerationConfig(duration_s=10.0, seed=5, sliders=positions, evolution=0.5)
    (rows,) = np.concatenate(list(GenerationPipeline(artifact).stream(config)), axis=1)
    expected = rows[artifact.latency_samples : 10 * STEP]
    heard = live.read(len(expected))
    error = np.sum((heard - expected) ** 2) / np.sum(expected**2)
    assert error < 1e-6  # the positions between anchors round otherwise in the last bit


def test_at_rest_it_repeats_itself_and_with_a_drift_it_does_not(artifact: Artifact) -> None:
    def steps(**settings_: object) -> np.ndarray:
        live = offline(artifact, **settings_)
        live.read(4 * STEP - artifact.latency_samples)
        return live.read(6 * STEP).reshape(6, STEP)

    def likeness(sound: np.ndarray) -> float:
        spectra = np.abs(np.fft.rfft(sound))
        return min(float(np.corrcoef(one, other)[0, 1]) for one, other in pairwise(spectra))

    assert likeness(steps()) > 0.5
    assert likeness(steps(seed=1, drift=0.8)) < likeness(steps())
    held = offline(artifact, seed=1, drift=0.8)
    held.hold = True
    assert held.hold
    held.read(4 * STEP)
    assert likeness(held.read(6 * STEP).reshape(6, STEP)) > 0.5


@pytest.mark.parametrize("before", [0, 100, 11_000, 23_000, 24_063, 24_064, 40_000])
def test_a_move_is_heard_with_the_next_sample(
    artifact: Artifact, vectors: np.ndarray, before: int
) -> None:
    live, unmoved = offline(artifact, start=vectors[0]), offline(artifact, start=vectors[0])
    first = live.read(before)
    assert np.array_equal(first, unmoved.read(before))
    live.move_to(vectors[1])
    assert np.array_equal(live.latent, vectors[1])
    heard, stayed = live.read(2 * STEP), unmoved.read(2 * STEP)
    assert not np.array_equal(heard[:200], stayed[:200])
    # From the fade's end on, what plays is as if it had been there from the last step's beginning.
    moved = offline(artifact, start=vectors[1])
    moved.read(before)
    there = moved.read(2 * STEP)
    end = slice(STEP, 2 * STEP)
    assert power(heard[end]) == pytest.approx(power(there[end]), rel=0.5)


def power(sound: np.ndarray) -> float:
    return float((sound.astype(float) ** 2).mean())


def test_no_move_clicks(artifact: Artifact) -> None:
    """The second difference at a seam is not larger than the sound's own."""
    live = offline(artifact, seed=2, drift=0.3)
    generator = np.random.default_rng(3)
    blocks, seams = [], []
    for _ in range(60):
        live.set_sliders(generator.integers(-4, 5, 8).tolist())
        seams.append(sum(map(len, blocks)))
        blocks.append(live.read(int(generator.integers(100, 12_000))))
    bend = np.abs(np.diff(np.concatenate(blocks).astype(float), 2))
    at_seams = [bend[max(0, seam - 3) : seam + FADE_SAMPLES].max() for seam in seams]
    assert max(at_seams) <= bend.max()
    assert np.median(at_seams) < 3 * np.median([part.max() for part in np.array_split(bend, 300)])


def test_sliders_lead_where_the_model_says(artifact: Artifact) -> None:
    bank = artifact.metadata.sliders
    assert bank is not None
    live = offline(artifact)
    assert np.array_equal(live.latent, latent_vector(bank, [0] * 8))
    positions = [5, -3, 0, 0, 0, 0, 0, 1]
    live.set_sliders(positions)
    there = latent_vector(bank, positions)
    assert np.array_equal(live.latent, there)
    assert live.sliders == tuple(positions)
    assert np.array_equal(live.read(1000)[FADE_SAMPLES:], streamed(artifact, there[None])[960:1000])
    live.set_sliders({0: 2})
    assert live.sliders == (2, 0, 0, 0, 0, 0, 0, 0)
    live.move_slider(7, -1.5)
    assert live.sliders == (2, 0, 0, 0, 0, 0, 0, -1.5)
    live.move_to(there)
    assert live.sliders is None


def test_a_walk_begins_at_the_seeds_own_beginning(artifact: Artifact) -> None:
    live = offline(artifact)
    live.read(5 * STEP + 1000)
    live.walk(7)
    assert live.seed == 7
    with pytest.raises(RequestError, match="there is no one vector"):
        assert live.latent is None
    live.read(STEP)
    other = offline(artifact)
    other.read(9 * STEP + 1000)
    other.walk(7)
    other.read(STEP)
    # The same steps of the same walk, from other phases: alike, though not equal.
    spectra = [np.abs(np.fft.rfft(stream.read(4 * STEP))) for stream in (live, other)]
    assert np.corrcoef(*spectra)[0, 1] > 0.8


def test_the_gain_is_a_factor_and_by_default_that_of_a_file(artifact: Artifact) -> None:
    plain = offline(artifact).read(STEP)
    assert np.array_equal(offline(artifact, gain=0.5).read(STEP), plain * np.float32(0.5))
    live = LiveStream(artifact, seed=7, realtime=False)
    result = GenerationPipeline(artifact).generate(GenerationConfig(duration_s=4.0, seed=7))
    assert live.gain == pytest.approx(result.gain, rel=0.05)
    assert 0.85 < np.abs(live.read(4 * STEP)).max() < 0.9


def test_what_is_too_loud_is_limited_softly(artifact: Artifact) -> None:
    loud = offline(artifact, gain=100.0)
    block = loud.read(STEP)
    assert 0.95 < np.abs(block).max() <= 1.0
    assert loud.take_peak() == pytest.approx(np.abs(block).max())
    assert loud.take_peak() == 0.0


def test_stereo_is_as_in_a_file(artifact: Artifact) -> None:
    for stereo in (StereoSettings("mid-side", width=1.2), StereoSettings("dual-seed", depth=0.6)):
        config = GenerationConfig(duration_s=2.0, seed=3, stereo=stereo)
        expected = GenerationPipeline(artifact).generate(config)
        live = offline(artifact, seed=3, stereo=stereo, gain=expected.gain)
        assert live.channels == 2
        heard = live.read(STEP)
        assert heard.shape == (2, STEP)
        # The file is filtered above 20 kHz, and rendered for its own length.
        difference = power(heard - expected.audio[:, :STEP]) / power(heard)
        assert difference < 1e-5


def test_blocks_never_end(artifact: Artifact) -> None:
    blocks = list(islice(offline(artifact).blocks(10_000), 6))
    assert np.array_equal(np.concatenate(blocks), offline(artifact).read(60_000))


def test_a_block_is_the_callers_own(artifact: Artifact) -> None:
    live, other = offline(artifact), offline(artifact)
    live.read(100)[:] = 9.0
    other.read(100)
    assert np.array_equal(live.read(STEP), other.read(STEP))


def test_readers_in_threads_lose_nothing_and_hear_nothing_twice(
    artifact: Artifact, vectors: np.ndarray
) -> None:
    live = offline(artifact, start=vectors[0])
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
    expected = streamed(artifact, np.repeat(vectors[:1], 6, axis=0))[: 4 * 12 * 2_000]
    found = sorted(block.tobytes() for block in heard)
    assert found == sorted(block.tobytes() for block in expected.reshape(-1, 2_000))


@pytest.mark.parametrize("samples", [-1, 1.5, "100", None, True])
def test_a_block_that_is_not_one_is_refused(artifact: Artifact, samples: object) -> None:
    with pytest.raises(RequestError, match="expected 0 or more"):
        offline(artifact).read(samples)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "vector", [np.zeros(3), np.full(128, np.nan), np.zeros((1, 128)), np.full(128, 1e300), ["a"]]
)
def test_a_vector_that_does_not_fit_is_refused_and_changes_nothing(
    artifact: Artifact, vectors: np.ndarray, vector: object
) -> None:
    with pytest.raises(RequestError):
        offline(artifact, start=vector)
    live = offline(artifact, start=vectors[0])
    with pytest.raises(RequestError):
        live.move_to(vector)  # type: ignore[arg-type]
    assert np.array_equal(live.latent, vectors[0])


@pytest.mark.parametrize("positions", [[], [0] * 9, [11, *[0] * 7], [-10.5, *[0] * 7], {8: 1}])
def test_sliders_that_do_not_fit_are_refused(artifact: Artifact, positions: list) -> None:
    live = offline(artifact)
    with pytest.raises(RequestError):
        live.set_sliders(positions)
    with pytest.raises(RequestError):
        offline(artifact, sliders=positions)


@pytest.mark.parametrize(("slider", "position"), [(8, 1), ("nothing", 1), (0, 11), (0, "3")])
def test_a_slider_that_does_not_fit_is_refused(
    artifact: Artifact, slider: object, position: object
) -> None:
    live = offline(artifact)
    with pytest.raises(RequestError):
        live.move_slider(slider, position)  # type: ignore[arg-type]
    assert live.sliders == (0,) * 8


@pytest.mark.parametrize(
    "settings_",
    [
        {"seed": -1},
        {"seed": 2**32 - 1, "stereo": StereoSettings("dual-seed")},
        {"seed": 1.5},
        {"drift": 1.1},
        {"drift": "much"},
        {"gain": -1.0},
        {"gain": float("nan")},
        {"keep_s": -1},
        {"keep_s": 1e9},
        {"start": np.zeros(128), "sliders": [0] * 8},
    ],
)
def test_settings_that_are_out_of_bounds_are_refused(
    artifact: Artifact, settings_: dict[str, object]
) -> None:
    with pytest.raises(RequestError):
        offline(artifact, **settings_)


def test_a_model_without_sliders_says_so(tmp_path: Path) -> None:
    metadata = dataclasses.replace(METADATA, sliders=None)
    live = offline(load(save(seal(small_model(), metadata), tmp_path / "a.onnx")))
    assert not live.latent.any()
    for ask in (lambda: live.set_sliders([0]), lambda: live.move_slider(0, 1)):
        with pytest.raises(RequestError, match="this model has no sliders"):
            ask()
    with pytest.raises(RequestError, match="this model has no sliders"):
        offline(live.artifact, sliders=[0])
