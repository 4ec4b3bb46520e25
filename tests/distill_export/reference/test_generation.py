from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import signal

from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.continuous_mel import synthesize_continuous_mel
from distill_export.reference.generation import (
    GenerationPipeline,
    generate_chunks_crossfade,
    generate_chunks_latent_interp,
)
from distill_export.reference.generation_config import GenerationConfig
from distill_export.reference.spatial import SpatialConfig, SpatialMode, deepen, widen
from distill_export.reference.trajectory import crossfade_trajectory, evolving_trajectory
from distill_runtime.audio.snr import snr_db
from distill_runtime.errors import RequestError
from tests.distill_export.model_files import tiny_model

STATS = Statistics(mag_mean=0.5, mag_std=2.0, if_mean=0.01, if_std=0.3)
SPECTROGRAM = AudioSpectrogram()


class Silence(torch.nn.Module):
    """A model whose every answer is silence."""

    latent_dim = 16

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(z), 2, 128, 94)


@pytest.fixture(scope="module")
def pipeline() -> GenerationPipeline:
    return GenerationPipeline(tiny_model(), SPECTROGRAM, "cpu", normalization_stats=STATS)


def generate(pipeline: GenerationPipeline, **fields: Any) -> np.ndarray:
    return pipeline.generate(GenerationConfig(**{"seed": 3, **fields})).audio


