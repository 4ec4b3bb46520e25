"""How sounds begin and end: fades, and loops that can be played round and round."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import (
    Artifact,
    Blend,
    GenerationConfig,
    GenerationPipeline,
    Preset,
    Recipe,
    Reproduction,
    RequestError,
    StereoSettings,
)


@pytest.fixture(scope="module")
def pipeline(demo_artifact: Path) -> GenerationPipeline:
    return GenerationPipeline(Artifact.load(demo_artifact))


KINDS: list[dict[str, Any]] = [
    {},
    {"stereo": StereoSettings("mid-side"), "sample_rate_hz": 44_100},
    {"stereo": StereoSettings("dual-seed"), "sample_rate_hz": 96_000},
    {"sliders": {0: 2.5}, "evolution": 0.3},
]


@pytest.mark.parametrize("kind", KINDS)
def test_fades_change_nothing_but_the_ends(
    pipeline: GenerationPipeline, kind: dict[str, Any]
) -> None:
    config = GenerationConfig(duration_s=1.3, seed=7, **kind)
    plain = pipeline.generate(config)
    faded = pipeline.generate(replace(config, fade_in_s=0.1, fade_out_s=0.25))
    begin, end = round(0.1 * config.sample_rate_hz), -round(0.25 * config.sample_rate_hz)
    assert faded.gain == plain.gain
    assert np.array_equal(faded.audio[:, begin:end], plain.audio[:, begin:end])
    assert not faded.audio[:, 0].any()
    assert not faded.audio[:, -1].any()
    assert (faded.levels.start_dbfs, faded.levels.end_dbfs) == (-200.0, -200.0)
    assert plain.levels.end_dbfs == pytest.approx(
        20 * np.log10(np.abs(plain.audio[:, -1]).max()), abs=1e-4
    )


def test_a_loud_moment_that_is_faded_does_not_change_the_level(
    pipeline: GenerationPipeline,
) -> None:
    config = GenerationConfig(duration_s=1.0, seed=7)
    plain = pipeline.generate(config)
    loudest = int(np.abs(plain.audio[0]).argmax())
    fade_in_s = min(1.0, (loudest + 2000) / 48_000)
    faded = pipeline.generate(replace(config, fade_in_s=fade_in_s))
    assert faded.gain == plain.gain
    assert faded.levels.peak_dbfs < plain.levels.peak_dbfs


ENDS: list[dict[str, Any]] = [{"loop": True}, {"fade_in_s": 0.02, "fade_out_s": 0.3}]


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_file_and_stream_have_the_same_bytes(
    pipeline: GenerationPipeline, tmp_path: Path, kind: dict[str, Any], ends: dict[str, Any]
) -> None:
    config = GenerationConfig(duration_s=1.7, seed=7, **kind, **ends)
    result = pipeline.generate(config)
    assert result.samples == round(1.7 * config.sample_rate_hz)
    assert result.levels.peak_dbfs <= -1.0
    result.save(tmp_path / "a.wav")
    streamed = b"".join(pipeline.stream_wav(config, gain=result.gain, bit_depth=24))
    assert (tmp_path / "a.wav").read_bytes() == streamed
    with (tmp_path / "b.wav").open("wb") as file:
        result.write_wav(file)
    assert (tmp_path / "b.wav").read_bytes() == streamed
    assert (b"smpl" in streamed[:200]) == config.loop


@pytest.mark.parametrize("ends", ENDS)
def test_a_recipe_makes_them_again(
    pipeline: GenerationPipeline, demo_artifact: Path, tmp_path: Path, ends: dict[str, Any]
) -> None:
    result = pipeline.generate(GenerationConfig(duration_s=0.8, seed=7, **ends))
    result.save(tmp_path / "a.flac")
    recipe = Recipe.load(tmp_path / "a.flac")
    again = Reproduction.of(recipe, [demo_artifact]).generate()
    assert np.array_equal(again.audio, result.audio)


@pytest.mark.parametrize("ends", ENDS)
def test_a_preset_keeps_them(
    pipeline: GenerationPipeline, tmp_path: Path, ends: dict[str, Any]
) -> None:
    artifact = pipeline.blend.artifacts[0]
    config = pipeline.prepare(GenerationConfig(duration_s=0.8, seed=7, sliders={0: 1}, **ends))
    Preset.of(artifact, config).save(tmp_path / "a.json")
    assert Preset.load(tmp_path / "a.json").config(artifact) == config


def test_a_preset_without_them_says_nothing_of_them(pipeline: GenerationPipeline) -> None:
    preset = Preset.of(pipeline.blend.artifacts[0], GenerationConfig(seed=7))
    assert not {"fade_in_s", "fade_out_s", "loop"} & set(preset.settings)


def test_of_several_each_is_what_it_is_alone(pipeline: GenerationPipeline) -> None:
    base = GenerationConfig(duration_s=0.7, seed=1)
    configs = [
        base,
        replace(base, loop=True),
        replace(base, loop=True, seed=2, stereo=StereoSettings("dual-seed")),
        replace(base, fade_out_s=0.1),
        replace(base, seed=3),
    ]
    for config, result in zip(configs, pipeline.generate_many(configs), strict=True):
        assert np.array_equal(result.audio, pipeline.generate(config).audio)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("samples", [2, 3, 480, 24_063, 24_064, 36_096, 100_001])
def test_a_loop_of_any_length_has_it(
    pipeline: GenerationPipeline, rate_hz: int, samples: int
) -> None:
    config = GenerationConfig(
        duration_s=samples / rate_hz, seed=7, loop=True, sample_rate_hz=rate_hz
    )
    assert pipeline.generate(config).audio.shape == (1, samples)


def test_a_loop_is_the_same_walk_and_nearly_the_same_sound(pipeline: GenerationPipeline) -> None:
    config = GenerationConfig(duration_s=4.0, seed=7)
    walk = pipeline.trajectory(config)[0]
    closed = pipeline.trajectory(replace(config, loop=True))[0]
    lead = 2
    assert np.array_equal(closed[lead : lead + len(walk)], walk)
    assert np.array_equal(closed[-1], walk[0])
    plain, loop = (
        pipeline.generate(request).audio[0] for request in (config, replace(config, loop=True))
    )
    envelopes = [
        np.log10(np.sqrt(np.mean(x[:144_000].reshape(-1, 4800) ** 2, axis=1)) + 1e-4)
        for x in (plain, loop)
    ]
    assert np.corrcoef(envelopes)[0, 1] > 0.8


def log_flux(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much louder bins become from frame to frame, in dB, and where, in samples."""
    starts = np.arange(0, len(x) - 1024, 256)
    frames = x[starts[:, np.newaxis] + np.arange(1024)] * np.hanning(1024)
    magnitude = np.abs(np.fft.rfft(frames, axis=1))
    levels = 20 * np.log10(np.maximum(magnitude, 1e-4 * magnitude.max()))
    return np.maximum(np.diff(levels, axis=0), 0).mean(axis=1), starts[1:] + 512


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"stereo": StereoSettings("dual-seed"), "sample_rate_hz": 44_100},
        {"sliders": {0: 2.5}, "evolution": 0.3},
    ],
)
def test_three_times_round_no_seam_is_heard(
    pipeline: GenerationPipeline, seed: int, kind: dict[str, Any]
) -> None:
    config = GenerationConfig(duration_s=3.37, seed=seed, **kind)
    ratios = []
    for request in (config, replace(config, loop=True)):
        audio = pipeline.generate(request).audio.mean(axis=0)
        flux, places = log_flux(np.tile(audio, 3))
        seam = np.zeros(len(places), bool)
        for end in (len(audio), 2 * len(audio)):
            seam |= (places > end - 0.26 * config.sample_rate_hz) & (places < end + 1000)
        ratios.append(flux[seam].max() / flux[~seam].max())
    repeated, looped = ratios
    assert looped < 1.1  # measured: up to 1.06
    assert looped < repeated


