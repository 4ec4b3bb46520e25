"""The built-in head against the formulas that it is made of, measured in what it lets through."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import eval_legendre

from distill_runtime.audio.binaural.source_position import SourcePosition
from distill_runtime.audio.binaural.spherical_head import head_responses
from distill_runtime.audio.spatial import SpatialProcessor, StereoSettings

RADIUS_M, SPEED_M_S, RATE_HZ = 0.0875, 343.0, 48_000
FAR_M = 100.0
N_FFT = 2**13
BINS_HZ = np.fft.rfftfreq(N_FFT, 1 / RATE_HZ)

azimuths = st.floats(-180.0, 180.0)
elevations = st.floats(-90.0, 90.0)
distances = st.floats(0.2, 100.0)
positions = st.builds(SourcePosition, azimuths, elevations, distances)


def lateral_angle(position: SourcePosition) -> float:
    """The angle from the median plane, positive to the right."""
    azimuth, elevation = map(math.radians, (position.azimuth_deg, position.elevation_deg))
    return math.asin(math.sin(azimuth) * math.cos(elevation))


def shadow(angle: float) -> np.ndarray:
    """Brown and Duda's filter at the bins, through the bilinear transform."""
    alpha = 1.05 + 0.95 * math.cos(math.pi * math.degrees(angle) / 150.0)
    s = 2j * RATE_HZ * np.tan(np.pi * BINS_HZ / RATE_HZ)[:-1]
    beta = 2.0 * SPEED_M_S / RADIUS_M
    return np.append((alpha * s + beta) / (s + beta), alpha)


