"""From a loaded model to the torch module that is to be exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from distill_export.graph.base import Synthesizer
from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.decoder.build import build_decoder
from distill_export.graph.denormalize import normalization
from distill_export.graph.learned.synthesizer import LearnedSynthesizer
from distill_export.graph.refined.expander import Expansion
from distill_export.graph.refined.passes import DEFAULT_QUALITY
from distill_export.graph.refined.synthesizer import RefinedSynthesizer
from distill_export.model.file import LoadedModel
from distill_runtime.contract import CHUNK_FRAMES, HOP_FRAMES, AudioGrid, Normalization


def build_synthesizer(
    loaded: LoadedModel,
    *,
    reconstruction: str = "learned",
    precision: str = "float32",
    quality: int = DEFAULT_QUALITY,
    expansion: Expansion | None = None,
) -> Synthesizer[Any]:
    """Return the module of a loaded model, in eval mode on the CPU.

    Args:
        loaded: The model.
        reconstruction: Its name in the contract.
        precision: Of the weights, its name in the contract.
        quality: Passes of "refined"; "learned" has none.
        expansion: What "refined" does to the levels of each band; by default nothing.
    """
    synthesizer = _SYNTHESIZERS[reconstruction](
        build_decoder(loaded, precision),
        normalization(loaded.normalization_stats),
        audio_grid(loaded),
        quality,
        expansion,
    )
    return synthesizer.eval().requires_grad_(False)


def audio_grid(loaded: LoadedModel) -> AudioGrid:
    """Return the sampling and the frames of a model's sound."""
    spectrogram = loaded.spectrogram.config
    return AudioGrid(
        sample_rate_hz=spectrogram.sample_rate,
        n_fft=spectrogram.n_fft,
        hop_length=spectrogram.hop_length,
        n_mels=spectrogram.n_mels,
        chunk_frames=CHUNK_FRAMES,
        hop_frames=HOP_FRAMES,
    )


def _learned(
    decoder: ChunkDecoder, units: Normalization | None, grid: AudioGrid, *_: object
) -> LearnedSynthesizer:
    return LearnedSynthesizer(decoder, units, grid)


def _refined(
    decoder: ChunkDecoder,
    units: Normalization | None,
    grid: AudioGrid,
    quality: int,
    expansion: Expansion | None,
) -> RefinedSynthesizer:
    return RefinedSynthesizer(decoder, units, grid, passes=quality, expansion=expansion)


_Build = Callable[
    [ChunkDecoder, Normalization | None, AudioGrid, int, Expansion | None], Synthesizer[Any]
]
_SYNTHESIZERS: dict[str, _Build] = {"learned": _learned, "refined": _refined}
