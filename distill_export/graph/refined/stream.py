"""Mel frames as they come, cut into the blocks that "refined" works on, joined to one sound."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from distill_export.graph.denormalize import IDENTITY, Denormalize
from distill_export.graph.refined.block import (
    LOOKAHEAD_FRAMES,
    OVERLAP_HOPS,
    BlockState,
    RefinedBlock,
)
from distill_export.graph.refined.expander import Expander, Expansion
from distill_export.graph.refined.tones import TONE_BINS
from distill_export.graph.scan import scan_blocks
from distill_export.reference.mel import htk_filterbank
from distill_runtime.contract import HOP_FRAMES, AudioGrid, Normalization


class RefinedStreamState(NamedTuple):
    """What a stream carries from one call to the next; all zeros before its first."""

    seen: torch.Tensor  # [batch, n_mels, 2], the frames that were only looked at, normalised
    audio: torch.Tensor  # [batch, hop_length, 3], the rest is as in `BlockState`
    phase: torch.Tensor  # [batch, 2, TONE_BINS]
    advance: torch.Tensor  # [batch, TONE_BINS]
    position: torch.Tensor  # [batch]


class RefinedStream(nn.Module):
    """Normalised mel frames in, sound out.

    A block is the frames -2..44 of a step, and 45 and 46 to look at: a frame is heard two hops
    later than it arrives, besides the half window of a centred transform. The first frame of a
    stream is repeated before it and the last one after it.
    """

    def __init__(
        self,
        normalization: Normalization | None,
        grid: AudioGrid,
        *,
        passes: int,
        expansion: Expansion | None = None,
    ) -> None:
        super().__init__()
        self.n_mels, self.hop_length = grid.n_mels, grid.hop_length
        self.latency_samples = grid.n_fft // 2 + LOOKAHEAD_FRAMES * grid.hop_length
        units = normalization or IDENTITY
        self.denormalize = Denormalize(units.mag_mean, units.mag_std, torch.float64)
        self.expander = None if expansion is None else Expander(expansion)
        self.block = RefinedBlock(
            htk_filterbank(grid.sample_rate_hz, grid.n_fft, grid.n_mels),
            n_fft=grid.n_fft,
            hop_length=grid.hop_length,
            passes=passes,
        )

    def state_shapes(self) -> tuple[torch.Size, ...]:
        """Return the shapes of a row's `RefinedStreamState`, field by field."""
        return (
            torch.Size((self.n_mels, LOOKAHEAD_FRAMES)),
            torch.Size((self.hop_length, OVERLAP_HOPS)),
            torch.Size((2, TONE_BINS)),
            torch.Size((TONE_BINS,)),
            torch.Size(()),
        )

    def forward(
        self,
        mel: torch.Tensor,
        state: RefinedStreamState,
        started: torch.Tensor,
        steps: int,
        flush: int,
    ) -> tuple[torch.Tensor, RefinedStreamState]:
        """Synthesise.

        Args:
            mel: `[batch, n_mels, 47 * steps]`, normalised log power.
            state: What the call before left.
            started: bool `[batch]`, whether there was one.
            steps: Blocks of 47 frames that `mel` has.
            flush: 1 if no frames will follow, else 0.

        Returns:
            Audio `[batch, 47 * hop_length * steps]`, the latency more for the flush; and the next
            state.
        """
        begun = started[:, None, None]
        seen = torch.where(begun, state.seen, mel[..., :1])
        # By their places: how many frames there are is for the tracer a number that only data tell.
        places = torch.arange(-LOOKAHEAD_FRAMES, 0, device=mel.device) + HOP_FRAMES * steps
        ending = torch.index_select(mel, 2, places)
        frames = torch.cat([seen, mel, ending[..., -1:].expand(-1, -1, HOP_FRAMES)], dim=2)
        count = steps + flush
        # In a TorchScript trace every count is a tensor, and needs no promise.
        if not torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            torch._check(count > 0)
        starts = HOP_FRAMES * torch.arange(count, device=mel.device)
        places = starts[:, None] + torch.arange(HOP_FRAMES + LOOKAHEAD_FRAMES, device=mel.device)
        blocks = torch.index_select(frames, 2, places.flatten()).unflatten(
            2, (-1, HOP_FRAMES + LOOKAHEAD_FRAMES)
        )  # [batch, n_mels, blocks, 49]
        log_power = self.denormalize(blocks)

        fresh = self.block.initial_state(mel.shape[0])
        before = BlockState(
            audio=state.audio,
            phase=torch.where(begun, state.phase, fresh.phase),
            advance=torch.where(started[:, None], state.advance, fresh.advance),
            position=state.position,
        )
        log_power = log_power.permute(2, 0, 1, 3)
        if self.expander is not None:
            log_power = self.expander(log_power)
        sounds, after = scan_blocks(self.block, before, log_power)
        sound = sounds.transpose(0, 1).flatten(1)
        opening = torch.where(started[:, None], sound[:, : self.latency_samples], 0.0)
        sound = torch.cat([opening, sound[:, self.latency_samples :]], dim=1)
        samples = HOP_FRAMES * self.hop_length * steps + self.latency_samples * flush
        return sound[:, :samples], RefinedStreamState(ending, *after)

    def resynthesize(self, mel: torch.Tensor) -> torch.Tensor:
        """Synthesise whole streams at once, without the latency.

        Args:
            mel: `[batch, n_mels, frames]`, normalised log power, at least one frame.

        Returns:
            Audio `[batch, frames * hop_length]`.
        """
        batch, _, frames = mel.shape
        steps = -(-frames // HOP_FRAMES)
        missing = mel[..., -1:].expand(-1, -1, steps * HOP_FRAMES - frames)
        state = RefinedStreamState(*(mel.new_zeros(batch, *s) for s in self.state_shapes()))
        started = torch.zeros(batch, dtype=torch.bool, device=mel.device)
        sound, _ = self(torch.cat([mel, missing], dim=2), state, started, steps, 1)
        start = self.latency_samples
        return sound[:, start : start + frames * self.hop_length]
