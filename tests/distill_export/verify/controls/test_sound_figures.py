"""Figures of sounds: each follows its word, and none but the loudness the level."""

from __future__ import annotations

import numpy as np
import pytest

from distill_export.verify.controls.sound_figures import COLUMNS, FIGURES, measure_sounds

RATE = 48_000
T = np.arange(RATE) / RATE


def noise(low_hz: float, high_hz: float, seed: int = 0) -> np.ndarray:
    """Return a second of noise of one band."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(RATE))
    spectrum[: int(low_hz)] = 0.0
    spectrum[int(high_hz) :] = 0.0
    sound = np.fft.irfft(spectrum)
    return sound / np.abs(sound).max()


def tone(frequency_hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * T)


def harmonics(base_hz: float, count: int) -> np.ndarray:
    return sum(tone(base_hz * (k + 1)) for k in range(count)) / count


BROAD = noise(20, 16_000)
CLICKS = BROAD * np.exp(-40 * (T % 0.25))

# A sound that has little of it, and one that has much.
PAIRS = {
    "Brightness": (noise(100, 800), noise(100, 8000)),
    "Loudness": (0.1 * BROAD, BROAD),
    "Noise": (tone(440), BROAD),
    "Movement": (tone(440), BROAD),
    "Attack": (BROAD, CLICKS),
    "Tone": (BROAD, harmonics(200, 20)),
    "Warmth": (noise(400, 2000), noise(80, 2000)),
    "Presence": (noise(300, 3000), noise(300, 5000)),
    "Air": (noise(100, 6000), noise(100, 16_000)),
    "Bass": (noise(150, 900), noise(30, 900)),
}


def measured(sound: np.ndarray) -> dict[str, float]:
    (row,) = measure_sounds(sound[None].astype(np.float32))
    return dict(zip(COLUMNS, row.tolist(), strict=True))


def test_every_figure_has_a_pair() -> None:
    assert list(PAIRS) == [figure.name for figure in FIGURES]


@pytest.mark.parametrize("name", PAIRS)
def test_a_figure_follows_its_word(name: str) -> None:
    little, much = (measured(sound)[name] for sound in PAIRS[name])
    assert much > little


@pytest.mark.parametrize("name", PAIRS)
def test_only_the_loudness_depends_on_the_level(name: str) -> None:
    loud, soft = measured(PAIRS[name][1]), measured(0.01 * PAIRS[name][1])
    for figure in FIGURES:
        if figure.is_level:
            assert loud[figure.name] - soft[figure.name] == pytest.approx(40.0, abs=0.1)
        else:
            assert loud[figure.name] == pytest.approx(soft[figure.name], rel=0.01, abs=0.02)


def test_units_are_what_they_say() -> None:
    assert measured(tone(1000))["Brightness"] == pytest.approx(np.log2(1000), abs=0.1)
    assert measured(tone(1000))["Loudness"] == pytest.approx(-3.01, abs=0.01)
    assert measured(BROAD)["Noise"] > -4


def test_silence_and_a_row_by_itself() -> None:
    sounds = np.stack([np.zeros(RATE), BROAD, CLICKS]).astype(np.float32)
    found = measure_sounds(sounds)
    assert found.shape == (3, len(COLUMNS))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[1:2], measure_sounds(sounds[1:2]), rtol=1e-5, atol=1e-6)
