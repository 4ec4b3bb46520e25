from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_export.reference.trajectory import (
    crossfade_trajectory,
    evolving_trajectory,
    slerp,
    steps_for_chunks,
)
from distill_runtime.latents import trajectory as runtime


def vectors(seed: int, count: int, size: int = 128) -> torch.Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), t=st.floats(0, 1))
def test_slerp_keeps_to_the_plane_and_divides_the_angle(seed: int, t: float) -> None:
    start, end = (v / v.norm() for v in vectors(seed, 2).double())
    found = slerp(start, end, t)
    angle = torch.acos(torch.dot(start, end))
    assert float(found.norm()) == pytest.approx(1, abs=1e-9)
    assert float(torch.dot(found, start)) == pytest.approx(float(torch.cos(t * angle)), abs=1e-9)
    assert float(torch.dot(found, end)) == pytest.approx(
        float(torch.cos((1 - t) * angle)), abs=1e-9
    )


@pytest.mark.parametrize("factor", [1.0, 3.0, -1.0, 0.0])
def test_slerp_of_parallels_is_a_line(factor: float) -> None:
    (start,) = vectors(1, 1)
    found = slerp(start, factor * start, 0.25)
    torch.testing.assert_close(found, (0.75 + 0.25 * factor) * start)


def test_slerp_begins_and_ends_at_the_vectors_and_keeps_their_shape() -> None:
    start, end = vectors(2, 2)[:, None]
    torch.testing.assert_close(slerp(start, end, 0.0), start)
    torch.testing.assert_close(slerp(start, end, 1.0), end)


@settings(deadline=None, max_examples=30)
@given(chunks=st.integers(1, 200))
def test_steps_are_the_runtimes(chunks: int) -> None:
    expected = runtime.steps_for_duration(float(chunks))
    assert steps_for_chunks(AudioSpectrogram(), chunks) == expected


def test_steps_of_shorter_chunks_cover_as_much() -> None:
    spectrogram = AudioSpectrogram()
    assert spectrogram.get_mel_shape(24_000) == (128, 47)
    steps = steps_for_chunks(spectrogram, 8, 24_000)
    assert (steps - 2) * 23 + 47 < 4 * 48_000 // 512 + 1 <= (steps - 1) * 23 + 47


@pytest.mark.parametrize("seconds", [1, 2, 3, 7, 30])
@pytest.mark.parametrize("seed", [0, 42, 2**32 - 1])
def test_a_seeds_walk_is_the_runtimes(seed: int, seconds: int) -> None:
    steps = runtime.steps_for_duration(seconds)
    found = crossfade_trajectory(100, seed=seed, num_chunks=seconds, steps=steps)
    assert len(found) == steps
    assert all(vector.shape == (1, 100) for vector in found)
    expected = runtime.crossfade(seed=seed, duration_s=seconds, latent_dim=100)
    np.testing.assert_allclose(torch.cat(found), expected, rtol=0, atol=5e-6)


@pytest.mark.parametrize("seconds", [1, 2, 3, 7, 30])
@pytest.mark.parametrize("evolution", [0.0, 0.3, 1.0])
def test_a_vectors_walk_is_the_runtimes(evolution: float, seconds: int) -> None:
    (vector,) = vectors(5, 1)
    steps = runtime.steps_for_duration(seconds)
    found = evolving_trajectory(
        vector, seed=9, num_chunks=seconds, steps=steps, evolution=evolution
    )
    assert len(found) == steps
    expected = runtime.evolve(vector.numpy(), seed=9, duration_s=seconds, evolution=evolution)
    np.testing.assert_allclose(torch.cat(found), expected, rtol=0, atol=5e-6)


def test_the_walks_are_distills(shared: Path) -> None:
    folder = shared / "reference" / "ambience"
    with np.load(folder / "crossfade_10s_seed7.npz") as case:
        found = crossfade_trajectory(128, seed=7, num_chunks=10, steps=19)
        np.testing.assert_allclose(torch.cat(found), case["latents_0"], rtol=0, atol=2e-6)
    with np.load(folder / "sliders_5_m3_evolve1_6s_seed9.npz") as case:
        start = torch.from_numpy(case["latents_0"][0])
        found = evolving_trajectory(start, seed=9, num_chunks=6, steps=11, evolution=1.0)
        np.testing.assert_allclose(torch.cat(found), case["latents_0"], rtol=0, atol=2e-6)


def test_drawing_leaves_torchs_own_generator_alone() -> None:
    before = torch.random.get_rng_state()
    crossfade_trajectory(16, seed=1, num_chunks=4, steps=7)
    evolving_trajectory(vectors(1, 1)[0], seed=1, num_chunks=4, steps=7, evolution=0.5)
    assert torch.equal(torch.random.get_rng_state(), before)
