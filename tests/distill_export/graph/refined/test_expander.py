"""The expander: it gives each band the level and the contrast that recordings have."""

from __future__ import annotations

import math

import pytest
import torch

from distill_export.graph.refined.expander import Expander, Expansion
from distill_export.graph.refined.expansion_fit import expansion_between
from distill_export.graph.refined.stream import RefinedStream, RefinedStreamState
from distill_export.model.levels import LEAST_POWER, BandLevels, level_of, sounding_frames
from distill_runtime.contract import AudioGrid

BANDS = 128
GRID = AudioGrid(48_000, 2048, 512, BANDS, 94, 47)
NEUTRAL = Expansion(torch.ones(BANDS), torch.full((BANDS,), LEAST_POWER))
STEEP = Expansion(torch.linspace(1.0, 3.0, BANDS), torch.logspace(-9, -4, BANDS))


def frames(seed: int = 0, count: int = 500) -> torch.Tensor:
    """log1p of mel powers, levels from -30 to 30 dB and more."""
    random = torch.Generator().manual_seed(seed)
    draws = torch.randn(BANDS, count, generator=random, dtype=torch.float64)
    return torch.log1p(torch.exp(1.5 * draws))


def test_a_slope_of_one_changes_nothing() -> None:
    found = Expander(NEUTRAL)(frames())
    torch.testing.assert_close(found, frames(), rtol=1e-6, atol=1e-9)


def test_silence_stays_silence_and_louder_stays_louder() -> None:
    powers = torch.logspace(-9, 6, 200, dtype=torch.float64).log1p().expand(BANDS, -1)
    expander = Expander(STEEP)
    found = expander(powers)
    assert (found.diff(dim=1) >= 0).all()
    assert not expander(torch.zeros(BANDS, 1, dtype=torch.float64)).any()


@pytest.mark.parametrize("value", [-math.inf, -1e30, -1.0, 0.0, 1e-300, 24.0, 1e30, math.inf])
@pytest.mark.parametrize("gain", [-1.0, 0.0, 1e-300, 1e300])
def test_it_is_finite_for_anything(value: float, gain: float) -> None:
    slopes, gains = (torch.full((BANDS,), x, dtype=torch.float64) for x in (1e300, gain))
    expansion = Expansion(slopes, gains)
    found = Expander(expansion)(torch.full((BANDS, 3), value, dtype=torch.float64))
    assert torch.isfinite(found).all()


def test_the_levels_are_those_that_are_wanted() -> None:
    before = level_of(frames())
    mean = before.mean(dim=1) + torch.linspace(-3.0, 0.0, BANDS)
    deviation = before.std(dim=1, correction=0) * torch.linspace(1.1, 2.5, BANDS)
    wanted = BandLevels(tuple(mean.tolist()), tuple(deviation.tolist()))
    found = level_of(Expander(expansion_between(frames(), wanted))(frames()))
    assert (found.mean(dim=1) - mean).abs().max() < 0.05
    assert (found.std(dim=1, correction=0) - deviation).abs().max() < 0.05


def test_a_slope_is_no_less_than_one_and_no_more_than_three() -> None:
    before = level_of(frames())
    factors = torch.where(torch.arange(BANDS) < 64, 0.2, 20.0)
    deviation = before.std(dim=1) * factors
    wanted = BandLevels(tuple(before.mean(dim=1).tolist()), tuple(deviation.tolist()))
    slope = expansion_between(frames(), wanted).slope
    assert (slope[:64] == 1.0).all()
    assert (slope[64:] == 3.0).all()


def test_what_does_not_sound_is_left_out() -> None:
    loud = torch.log1p(torch.full((1, BANDS, 4), 100.0))
    quiet = torch.log1p(torch.full((1, BANDS, 3), 1e-5))
    assert sounding_frames(torch.cat([loud, quiet], dim=2)).shape == (BANDS, 4)
    assert sounding_frames(torch.zeros(2, BANDS, 5)).shape == (BANDS, 0)


def test_a_stream_cut_anywhere_is_one_shot_with_it_too() -> None:
    stream = RefinedStream(None, GRID, passes=2, expansion=STEEP)
    mel = frames(1, 47 * 3).float()[None]

    def play(pieces: list[int]) -> torch.Tensor:
        state = RefinedStreamState(*(torch.zeros(1, *s) for s in stream.state_shapes()))
        started, done, sounds = torch.zeros(1, dtype=torch.bool), 0, []
        for steps in pieces:
            part = mel[..., 47 * done : 47 * (done + steps)]
            done += steps
            with torch.inference_mode():
                sound, state = stream(part, state, started, steps, int(done == 3))
            sounds.append(sound)
            started = torch.ones_like(started)
        return torch.cat(sounds, dim=1)

    whole = play([3])
    assert torch.equal(play([1, 2]), whole)
    plain = RefinedStream(None, GRID, passes=2)
    with torch.inference_mode():
        assert not torch.allclose(plain.resynthesize(mel), stream.resynthesize(mel), atol=1e-3)
