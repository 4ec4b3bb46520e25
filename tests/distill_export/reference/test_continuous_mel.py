from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.reference.continuous_mel import synthesize_continuous_mel

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
    return synthesize_continuous_mel(*decoder_of(decoded), **sizes)


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
