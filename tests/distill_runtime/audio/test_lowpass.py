"""The streaming filter against scipy's, and the laws it keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_runtime.audio.lowpass import EXTENSION, ZeroPhaseLowpass, lowpass

# Around the extension, the response's reach, one block and several.
LENGTHS = [
    1,
    2,
    3,
    10,
    27,
    28,
    29,
    383,
    384,
    385,
    7423,
    7424,
    7425,
    7808,
    8191,
    8192,
    8193,
    15_231,
    15_232,
    15_616,
    40_000,
]
SIGNALS = ["noise", "impulse", "first", "last", "dc", "step", "ramp"]


def _signal(name: str, n: int) -> np.ndarray:
    index = np.arange(n)
    return {
        "noise": np.random.default_rng(n).standard_normal(n),
        "impulse": (index == n // 2).astype(float),
        "first": (index == 0).astype(float),
        "last": (index == n - 1).astype(float),
        "dc": np.ones(n),
        "step": (index >= n // 2).astype(float),
        "ramp": (index + 1.0) / n,
    }[name]


def _error_db(signal: np.ndarray, reference: np.ndarray, scale: float) -> float:
    return float(20 * np.log10(np.abs(signal - reference).max() / scale + 1e-30))


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("n", LENGTHS)
def test_scipy_agrees(name: str, n: int) -> None:
    signal = pytest.importorskip("scipy.signal")
    sections = signal.butter(8, 20_000, fs=48_000, output="sos")
    x = _signal(name, n)
    # scipy's own default from 28 samples on; it refuses fewer unless told a shorter extension.
    settings = {} if n > EXTENSION else {"padlen": n - 1}
    expected = signal.sosfiltfilt(sections, x, **settings)
    assert _error_db(lowpass(x), expected, np.abs(x).max()) < -250.0


@pytest.mark.parametrize("shape", [(2, 9000), (2, 3, 100), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_channels_are_filtered_apart(shape: tuple[int, ...], dtype: type[np.floating]) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    filtered = lowpass(x)
    assert filtered.dtype == np.float64
    assert filtered.shape == shape
    for row, alone in zip(filtered.reshape(-1, shape[-1]), x.reshape(-1, shape[-1]), strict=True):
        assert _error_db(row, lowpass(alone), 1.0) < -250.0


@given(
    length=st.integers(0, 30_000),
    seed=st.integers(0, 2**32 - 1),
    channels=st.sampled_from([(), (1,), (2,)]),
)
@settings(max_examples=40, deadline=None)
def test_any_cut_is_bit_equal_to_one_shot(
    length: int, seed: int, channels: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((*channels, length)).astype(np.float32)
    # Small cuts where the filter starts, repeated ones (empty blocks), and anywhere.
    cuts = np.concatenate([rng.integers(0, length + 1, 5), rng.integers(0, min(length, 40) + 1, 6)])
    stream = ZeroPhaseLowpass()
    outputs = [stream.push(block) for block in np.split(x, np.sort(cuts), axis=-1)]
    outputs.append(stream.finish())
    joined = np.concatenate(outputs, axis=-1)
    assert joined.shape == x.shape
    np.testing.assert_array_equal(joined, lowpass(x))


def test_sample_by_sample() -> None:
    x = np.random.default_rng(1).standard_normal(200)
    stream = ZeroPhaseLowpass()
    outputs = [stream.push(x[i : i + 1]) for i in range(200)] + [stream.finish()]
    np.testing.assert_array_equal(np.concatenate(outputs), lowpass(x))


def test_little_is_held_back() -> None:
    stream = ZeroPhaseLowpass()
    pushed = returned = 0
    for _ in range(50):
        returned += stream.push(np.zeros((2, 5000), dtype=np.float32)).shape[-1]
        pushed += 5000
        assert 0 <= pushed - returned < 15_616
    assert returned + stream.finish().shape[-1] == pushed


@given(st.integers(1, 12_000), st.integers(0, 2**32 - 1), st.floats(-10, 10), st.floats(-10, 10))
@settings(max_examples=30, deadline=None)
def test_linearity(length: int, seed: int, a: float, b: float) -> None:
    x, y = np.random.default_rng(seed).standard_normal((2, length))
    np.testing.assert_allclose(
        lowpass(a * x + b * y), a * lowpass(x) + b * lowpass(y), rtol=0.0, atol=1e-12
    )


@given(st.integers(1, 12_000), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_time_reversal(length: int, seed: int) -> None:
    # Between silences: at bare ends, which way goes first does show.
    x = np.pad(np.random.default_rng(seed).standard_normal(length), 800)
    np.testing.assert_allclose(lowpass(x[::-1])[::-1], lowpass(x), rtol=0.0, atol=1e-13)


@given(st.integers(1, 20_000), st.floats(-1e3, 1e3))
@settings(max_examples=30, deadline=None)
def test_a_constant_is_kept(length: int, value: float) -> None:
    np.testing.assert_allclose(lowpass(np.full(length, value)), value, rtol=1e-13, atol=0.0)


@pytest.mark.parametrize(
    ("frequency_hz", "gain"), [(100.0, 1.0), (10_000.0, 1.0), (20_000.0, 0.5), (23_000.0, 0.0)]
)
def test_the_gain_of_a_sine(frequency_hz: float, gain: float) -> None:
    x = np.sin(2 * np.pi * frequency_hz / 48_000 * np.arange(20_000))
    middle = slice(1000, -1000)
    np.testing.assert_allclose(lowpass(x)[middle], gain * x[middle], rtol=0.0, atol=2e-5)


def test_silence_stays_digital_silence() -> None:
    assert not lowpass(np.zeros((2, 20_000), dtype=np.float32)).any()


def test_no_samples() -> None:
    assert lowpass(np.zeros((2, 0))).shape == (2, 0)
    assert ZeroPhaseLowpass().finish().shape == (0,)


def test_what_was_pushed_is_not_kept_alive_nor_changed() -> None:
    x = np.ones(10_000)
    stream = ZeroPhaseLowpass()
    stream.push(x)
    x[:] = 0.0
    np.testing.assert_allclose(stream.finish()[-100:], 1.0)


def test_a_finished_stream_is_refused() -> None:
    stream = ZeroPhaseLowpass()
    stream.push(np.ones(10))
    stream.finish()
    with pytest.raises(ValueError, match="the stream is finished"):
        stream.push(np.ones(10))
    with pytest.raises(ValueError, match="the stream is finished"):
        stream.finish()


def test_another_number_of_channels_is_refused() -> None:
    stream = ZeroPhaseLowpass()
    stream.push(np.ones((2, 10)))
    with pytest.raises(ValueError, match="dimension"):
        stream.push(np.ones((1, 10)))
