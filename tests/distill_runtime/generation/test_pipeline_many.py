"""Several sounds at once: in order, each what it would be alone, and as long as was asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_runtime import (
    Artifact,
    ArtifactError,
    GenerationConfig,
    GenerationPipeline,
    RequestError,
    SessionOptions,
)
from distill_runtime.artifact.single_threaded import single_threaded
from distill_runtime.audio.spatial import StereoSettings
from tests.distill_runtime.small_artifacts import METADATA, load, save, seal, small_model

TWO_THREADS = SessionOptions(provider="cpu", threads=2)
DUAL = StereoSettings("dual-seed")


@pytest.fixture(scope="module")
def demo(demo_artifact: Path) -> GenerationPipeline:
    return GenerationPipeline(Artifact.load(demo_artifact))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> GenerationPipeline:
    path = save(seal(small_model()), tmp_path_factory.mktemp("small") / "rain.onnx")
    return GenerationPipeline(load(path))


def test_mixed_durations_come_in_order_and_as_if_alone(demo: GenerationPipeline) -> None:
    configs = [
        GenerationConfig(duration_s=0.7, seed=1),
        GenerationConfig(duration_s=0.7, seed=2, sample_rate_hz=44_100),
        GenerationConfig(duration_s=1.9, seed=3, stereo=DUAL),
        GenerationConfig(duration_s=0.7, seed=4, stereo=StereoSettings("mid-side")),
        GenerationConfig(duration_s=0.7, seed=5, sliders=(4, 0, 0, 0, 0, 0, 0, -2)),
        GenerationConfig(duration_s=0.7, seed=6, latent_vector=(0.25,) * 128, evolution=0.0),
        GenerationConfig(duration_s=1.9, seed=3),
    ]
    results = list(demo.generate_many(configs))
    assert [result.config for result in results] == configs
    for config, result in zip(configs, results, strict=True):
        assert result.samples == config.samples
        assert np.abs(result.audio).max() == pytest.approx(0.891, rel=1e-5)
        assert np.array_equal(demo.generate(config).audio, result.audio)


def test_dual_seed_pairs_do_not_mix_in_a_batch(demo: GenerationPipeline) -> None:
    """Without depth, and at one level, each channel is the mono sound of its own seed."""
    pairs = StereoSettings("dual-seed", depth=0.0)
    configs = [GenerationConfig(duration_s=0.4, seed=seed, stereo=pairs) for seed in range(20)]
    for seed, result in enumerate(demo.generate_many(configs)):
        for channel in (0, 1):
            mono = demo.generate(GenerationConfig(duration_s=0.4, seed=seed + channel))
            found = result.audio[channel] / np.float32(result.gain) * np.float32(mono.gain)
            np.testing.assert_allclose(found, mono.audio[0], atol=2e-6)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.builds(
            GenerationConfig,
            duration_s=st.sampled_from([0.05, 0.6, 1.4]),
            seed=st.integers(0, 2**32 - 2),
            stereo=st.sampled_from([StereoSettings(), StereoSettings("mid-side"), DUAL]),
            sample_rate_hz=st.sampled_from([44_100, 48_000]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_batch_is_its_sounds_alone(
    demo: GenerationPipeline, configs: list[GenerationConfig]
) -> None:
    for config, result in zip(configs, demo.generate_many(configs), strict=True):
        assert result.config == config
        assert np.array_equal(result.audio, demo.generate(config).audio)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("duration_s", [0.1, 1, 2, 3.7, 60])
@pytest.mark.parametrize("mode", ["mono", "dual-seed"])
def test_every_sound_has_exactly_its_length(
    small: GenerationPipeline, duration_s: float, rate_hz: int, mode: str
) -> None:
    config = GenerationConfig(
        duration_s=duration_s, seed=1, sample_rate_hz=rate_hz, stereo=StereoSettings(mode)
    )
    result = small.generate(config)
    expected = (config.channels, round(duration_s * rate_hz))
    assert result.audio.shape == expected
    assert (result.channels, result.samples) == expected
    # The end is sound, not padding.
    assert np.abs(result.audio[:, -expected[1] // 20 :]).min() > 0.1


def test_no_request_no_sound(small: GenerationPipeline) -> None:
    assert list(small.generate_many([])) == []


def test_seeds_that_are_not_given_are_drawn_one_for_each(small: GenerationPipeline) -> None:
    config = GenerationConfig(duration_s=0.1)
    seeds = {result.seed for result in small.generate_many([config] * 4)}
    assert len(seeds) > 1


def test_a_request_that_does_not_fit_is_refused_before_anything_is_rendered(
    small: GenerationPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Artifact, "step", lambda *_, **__: pytest.fail("it was rendered"))
    good = GenerationConfig(duration_s=0.1, seed=1)
    bad = GenerationConfig(duration_s=0.1, seed=1, sliders=(0, 0, 0))
    with pytest.raises(RequestError, match="3 slider positions"):
        next(small.generate_many([good, bad]))


def test_sounds_come_while_the_rest_is_still_to_be_rendered(
    small: GenerationPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of thousands neither waits for its last nor is held in memory."""
    rendered = 0
    step = Artifact.step

    def counted(self, latents, state, *, finish=False):
        nonlocal rendered
        rendered += len(latents)
        return step(self, latents, state, finish=finish)

    monkeypatch.setattr(Artifact, "step", counted)
    results = small.generate_many([GenerationConfig(0.1, seed=seed) for seed in range(1000)])
    next(results)
    assert 1 <= rendered <= 64


def sounds(pipeline: GenerationPipeline, count: int) -> list[np.ndarray]:
    configs = [GenerationConfig(duration_s=0.6, seed=seed) for seed in range(count)]
    return [result.audio for result in pipeline.generate_many(configs)]


def test_many_sounds_go_to_a_core_each_and_are_what_they_are_alone(
    demo_artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = Artifact.load(demo_artifact, options=TWO_THREADS)
    played: set[int] = set()
    step = Artifact.step

    def seen(self: Artifact, *arguments: object, **named: object) -> object:
        played.add(self.options.threads)
        return step(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Artifact, "step", seen)
    few = sounds(GenerationPipeline(artifact), 3)
    assert played == {2}
    many = sounds(GenerationPipeline(artifact), 17)
    assert played == {1, 2}
    for one, other in zip(few, many, strict=False):
        assert np.array_equal(one, other)
    assert single_threaded(artifact) is single_threaded(artifact)


def test_a_file_that_is_gone_by_then_plays_on_in_the_session_that_there_is(tmp_path: Path) -> None:
    path = save(seal(small_model()), tmp_path / "rain.onnx")
    artifact = Artifact.load(path, options=TWO_THREADS, trust=True)
    path.unlink()
    with pytest.raises(ArtifactError, match="no such file"):
        single_threaded(artifact)
    assert len(sounds(GenerationPipeline(artifact), 17)) == 17


def test_a_file_that_was_changed_is_not_taken_for_the_one_that_was_loaded(tmp_path: Path) -> None:
    path = save(seal(small_model()), tmp_path / "rain.onnx")
    artifact = Artifact.load(path, options=TWO_THREADS, trust=True)
    model = dataclasses.replace(METADATA.model, name="another")
    save(seal(small_model(), dataclasses.replace(METADATA, model=model)), path)
    with pytest.raises(ArtifactError, match="it was changed since it was loaded"):
        single_threaded(artifact)