def heard(position: SourcePosition, seed: int = 0) -> np.ndarray:
    """Spectra `[2, bins]` of a noise up to 20 kHz at a place."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(N_FFT // 2), N_FFT)
    spectrum[BINS_HZ > 20_000] = 0.0
    noise = np.fft.irfft(spectrum)[None, : N_FFT // 2]
    stereo = StereoSettings(
        "binaural",
        azimuth_deg=position.azimuth_deg,
        elevation_deg=position.elevation_deg,
        distance_m=position.distance_m,
    )
    out = SpatialProcessor(stereo).push(np.pad(noise, [(0, 0), (0, N_FFT // 2)]))
    return np.fft.rfft(out, N_FFT)


def measured_itd_us(position: SourcePosition) -> float:
    """By how much the left ear is later: where the cross-correlation of what both hear peaks.

    Without the shadows, which delay low frequencies on their own.
    """
    lateral = lateral_angle(position)
    left, right = heard(position)
    cross = left / shadow(math.pi / 2 + lateral) * np.conj(right / shadow(math.pi / 2 - lateral))
    cross[BINS_HZ > 20_000] = 0.0
    oversampling = 16
    correlation = np.fft.irfft(cross, oversampling * N_FFT)
    at = int(np.argmax(correlation))
    before, peak, after = (correlation[(at + step) % len(correlation)] for step in (-1, 0, 1))
    fraction = 0.5 * (before - after) / (before - 2.0 * peak + after)
    samples = at + fraction - (len(correlation) if at > len(correlation) // 2 else 0)
    return float(samples / oversampling / RATE_HZ * 1e6)


@settings(max_examples=40)
@given(azimuths, elevations)
def test_the_time_between_the_ears_is_woodworths(azimuth: float, elevation: float) -> None:
    position = SourcePosition(azimuth, elevation, FAR_M)
    lateral = lateral_angle(position)
    expected_us = RADIUS_M / SPEED_M_S * (lateral + math.sin(lateral)) * 1e6
    assert measured_itd_us(position) == pytest.approx(expected_us, abs=0.3)


@settings(max_examples=30)
@given(azimuths, distances)
def test_the_time_of_a_near_source_is_that_of_the_ways_round_the_head(
    azimuth: float, distance_m: float
) -> None:
    position = SourcePosition(azimuth, 0.0, distance_m)
    lateral = abs(lateral_angle(position))
    source = distance_m * np.array([math.cos(lateral), math.sin(lateral)])
    ways = []
    for ear in (np.array([0.0, RADIUS_M]), np.array([0.0, -RADIUS_M])):
        # The shortest way along a fine polygon round the sphere to a point that sees the source.
        start = math.atan2(ear[1], ear[0])
        angles = start + np.linspace(0.0, lateral - start, 4_001)
        points = RADIUS_M * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        seen = points @ source >= RADIUS_M**2 * (1.0 - 1e-12)
        straight = np.linalg.norm(points - source, axis=1)
        ways.append(np.min((straight + RADIUS_M * np.abs(angles - start))[seen]))
    expected_us = (ways[1] - ways[0]) / SPEED_M_S * 1e6
    assert abs(measured_itd_us(position)) == pytest.approx(expected_us, abs=0.3)


@given(positions)
def test_both_ears_hear_brown_and_dudas_filter(position: SourcePosition) -> None:
    lateral = lateral_angle(position)
    spectra = np.abs(np.fft.rfft(head_responses(position), N_FFT))[:, BINS_HZ <= 20_000]
    for spectrum, angle in zip(
        spectra, (math.pi / 2 + lateral, math.pi / 2 - lateral), strict=True
    ):
        expected = np.abs(shadow(angle))[BINS_HZ <= 20_000]
        level_db = 20.0 * np.log10(spectrum / spectrum[0])
        np.testing.assert_allclose(level_db, 20.0 * np.log10(expected), atol=1e-3)


def test_the_figures_at_the_sides() -> None:
    left, right = np.abs(np.fft.rfft(head_responses(SourcePosition(90.0, 0.0, FAR_M)), N_FFT))
    at_20_khz = np.searchsorted(BINS_HZ, 20_000)
    for ear, high_db in ((right, 6.0), (left, -11.0)):
        assert 20.0 * math.log10(ear[0] * FAR_M) == pytest.approx(0.0, abs=0.02)
        assert 20.0 * math.log10(ear[at_20_khz] * FAR_M) == pytest.approx(high_db, abs=0.1)
    mirrored = np.abs(np.fft.rfft(head_responses(SourcePosition(-90.0, 0.0, FAR_M)), N_FFT))
    np.testing.assert_array_equal(mirrored, [right, left])


@given(st.floats(5.0, 90.0))
def test_the_difference_of_levels_grows_with_frequency(azimuth: float) -> None:
    left, right = np.abs(np.fft.rfft(head_responses(SourcePosition(azimuth, 0.0, FAR_M)), N_FFT))
    audible = (BINS_HZ > 20) & (BINS_HZ < 20_000)
    difference_db = 20.0 * np.log10(right / left)[audible]
    assert np.all(np.diff(difference_db) > -1e-5)
    assert difference_db[0] == pytest.approx(0.0, abs=0.05)


@given(positions)
def test_low_frequencies_are_those_of_a_point_source_on_a_rigid_sphere(
    position: SourcePosition,
) -> None:
    order = np.arange(200)
    weights = (2 * order + 1) / (order + 1) * (RADIUS_M / position.distance_m) ** order
    sine = math.sin(lateral_angle(position))
    for response, cosine in zip(head_responses(position), (-sine, sine), strict=True):
        gain = np.sum(weights * eval_legendre(order, cosine)) / position.distance_m
        assert response.sum() == pytest.approx(gain, rel=1e-6)


@given(positions)
def test_the_other_side_is_the_other_ear(position: SourcePosition) -> None:
    responses = head_responses(position)
    np.testing.assert_array_equal(head_responses(position.mirrored()), responses[::-1])


@given(st.sampled_from([0.0, 180.0, -180.0]), elevations, distances)
def test_both_ears_are_the_same_in_the_median_plane(
    azimuth: float, elevation: float, distance_m: float
) -> None:
    left, right = head_responses(SourcePosition(azimuth, elevation, distance_m))
    np.testing.assert_array_equal(left, right)


def test_nearer_is_louder_and_differs_more() -> None:
    levels = [
        20.0 * np.log10(head_responses(SourcePosition(90.0, 0.0, distance_m)).sum(axis=1))
        for distance_m in (0.2, 0.25, 0.5, 1.0, 2.0, 10.0)
    ]
    difference_db = [right - left for left, right in levels]
    assert difference_db == sorted(difference_db, reverse=True)
    np.testing.assert_allclose(difference_db, [12.0, 9.4, 4.6, 2.3, 1.1, 0.2], atol=0.1)
    assert all(np.diff(levels, axis=0).ravel() < 0.0)