@pytest.mark.parametrize("mode", ["latent", "audio"])
def test_a_blend_loops_and_fades(demo_artifact: Path, reference_artifact: Path, mode: str) -> None:
    parts = [Artifact.load(path) for path in (demo_artifact, reference_artifact)]
    pipeline = GenerationPipeline(Blend(parts, [60, 40], mode))
    config = GenerationConfig(duration_s=1.0, seed=7)
    plain = pipeline.generate(config).audio
    faded = pipeline.generate(replace(config, fade_in_s=0.1)).audio
    assert np.array_equal(faded[:, 4800:], plain[:, 4800:])
    assert not faded[:, 0].any()
    looped = pipeline.generate(replace(config, loop=True)).audio[0]
    assert len(looped) == 48_000
    jump = abs(looped[0] - looped[-1])
    assert jump <= np.abs(np.diff(looped)).max()


@pytest.mark.parametrize("ends", ENDS)
def test_the_graphs_own_sound_has_neither(
    pipeline: GenerationPipeline, ends: dict[str, Any]
) -> None:
    with pytest.raises(RequestError, match="loops and fades are made of finished sounds"):
        pipeline.stream(GenerationConfig(seed=7, **ends))


def test_a_loop_says_so_in_its_file(pipeline: GenerationPipeline, tmp_path: Path) -> None:
    result = pipeline.generate(GenerationConfig(duration_s=0.5, seed=7, loop=True))
    result.save(tmp_path / "a.wav")
    content = (tmp_path / "a.wav").read_bytes()
    values = struct.unpack_from("<15I", content, content.index(b"smpl") + 8)
    assert values[9 + 2 : 9 + 4] == (0, 23_999)
    result.save(tmp_path / "a.mp3")  # it has no place for it
