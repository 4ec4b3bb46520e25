"""Where signals lead is where the runtime's live path leads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.formats.nn_tilde.place import MAX_LATENT, GivenPlace, PlayedPlace
from distill_export.formats.program import Handles
from distill_runtime.generation.live.path import Path
from distill_runtime.generation.live.place import Place
from tests.distill_runtime.made_controls import make_control
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.distill_runtime.slider_banks import make_bank

DIM = 16
CONTROLS = (make_control("Air", seed=1), make_control("Noise", seed=2))
BANK = make_bank(1, 3, DIM)
FULL = Handles(BANK, CONTROLS, make_landmarks())


def asked(levers: list[float], nearness: float, seed: int) -> torch.Tensor:
    signals = torch.tensor(levers, dtype=torch.float32)  # as a host has them
    return torch.cat([signals.double(), torch.tensor([nearness, seed], dtype=torch.float64)])


def live_path(handles: Handles) -> Path:
    artifact: Any = SimpleNamespace(
        latent_dim=DIM,
        controls=handles.controls,
        landmarks=handles.landmarks,
        metadata=SimpleNamespace(sliders=handles.bank),
    )
    return Path(artifact, 1)


steps = st.floats(-4, 4, width=32)
shares = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@settings(max_examples=30)
@given(
    controls=st.lists(steps, min_size=2, max_size=2),
    sliders=st.lists(steps, min_size=3, max_size=3),
    drift=shares,
    nearness=shares,
    seed=st.integers(0, 2**32 - 1),
)
def test_it_goes_the_live_way(
    controls: list[float], sliders: list[float], drift: float, nearness: float, seed: int
) -> None:
    place, path = PlayedPlace(FULL, DIM), live_path(FULL)
    wanted = asked([*controls, *sliders, drift], nearness, seed)
    expected = Place(
        seed,
        sliders=tuple(sliders),
        controls=tuple(zip(("Air", "Noise"), controls, strict=True)),
        drift=drift,
        nearness=nearness,
    )
    place.restart(0, wanted)
    for phase in range(8):
        # Again with the step before, as an answer to a move does.
        for past in range(max(0, phase - 1), phase + 1):
            found = place.latent(0, wanted, past).numpy()
            np.testing.assert_allclose(found, path.latents(expected, past)[0], rtol=0, atol=1e-6)


def test_rows_have_seeds_of_their_own() -> None:
    place = PlayedPlace(Handles(BANK), DIM)
    wanted = asked([0.0, 0.0, 0.0, 1.0], 0.0, 2**32 - 1)
    for row, seed in enumerate((2**32 - 1, 0)):  # after the last comes the first
        place.restart(row, wanted)
        expected = live_path(Handles(BANK)).latents(Place(seed, sliders=(0, 0, 0), drift=1.0), 3)
        np.testing.assert_allclose(place.latent(row, wanted, 3).numpy(), expected[0], atol=1e-6)


@pytest.mark.parametrize("handles", [Handles(), Handles(controls=CONTROLS)])
def test_a_model_without_sliders_is_around_zero(handles: Handles) -> None:
    place = PlayedPlace(handles, DIM)
    wanted = asked([0.0] * (len(handles.controls) + 1), 0.5, 1)
    place.restart(0, wanted)
    assert not place.latent(0, wanted, 0).any()


def test_only_sixteen_levers_have_an_inlet() -> None:
    controls = tuple(make_control(f"C{i}", seed=i) for i in range(14))
    place = PlayedPlace(Handles(BANK, controls), DIM)
    assert (place.controls, place.sliders) == (14, 2)
    alone = PlayedPlace(Handles(BANK, (*controls, *CONTROLS, make_control("Last"))), DIM)
    assert (alone.controls, alone.sliders) == (16, 0)


def test_what_is_out_of_reach_goes_to_the_end() -> None:
    place = PlayedPlace(Handles(BANK), DIM)
    reach = [float(slider.max_step) for slider in BANK.sliders]
    far, end = asked([1e9, 1e9, 1e9, 5.0], 0.0, 3), asked([*reach, 1.0], 0.0, 3)
    place.restart(0, end)
    assert torch.equal(place.latent(0, far, 2), place.latent(0, end, 2))
    given = GivenPlace(2).latent(0, torch.tensor([1e300, -3.0], dtype=torch.float64), 0)
    assert given.tolist() == [MAX_LATENT, -3.0]
