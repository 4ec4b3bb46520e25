"""Sounds while they are rendered: the graph's own blocks, and a finished WAV for a response."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import (
    Artifact,
    AudioFormat,
    Blend,
    CancelledError,
    GenerationConfig,
    GenerationPipeline,
    RequestError,
    StereoSettings,
    Tags,
)


@pytest.fixture(scope="module")
def pipeline(demo_artifact: Path) -> GenerationPipeline:
    return GenerationPipeline(Artifact.load(demo_artifact))


@pytest.mark.parametrize("duration_s", [0.3, 1.0, 3.7])
@pytest.mark.parametrize("stereo", ["mono", "dual-seed"])
def test_a_stream_says_how_long_its_blocks_are(
    pipeline: GenerationPipeline, duration_s: float, stereo: str
) -> None:
    config = GenerationConfig(duration_s=duration_s, seed=3, stereo=StereoSettings(stereo))
    stream = pipeline.stream(config)
    assert stream.config == config
    assert (stream.sample_rate_hz, stream.latency_samples) == (48_000, 1024)
    blocks = list(stream)
    assert {block.shape for block in blocks[:-1]} <= {(stream.rows, stream.block_samples)}
    assert blocks[-1].shape == (stream.rows, stream.last_block_samples)
    assert sum(block.shape[1] for block in blocks) == stream.samples
    assert stream.samples - stream.latency_samples >= config.samples
    assert list(stream) == []


def test_a_trajectory_is_what_a_sound_is_rendered_from(pipeline: GenerationPipeline) -> None:
    config = GenerationConfig(duration_s=2.0, seed=3, sliders={0: 2.5}, evolution=1.0)
    trajectory = pipeline.trajectory(config)
    assert trajectory.shape == (1, config.steps, 128)
    whole = np.concatenate(list(pipeline.stream(config)), axis=1)[:, 1024:]
    assert np.array_equal(pipeline.blend.artifacts[0].render(trajectory), whole)


@pytest.mark.parametrize("depth", [16, 24, 32])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stereo": StereoSettings("mid-side"), "sample_rate_hz": 44_100},
        {"stereo": StereoSettings("dual-seed"), "sliders": {"Colour": 1}, "duration_s": 0.4},
    ],
)
def test_a_streamed_wav_is_the_file_if_its_gain_is_known(
    pipeline: GenerationPipeline, tmp_path: Path, depth: int, settings: dict[str, Any]
) -> None:
    settings = dict(settings)
    if settings.pop("sliders", None):
        settings["sliders"] = {0: 1}
    config = GenerationConfig(**{"duration_s": 2.3, "seed": 3, **settings})
    result = pipeline.generate(config)
    tags = Tags(title="Rain")
    path = tmp_path / "a.wav"
    result.save(path, audio_format=AudioFormat("wav", depth), tags=tags)
    chunks = list(pipeline.stream_wav(config, gain=result.gain, bit_depth=depth, tags=tags))
    assert len(chunks) > 2
    assert b"".join(chunks) == path.read_bytes()


def test_a_streamed_wav_begins_before_the_sound_is_rendered(
    pipeline: GenerationPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    step = Artifact.step
    monkeypatch.setattr(
        Artifact, "step", lambda *args, **more: calls.append(1) or step(*args, **more)
    )
    chunks = pipeline.stream_wav(GenerationConfig(duration_s=60.0, seed=3), gain=4.0)
    header = next(chunks)
    assert header.startswith(b"RIFF")
    assert not calls
    next(chunks)
    assert len(calls) <= 2


def test_a_wav_that_cannot_be_streamed_is_refused_at_once(pipeline: GenerationPipeline) -> None:
    with pytest.raises(RequestError, match="bit_depth is 8"):
        pipeline.stream_wav(GenerationConfig(seed=3), gain=1.0, bit_depth=8)


def test_an_audio_blend_cannot_be_streamed(pipeline: GenerationPipeline) -> None:
    artifact = pipeline.blend.artifacts[0]
    mixing = GenerationPipeline(Blend([artifact, artifact], mode="audio"))
    for stream in (mixing.stream, lambda config: mixing.stream_wav(config, gain=1.0)):
        with pytest.raises(RequestError, match="an audio blend cannot be streamed"):
            stream(GenerationConfig(seed=3))


def test_progress_is_told_and_a_sound_can_be_given_up(pipeline: GenerationPipeline) -> None:
    told: list[float] = []
    pipeline.generate(GenerationConfig(duration_s=20.0, seed=3), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 3

    cancel = threading.Event()
    heard: list[float] = []

    def give_up(fraction: float) -> None:
        heard.append(fraction)
        cancel.set()

    config = GenerationConfig(duration_s=60.0, seed=3)
    with pytest.raises(CancelledError, match="given up"):
        pipeline.generate(config, progress=give_up, cancel=cancel)
    assert len(heard) == 1


def test_a_sound_that_is_given_up_ends_with_the_call_that_runs(
    pipeline: GenerationPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel, calls = threading.Event(), 0
    graph = pipeline.blend.artifacts[0]._graph
    run = graph.run

    def leave_in_the_third(*arguments: Any, **words: Any) -> list[Any]:
        nonlocal calls
        calls += 1
        if calls == 3:
            cancel.set()
        return run(*arguments, **words)

    monkeypatch.setattr(graph, "run", leave_in_the_third)
    with pytest.raises(CancelledError):
        pipeline.generate(GenerationConfig(duration_s=60.0, seed=3), cancel=cancel)
    assert calls == 3


def test_progress_of_an_audio_blend_is_of_all_its_parts(pipeline: GenerationPipeline) -> None:
    artifact = pipeline.blend.artifacts[0]
    told: list[float] = []
    mixing = GenerationPipeline(Blend([artifact, artifact], [1, 3], mode="audio"))
    mixing.generate(GenerationConfig(duration_s=2.0, seed=3), progress=told.append)
    assert told == sorted(told)
    assert {0.5, 1.0} <= set(told)
