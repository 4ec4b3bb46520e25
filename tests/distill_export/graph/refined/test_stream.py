from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.measures import Measures
from benchmarks.reconstruction import analyse
from benchmarks.signals import synthesised
from distill_export.graph.refined.stream import RefinedStream, RefinedStreamState
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import SAMPLE_RATE_HZ, AudioGrid

STEP, LATENCY = 24_064, 2048
SIGNALS = synthesised(1.5)


GRID = AudioGrid(48_000, 2048, 512, 128, 94, 47)


def make_stream(passes: int = 8) -> RefinedStream:
    return RefinedStream(None, GRID, passes=passes)


@pytest.fixture(scope="module")
def stream() -> RefinedStream:
    return make_stream()


def play(stream: RefinedStream, mel: torch.Tensor, pieces: list[int]) -> torch.Tensor:
    """Finished streams of `[batch, n_mels, 47 * steps]`, in pieces of so many steps."""
    batch = len(mel)
    state = RefinedStreamState(*(torch.zeros(batch, *s) for s in stream.state_shapes()))
    started = torch.zeros(batch, dtype=torch.bool)
    sounds, done = [], 0
    for steps in pieces:
        flush = int(done + steps == sum(pieces))
        part = mel[..., 47 * done : 47 * (done + steps)]
        with torch.inference_mode():
            sound, state = stream(part, state, started, steps, flush)
        assert sound.shape == (batch, STEP * steps + LATENCY * flush)
        sounds.append(sound)
        started, done = torch.ones_like(started), done + steps
    return torch.cat(sounds, dim=1)


def mels(seed: int, batch: int, steps: int) -> torch.Tensor:
    noise = torch.rand(batch, 1, 132, 47 * steps + 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.avg_pool2d(8 * noise, 5, 1)[:, 0]


# What the quality at the default is, with room for another torch's rounding.
LIMITS = {
    "tone": (0.21, 0.06),
    "chord": (0.21, 0.09),
    "chirp": (0.3, 0.1),
    "noise": (0.5, 0.05),
    "noise bursts": (0.6, 0.08),
    "tone in noise": (0.53, 0.07),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_round_trip_returns_to_its_target(stream: RefinedStream, name: str) -> None:
    sound = SIGNALS[name]
    with torch.inference_mode():
        found = stream.resynthesize(analyse(sound)[None, 0])[0, : len(sound)].numpy()
    measures = Measures.of(sound, found)
    log_mel_db, convergence = LIMITS[name]
    assert measures.log_mel_db <= log_mel_db
    assert measures.convergence <= convergence


def test_more_passes_come_nearer() -> None:
    sound = SIGNALS["tone in noise"]
    frames = analyse(sound)[None, 0]
    distances = []
    for passes in (0, 1, 8):
        with torch.inference_mode():
            found = make_stream(passes).resynthesize(frames)[0, : len(sound)].numpy()
        distances.append(Measures.of(sound, found).log_mel_db)
    assert distances == sorted(distances, reverse=True)


def test_it_is_far_nearer_than_learned(stream: RefinedStream) -> None:
    sound = SIGNALS["chord"]
    frames = analyse(sound)[None]
    learned = ComplexSpectrogram().complex_mel_to_waveform(frames, samples=len(sound))[0, 0].numpy()
    with torch.inference_mode():
        refined = stream.resynthesize(frames[:, 0])[0, : len(sound)].numpy()
    assert Measures.of(sound, refined).log_mel_db < 0.3 * Measures.of(sound, learned).log_mel_db


@settings(deadline=None, max_examples=5)
@given(cuts=st.sets(st.integers(1, 4)))
def test_a_stream_cut_anywhere_is_one_shot(stream: RefinedStream, cuts: set[int]) -> None:
    mel = mels(1, 1, 5)
    edges = [0, *sorted(cuts), 5]
    whole = play(stream, mel, [5])
    found = play(stream, mel, [end - start for start, end in itertools.pairwise(edges)])
    assert not whole[:, :LATENCY].any()
    assert torch.equal(found, whole)


def test_the_rows_of_a_batch_are_independent(stream: RefinedStream) -> None:
    mel = mels(2, 3, 2)
    together = play(stream, mel, [2])
    for row in range(3):
        assert (
            snr_db(play(stream, mel[row : row + 1], [2])[0].numpy(), together[row].numpy()) >= 100
        )


def test_silence_stays_silent_and_sound_dies_away(stream: RefinedStream) -> None:
    mel = mels(3, 1, 4)
    assert not play(stream, torch.zeros_like(mel), [4]).any()
    mel[..., 47:] = 0.0
    sound = play(stream, mel, [4])
    assert sound[:, LATENCY:STEP].std() > 1e-3
    assert not sound[:, 3 * STEP :].any()
    assert torch.isfinite(sound).all()


@pytest.mark.parametrize("value", [-1e6, 1e6, 30.0], ids=str)
def test_extreme_frames_stay_finite(stream: RefinedStream, value: float) -> None:
    mel = mels(4, 1, 2)
    mel[..., 20:60] = value
    sound = play(stream, mel, [1, 1])
    assert torch.isfinite(sound).all()
    denormal = (sound != 0) & (sound.abs() < torch.finfo(torch.float32).tiny)
    assert not denormal.any()


def test_a_standing_tone_stands_still(stream: RefinedStream) -> None:
    """10 s of a 440 Hz sine: its level, its frequency, and nothing at the rate of the blocks."""
    t = np.arange(10 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    sine = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    frames = analyse(sine)[None, 0]
    frames = frames[..., 200:201].expand(-1, -1, frames.shape[2])
    with torch.inference_mode():
        found = (
            stream.resynthesize(frames)[0]
            .numpy()
            .astype(np.float64)[SAMPLE_RATE_HZ : 9 * SAMPLE_RATE_HZ]
        )
    level_db = 20 * np.log10(found.std() / (0.5 / np.sqrt(2)))
    assert abs(level_db) <= 0.5
    spectrum = np.abs(np.fft.rfft(found * np.hanning(len(found))))
    assert abs(spectrum.argmax() * SAMPLE_RATE_HZ / len(found) - 440) <= 2
    # The level of each hop, and what of it comes and goes with the blocks, 1.995 times a second.
    level = np.sqrt((found[: len(found) // 512 * 512].reshape(-1, 512) ** 2).mean(axis=1))
    blocks = level[: len(level) // 47 * 47].reshape(-1, 47).mean(axis=0)
    assert 20 * np.log10(np.abs(np.fft.rfft(blocks))[1] / 47 * 2 / blocks.mean()) <= -40