def whole(num_chunks: int, seed: int = 3) -> np.ndarray:
    """The sound before it is finished, from its parts."""
    steps = math.ceil((num_chunks * 48_000 // 512 + 1 - 94) / 47) + 1
    trajectory = crossfade_trajectory(16, seed=seed, num_chunks=num_chunks, steps=steps)
    mel = synthesize_continuous_mel(tiny_model(), SPECTROGRAM, trajectory)
    return ComplexSpectrogram().complex_mel_to_waveform(mel, STATS)[0, 0].numpy()


@pytest.mark.parametrize("chunks", [1, 2, 5])
def test_chunks_are_the_waveform_of_a_seeds_walk(chunks: int) -> None:
    found = generate_chunks_crossfade(
        tiny_model(), SPECTROGRAM, chunks, "cpu", 3, normalization_stats=STATS
    )
    assert found.dtype == np.float32
    assert found.std() > 1e-4
    assert np.array_equal(found, whole(chunks))
    other_name = generate_chunks_latent_interp(
        tiny_model(), SPECTROGRAM, chunks, torch.device("cpu"), 3, normalization_stats=STATS
    )
    assert np.array_equal(other_name, found)


def test_without_statistics_the_models_units_are_the_sounds() -> None:
    plain = generate_chunks_crossfade(tiny_model(), SPECTROGRAM, 1, "cpu", 3)
    one = Statistics(mag_mean=0.0, mag_std=1.0, if_mean=0.0, if_std=1.0)
    same = generate_chunks_crossfade(
        tiny_model(), SPECTROGRAM, 1, "cpu", 3, normalization_stats=one
    )
    assert np.array_equal(plain, same)
    assert not np.allclose(plain, whole(1), atol=1e-3)


def test_what_is_not_looked_at_changes_nothing() -> None:
    model = tiny_model()
    first = generate_chunks_crossfade(model, SPECTROGRAM, 2, "cpu", 3, overlap_samples=7)
    second = generate_chunks_latent_interp(model, SPECTROGRAM, 2, "cpu", 3, steps_between=3)
    assert np.array_equal(first, second)


def test_without_a_seed_one_is_drawn(pipeline: GenerationPipeline) -> None:
    first, second = (
        generate_chunks_crossfade(tiny_model(), SPECTROGRAM, 1, "cpu", None) for _ in "ab"
    )
    assert not np.allclose(first, second)
    result = pipeline.generate(GenerationConfig())
    assert 0 <= result.seed_used < 2**31
    assert np.array_equal(generate(pipeline, seed=result.seed_used), result.audio)


def test_a_sound_is_filtered_and_brought_to_its_level(pipeline: GenerationPipeline) -> None:
    result = pipeline.generate(GenerationConfig(duration_s=2.0, seed=3))
    sos = signal.butter(8, 20_000, fs=48_000, output="sos")
    expected = signal.sosfiltfilt(sos, whole(2))
    expected *= 0.891 / np.abs(expected).max()
    assert result.audio.dtype == np.float32
    assert result.audio.shape == (95_744,)
    assert snr_db(expected, result.audio) > 120
    assert (result.sample_rate, result.seed_used, result.channels) == (48_000, 3, 1)
    assert result.duration_s == 95_744 / 48_000


def test_the_level_is_that_of_all_that_was_rendered(pipeline: GenerationPipeline) -> None:
    longer, cut = generate(pipeline, duration_s=2.0), generate(pipeline, duration_s=1.2)
    assert len(cut) == 57_600
    assert np.array_equal(cut, longer[:57_600])
    peaks = [np.abs(sound).max() for sound in (longer, cut)]
    assert peaks[0] == pytest.approx(0.891)
    assert peaks[1] <= peaks[0]


@pytest.mark.parametrize(
    ("duration_s", "samples"), [(1.0, 47_616), (2.3, 110_399), (4.0, 192_000), (0.5, 24_000)]
)
def test_lengths_are_distills(
    pipeline: GenerationPipeline, duration_s: float, samples: int
) -> None:
    assert len(generate(pipeline, duration_s=duration_s)) == samples


def test_silence_stays_silence() -> None:
    result = GenerationPipeline(Silence(), SPECTROGRAM, "cpu").generate(GenerationConfig(seed=1))
    assert result.audio.shape == (47_616,)
    assert not result.audio.any()


def test_mid_side_is_one_sound_widened(pipeline: GenerationPipeline) -> None:
    mono = torch.from_numpy(generate(pipeline))
    expected = deepen(widen(mono, 1.2), 0.3).numpy()
    expected *= 0.891 / np.abs(expected).max()
    legacy = generate(pipeline, stereo_mode="mid_side", stereo_width=1.2)
    np.testing.assert_allclose(legacy, expected, rtol=0, atol=1e-6)
    spatial = SpatialConfig(SpatialMode.STEREO, 1.2, 0.3)
    assert np.array_equal(generate(pipeline, spatial=spatial), legacy)
    # Where both are there, the newer counts.
    assert np.array_equal(generate(pipeline, spatial=spatial, stereo_mode="dual_seed"), legacy)
    assert generate(pipeline, spatial=SpatialConfig(), stereo_mode="mid_side").ndim == 1


def test_dual_seed_is_two_sounds(pipeline: GenerationPipeline) -> None:
    both = generate(pipeline, stereo_mode="dual_seed", stereo_width=1.5)
    alone = [torch.from_numpy(generate(pipeline, seed=seed)) for seed in (3, 4)]
    for channel, mono in zip(both, alone, strict=True):
        expected = deepen(mono[None], 0.3)[0].numpy()
        assert snr_db(expected, channel * np.float32(expected.std() / channel.std())) > 100
    assert np.abs(both).max() == pytest.approx(0.891)


@pytest.mark.parametrize("evolution", [0.0, 0.5])
def test_a_vector_is_where_a_sound_starts(pipeline: GenerationPipeline, evolution: float) -> None:
    vector = np.linspace(-1, 1, 16)
    found = generate(pipeline, duration_s=2.0, latent_vector=vector, evolution_amount=evolution)
    trajectory = evolving_trajectory(
        torch.from_numpy(vector).float(), seed=3, num_chunks=2, steps=3, evolution=evolution
    )
    mel = synthesize_continuous_mel(tiny_model(), SPECTROGRAM, trajectory)
    raw = ComplexSpectrogram().complex_mel_to_waveform(mel, STATS)[0, 0].numpy()
    sos = signal.butter(8, 20_000, fs=48_000, output="sos")
    expected = signal.sosfiltfilt(sos, raw)
    assert snr_db(expected * (0.891 / np.abs(expected).max()), found) > 120


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_another_rate_is_as_long(pipeline: GenerationPipeline, rate_hz: int) -> None:
    result = pipeline.generate(GenerationConfig(duration_s=1.5, seed=3, sample_rate=rate_hz))
    assert result.sample_rate == rate_hz
    assert result.audio.shape == (int(1.5 * rate_hz),)
    assert result.duration_s == 1.5
    stereo = generate(pipeline, stereo_mode="mid_side", sample_rate=rate_hz)
    assert stereo.shape == (2, math.ceil(47_616 * rate_hz / 48_000))


def test_chunks_of_half_a_second(pipeline: GenerationPipeline) -> None:
    found = generate(pipeline, duration_s=2.0, chunk_duration_s=0.5)
    assert 95_000 < len(found) <= 96_000
    assert not np.allclose(found[:90_000], generate(pipeline, duration_s=2.0)[:90_000], atol=0.01)


def test_a_config_may_be_changed_between_sounds(pipeline: GenerationPipeline) -> None:
    config = GenerationConfig(seed=3)
    first = pipeline.generate(config).audio
    config.seed = 4
    assert np.array_equal(pipeline.generate(config).audio, generate(pipeline, seed=4))
    assert not np.array_equal(first, generate(pipeline, seed=4))


BAD_CONFIGS = {
    "no duration": ({"duration_s": 0}, "duration_s is 0, expected above 0 and at most 60"),
    "a negative duration": ({"duration_s": -1.0}, "duration_s is -1.0"),
    "a long duration": ({"duration_s": 60.1}, "duration_s is 60.1"),
    "not a duration": ({"duration_s": math.nan}, "duration_s is nan"),
    "a text for a duration": ({"duration_s": "2"}, "duration_s is '2'"),
    "no chunk": ({"chunk_duration_s": 0.0}, "chunk_duration_s is 0.0"),
    "a long chunk": ({"chunk_duration_s": 2.0}, "the model decodes 94"),
    "another mode": ({"concat_mode": "x"}, "concat_mode is 'x', expected one of crossfade, lat"),
    "another stereo": ({"stereo_mode": "wide"}, "stereo_mode is 'wide', expected one of mono, mid"),
    "a wide stereo": ({"stereo_mode": "mid_side", "stereo_width": 2}, "the width is 2"),
    "a deep sound": ({"spatial": SpatialConfig(depth=2.0)}, "the depth is 2.0"),
    "another rate": ({"sample_rate": 22_050}, "sample_rate is 22050, expected one of 44100, 480"),
    "an evolution": ({"evolution_amount": 1.5}, "evolution is 1.5"),
    "a seed": ({"seed": -1}, "seed is -1"),
    "a last seed": ({"seed": 2**32 - 1, "stereo_mode": "dual_seed"}, "seed is 4294967296"),
    "a short vector": ({"latent_vector": np.zeros(15)}, "has 15 values, the model expects 16"),
    "a matrix": ({"latent_vector": np.zeros((1, 16))}, r"has shape \[1, 16\]"),
    "a broken vector": ({"latent_vector": [math.nan] * 16}, "holds NaN"),
}


@pytest.mark.parametrize(("fields", "message"), BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys())
def test_settings_out_of_bounds(
    pipeline: GenerationPipeline, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        generate(pipeline, **fields)
    assert "\n" not in str(caught.value)


def test_a_longer_sound_may_be_allowed() -> None:
    GenerationConfig(duration_s=61, max_duration_s=100).validate()


@pytest.mark.parametrize("num_chunks", [0, -1])
def test_there_is_at_least_a_chunk(num_chunks: int) -> None:
    with pytest.raises(RequestError, match=f"num_chunks is {num_chunks}, expected at least 1"):
        generate_chunks_crossfade(tiny_model(), SPECTROGRAM, num_chunks, "cpu", 1)
