"""From a loaded model to the torch module that is to be exported."""

from __future__ import annotations

from distill_export.graph.learned.synthesizer import Synthesizer
from distill_export.graph.refined.passes import DEFAULT_QUALITY
from distill_export.graph.refined.synthesizer import RefinedSynthesizer
from distill_export.model.file import LoadedModel
from distill_export.verify.precision_loss import build_decoder

CHUNK_FRAMES = 94
HOP_FRAMES = 47


def build_synthesizer(loaded: LoadedModel, *, precision: str = "float32") -> Synthesizer:
    """Return the module of a loaded model with "learned", in eval mode on the CPU."""
    decoder = build_decoder(loaded, precision, chunk_frames=CHUNK_FRAMES)
    return Synthesizer(decoder, loaded.normalization_stats, **_sizes(loaded)).eval()


def build_refined_synthesizer(
    loaded: LoadedModel, *, quality: int = DEFAULT_QUALITY, precision: str = "float32"
) -> RefinedSynthesizer:
    """Return the module of a loaded model with "refined", in eval mode on the CPU."""
    decoder = build_decoder(loaded, precision, chunk_frames=CHUNK_FRAMES)
    synthesizer = RefinedSynthesizer(
        decoder, loaded.normalization_stats, iterations=quality, **_sizes(loaded)
    )
    return synthesizer.eval().requires_grad_(False)


def _sizes(loaded: LoadedModel) -> dict[str, int]:
    spectrogram = loaded.spectrogram.config
    return {
        "sample_rate_hz": spectrogram.sample_rate,
        "n_fft": spectrogram.n_fft,
        "hop_length": spectrogram.hop_length,
        "n_mels": spectrogram.n_mels,
        "chunk_frames": CHUNK_FRAMES,
        "hop_frames": HOP_FRAMES,
    }
