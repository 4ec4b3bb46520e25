from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.graph.chunks import ChunkOverlapAdd
from distill_export.reference.continuous_mel import decode_trajectory

TAIL = (2, 3, 47)


@pytest.fixture(scope="module")
def overlap_add() -> ChunkOverlapAdd:
    return ChunkOverlapAdd(chunk_frames=94, hop_frames=47)


def chunks(seed: int, steps: int, batch: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, steps, 2, 3, 94, generator=generator)


def play(module: ChunkOverlapAdd, decoded: torch.Tensor, cuts: list[int]) -> torch.Tensor:
    """The finished stream of `[batch, steps, 2, 3, 94]`, cut at these steps."""
    tail = torch.zeros(len(decoded), *TAIL)
    frames = []
    pieces = decoded.tensor_split(cuts, dim=1)
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        started = torch.full((len(decoded),), i > 0)
        mel, tail = module(piece, tail, started, torch.tensor(last), int(last))
        assert mel.shape[-1] == 47 * (piece.shape[1] + last)
        frames.append(mel)
    return torch.cat(frames, dim=-1)


def reference(decoded: torch.Tensor) -> torch.Tensor:
    trajectory = torch.arange(float(len(decoded)))[:, None]
    return decode_trajectory(lambda z: decoded[int(z[0, 0])][None].double(), trajectory)


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
def test_one_shot_is_the_reference(overlap_add: ChunkOverlapAdd, steps: int) -> None:
    decoded = chunks(steps, steps)
    found = play(overlap_add, decoded, [])
    torch.testing.assert_close(found.double(), reference(decoded[0]), rtol=0, atol=1e-6)


def test_a_stream_of_one_step_is_the_chunk(overlap_add: ChunkOverlapAdd) -> None:
    decoded = chunks(1, 1)
    assert torch.equal(play(overlap_add, decoded, []), decoded[:, 0])


def test_a_last_single_step_is_cross_faded_all_the_same(overlap_add: ChunkOverlapAdd) -> None:
    decoded = chunks(1, 2)
    assert torch.equal(play(overlap_add, decoded, [1]), play(overlap_add, decoded, []))


@settings(deadline=None, max_examples=30)
@given(data=st.data(), steps=st.integers(1, 9))
def test_a_stream_cut_anywhere_is_bit_equal(data: st.DataObject, steps: int) -> None:
    module = ChunkOverlapAdd(chunk_frames=94, hop_frames=47)
    cuts = sorted(data.draw(st.sets(st.integers(1, steps - 1)))) if steps > 1 else []
    decoded = chunks(steps, steps, batch=2)
    assert torch.equal(play(module, decoded, cuts), play(module, decoded, []))


def test_rows_may_stand_at_different_points(overlap_add: ChunkOverlapAdd) -> None:
    decoded = chunks(1, 2, batch=2)
    tail = torch.randn(1, *TAIL, generator=torch.Generator().manual_seed(2))
    running, fresh = torch.tensor([True]), torch.tensor([False])
    go_on = torch.tensor(False), 0
    both, tails = overlap_add(
        decoded, torch.cat([tail, torch.zeros_like(tail)]), torch.cat([running, fresh]), *go_on
    )
    first, first_tail = overlap_add(decoded[:1], tail, running, *go_on)
    second, second_tail = overlap_add(decoded[1:], torch.zeros_like(tail), fresh, *go_on)
    assert torch.equal(both, torch.cat([first, second]))
    assert torch.equal(tails, torch.cat([first_tail, second_tail]))
    assert first[..., 0].any()
    assert not second[..., 0].any()


def test_a_fresh_single_step_that_goes_on_starts_with_a_frame_of_zero(
    overlap_add: ChunkOverlapAdd,
) -> None:
    decoded = chunks(1, 1)
    mel, tail = overlap_add(
        decoded, torch.zeros(1, *TAIL), torch.tensor([False]), torch.tensor(False), 0
    )
    assert not mel[..., 0].any()
    assert torch.equal(mel[..., 1:], decoded[:, 0, ..., 1:47])
    assert torch.equal(tail, decoded[:, 0, ..., 47:])


@pytest.mark.parametrize(("chunk", "hop"), [(94, 46), (93, 47), (94, 94)])
def test_only_half_overlap_is_possible(chunk: int, hop: int) -> None:
    with pytest.raises(ValueError, match="overlap by half"):
        ChunkOverlapAdd(chunk_frames=chunk, hop_frames=hop)
