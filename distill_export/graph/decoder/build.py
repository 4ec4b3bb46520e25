"""From a loaded model to its decoder in one of the precisions."""

from __future__ import annotations

from collections.abc import Callable

import torch

from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.decoder.calibration import typical_latents
from distill_export.graph.decoder.folded import Float16Decoder, FoldedDecoder
from distill_export.graph.decoder.int8 import Int8Decoder
from distill_export.model.file import LoadedModel
from distill_runtime.contract import CHUNK_FRAMES

_CALIBRATION_SEEDS = 96
_CALIBRATION_SEED = 10_000  # far from those that the loss is measured with


def build_decoder(loaded: LoadedModel, precision: str) -> ChunkDecoder:
    """Return a model's decoder with weights of a precision, in eval mode."""
    return _DECODERS[precision](loaded).eval().requires_grad_(False)


def _float32(loaded: LoadedModel) -> FoldedDecoder:
    return FoldedDecoder(loaded.model.decoder, chunk_frames=CHUNK_FRAMES)


def _float16(loaded: LoadedModel) -> Float16Decoder:
    return Float16Decoder(loaded.model.decoder, chunk_frames=CHUNK_FRAMES)


def _int8(loaded: LoadedModel) -> Int8Decoder:
    latents = typical_latents(loaded, seed=_CALIBRATION_SEED, seeds=_CALIBRATION_SEEDS)
    return Int8Decoder(_float32(loaded).eval(), torch.from_numpy(latents))


_DECODERS: dict[str, Callable[[LoadedModel], ChunkDecoder]] = {
    "float32": _float32,
    "float16": _float16,
    "int8": _int8,
}
