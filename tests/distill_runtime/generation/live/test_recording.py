"""What was played by hand can be played again, bit for bit, from a file's recipe."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_runtime import Artifact, LiveStream, Recipe, Reproduction, RequestError, StereoSettings

STEP = 24_064
MOVES = st.lists(
    st.tuples(st.sampled_from(["sliders", "slider", "walk", "hold", "drift", "vector", "stay"]),
              st.integers(0, 2**16), st.integers(1, 30_000)),
    min_size=1, max_size=25,
)  # fmt: skip


@pytest.fixture(scope="module")
def artifact(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


def play(live: LiveStream, moves: list[tuple[str, int, int]]) -> np.ndarray:
    """Return what is heard under hands, `[channels, samples]`."""
    blocks = []
    for kind, number, samples in moves:
        generator = np.random.default_rng(number)
        match kind:
            case "sliders":
                live.set_sliders(generator.integers(-5, 6, 8).tolist())
            case "slider":
                live.move_slider(number % 8, round(float(generator.uniform(-5, 5)), 2))
            case "walk":
                live.walk(number)
            case "hold":
                live.hold = not live.hold
            case "drift":
                live.drift = float(generator.random())
            case "vector":
                live.move_to(generator.normal(size=live.artifact.latent_dim))
        blocks.append(live.read(samples).reshape(live.channels, -1))
    return np.concatenate(blocks, axis=1)


def again(recipe: Recipe, artifact: Artifact) -> np.ndarray:
    text = recipe.to_json()
    return Reproduction.of(Recipe.from_json(text, document="it"), [artifact.path]).generate().audio


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(MOVES, st.sampled_from(["mono", "mid-side", "dual-seed"]), st.floats(0.05, 20.0))
def test_it_is_played_again_bit_for_bit(
    artifact: Artifact, moves: list[tuple[str, int, int]], stereo: str, seconds: float
) -> None:
    live = LiveStream(
        artifact, seed=3, drift=0.3, stereo=StereoSettings(stereo), realtime=False, keep_s=6.0
    )
    heard = play(live, moves)
    kept = live.record(seconds)
    assert kept.samples <= min(heard.shape[1], round(seconds * 48_000))
    assert np.array_equal(kept.audio, heard[:, heard.shape[1] - kept.samples :])
    assert np.array_equal(again(kept.recipe, artifact), kept.audio)


def test_the_last_minutes_are_kept_and_no_more(artifact: Artifact) -> None:
    live = LiveStream(artifact, seed=1, drift=0.5, realtime=False, keep_s=5.0)
    heard = play(live, [("slider", i, 24_000) for i in range(40)])
    kept = live.record()
    assert 0.5 <= kept.duration_s <= 5.0
    assert np.array_equal(kept.audio, heard[:, -kept.samples :])
    assert live.record(1.0).samples == 48_000
    # What is remembered does not grow.
    assert len(live._answers.journal._moves) < 20
    assert len(live._answers.journal._marks) < 4


def test_a_file_of_it_is_reproduced(artifact: Artifact, tmp_path: Path) -> None:
    live = LiveStream(artifact, seed=1, drift=0.5, realtime=False)
    play(live, [("sliders", i, 5_000) for i in range(20)])
    kept = live.record()
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        kept.save(tmp_path / name)
        assert Recipe.load(tmp_path / name).performance is not None
    recipe = Recipe.load(tmp_path / "a.wav")
    repeated = Reproduction.of(recipe, [artifact.path]).generate()
    repeated.save(tmp_path / "b.wav")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_long_restless_stretch_is_kept_as_far_as_a_tag_holds_it(artifact: Artifact) -> None:
    live = LiveStream(artifact, seed=1, realtime=False, keep_s=60.0)
    generator = np.random.default_rng(1)
    for _ in range(420):  # vectors are long
        live.move_to(generator.normal(size=artifact.latent_dim))
        live.read(1_000)
    kept = live.record()
    assert len(kept.recipe.to_json()) < 1_000_000
    assert 2.0 < kept.duration_s < 420_000 / 48_000
    kept_again = again(kept.recipe, artifact)
    assert np.array_equal(kept_again, kept.audio)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "5", True])
def test_a_length_that_is_not_one_is_refused(artifact: Artifact, seconds: object) -> None:
    live = LiveStream(artifact, realtime=False)
    live.read(100)
    with pytest.raises(RequestError, match="expected a number above 0"):
        live.record(seconds)  # type: ignore[arg-type]


def test_nothing_played_is_nothing_kept(artifact: Artifact) -> None:
    with pytest.raises(RequestError, match="nothing was played"):
        LiveStream(artifact, realtime=False).record()


def document_of(artifact: Artifact, steps: int = 12) -> dict:
    live = LiveStream(artifact, seed=3, drift=0.3, realtime=False, keep_s=3.0)
    play(live, [("slider", i, STEP) for i in range(steps)])
    return json.loads(live.record(0.5).recipe.to_json())


WRONG = {
    "begin": -1,
    "begin far": ("begin", 2**50),
    "step": 1.5,
    "phase": 2**40,
    "gain": float("1e400"),
    "place": [],
    "states": ["AAAA", "AAAAAAAA"],
    "states not base64": ("states", ["*"]),
    "states of odd length": ("states", ["AAA="]),
    "states not finite": ("states", ["AADAfw=="]),
    "moves": {},
    "moves before the step": ("moves", [{"at": 0, "first": 0}]),
    "moves out of order": ("moves", [{"at": STEP * 30, "first": 29}, {"at": 9, "first": 29}]),
    "moves without a step": ("moves", [{"at": STEP * 30}]),
    "moves too far back": ("moves", [{"at": STEP * 30, "first": 20}]),
    "moves to nowhere": ("moves", [{"at": STEP * 30, "first": 29, "sliders": ["a"]}]),
    "moves held by a word": ("moves", [{"at": STEP * 30, "first": 29, "hold": "yes"}]),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_performance_that_is_not_one_is_refused(artifact: Artifact, case: str) -> None:
    document = document_of(artifact)
    wrong = WRONG[case]
    key, value = wrong if isinstance(wrong, tuple) else (case, wrong)
    document["performance"][key] = value
    text = json.dumps(document)
    with pytest.raises(RequestError):
        Recipe.from_json(text, document="it")


def test_a_performance_of_another_model_is_refused(artifact: Artifact) -> None:
    document = document_of(artifact)
    state = document["performance"]["states"][0]
    document["performance"]["states"] = [state[: len(state) // 32 * 16]]
    with pytest.raises(RequestError, match="has a state of shape"):
        again(Recipe.from_json(json.dumps(document), document="it"), artifact)
    document = document_of(artifact)
    document["performance"]["place"]["sliders"] = [1, 2]
    with pytest.raises(RequestError, match="slider"):
        again(Recipe.from_json(json.dumps(document), document="it"), artifact)


def test_more_moves_than_hands_can_make_are_refused(artifact: Artifact) -> None:
    document = document_of(artifact)
    last = document["performance"]["moves"][-1]
    document["performance"]["moves"] += [last] * 5_000
    with pytest.raises(RequestError, match="moves in"):
        again(Recipe.from_json(json.dumps(document), document="it"), artifact)


def test_a_performance_is_of_one_artifact(artifact: Artifact) -> None:
    document = document_of(artifact)
    document["artifacts"] *= 2
    with pytest.raises(RequestError, match="played on 2 artifacts"):
        Recipe.from_json(json.dumps(document), document="it")
