from __future__ import annotations

import pytest
import torch

from distill_export.graph.refined.block import RefinedBlock
from distill_export.reference.mel import htk_filterbank

FILTERBANK = htk_filterbank(48_000, 2048, 128)


@pytest.mark.parametrize("passes", [0, 1, 4])
def test_a_block_of_silence_is_silent(passes: int) -> None:
    block = RefinedBlock(FILTERBANK, n_fft=2048, hop_length=512, passes=passes)
    silence = torch.zeros(2, 128, 49, dtype=torch.float64)
    sound, state = block(silence, *block.initial_state(2))
    assert sound.shape == (2, 47 * 512)
    assert not sound.any()
    for part in state:
        assert torch.isfinite(part).all()
