from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from distill_export.model.file import load_model
from distill_export.reference.complex_spectrogram import (
    ComplexSpectrogram,
    ComplexSpectrogramConfig,
    Statistics,
)
from distill_export.reference.continuous_mel import decode_trajectory
from distill_runtime.audio.snr import snr_db
from distill_runtime.errors import RequestError

RATE_HZ, N_FFT, HOP = 48_000, 2048, 512
STATS = Statistics(mag_mean=1.5, mag_std=2.5, if_mean=-0.25, if_std=0.5)


@pytest.fixture(scope="module")
def transform() -> ComplexSpectrogram:
    return ComplexSpectrogram()


def noise(seed: int, *shape: int, scale: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def sine(frequency_hz: float, amplitude: float = 0.5, samples: int = 24_000) -> torch.Tensor:
    n = torch.arange(samples, dtype=torch.float64)
    return amplitude * torch.sin(2 * math.pi * frequency_hz / RATE_HZ * n + 0.3).view(1, 1, -1)


def mel_power(spectrogram: torch.Tensor) -> torch.Tensor:
    return torch.expm1(spectrogram[:, 0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("samples", [1025, 2048, 5119, 5120])
def test_the_forward_shape_and_type(
    transform: ComplexSpectrogram, samples: int, dtype: torch.dtype
) -> None:
    spectrogram = transform.waveform_to_complex_mel(noise(1, 3, 1, samples).to(dtype))
    assert spectrogram.shape == (3, 2, 128, samples // HOP + 1)
    assert spectrogram.dtype == dtype
    assert spectrogram[:, 0].min() >= 0


def test_the_forward_transform_is_scipys(transform: ComplexSpectrogram) -> None:
    waveform = noise(1, 1, 1, 20_000)
    padded = np.pad(waveform[0, 0].numpy(), N_FFT // 2, mode="reflect")
    window = signal.get_window("hann", N_FFT)
    _, _, spectrum = signal.stft(
        padded, window=window, nperseg=N_FFT, noverlap=N_FFT - HOP, boundary=None, padded=False
    )
    spectrum *= window.sum()
    filters = transform.filterbank.double().numpy()
    power = filters.T @ np.abs(spectrum) ** 2
    # The angle of a ratio is the wrapped difference of two angles.
    turns = np.angle(spectrum[:, 1:] * spectrum[:, :-1].conj()) / np.pi
    frequency = (filters / filters.sum(axis=0)).T @ turns
    found = transform.waveform_to_complex_mel(waveform)[0].numpy()
    np.testing.assert_allclose(found[0], np.log1p(power), rtol=0, atol=1e-6)
    np.testing.assert_allclose(found[1, :, 1:], frequency, rtol=0, atol=1e-6)
    assert not found[1, :, 0].any()


def test_silence_is_zero(transform: ComplexSpectrogram) -> None:
    assert not transform.waveform_to_complex_mel(torch.zeros(2, 1, 4096)).any()


@pytest.mark.parametrize("bin_number", [10, 64, 128, 500])
def test_the_power_of_a_sine_is_in_its_bands(
    transform: ComplexSpectrogram, bin_number: int
) -> None:
    amplitude = 0.5
    spectrogram = transform.waveform_to_complex_mel(sine(bin_number * RATE_HZ / N_FFT, amplitude))
    found = mel_power(spectrogram)[0, :, 5:-5].numpy()  # away from the reflected ends
    # The Hann window's transform: its sum, N / 2, in the middle bin, half of that beside it.
    peak = amplitude / 2 * N_FFT / 2
    lines = np.array([peak / 2, peak, peak / 2]) ** 2
    filters = transform.filterbank.double().numpy()
    expected = lines @ filters[bin_number - 1 : bin_number + 2]
    np.testing.assert_allclose(found, np.tile(expected, (found.shape[1], 1)).T, rtol=1e-3, atol=1)
    assert (found.argmax(axis=0) == expected.argmax()).all()


# None is in the middle of a bin, which would leave the bins around it empty. The last two are on
# both sides of the wrap.
@pytest.mark.parametrize("cycles_per_hop", [8.1, 20.3, 32.03, 47.7, 100.4, 32.49, 32.51])
def test_the_frequency_of_a_sine_is_its_advance_per_hop(
    transform: ComplexSpectrogram, cycles_per_hop: float
) -> None:
    frequency_hz = cycles_per_hop * RATE_HZ / HOP
    spectrogram = transform.waveform_to_complex_mel(sine(frequency_hz))
    band = int(transform.filterbank[round(frequency_hz * N_FFT / RATE_HZ)].argmax())
    expected = 2 * (cycles_per_hop - round(cycles_per_hop))
    found = spectrogram[0, 1, band, 6:-5]
    torch.testing.assert_close(found, torch.full_like(found, expected), rtol=0, atol=2e-3)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-6, 10))
def test_the_frequency_is_wrapped_and_starts_with_zero(seed: int, scale: float) -> None:
    spectrogram = ComplexSpectrogram().waveform_to_complex_mel(noise(seed, 1, 1, 6000, scale=scale))
    frequency = spectrogram[:, 1]
    assert frequency.min() >= -1
    assert frequency.max() < 1
    assert not frequency[..., 0].any()


@pytest.mark.parametrize("threshold", [1e-5, 1e-2])
def test_the_frequency_is_masked_where_there_is_little_power(threshold: float) -> None:
    waveform = noise(1, 1, 1, 30_000) * torch.logspace(-7, -1, 30_000, dtype=torch.float64)
    masked, whole = (
        ComplexSpectrogram(ComplexSpectrogramConfig(value)).waveform_to_complex_mel(waveform)
        for value in (threshold, 0.0)
    )
    assert torch.equal(masked[:, 0], whole[:, 0])
    quiet = mel_power(whole)[..., 1:] < threshold
    assert quiet.any()
    assert not quiet.all()
    assert whole[:, 1, :, 1:].all()
    assert torch.equal(masked[:, 1, :, 1:] == 0, quiet)
    assert torch.equal(masked[:, 1, :, 1:][~quiet], whole[:, 1, :, 1:][~quiet])


@settings(deadline=None, max_examples=15)
@given(scale=st.floats(0.01, 100), sign=st.sampled_from([1, -1]))
def test_power_is_quadratic_and_frequency_is_not_a_matter_of_loudness(
    scale: float, sign: int
) -> None:
    transform = ComplexSpectrogram()
    waveform = noise(1, 1, 1, 5000)
    plain = transform.waveform_to_complex_mel(waveform)
    scaled = transform.waveform_to_complex_mel(sign * scale * waveform)
    torch.testing.assert_close(
        mel_power(scaled), scale**2 * mel_power(plain), rtol=1e-8, atol=1e-12
    )
    torch.testing.assert_close(scaled[:, 1], plain[:, 1], rtol=0, atol=1e-8)


def test_the_inverse_is_the_original_programs(shared: Path, transform: ComplexSpectrogram) -> None:
    loaded = load_model(shared / "reference" / "ambience.distill")
    reached = {}
    for path in sorted((shared / "reference" / "ambience").glob("*.npz")):
        case = np.load(path)
        for name in sorted(name for name in case if name.startswith("raw_")):
            recording, row = case[name], name.removeprefix("raw_")
            latents = torch.from_numpy(case[f"latents_{row}"])
            mels = {"decoded": decode_trajectory(loaded.model.decode, latents)}
            if f"mel_{row}" in case:
                mels["recorded"] = torch.from_numpy(case[f"mel_{row}"])
            for origin, mel in mels.items():
                sound = transform.complex_mel_to_waveform(mel, loaded.normalization_stats)
                # At 4 and 10 s the original cuts to a whole number of seconds, or does not.
                found = sound[0, 0, : len(recording)].numpy()
                reached[path.stem, row, origin] = len(recording), snr_db(recording, found)
    assert len(reached) >= 15
    too_far = {case: (n, db) for case, (n, db) in reached.items() if db < floor_db(n / RATE_HZ)}
    assert not too_far


def floor_db(duration_s: float) -> float:
    """What the original's own float32 leaves of its recordings' precision."""
    if duration_s <= 1:
        return 97
    return 87 if duration_s <= 4 else 83


def mel_frames(frames: int, batch: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(frames)
    magnitude = 4 * torch.rand(batch, 1, 128, frames, generator=generator, dtype=torch.float64)
    frequency = torch.rand(batch, 1, 128, frames, generator=generator, dtype=torch.float64) - 0.3
    return torch.cat([magnitude, frequency], dim=1)


def resynthesized(spectrogram: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The inverse of one spectrogram `[2, n_mels, frames]` in plain numpy, tail and all."""
    inverse = np.linalg.pinv(filters.T)
    amplitude = np.sqrt(np.maximum(np.expm1(spectrogram[0]), 0))
    magnitude = np.maximum(inverse @ amplitude, 0)
    phase = np.maximum(inverse @ np.cumsum(np.pi * spectrogram[1], axis=1), 0)
    frames = np.fft.irfft(magnitude * np.exp(1j * phase), axis=0)
    window = signal.get_window("hann", N_FFT)
    length = HOP * (frames.shape[1] - 1) + N_FFT
    summed, envelope = np.zeros(length), np.zeros(length)
    for i, frame in enumerate(frames.T):
        summed[i * HOP : i * HOP + N_FFT] += window * frame
        envelope[i * HOP : i * HOP + N_FFT] += window**2
    middle = slice(N_FFT // 2, N_FFT // 2 + HOP * frames.shape[1])
    return summed[middle] / envelope[middle]


@pytest.mark.parametrize("frames", [4, 94, 300])
def test_the_inverse_is_the_plain_formula(transform: ComplexSpectrogram, frames: int) -> None:
    spectrogram = mel_frames(frames)
    found = transform.complex_mel_to_waveform(spectrogram, samples=frames * HOP)
    assert found.shape == (1, 1, frames * HOP)
    expected = resynthesized(spectrogram[0].numpy(), transform.filterbank.double().numpy())
    assert snr_db(expected, found[0, 0].numpy()) > 135  # its window is float32's
    single = transform.complex_mel_to_waveform(spectrogram.float(), samples=frames * HOP)
    assert single.dtype == torch.float32
    assert snr_db(expected, single[0, 0].numpy()) > 75  # the phases' own rounding on the way in


@pytest.mark.parametrize("more", [1, 100, HOP])
def test_more_samples_extend_the_sound_and_leave_the_rest(
    transform: ComplexSpectrogram, more: int
) -> None:
    spectrogram = mel_frames(94, batch=2)
    plain = transform.complex_mel_to_waveform(spectrogram)
    assert plain.shape == (2, 1, 93 * HOP)
    longer = transform.complex_mel_to_waveform(spectrogram, samples=93 * HOP + more)
    assert longer.shape == (2, 1, 93 * HOP + more)
    torch.testing.assert_close(longer[..., : 93 * HOP], plain, rtol=0, atol=1e-12)
    assert longer[..., 93 * HOP :].all()


def test_the_inverse_takes_the_statistics(transform: ComplexSpectrogram) -> None:
    spectrogram = mel_frames(20, batch=2)
    normalized = transform.normalize(spectrogram, STATS)
    found = transform.complex_mel_to_waveform(normalized, STATS)
    torch.testing.assert_close(found, transform.complex_mel_to_waveform(spectrogram))
    assert not torch.allclose(found, transform.complex_mel_to_waveform(normalized))


def test_there_is_one_sample_rate(transform: ComplexSpectrogram) -> None:
    spectrogram = mel_frames(4)
    sound = transform.complex_mel_to_waveform(spectrogram, None, 48_000)
    assert torch.equal(sound, transform.complex_mel_to_waveform(spectrogram, sample_rate=48_000))
    with pytest.raises(RequestError, match="44100, but spectrograms are of 48000 Hz"):
        transform.complex_mel_to_waveform(spectrogram, sample_rate=44_100)


def test_the_settings_stay_at_hand() -> None:
    config = ComplexSpectrogramConfig(if_masking_threshold=0.5, n_fft=1024)
    transform = ComplexSpectrogram(config)
    assert transform.config is config
    assert transform.filterbank.shape == (513, 128)
    assert ComplexSpectrogram().config == ComplexSpectrogramConfig(1e-5, 2048, 512, 128)


def test_negative_power_is_silence(transform: ComplexSpectrogram) -> None:
    spectrogram = mel_frames(20)
    spectrogram[:, 0] -= 10
    assert not transform.complex_mel_to_waveform(spectrogram).any()


@settings(deadline=None, max_examples=40)
@given(data=st.data(), offset=st.sampled_from([0.0, 3.0, 1e5]))
def test_one_pass_finds_the_statistics_of_two(data: st.DataObject, offset: float) -> None:
    frames = data.draw(st.lists(st.integers(0, 7), min_size=1, max_size=6).filter(any))
    spectrograms = [noise(i, 1 + i % 2, 2, 3, n) + offset for i, n in enumerate(frames)]
    unbatched = [spectrogram for batch in spectrograms for spectrogram in batch]
    order = data.draw(st.permutations(spectrograms))
    found = ComplexSpectrogram().compute_dataset_statistics(iter(order))
    magnitude, frequency = (
        np.concatenate([s[:, channel].numpy().ravel() for s in spectrograms]) for channel in (0, 1)
    )
    expected = {
        "mag_mean": magnitude.mean(),
        "mag_std": magnitude.std(ddof=1),
        "if_mean": frequency.mean(),
        "if_std": frequency.std(ddof=1),
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    alone = ComplexSpectrogram().compute_dataset_statistics(unbatched)
    assert alone == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(cuts=st.sets(st.integers(1, 49), max_size=8))
def test_the_partition_does_not_matter(cuts: set[int]) -> None:
    transform = ComplexSpectrogram()
    whole = noise(1, 1, 2, 4, 50)
    pieces = whole.tensor_split(sorted(cuts), dim=-1)
    found = transform.compute_dataset_statistics(pieces)
    expected = transform.compute_dataset_statistics([whole])
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_what_never_changes_has_a_deviation_of_one(
    transform: ComplexSpectrogram, value: float
) -> None:
    found = transform.compute_dataset_statistics([torch.full((1, 2, 3, 9), value)] * 3)
    assert found == Statistics(mag_mean=value, mag_std=1.0, if_mean=value, if_std=1.0)


@pytest.mark.parametrize("spectrograms", [[], [torch.zeros(1, 2, 128, 0)]], ids=["none", "empty"])
def test_statistics_of_nothing_are_refused(
    transform: ComplexSpectrogram, spectrograms: list[torch.Tensor]
) -> None:
    with pytest.raises(RequestError, match="no spectrogram"):
        transform.compute_dataset_statistics(spectrograms)


@pytest.mark.parametrize("shape", [(2, 128), (1, 128, 9), (4, 1, 128, 9), (1, 1, 2, 128, 9)])
def test_statistics_are_of_two_channels(
    transform: ComplexSpectrogram, shape: tuple[int, ...]
) -> None:
    with pytest.raises(RequestError, match=r"expected \[batch, 2, n_mels, frames\] or"):
        transform.compute_dataset_statistics([torch.zeros(shape)])


def test_normalizing_takes_a_single_spectrogram(transform: ComplexSpectrogram) -> None:
    batch = noise(1, 3, 2, 5, 7)
    normalized = transform.normalize(batch, STATS)
    assert torch.equal(transform.normalize(batch[1], STATS), normalized[1])
    assert torch.equal(
        transform.denormalize(normalized[1], STATS), transform.denormalize(normalized, STATS)[1]
    )


def test_normalizing_is_undone_and_centres_each_channel(transform: ComplexSpectrogram) -> None:
    spectrogram = noise(1, 2, 2, 5, 30) * torch.tensor([3.0, 0.1]).view(1, 2, 1, 1) + 7
    stats = transform.compute_dataset_statistics([spectrogram])
    normalized = transform.normalize(spectrogram, stats)
    torch.testing.assert_close(normalized.mean(dim=(0, 2, 3)), torch.zeros(2).double())
    torch.testing.assert_close(
        normalized.std(dim=(0, 2, 3)), torch.ones(2).double(), rtol=1e-9, atol=0
    )
    torch.testing.assert_close(transform.denormalize(normalized, stats), spectrogram)


def test_normalizing_keeps_the_channels_apart(transform: ComplexSpectrogram) -> None:
    ones = torch.ones(1, 2, 1, 1)
    assert transform.normalize(ones, STATS).flatten().tolist() == pytest.approx([-0.2, 2.5])
    assert transform.denormalize(ones, STATS).flatten().tolist() == pytest.approx([4.0, 0.25])


def test_it_moves_to_a_device_and_returns_itself() -> None:
    transform = ComplexSpectrogram()
    assert transform.to("meta") is transform
    spectrogram = transform.waveform_to_complex_mel(torch.zeros(1, 1, 4096, device="meta"))
    assert spectrogram.device.type == "meta"
    assert spectrogram.shape == (1, 2, 128, 9)
