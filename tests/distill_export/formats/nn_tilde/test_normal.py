"""A seed's draws in TorchScript are those of the runtime, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.formats.nn_tilde.normal import Normal, begin
from distill_runtime.latents.seeds import TorchGenerator


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(16, 200))
def test_draws_are_the_runtimes(seed: int, n: int) -> None:
    normal, state, expected = Normal(), begin(seed), TorchGenerator(seed)
    for _ in range(5):
        drawn, state = normal(state, n)
        assert np.array_equal(drawn.numpy(), expected.randn(n))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("n", [16, 100, 128])
def test_a_script_draws_the_same_for_long(n: int) -> None:
    normal = torch.jit.script(Normal())  # type: ignore[no-untyped-call]
    state, expected = begin(7), TorchGenerator(7).randn_rows(40, n)
    for row in expected:
        drawn, state = normal(state, n)
        assert np.array_equal(drawn.numpy(), row)
