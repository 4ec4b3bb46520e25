"""The resampler against Distill's recordings, and the laws it keeps."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_runtime.audio.lowpass import lowpass
from distill_runtime.audio.resample import Resampler, check_sample_rate
from distill_runtime.audio.snr import snr_db
from distill_runtime.errors import DependencyError, RequestError

RATES_HZ = [44_100, 48_000, 96_000]


def _resample(x: np.ndarray, rate_hz: int, cuts: list[int] | None = None) -> np.ndarray:
    stream = Resampler(rate_hz, x.shape[0])
    done = [stream.push(block) for block in np.split(x, sorted(cuts or []), axis=1)]
    return np.concatenate([*done, stream.finish()], axis=1)


def _sine(frequency_hz: float, rate_hz: int, duration_s: float = 1.0) -> np.ndarray:
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.sin(2.0 * np.pi * frequency_hz * times)[None]


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_distill_agrees_below_18_khz(shared: Path, rate_hz: int) -> None:
    signal = pytest.importorskip("scipy.signal")
    path = shared / "reference" / "ambience" / f"resample_{rate_hz}_2s_seed13.npz"
    with np.load(path) as recording:
        raw, expected = recording["raw_0"], recording["audio"]
    found = _resample(lowpass(raw[None]), rate_hz)[0]
    assert found.shape == expected.shape
    kept = slice(0, len(expected) - 2048 * rate_hz // 48_000)
    sections = signal.butter(16, 18_000, fs=rate_hz, output="sos")
    expected = signal.sosfiltfilt(sections, expected[kept].astype(np.float64))
    found = signal.sosfiltfilt(sections, found[kept].astype(np.float64))
    gain = (expected * found).sum() / np.square(found).sum()
    assert snr_db(expected, gain * found) > 70.0


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@given(
    samples=st.integers(0, 20_000),
    cuts=st.lists(st.integers(0, 20_000), max_size=8),
    channels=st.integers(1, 2),
)
@settings(max_examples=25, deadline=None)
def test_any_cut_is_the_whole(rate_hz: int, samples: int, cuts: list[int], channels: int) -> None:
    x = np.random.default_rng(samples).standard_normal((channels, samples)).astype(np.float32)
    whole = _resample(x, rate_hz)
    assert whole.dtype == np.float32
    assert whole.shape == (channels, round(samples * rate_hz / 48_000))
    np.testing.assert_array_equal(_resample(x, rate_hz, cuts), whole)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("size", [1, 1000, 24_064])
def test_blocks_of_one_size(rate_hz: int, size: int) -> None:
    samples = 2000 if size == 1 else 200_000
    x = np.random.default_rng(size).standard_normal((2, samples)).astype(np.float32)
    cuts = list(range(size, samples, size))
    np.testing.assert_array_equal(_resample(x, rate_hz, cuts), _resample(x, rate_hz))


@pytest.mark.parametrize("samples", [*range(200), 4799, 48_001])
def test_the_length_is_the_nearest_at_44100(samples: int) -> None:
    # 80 samples are 73.5, where soxr rounds up and Python to the even number.
    assert _resample(np.ones((1, samples)), 44_100).shape == (1, round(samples * 0.91875))


def test_48_khz_passes() -> None:
    x = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    np.testing.assert_array_equal(_resample(x, 48_000), x)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("frequency_hz", [50.0, 997.0, 10_000.0, 18_000.0])
def test_a_sine_stays_the_same_sine(rate_hz: int, frequency_hz: float) -> None:
    found = _resample(_sine(frequency_hz, 48_000), rate_hz)
    middle = slice(2000, -2000)
    expected = _sine(frequency_hz, rate_hz)
    # Level and phase alike, to float32's own rounding; near the band's edge 0.0005 dB quieter.
    least = 80.0 if (rate_hz, frequency_hz) == (44_100, 18_000.0) else 130.0
    assert snr_db(expected[:, middle], found[:, middle]) > least


@pytest.mark.parametrize("frequency_hz", [22_600.0, 23_000.0, 23_900.0])
def test_what_44100_cannot_hold_does_not_fold_back(frequency_hz: float) -> None:
    found = _resample(_sine(frequency_hz, 48_000), 44_100)[:, 2000:-2000]
    assert 20.0 * np.log10(np.abs(found).max()) < -120.0


@pytest.mark.parametrize("frequency_hz", [1000.0, 19_000.0])
def test_no_image_above_24_khz_at_96000(frequency_hz: float) -> None:
    found = _resample(_sine(frequency_hz, 48_000), 96_000)[0, 4000:-4000]
    spectrum = np.abs(np.fft.rfft(found * np.blackman(found.size)))
    above = np.fft.rfftfreq(found.size, 1.0 / 96_000) > 25_000.0
    assert 20.0 * np.log10(spectrum[above].max() / spectrum.max()) < -120.0


def test_an_impulse_stays_where_it_is() -> None:
    x = np.zeros((1, 4800))
    x[0, 1600] = 1.0
    assert np.abs(_resample(x, 44_100)[0]).argmax() == 1470
    assert np.abs(_resample(x, 96_000)[0]).argmax() == 3200


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_silence_stays_digital_silence(rate_hz: int) -> None:
    assert not _resample(np.zeros((2, 10_000), np.float32), rate_hz).any()


@pytest.mark.parametrize("rate_hz", [22_050, 0, -1, 44_100.5, "48000", None, True])
def test_another_rate_is_refused(rate_hz: object) -> None:
    message = f"sample_rate_hz is {rate_hz!r}, expected one of 44100, 48000, 96000"
    with pytest.raises(RequestError, match=re.escape(message)):
        check_sample_rate(rate_hz)
    with pytest.raises(RequestError, match=re.escape(message)):
        Resampler(rate_hz, 1)  # type: ignore[arg-type]


def test_without_soxr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(DependencyError, match=r"^soxr is not installed, .*: pip install soxr$"):
        Resampler(44_100, 1)
    Resampler(48_000, 1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_another_number_of_channels_is_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="a block has shape"):
        Resampler(rate_hz, 1).push(np.zeros((2, 5)))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_finished_sound_is_refused(rate_hz: int) -> None:
    stream = Resampler(rate_hz, 1)
    stream.finish()
    with pytest.raises(ValueError, match="the sound is finished"):
        stream.push(np.zeros((1, 5)))
    with pytest.raises(ValueError, match="the sound is finished"):
        stream.finish()
