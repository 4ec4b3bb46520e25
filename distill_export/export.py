"""From a model file to one verified artifact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from distill_export import __version__
from distill_export.checkpoint import load_model_or_checkpoint
from distill_export.formats import check_format
from distill_export.graph.decoder import FoldedDecoder
from distill_export.graph.refined_synthesizer import RefinedSynthesizer
from distill_export.graph.synthesizer import Synthesizer
from distill_export.metadata import model_info, normalization, slider_bank
from distill_export.model_file import LoadedModel
from distill_export.onnx_file import trace
from distill_export.onnx_program import OnnxProgram
from distill_export.quality import DEFAULT_QUALITY, MAX_QUALITY
from distill_export.torch_program import TorchProgram
from distill_runtime.artifact_file import ArtifactFile
from distill_runtime.contract import (
    ENDINGS,
    ONNX,
    RECONSTRUCTIONS,
    ArtifactMetadata,
    AudioFormat,
)
from distill_runtime.errors import RequestError
from distill_runtime.output_file import replacing

CHUNK_FRAMES = 94
HOP_FRAMES = 47


@dataclass(frozen=True)
class ExportReport:
    """What was written."""

    path: Path
    size_bytes: int
    weight_bytes: int
    constant_bytes: int  # of the signal processing, apart from the model's weights
    metadata: ArtifactMetadata


def export_model(
    source: Path,
    output: Path | None = None,
    *,
    overwrite: bool = False,
    reconstruction: str = "learned",
    quality: int = DEFAULT_QUALITY,
    format: str = ONNX,
    progress: Callable[[str], None] = lambda message: None,
) -> ExportReport:
    """Export a model file, or a training checkpoint, to an artifact.

    Args:
        source: A `.distill` model or a `.pt` checkpoint.
        output: Where to write; by default beside the source, with the format's ending.
        overwrite: Whether to replace a file that is there.
        reconstruction: "learned", what Distill plays, or "refined", closest to the magnitudes.
        quality: Passes of "refined", 0 to 64; each costs time. "learned" has none.
        format: "onnx", "torchscript" or "pt2" (docs/variants.md).
        progress: Told what is being done, a few words at a time.

    Raises:
        ModelFileError: The source is not there or cannot be used.
        RequestError: There is no such reconstruction, quality or format.
        VerificationError: The graph does not agree with the reference; nothing is written.
        OutputError: The output could not be written.
    """
    _check_request(reconstruction, quality)
    check_format(format, output)
    output = output or source.with_suffix(ENDINGS[format])
    with replacing(output, overwrite=overwrite) as temporary:  # first: a bad output fails at once
        progress(f"reading {source}")
        loaded = load_model_or_checkpoint(source)
        source_sha256 = _sha256(source)
        progress("building the graph")
        synthesizer: Synthesizer | RefinedSynthesizer
        if reconstruction == "refined":
            synthesizer = build_refined_synthesizer(loaded, quality=quality)
        else:
            synthesizer = build_synthesizer(loaded)
        latent_dim = loaded.model.shape.latent_dim
        program: OnnxProgram | TorchProgram
        if format == ONNX:
            program = OnnxProgram(trace(synthesizer, latent_dim=latent_dim))
        else:
            program = TorchProgram.save(synthesizer, temporary, format, latent_dim=latent_dim)
        progress("verifying it against PyTorch")
        verification = program.verify(loaded, synthesizer)
        spectrogram = loaded.spectrogram_config
        metadata = ArtifactMetadata(
            model=model_info(loaded),
            audio=AudioFormat(
                sample_rate_hz=spectrogram.sample_rate,
                n_fft=spectrogram.n_fft,
                hop_length=spectrogram.hop_length,
                n_mels=spectrogram.n_mels,
                chunk_frames=CHUNK_FRAMES,
                hop_frames=HOP_FRAMES,
            ),
            latent_dim=latent_dim,
            state_size=synthesizer.state_size,
            latency_samples=synthesizer.latency_samples,
            reconstruction=synthesizer.reconstruction,
            precision="float32",
            normalization=normalization(loaded.normalization_stats),
            sliders=slider_bank(loaded.analysis),
            source_sha256=source_sha256,
            weights_sha256=program.weights_sha256(),
            exporter={
                "distill-export": __version__,
                "torch": torch.__version__,
                **program.versions,
            },
            parity=verification.parity,
            test_vector=verification.test_vector,
        )
        program.write(temporary, metadata.to_json())
        # The last word has the runtime itself: what it would refuse is not written.
        written = ArtifactFile.inspect(temporary, formats=(format,))
    return ExportReport(
        path=output,
        size_bytes=written.size_bytes,
        weight_bytes=program.weight_bytes,
        constant_bytes=program.constant_bytes,
        metadata=metadata,
    )


def build_synthesizer(loaded: LoadedModel) -> Synthesizer:
    """Return the graph of a loaded model with "learned", in eval mode on the CPU."""
    decoder = FoldedDecoder(loaded.model.decoder, chunk_frames=CHUNK_FRAMES)
    return Synthesizer(decoder, loaded.normalization_stats, **_sizes(loaded)).eval()


def build_refined_synthesizer(
    loaded: LoadedModel, *, quality: int = DEFAULT_QUALITY
) -> RefinedSynthesizer:
    """Return the graph of a loaded model with "refined", in eval mode on the CPU."""
    decoder = FoldedDecoder(loaded.model.decoder, chunk_frames=CHUNK_FRAMES)
    synthesizer = RefinedSynthesizer(
        decoder, loaded.normalization_stats, iterations=quality, **_sizes(loaded)
    )
    return synthesizer.eval().requires_grad_(False)


def _sizes(loaded: LoadedModel) -> dict[str, int]:
    spectrogram = loaded.spectrogram_config
    return {
        "sample_rate_hz": spectrogram.sample_rate,
        "n_fft": spectrogram.n_fft,
        "hop_length": spectrogram.hop_length,
        "n_mels": spectrogram.n_mels,
        "chunk_frames": CHUNK_FRAMES,
        "hop_frames": HOP_FRAMES,
    }


def _check_request(reconstruction: str, quality: int) -> None:
    if reconstruction not in RECONSTRUCTIONS:
        raise RequestError(
            f"the reconstruction is {reconstruction!r}, expected one of "
            f"{', '.join(RECONSTRUCTIONS)}"
        )
    if not 0 <= quality <= MAX_QUALITY:
        raise RequestError(f"the quality is {quality}, expected 0 to {MAX_QUALITY} passes")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
