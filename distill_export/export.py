"""From a model file to one verified artifact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import onnx
import torch

from distill_export import __version__
from distill_export.artifact_metadata import model_info, normalization, slider_bank
from distill_export.formats.names import check_format
from distill_export.formats.onnx_graph import trace
from distill_export.formats.onnx_program import OnnxProgram
from distill_export.formats.torch_program import TorchProgram
from distill_export.graph.build import (
    CHUNK_FRAMES,
    HOP_FRAMES,
    build_refined_synthesizer,
    build_synthesizer,
)
from distill_export.graph.learned.synthesizer import Synthesizer
from distill_export.graph.refined.passes import DEFAULT_QUALITY, MAX_QUALITY
from distill_export.graph.refined.synthesizer import RefinedSynthesizer
from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.file import LoadedModel
from distill_export.verify.parity import Verification
from distill_export.verify.precision_loss import check_loss, check_precision, measure_loss
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import (
    ENDINGS,
    ONNX,
    PRECISIONS,
    RECONSTRUCTIONS,
    ArtifactMetadata,
    AudioFormat,
    PrecisionLoss,
)
from distill_runtime.errors import RequestError
from distill_runtime.files.output_file import check_output, replacing
from distill_runtime.files.shown import shown

Progress = Callable[[str], None]


def _silent(message: str) -> None:
    """Say nothing."""


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
    precision: str = "float32",
    accept_loss: bool = False,
    progress: Progress = _silent,
) -> ExportReport:
    """Export a model file, or a training checkpoint, to an artifact.

    Args:
        source: A `.distill` model or a `.pt` checkpoint.
        output: Where to write; by default beside the source, as `default_name` says.
        overwrite: Whether to replace a file that is there.
        reconstruction: "learned", what Distill plays, or "refined", closest to the magnitudes.
        quality: Passes of "refined", 0 to 64; each costs time. "learned" has none.
        format: "onnx", "torchscript" or "pt2" (docs/variants.md).
        precision: Of the weights: "float32", or "float16" or "int8" in an ONNX file.
        accept_loss: Whether to write a precision that is below its floor, with a warning in it.
        progress: Told what is being done, a few words at a time.

    Raises:
        ModelFileError: The source is not there or cannot be used.
        RequestError: There is no such reconstruction, quality, format or precision.
        VerificationError: The graph does not agree with the reference, or the precision loses too
            much; nothing is written.
        OutputError: The output could not be written.
    """
    exporter = Exporter(source, reconstruction=reconstruction, quality=quality, progress=progress)
    output = output or source.with_name(default_name(source, format=format, precision=precision))
    return exporter.write(
        output, overwrite=overwrite, format=format, precision=precision, accept_loss=accept_loss
    )


def export_all(
    source: Path,
    folder: Path | None = None,
    *,
    overwrite: bool = False,
    reconstruction: str = "learned",
    quality: int = DEFAULT_QUALITY,
    accept_loss: bool = False,
    progress: Progress = _silent,
) -> list[ExportReport]:
    """Export a model to ONNX in every precision, beside each other.

    Args:
        source: A `.distill` model or a `.pt` checkpoint.
        folder: Where to write; by default where the source is.
        overwrite: Whether to replace files that are there.
        reconstruction: As for `export_model`; so are the following.
        quality: Passes of "refined".
        accept_loss: Whether to write a precision that is below its floor.
        progress: Told what is being done.

    Returns:
        A report for each file, float32 first.

    Raises:
        DistillError: As `export_model` does. The files that were whole by then stay.
    """
    exporter = Exporter(source, reconstruction=reconstruction, quality=quality, progress=progress)
    folder = source.parent if folder is None else folder
    outputs = [folder / default_name(source, precision=precision) for precision in PRECISIONS]
    for output in outputs:  # all of them before the first is written
        check_output(output, overwrite=overwrite)
    return [
        exporter.write(output, overwrite=overwrite, precision=precision, accept_loss=accept_loss)
        for output, precision in zip(outputs, PRECISIONS, strict=True)
    ]


def default_name(source: Path, *, format: str = ONNX, precision: str = "float32") -> str:
    """Return what a variant of a model is called: variants can lie beside each other.

    Raises:
        RequestError: There is no such format or precision.
    """
    check_format(format)
    check_precision(precision, format=format)
    variant = "" if precision == "float32" else f"_{precision}"
    return f"{source.stem}{variant}{ENDINGS[format]}"


class Exporter:
    """One model and one way from its mel frames to sound, exported as often as wanted."""

    def __init__(
        self,
        source: Path,
        *,
        reconstruction: str = "learned",
        quality: int = DEFAULT_QUALITY,
        progress: Progress = _silent,
    ) -> None:
        """See `export_model`.

        Raises:
            RequestError: There is no such reconstruction or quality.
        """
        _check_request(reconstruction, quality)
        self._source, self._progress = source, progress
        self._reconstruction, self._quality = reconstruction, quality

    def write(
        self,
        output: Path,
        *,
        overwrite: bool = False,
        format: str = ONNX,
        precision: str = "float32",
        accept_loss: bool = False,
    ) -> ExportReport:
        """Export one variant; see `export_model` for the arguments and errors."""
        check_format(format, output)
        check_precision(precision, format=format)
        with replacing(output, overwrite=overwrite) as temporary:  # a bad output fails at once
            loaded = self._loaded
            self._progress(f"building the graph in {precision}")
            synthesizer = self._synthesizer(precision)
            program: OnnxProgram | TorchProgram
            if format == ONNX:
                is_float32 = precision == "float32"
                program = OnnxProgram(
                    self._float32_graph if is_float32 else self._graph(synthesizer)
                )
            else:
                latent_dim = loaded.model.shape.latent_dim
                program = TorchProgram.save(synthesizer, temporary, format, latent_dim=latent_dim)
            self._progress("verifying it against PyTorch")
            verification = program.verify(loaded, synthesizer)
            loss = None
            if isinstance(program, OnnxProgram) and precision != "float32":
                self._progress("comparing it with float32")
                loss = measure_loss(program.model, self._float32_graph, loaded)
                loss = check_loss(loss, precision, accepted=accept_loss)
            metadata = self._metadata(synthesizer, program, verification, loss)
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

    @cached_property
    def _loaded(self) -> LoadedModel:
        self._progress(f"reading {shown(self._source)}")
        return load_model_or_checkpoint(self._source)

    @cached_property
    def _source_sha256(self) -> str:
        with self._source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def _float32_graph(self) -> onnx.ModelProto:
        return self._graph(self._synthesizer("float32"))

    def _graph(self, synthesizer: Synthesizer | RefinedSynthesizer) -> onnx.ModelProto:
        return trace(synthesizer, latent_dim=self._loaded.model.shape.latent_dim)

    def _synthesizer(self, precision: str) -> Synthesizer | RefinedSynthesizer:
        if self._reconstruction == "refined":
            return build_refined_synthesizer(
                self._loaded, quality=self._quality, precision=precision
            )
        return build_synthesizer(self._loaded, precision=precision)

    def _metadata(
        self,
        synthesizer: Synthesizer | RefinedSynthesizer,
        program: OnnxProgram | TorchProgram,
        verification: Verification,
        loss: PrecisionLoss | None,
    ) -> ArtifactMetadata:
        loaded = self._loaded
        spectrogram = loaded.spectrogram_config
        return ArtifactMetadata(
            model=model_info(loaded),
            audio=AudioFormat(
                sample_rate_hz=spectrogram.sample_rate,
                n_fft=spectrogram.n_fft,
                hop_length=spectrogram.hop_length,
                n_mels=spectrogram.n_mels,
                chunk_frames=CHUNK_FRAMES,
                hop_frames=HOP_FRAMES,
            ),
            latent_dim=loaded.model.shape.latent_dim,
            state_size=synthesizer.state_size,
            latency_samples=synthesizer.latency_samples,
            reconstruction=synthesizer.reconstruction,
            precision=synthesizer.decoder.precision,
            precision_loss=loss,
            normalization=normalization(loaded.normalization_stats),
            sliders=slider_bank(loaded.analysis),
            source_sha256=self._source_sha256,
            weights_sha256=program.weights_sha256(),
            exporter={
                "distill-export": __version__,
                "torch": torch.__version__,
                **program.versions,
            },
            parity=verification.parity,
            test_vector=verification.test_vector,
        )


def _check_request(reconstruction: str, quality: int) -> None:
    if reconstruction not in RECONSTRUCTIONS:
        raise RequestError(
            f"the reconstruction is {reconstruction!r}, expected one of "
            f"{', '.join(RECONSTRUCTIONS)}"
        )
    if not 0 <= quality <= MAX_QUALITY:
        raise RequestError(f"the quality is {quality}, expected 0 to {MAX_QUALITY} passes")
