"""Trajectories against the latents that Distill recorded."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.errors import RequestError
from distill_runtime.latents.trajectory import (
    anchors_for_duration,
    check_duration,
    crossfade,
    evolve,
    slerp,
    steps_for_duration,
)
from tests.recordings import REFERENCE_CASES


@pytest.mark.parametrize("name", REFERENCE_CASES)
def test_the_recorded_latents(shared: Path, name: str) -> None:
    folder = shared / "reference/ambience"
    case = json.loads((folder / "cases.json").read_text(encoding="utf-8"))["cases"][name]
    with np.load(folder / f"{name}.npz") as recording:
        for channel, steps in enumerate(case["steps"]):
            recorded = recording[f"latents_{channel}"]
            latents = _latents(case["config"], channel)
            assert latents.dtype == np.float32
            assert latents.shape == recorded.shape == (steps, 128)
            np.testing.assert_allclose(latents, recorded, rtol=0.0, atol=1e-6)


def _latents(config: dict[str, Any], channel: int) -> np.ndarray:
    seed, duration_s = config["seed"] + channel, config["duration_s"]
    if "latent_vector" not in config:
        return crossfade(seed=seed, duration_s=duration_s, latent_dim=128)
    return evolve(
        config["latent_vector"],
        seed=seed,
        duration_s=duration_s,
        evolution=config["evolution_amount"],
    )


@pytest.mark.parametrize(
    ("duration_s", "steps", "anchors"),
    [
        (1e-4, 1, 2),
        (1.0, 1, 2),
        (1.0001, 3, 2),
        (2.0, 3, 2),
        (3.0, 5, 3),
        (3.5, 7, 4),
        (4, 7, 4),
        (6.0, 11, 6),
        (10.0, 19, 10),
        (60.0, 119, 60),
    ],
)
def test_steps_and_anchors(duration_s: float, steps: int, anchors: int) -> None:
    assert steps_for_duration(duration_s) == steps
    assert anchors_for_duration(duration_s) == anchors


@given(st.floats(1e-3, 1e6))
def test_the_steps_cover_the_duration(duration_s: float) -> None:
    steps = steps_for_duration(duration_s)
    assert 24_064 * (steps + 1) >= round(duration_s * 48_000)
    # And one less would not cover the whole seconds that Distill counts in.
    assert steps == 1 or 24_064 * steps < math.ceil(duration_s) * 48_000 + 512


def test_a_crossfade_goes_from_the_first_anchor_to_the_last() -> None:
    path = crossfade(seed=8, duration_s=2.0, latent_dim=32)
    longer = crossfade(seed=8, duration_s=3.0, latent_dim=32)
    np.testing.assert_array_equal(path[0], longer[0])
    # Three anchors on five steps: the second is step 2 there, the last step here.
    np.testing.assert_allclose(path[-1], longer[2], rtol=0.0, atol=1e-6)


@pytest.mark.parametrize(("duration_s", "evolution"), [(5.0, 0.0), (1.0, 1.0), (0.3, 0.5)])
def test_a_static_path_is_the_vector_itself(duration_s: float, evolution: float) -> None:
    # A static path needs no random vector, so it may be short.
    vector = np.array([0.5, -1.5, 2.0])
    path = evolve(vector, seed=1, duration_s=duration_s, evolution=evolution)
    np.testing.assert_array_equal(
        path, np.tile(vector.astype(np.float32), (steps_for_duration(duration_s), 1))
    )


def test_a_full_evolution_ends_where_the_seed_says() -> None:
    first = evolve(np.ones(32), seed=4, duration_s=2.0, evolution=1.0)
    second = evolve(-np.arange(1.0, 33.0), seed=4, duration_s=2.0, evolution=1.0)
    np.testing.assert_allclose(first[-1], second[-1], rtol=0.0, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_slerp_on_the_sphere_stays_on_it(seed: int, t: float) -> None:
    a, b = np.random.default_rng(seed).standard_normal((2, 64))
    a, b = (v.astype(np.float32) / np.float32(np.linalg.norm(v)) for v in (a, b))
    between = slerp(a, b, t)
    assert np.linalg.norm(between) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(between, slerp(b, a, 1.0 - t), rtol=0.0, atol=1e-6)
    angle = math.acos(np.clip(np.dot(a.astype(float), b.astype(float)), -1, 1))
    assert math.acos(min(1.0, float(between @ a))) == pytest.approx(t * angle, abs=2e-3)


def test_slerp_of_many_is_slerp_of_each() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 9, 20)).astype(np.float32)
    t = np.linspace(0.0, 1.0, 9)
    together = slerp(a, b, t)
    for i in range(9):
        np.testing.assert_array_equal(together[i], slerp(a[i], b[i], float(t[i])))


@pytest.mark.parametrize("factor", [1.0, 3.0, -1.0, 0.0])
def test_slerp_without_an_angle_is_a_line(factor: float) -> None:
    a = np.random.default_rng(0).standard_normal(20).astype(np.float32)
    b = np.float32(factor) * a
    np.testing.assert_allclose(slerp(a, b, 0.25), 0.75 * a + 0.25 * b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("duration_s", [1, 0.5, np.float32(2.0), np.int64(3), Fraction(1, 3)])
def test_what_is_a_duration(duration_s: float) -> None:
    checked = check_duration(duration_s, 48_000)
    assert type(checked) is float
    assert checked == float(duration_s)


def test_the_shortest_duration_is_one_sample() -> None:
    assert check_duration(1 / 48_000, 48_000) == 1 / 48_000
    assert check_duration(0.6 / 44_100, 44_100) == 0.6 / 44_100


@pytest.mark.parametrize(
    ("duration_s", "message"),
    [
        ("1", "duration_s is '1', expected a number of seconds above 0"),
        (None, "duration_s is None, expected a number"),
        (True, "duration_s is True, expected a number"),
        (1j, "duration_s is 1j, expected a number"),
        (math.nan, "duration_s is nan, expected a number of seconds above 0"),
        (math.inf, "duration_s is inf, expected a number of seconds above 0"),
        (-math.inf, "duration_s is -inf, expected"),
        (1e308, "duration_s is 1e+308, expected at most 1e+09, some 30 years"),
        (1e20, "duration_s is 1e+20, expected at most 1e+09"),
        (1.1e9, "duration_s is 1.1e+09, expected at most 1e+09"),
        (10**400, "duration_s is inf, expected"),
        (0, "duration_s is 0, expected a number of seconds above 0"),
        (-0.0, "duration_s is -0, expected"),
        (-2.5, "duration_s is -2.5, expected"),
        (1e-5, "duration_s is 1e-05, less than one sample at 48000 Hz: expected at least"),
        (5e-324, "less than one sample at 48000 Hz"),
    ],
)
def test_what_is_no_duration(duration_s: object, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        check_duration(duration_s, 48_000)
    assert "\n" not in str(raised.value)
    with pytest.raises(RequestError):
        steps_for_duration(duration_s)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vector": [[1.0] * 16]}, "latent_vector has shape [1, 16], expected a row"),
        ({"vector": 1.0}, "latent_vector has shape [], expected a row"),
        ({"vector": []}, "latent_vector has shape [0], expected a row"),
        ({"vector": [1.0] * 15 + [math.nan]}, "latent_vector holds NaN"),
        ({"vector": [1.0] * 15 + [math.inf]}, "a number beyond float32"),
        ({"vector": [1e39] * 16}, "a number beyond float32"),
        ({"vector": ["a"] * 16}, "latent_vector does not hold numbers"),
        ({"vector": [[1.0], [1.0, 2.0]]}, "latent_vector does not hold numbers"),
        ({"vector": [1.0] * 15}, "cannot draw 15 random values"),
        ({"evolution": -0.1}, "evolution is -0.1, expected a number from 0 to 1"),
        ({"evolution": 1.5}, "evolution is 1.5, expected a number from 0 to 1"),
        ({"evolution": 10**400}, "expected a number from 0 to 1"),
        ({"evolution": math.nan}, "evolution is nan, expected"),
        ({"evolution": True}, "evolution is True, expected"),
        ({"evolution": "1"}, "evolution is '1', expected"),
        ({"seed": -1}, "seed is -1"),
        ({"duration_s": 0.0}, "duration_s is 0"),
    ],
)
def test_what_cannot_evolve(change: dict[str, Any], message: str) -> None:
    request = {"vector": [1.0] * 16, "seed": 1, "duration_s": 2.0, "evolution": 0.5} | change
    with pytest.raises(RequestError, match=re.escape(message)):
        evolve(request.pop("vector"), **request)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"duration_s": math.inf}, "duration_s is inf"),
        ({"latent_dim": 15}, "cannot draw 15 random values"),
    ],
)
def test_what_cannot_crossfade(change: dict[str, Any], message: str) -> None:
    request = {"seed": 1, "duration_s": 2.0, "latent_dim": 16} | change
    with pytest.raises(RequestError, match=re.escape(message)):
        crossfade(**request)
