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
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.latents.sliders import random_positions
from tests.distill_runtime.slider_banks import make_bank

DUAL = StereoSettings("dual-seed")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"duration_s": 0}, "duration_s is 0"),
        ({"duration_s": -1.0}, "duration_s is -1"),
        ({"duration_s": float("nan")}, "duration_s is nan"),
        ({"duration_s": float("inf")}, "duration_s is inf"),
        ({"duration_s": 1e-6}, "less than one sample"),
        ({"duration_s": "10"}, "duration_s is '10'"),
        ({"duration_s": True}, "duration_s is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": SEED_LIMIT}, "seed is 4294967296"),
        ({"seed": 1.0}, "seed is 1.0"),
        ({"seed": True}, "seed is True"),
        ({"seed": SEED_LIMIT - 1, "stereo": DUAL}, "dual-seed stereo takes the next"),
        ({"mode": "random"}, "mode is 'random', expected crossfade or latent-interpolation"),
        ({"evolution": -0.1}, "evolution is -0.1"),
        ({"evolution": 1.1}, "evolution is 1.1"),
        ({"evolution": float("nan")}, "evolution is nan"),
        ({"sliders": (0,), "latent_vector": (0.0,)}, "give one of them"),
        ({"sliders": ()}, "there are no slider positions"),
        ({"latent_vector": (float("nan"),) * 16}, "vector"),
        ({"latent_vector": ((0.0,) * 16,)}, "vector"),
        ({"sample_rate_hz": 22_050}, "sample_rate_hz is 22050"),
        ({"sample_rate_hz": 48_000.0}, "sample_rate_hz is 48000.0"),
        ({"fade_in_s": -0.1}, "fade_in_s is -0.1, expected seconds, 0 or more"),
        ({"fade_out_s": float("nan")}, "fade_out_s is nan"),
        ({"fade_out_s": "1"}, "fade_out_s is '1'"),
        ({"fade_in_s": 11.0}, "the fades take 11 s and the sound has 10: shorten them"),
        ({"fade_in_s": 6, "fade_out_s": 6}, "the fades take 12 s and the sound has 10"),
        ({"loop": 1}, "loop is 1, expected True or False"),
        ({"loop": True, "fade_in_s": 0.1}, "a loop goes on where it ends: leave out loop, or"),
        ({"sliders": {}}, "there are no slider positions"),
        ({"sliders": "Brightness"}, "expected a position for each or a mapping"),
        ({"sliders": 3}, "the sliders are 3, expected a position for each or a mapping"),
        ({"sliders": {"Brightness": "3"}}, "slider 'Brightness' is set to '3', expected a finite"),
        ({"sliders": {0: float("nan")}}, "slider 0 is set to nan, expected a finite number"),
        ({"sliders": {1.5: 1}}, "a slider is called 1.5, expected its label or its index"),
        ({"sliders": (1, True)}, "slider 1 is set to True"),
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


def test_sliders_are_named_or_counted() -> None:
    sliders = make_bank(1, 3, 16).sliders
    given = {"PC1": np.float32(2.5), np.int64(2): np.int64(-3)}
    config = GenerationConfig(seed=3, sliders=given, evolution=0.0)
    assert config.sliders == {"PC1": 2.5, 2: -3}
    assert hash(config) == hash(dataclasses.replace(config))
    expected = dataclasses.replace(config, sliders=(2.5, 0, -3))
    assert config.with_positions(sliders) == expected
    assert expected.with_positions(sliders) == expected
    given["PC1"] = 9  # what was handed in stays the caller's
    assert config.sliders == {"PC1": 2.5, 2: -3}
    with pytest.raises(RequestError, match="there is no slider 'PC9'"):
        GenerationConfig(sliders={"PC9": 1}).with_positions(sliders)
    with pytest.raises(RequestError, match="is set to 11, expected a number from -10 to 10"):
        GenerationConfig(sliders={0: 11}).with_positions(sliders)


def test_random_sliders_are_those_of_the_seed() -> None:
    sliders = make_bank(1, 3, 16).sliders
    drawn = GenerationConfig(seed=3, evolution=0.0).with_random_sliders(sliders)
    assert drawn == GenerationConfig(seed=3, sliders=random_positions(sliders, 3), evolution=0.0)
