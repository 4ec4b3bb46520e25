"""What a request may be, and what it says of itself."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime import GenerationConfig, RequestError
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.latents.seeds import SEED_LIMIT

DUAL = StereoSettings("dual-seed")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"duration_s": 0}, "the duration is 0 s"),
        ({"duration_s": -1.0}, "the duration is -1 s"),
        ({"duration_s": float("nan")}, "the duration is nan s"),
        ({"duration_s": float("inf")}, "the duration is inf s"),
        ({"duration_s": 1e-6}, "less than one sample"),
        ({"duration_s": "10"}, "the duration is '10'"),
        ({"duration_s": True}, "the duration is True"),
        ({"seed": -1}, "the seed is -1"),
        ({"seed": SEED_LIMIT}, "the seed is 4294967296"),
        ({"seed": 1.0}, "the seed is 1.0"),
        ({"seed": True}, "the seed is True"),
        ({"seed": SEED_LIMIT - 1, "stereo": DUAL}, "dual-seed stereo takes the next"),
        ({"mode": "random"}, "the mode is 'random', expected crossfade or latent-interpolation"),
        ({"evolution": -0.1}, "the evolution is -0.1"),
        ({"evolution": 1.1}, "the evolution is 1.1"),
        ({"evolution": float("nan")}, "the evolution is nan"),
        ({"sliders": (0,), "latent_vector": (0.0,)}, "give one of them"),
        ({"sliders": ()}, "there are no slider positions"),
        ({"latent_vector": (float("nan"),) * 16}, "vector"),
        ({"latent_vector": ((0.0,) * 16,)}, "vector"),
        ({"sample_rate_hz": 22_050}, "the sample rate is 22050"),
        ({"sample_rate_hz": 48_000.0}, "the sample rate is 48000.0"),
        ({"sample_rate_hz": 96_000, "audio_format": AudioFormat("mp3")}, "for mp3"),
    ],
)
def test_what_is_out_of_bounds_is_refused_in_one_line(
    settings: dict[str, Any], expected: str
) -> None:
    with pytest.raises(RequestError) as refused:
        GenerationConfig(**settings)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_original_name_of_a_mode_becomes_ours() -> None:
    legacy = GenerationConfig(mode="latent_interpolation")
    assert legacy == GenerationConfig(mode="latent-interpolation")


def test_there_is_no_longest_duration() -> None:
    assert GenerationConfig(duration_s=3_600.0).samples == 172_800_000


@given(
    st.floats(0.001, 1e4),
    st.sampled_from([44_100, 48_000, 96_000]),
    st.sampled_from(["mono", "mid-side", "dual-seed"]),
)
def test_length_and_channels_follow_from_the_request(
    duration_s: float, rate_hz: int, mode: str
) -> None:
    config = GenerationConfig(
        duration_s=duration_s, seed=1, sample_rate_hz=rate_hz, stereo=StereoSettings(mode)
    )
    assert abs(config.samples - duration_s * rate_hz) <= 0.5
    assert config.channels == (1 if mode == "mono" else 2)
    assert config.row_seeds == ((1, 2) if mode == "dual-seed" else (1,))


def test_a_given_seed_stays() -> None:
    config = GenerationConfig(seed=3)
    assert config.with_seed() is config
    assert config.with_seed(4) == GenerationConfig(seed=4)


def test_a_drawn_seed_is_one_and_not_always_the_same() -> None:
    drawn = {GenerationConfig().with_seed().seed for _ in range(8)}
    assert len(drawn) > 1
    assert all(isinstance(seed, int) and 0 <= seed < SEED_LIMIT for seed in drawn)


@pytest.mark.parametrize("draw", [0, 10**9])
def test_a_drawn_seed_leaves_room(monkeypatch: pytest.MonkeyPatch, draw: int) -> None:
    """Whatever is drawn, the seeds after it exist, and one more for dual-seed stereo."""
    monkeypatch.setattr("secrets.randbelow", lambda limit: limit - 1 - min(draw, limit - 1))
    drawn = GenerationConfig(stereo=DUAL).with_seed(room=100).seed
    assert drawn is not None
    last = GenerationConfig(stereo=DUAL, seed=drawn + 99)
    assert last.row_seeds[1] < SEED_LIMIT


def test_numbers_of_any_kind_become_plain_ones() -> None:
    config = GenerationConfig(
        duration_s=np.float32(1.5),
        seed=np.int64(7),
        sliders=np.array([1, -2]),
        evolution=np.float32(0.25),
    )
    assert config == GenerationConfig(duration_s=1.5, seed=7, sliders=(1, -2), evolution=0.25)
    values = [config.duration_s, config.seed, config.sliders, config.evolution]
    assert json.loads(json.dumps(values)) == [1.5, 7, [1, -2], 0.25]


def test_a_latent_vector_is_kept_as_the_graph_takes_it() -> None:
    config = GenerationConfig(latent_vector=np.full(16, 0.1))
    assert config.latent_vector == (float(np.float32(0.1)),) * 16


def test_other_sliders_leave_the_rest() -> None:
    config = GenerationConfig(seed=3, sliders=(1, 2), evolution=0.0)
    assert config.with_sliders((3, 4)) == dataclasses.replace(config, sliders=(3, 4))
