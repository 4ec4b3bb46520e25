"""Stereo against Distill's recordings, and the laws it keeps."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_runtime.audio.lowpass import lowpass
from distill_runtime.audio.snr import snr_db
from distill_runtime.audio.spatial import STEREO_MODES, SpatialProcessor, StereoSettings
from distill_runtime.errors import RequestError


def _noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, samples))


def _apply(x: np.ndarray, *arguments: Any) -> np.ndarray:
    return SpatialProcessor(StereoSettings(*arguments)).push(x)


@pytest.mark.parametrize(
    "case", ["dual_seed_2s_seed11", "mid_side_2s_seed11", "stereo_w07_d05_2s_seed11"]
)
def test_distill_agrees(shared: Path, case: str) -> None:
    folder = shared / "reference" / "ambience"
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    with np.load(folder / f"{case}.npz") as recording:
        raw = [recording[name] for name in ("raw_0", "raw_1") if name in recording]
        expected = recording["audio"]
    processor = SpatialProcessor(StereoSettings.from_legacy(cases[case]["config"]))
    found = processor.push(lowpass(np.stack(raw)))
    # Up to a gain, and without the filter's edge: Distill normalises before it cuts.
    expected, found = expected[:, :-2048].astype(np.float64), found[:, : expected.shape[1] - 2048]
    gain = (expected * found).sum() / np.square(found).sum()
    assert snr_db(expected, gain * found) > 140.0


@pytest.mark.parametrize("mode", STEREO_MODES)
@given(
    cuts=st.lists(st.integers(0, 4000), max_size=8),
    width=st.floats(0.0, 1.5),
    depth=st.floats(0.0, 1.0),
)
@settings(max_examples=20, deadline=None)
def test_any_cut_is_the_whole(mode: str, cuts: list[int], width: float, depth: float) -> None:
    options = StereoSettings(mode, width, depth)
    x = _noise(options.input_channels, 4000)
    stream = SpatialProcessor(options)
    joined = np.concatenate(
        [stream.push(block) for block in np.split(x, sorted(cuts), axis=1)], axis=1
    )
    assert joined.shape == (options.output_channels, 4000)
    np.testing.assert_array_equal(joined, SpatialProcessor(options).push(x))


def test_sample_by_sample() -> None:
    x = _noise(1, 1000).astype(np.float32)
    stream = SpatialProcessor(StereoSettings("mid-side", 1.3, 0.01))
    joined = np.concatenate([stream.push(x[:, i : i + 1]) for i in range(1000)], axis=1)
    np.testing.assert_array_equal(joined, _apply(x, "mid-side", 1.3, 0.01))


def test_mono_passes() -> None:
    x = _noise(1, 100)
    np.testing.assert_array_equal(_apply(x), x)


def test_dual_seed_without_depth_passes() -> None:
    x = _noise(2, 100)
    np.testing.assert_array_equal(_apply(x, "dual-seed", 1.5, 0.0), x)


def test_no_width_is_the_same_on_both_sides() -> None:
    left, right = _apply(_noise(1, 3000), "mid-side", 0.0, 0.4)
    np.testing.assert_array_equal(left, right)


def test_full_width_is_the_sound_and_15_ms_later() -> None:
    x = _noise(1, 3000)
    left, right = _apply(x, "mid-side", 1.0, 0.0)
    np.testing.assert_allclose(left, x[0], atol=1e-15)
    np.testing.assert_allclose(right[720:], x[0, :-720], atol=1e-15)
    assert not right[:720].any()


@pytest.mark.parametrize(
    ("depth", "delay"), [(1.0, 1920), (0.3, 576), (0.35, 672), (0.29, 556), (0.33, 633), (0.01, 19)]
)
def test_depth_is_one_echo(depth: float, delay: int) -> None:
    x = np.zeros((2, 4000))
    x[0, 10] = 1.0
    echo = _apply(x, "dual-seed", 0.7, depth) - x
    assert not echo[1].any()
    assert np.flatnonzero(echo[0]).tolist() == [10 + delay]
    assert echo[0, 10 + delay] == pytest.approx(0.15 * depth)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.0, 1.5), st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_linearity(a: float, b: float, width: float, depth: float) -> None:
    options = ("mid-side", width, depth)
    x, y = _noise(1, 3000, 1), _noise(1, 3000, 2)
    np.testing.assert_allclose(
        _apply(a * x + b * y, *options),
        a * _apply(x, *options) + b * _apply(y, *options),
        atol=1e-12,
    )


def test_memory_is_constant_and_of_its_own() -> None:
    stream = SpatialProcessor(StereoSettings("mid-side"))
    x = np.ones((1, 5000))
    stream.push(x)
    x[:] = 7.0
    np.testing.assert_allclose(stream.push(np.zeros((1, 1)))[:, 0], 0.5 - 0.35 * np.array([1, -1])
                               + 0.045 * np.ones(2))  # fmt: skip


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, StereoSettings()),
        ({"stereo_mode": "mono"}, StereoSettings()),
        ({"stereo_mode": "mid_side"}, StereoSettings("mid-side", 0.7, 0.3)),
        (
            {"stereo_mode": "mid_side", "stereo_width": 1.2, "seed": 1},
            StereoSettings("mid-side", 1.2, 0.3),
        ),
        ({"stereo_mode": "dual_seed"}, StereoSettings("dual-seed")),
        ({"spatial": {"mode": "mono"}}, StereoSettings()),
        (
            {"stereo_mode": "mono", "spatial": {"mode": "stereo", "width": 1, "depth": 0}},
            StereoSettings("mid-side", 1.0, 0.0),
        ),
    ],
)
def test_legacy_configurations(config: dict[str, Any], expected: StereoSettings) -> None:
    assert StereoSettings.from_legacy(config) == expected


@pytest.mark.parametrize(
    ("name", "mode"),
    [("mid_side", "mid-side"), ("dual_seed", "dual-seed"), ("stereo", "mid-side")],
)
def test_legacy_names(name: str, mode: str) -> None:
    assert StereoSettings(name).mode == mode


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "surround"}, "stereo.mode is 'surround', expected one of mono, mid-side, du"),
        ({"azimuth_deg": 180.5}, "stereo.azimuth_deg is 180.5, expected degrees from -180 to 180"),
        ({"azimuth_deg": "30"}, "stereo.azimuth_deg is '30', expected degrees from -180 to 180"),
        ({"elevation_deg": -91}, "stereo.elevation_deg is -91, expected degrees from -90 to 90"),
        ({"elevation_deg": float("nan")}, "stereo.elevation_deg is nan, expected degrees"),
        ({"distance_m": 0.1}, "stereo.distance_m is 0.1, expected metres from 0.2 to 100"),
        ({"distance_m": float("inf")}, "stereo.distance_m is inf, expected metres from 0.2 to 100"),
        ({"sofa": "kemar.sofa"}, "stereo.sofa is 'kemar.sofa', expected a SofaFile: SofaFile.load"),
        ({"mode": None}, "stereo.mode is None, expected one of"),
        ({"mode": ["mono"]}, "stereo.mode is ['mono'], expected one of"),
        ({"width": -0.1}, "stereo.width is -0.1, expected a number from 0 to 1.5"),
        ({"width": 1.6}, "stereo.width is 1.6, expected a number from 0 to 1.5"),
        ({"width": float("nan")}, "stereo.width is nan, expected a number"),
        ({"width": True}, "stereo.width is True, expected a number"),
        ({"depth": 1.1}, "stereo.depth is 1.1, expected a number from 0 to 1"),
        ({"depth": "0.3"}, "stereo.depth is '0.3', expected a number"),
    ],
)
def test_settings_out_of_bounds(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        StereoSettings(**changes)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"stereo_mode": "wide"}, "stereo.mode is 'wide'"),
        ({"stereo_mode": "mid_side", "stereo_width": 2}, "stereo.width is 2"),
        ({"stereo_mode": "mid_side", "spatial": {}}, "stereo_mode and spatial are both given"),
        ({"spatial": "stereo"}, "spatial is 'stereo', expected an object with a mode"),
        ({"spatial": {"mode": "stereo", "depth": None}}, "stereo.depth is None"),
        (
            {"spatial": {"mode": "binaural"}},
            "stereo.mode is 'binaural', expected one of mono, mid-side, dual-seed",
        ),
        ({"stereo_mode": "binaural"}, "stereo.mode is 'binaural', expected one of mono, mid-side"),
    ],
)
def test_legacy_configurations_out_of_bounds(config: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        StereoSettings.from_legacy(config)


@pytest.mark.parametrize(
    ("mode", "shape"), [("mono", (2, 5)), ("mid-side", (2, 5)), ("dual-seed", (1, 5)),
                        ("mono", (5,))]
)  # fmt: skip
def test_another_number_of_channels_is_refused(mode: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a block has shape"):
        SpatialProcessor(StereoSettings(mode)).push(np.zeros(shape))


def test_settings_are_plain_frozen_numbers() -> None:
    options = StereoSettings("mid-side", np.float32(0.5), 1)  # type: ignore[arg-type]
    assert (type(options.width), type(options.depth)) == (float, float)
    with pytest.raises(FrozenInstanceError):
        options.width = 1.0  # type: ignore[misc]
