from __future__ import annotations

import torch

from distill_export.graph.refined.state import RefinedStateLayout
from distill_export.graph.refined.stream import RefinedStreamState

CHUNK = torch.Size((2, 4, 5))
SHAPES = (*map(torch.Size, ((4, 2), (6, 3), (2, 7), (7,))), torch.Size(()))
LAYOUT = RefinedStateLayout(CHUNK, SHAPES)


def random(batch: int, shape: torch.Size, seed: int) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(seed))


def test_every_value_comes_back_in_a_place_of_its_own() -> None:
    assert LAYOUT.size == 1 + 2 * 4 * 5 + 8 + 18 + 14 + 7 + 1
    chunk_tail = random(3, CHUNK, 1)
    own = RefinedStreamState(*(random(3, shape, i + 2) for i, shape in enumerate(SHAPES)))
    fresh = LAYOUT.unpack(torch.zeros(3, LAYOUT.size))
    assert fresh.started.tolist() == [False] * 3
    vector = LAYOUT.advance(fresh, chunk_tail, own, torch.tensor(False))
    assert vector.shape == (3, LAYOUT.size)
    found = LAYOUT.unpack(vector)
    assert found.started.tolist() == [True] * 3
    for value, expected in zip((found.chunk_tail, *found.own), (chunk_tail, *own), strict=True):
        assert torch.equal(value, expected)


def test_a_stream_that_ended_leaves_zeros() -> None:
    begun = LAYOUT.unpack(torch.ones(2, LAYOUT.size))
    vector = LAYOUT.advance(begun, begun.chunk_tail, begun.own, torch.tensor(True))
    assert vector.shape == (2, LAYOUT.size)
    assert not vector.any()
