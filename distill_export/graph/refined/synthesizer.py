"""The reconstruction "refined": latent vectors to the sound nearest to the model's magnitudes."""

from __future__ import annotations

import torch

from distill_export.graph.base import Synthesizer
from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.refined.expander import Expansion
from distill_export.graph.refined.passes import DEFAULT_QUALITY
from distill_export.graph.refined.state import RefinedStateLayout
from distill_export.graph.refined.stream import RefinedStream, RefinedStreamState
from distill_export.graph.state import StreamState
from distill_runtime.contract import AudioGrid, Normalization


class RefinedSynthesizer(Synthesizer[RefinedStreamState]):
    """The phase found from the magnitudes, block by block."""

    reconstruction = "refined"

    def __init__(
        self,
        decoder: ChunkDecoder,
        normalization: Normalization | None,
        grid: AudioGrid,
        *,
        passes: int = DEFAULT_QUALITY,
        expansion: Expansion | None = None,
    ) -> None:
        stream = RefinedStream(normalization, grid, passes=passes, expansion=expansion)
        chunk_shape = torch.Size((2, grid.n_mels, grid.hop_frames))
        super().__init__(RefinedStateLayout(chunk_shape, stream.state_shapes()), decoder, grid)
        self.stream = stream
        self.latency_samples = stream.latency_samples

    def reconstruct(
        self,
        mel: torch.Tensor,
        before: StreamState[RefinedStreamState],
        steps: int,
        flush: int,
    ) -> tuple[torch.Tensor, RefinedStreamState]:
        """Turn mel frames into sound, see `Synthesizer`."""
        own: RefinedStreamState
        audio, own = self.stream(mel[:, 0], before.own, before.started, steps + flush, flush)
        return audio, own
