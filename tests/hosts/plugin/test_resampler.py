"""From 48 kHz to a host's rate (hosts/plugin/src/resampler.hpp), measured with sines."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from tests.hosts.plugin.conftest import Plugin

RATES_HZ = (22_050, 44_100, 88_200, 96_000)


def resampled(plugin: Plugin, signal: np.ndarray, rate_hz: int, block: int = 441) -> np.ndarray:
    done = subprocess.run(
        [str(plugin.folder / "resample"), str(rate_hz), str(block)],
        input=signal.astype(np.float32).tobytes(),
        check=True,
        capture_output=True,
    )
    return np.frombuffer(done.stdout, np.float32).astype(np.float64)


def sine(frequency_hz: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(48_000) / 48_000)


def parts_db(sound: np.ndarray, frequency_hz: float, rate_hz: int) -> tuple[float, float]:
    """Return the level of a sine within a sound and of all else, in dB of the one that went in."""
    sound = sound[rate_hz // 10 :][: rate_hz // 2]
    phase = 2 * np.pi * frequency_hz * np.arange(len(sound)) / rate_hz
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fitted, *_ = np.linalg.lstsq(basis, sound, rcond=None)
    rest = sound - basis @ fitted
    power = np.mean(rest**2) / (0.5**2 / 2)
    return 20 * np.log10(np.hypot(*fitted) / 0.5), 10 * np.log10(power + 1e-20)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_sines_keep_their_level_and_bring_no_others(plugin: Plugin, rate_hz: int) -> None:
    highest = 0.85 * min(rate_hz, 48_000) / 2
    for frequency_hz in np.geomspace(40, highest, 12):
        level_db, rest_db = parts_db(
            resampled(plugin, sine(frequency_hz), rate_hz), frequency_hz, rate_hz
        )
        assert abs(level_db) < 0.05, frequency_hz
        assert rest_db < -85, frequency_hz


def test_what_a_lower_rate_cannot_hold_does_not_come_back(plugin: Plugin) -> None:
    for frequency_hz in (11_600, 13_000, 17_000, 23_000):
        heard = resampled(plugin, sine(frequency_hz), 22_050)[2205:]
        assert 20 * np.log10(np.abs(heard).max() / 0.5) < -80, frequency_hz


def test_blocks_of_any_size_are_one_sound(plugin: Plugin) -> None:
    noise = np.random.default_rng(3).standard_normal(20_000)
    for rate_hz in RATES_HZ:
        whole = resampled(plugin, noise, rate_hz, 4096)
        cut = resampled(plugin, noise, rate_hz, 7)
        length = min(len(whole), len(cut))
        np.testing.assert_allclose(whole[:length], cut[:length], atol=1e-6)
