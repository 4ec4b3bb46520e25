from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_export.reference.continuous_mel import decode_trajectory, synthesize_continuous_mel
from distill_runtime.errors import RequestError
from tests.distill_export.model_files import tiny_model

Decode = Callable[[torch.Tensor], torch.Tensor]


def chunks(seed: int, steps: int, frames: int = 94) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(steps, 2, 3, frames, generator=generator, dtype=torch.float64)


def decoder_of(decoded: torch.Tensor) -> tuple[Decode, torch.Tensor]:
    """A decoder whose latent vectors are the chunks' numbers, and the trajectory through them."""

    def decode(latents: torch.Tensor) -> torch.Tensor:
        assert latents.shape == (1, 1)
        return decoded[int(latents[0, 0])][None]

    return decode, torch.arange(float(len(decoded)))[:, None]


def joined(decoded: torch.Tensor, **sizes: int) -> torch.Tensor:
    return decode_trajectory(*decoder_of(decoded), **sizes)


def test_a_single_step_is_the_chunk() -> None:
    decoded = chunks(1, 1)
    assert torch.equal(joined(decoded), decoded)


@pytest.mark.parametrize("steps", [1, 3])
def test_frames_beyond_the_chunk_are_dropped(steps: int) -> None:
    decoded = chunks(1, steps, frames=96)
    assert torch.equal(joined(decoded), joined(decoded[..., :94]))


@settings(deadline=None, max_examples=20)
@given(steps=st.integers(1, 9), hop=st.integers(1, 60))
def test_the_length_is_the_chunk_and_a_hop_for_each_further_step(steps: int, hop: int) -> None:
    decoded = chunks(1, steps, frames=2 * hop)
    sound = joined(decoded, chunk_frames=2 * hop, hop_frames=hop)
    assert sound.shape == (1, 2, 3, (steps - 1) * hop + 2 * hop)


def test_neighbours_are_cross_faded_by_squared_sines() -> None:
    decoded = chunks(1, 4)
    found = joined(decoded)[0].unflatten(-1, (5, 47))
    # A periodic Hann window is sin^2, and half a window later cos^2.
    rising = torch.sin(math.pi * torch.arange(47, dtype=torch.float64) / 94).square()
    for i in range(1, 4):
        expected = decoded[i][..., :47] * rising + decoded[i - 1][..., 47:] * (1 - rising)
        torch.testing.assert_close(found[..., i, :], expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(found[..., 0, 1:], decoded[0][..., 1:47])
    torch.testing.assert_close(found[..., 4, :], decoded[3][..., 47:])


@pytest.mark.parametrize("steps", [2, 7])
def test_equal_chunks_stay_constant_after_a_first_frame_of_zero(steps: int) -> None:
    found = joined(torch.full((steps, 2, 3, 94), 0.7))
    assert found.dtype == torch.float32
    assert not found[..., 0].any()
    torch.testing.assert_close(found[..., 1:], torch.full_like(found[..., 1:], 0.7))


@settings(deadline=None, max_examples=20)
@given(a=st.floats(-10, 10), b=st.floats(-10, 10), steps=st.integers(1, 5))
def test_it_is_linear_in_the_chunks(a: float, b: float, steps: int) -> None:
    first, second = chunks(1, steps), chunks(2, steps)
    torch.testing.assert_close(
        joined(a * first + b * second), a * joined(first) + b * joined(second), rtol=0, atol=1e-10
    )


def latents(steps: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(1, 16, generator=generator) for _ in range(steps)]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_models_trajectory_is_decoded_step_by_step(steps: int) -> None:
    model, trajectory = tiny_model(), latents(steps)
    mel = synthesize_continuous_mel(model, AudioSpectrogram(), trajectory)
    assert mel.shape == (1, 2, 128, (steps - 1) * 47 + 94)
    assert torch.equal(mel, decode_trajectory(model.decode, torch.cat(trajectory)))
    assert not mel.requires_grad


def test_shorter_chunks_overlap_by_half_of_theirs() -> None:
    model, trajectory = tiny_model(), latents(4)
    mel = synthesize_continuous_mel(model, AudioSpectrogram(), trajectory, chunk_samples=24_000)
    assert mel.shape == (1, 2, 128, 3 * 23 + 47)
    single = synthesize_continuous_mel(model, AudioSpectrogram(), trajectory[:1], 24_000)
    assert torch.equal(single, model.decode(trajectory[0])[..., :47])


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_left_in_the_mode_it_was_in(training: bool) -> None:
    model = tiny_model()
    expected = synthesize_continuous_mel(model, AudioSpectrogram(), latents(2))
    model.train(training)
    found = synthesize_continuous_mel(model, AudioSpectrogram(), latents(2))
    assert model.training == training
    assert torch.equal(found, expected)
    with pytest.raises(RequestError):
        synthesize_continuous_mel(model, AudioSpectrogram(), latents(2), 96_000)
    assert model.training == training


def test_what_cannot_be_decoded() -> None:
    model = tiny_model()
    with pytest.raises(RequestError, match="the latent trajectory is empty"):
        synthesize_continuous_mel(model, AudioSpectrogram(), [])
    with pytest.raises(RequestError, match="has 188 frames, and the model decodes 94"):
        synthesize_continuous_mel(model, AudioSpectrogram(), latents(1), chunk_samples=96_000)
