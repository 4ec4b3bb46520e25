"""Overlap-add of decoded chunks to one stream of mel frames."""

from __future__ import annotations

import torch
from torch import nn


class ChunkOverlapAdd(nn.Module):
    """Cross-fades chunks that overlap by half, as `synthesize_continuous_mel` does.

    With a periodic Hann window and a hop of half a chunk two windows always sum to one, so a block
    of `hop_frames` is the rising half of one chunk plus the falling half of the one before. At a
    stream's start and end there is only one chunk, and dividing by its window leaves it as it is,
    except in the very first frame, where the window is 0 and so is the result.
    """

    def __init__(self, *, chunk_frames: int, hop_frames: int) -> None:
        super().__init__()
        if chunk_frames != 2 * hop_frames:
            raise ValueError("chunks must overlap by half")
        self.hop_frames = hop_frames
        window = torch.hann_window(chunk_frames, periodic=True)
        rising, falling = window[:hop_frames], window[hop_frames:]
        opening = torch.ones(hop_frames)
        opening[0] = 0.0
        self.rising = nn.Buffer(rising / (rising + falling))
        self.falling = nn.Buffer(falling / (rising + falling))
        self.opening = nn.Buffer(opening)

    def forward(
        self,
        chunks: torch.Tensor,
        tail: torch.Tensor,
        started: torch.Tensor,
        finish: torch.Tensor,
        flush: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Join `chunks` to the stream that `tail` ends.

        Args:
            chunks: `[batch, steps, 2, n_mels, chunk_frames]`.
            tail: `[batch, 2, n_mels, hop_frames]`, zeros where the row has not started.
            started: bool `[batch]`.
            finish: bool `[]`.
            flush: `finish` as a number, 0 or 1, to size tensors by.

        Returns:
            The mel frames `[batch, 2, n_mels, frames]`, frames = `hop_frames` for each step and
            once more for the flush; and the new tail.
        """
        first, second = chunks[..., : self.hop_frames], chunks[..., self.hop_frames :]
        steps = chunks.shape[1]
        index = torch.arange(steps, device=chunks.device)
        opens = (~started)[:, None] & (index == 0)[None, :]  # [batch, steps]
        # A stream that opens and finishes with one step is that chunk, unwindowed.
        alone = finish & (index[-1] == 0)
        opening = torch.where(alone, torch.ones_like(self.opening), self.opening)
        fade_in = torch.where(opens[..., None], opening, self.rising)  # [batch, steps, hop_frames]
        # Cut after joining: a tensor of `steps - 1` would make torch.export refuse two steps.
        previous = torch.cat([tail[:, None], second], dim=1)[:, :-1]
        blocks = first * fade_in[:, :, None, None] + previous * self.falling
        new_tail = second[:, -1]

        blocks = torch.cat([blocks, new_tail[:, None]], dim=1)
        frames = blocks.permute(0, 2, 3, 1, 4).flatten(3)
        return frames[..., : self.hop_frames * (steps + flush)], new_tail
