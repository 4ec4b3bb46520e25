"""From a model file to one verified artifact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from distill_export.artifact_metadata import artifact_metadata
from distill_export.formats.build import PROGRAMS, build_program
from distill_export.formats.names import check_variant, default_name, default_precision
from distill_export.formats.program import Handles, ProgramSource
from distill_export.graph.build import build_synthesizer
from distill_export.graph.refined.expander import Expansion
from distill_export.graph.refined.expansion_fit import fit_expansion
from distill_export.graph.refined.passes import DEFAULT_QUALITY, MAX_QUALITY
from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.file import LoadedModel
from distill_export.model.levels import BandLevels
from distill_export.model.slider_bank import slider_bank
from distill_export.verify.controls.sound_names import SoundNames, measure_names
from distill_export.verify.parity import verify_program
from distill_export.verify.precision_loss import check_loss, measure_loss
from distill_runtime.contract import (
    ONNX,
    PRECISIONS,
    RECONSTRUCTIONS,
    ArtifactMetadata,
    Landmarks,
)
from distill_runtime.errors import RequestError
from distill_runtime.files.output_file import check_output
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
    reference: str  # what the sound was compared with, in a word


def export_model(
    source: Path,
    output: Path | None = None,
    *,
    overwrite: bool = False,
    reconstruction: str = "learned",
    quality: int = DEFAULT_QUALITY,
    format: str = ONNX,
    precision: str | None = None,
    accept_loss: bool = False,
    controls: bool = True,
    landmarks: Landmarks | None = None,
    levels: BandLevels | None = None,
    expander: bool = True,
    progress: Progress = _silent,
) -> ExportReport:
    """Export a model file, or a training checkpoint, to an artifact.

    Args:
        source: A `.distill` model or a `.pt` checkpoint.
        output: Where to write; by default beside the source, as `default_name` says.
        overwrite: Whether to replace a file that is there.
        reconstruction: "learned", what Distill plays, or "refined", closest to the magnitudes.
        quality: Passes of "refined", 0 to 64; each costs time. "learned" has none.
        format: "onnx", "torchscript", "pt2" (docs/variants.md), "nn" (docs/patchers.md), "html", a
            page with the ONNX artifact in it, or "triton", a folder (docs/scale.md).
        precision: Of the weights: "float32", or "float16" or "int8" in what holds an ONNX graph.
            By default "float32", and "int8" in a page.
        accept_loss: Whether to write a precision that is below its floor, with a warning in it.
        controls: Whether to find controls and to label the sliders anew, which takes some 20 s.
        landmarks: Where its recordings lie, see `training.landmarks`; by default as its file says.
        levels: How loud they are, likewise.
        expander: Whether "refined" gives seeds the levels of the recordings, where they are known.
        progress: Told what is being done, a few words at a time.

    Raises:
        ModelFileError: The source is not there or cannot be used.
        RequestError: There is no such reconstruction, quality, format or precision.
        DependencyError: A page is asked for, and there is none to put the artifact into.
        VerificationError: The graph does not agree with the reference, or the precision loses too
            much; nothing is written.
        OutputError: The output could not be written.
    """
    exporter = Exporter(
        source,
        reconstruction=reconstruction,
        quality=quality,
        controls=controls,
        landmarks=landmarks,
        levels=levels,
        expander=expander,
        progress=progress,
    )
    output = output or source.parent / default_name(source, format=format, precision=precision)
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
    controls: bool = True,
    landmarks: Landmarks | None = None,
    levels: BandLevels | None = None,
    expander: bool = True,
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
        controls: Whether to find controls and to label the sliders anew, once for all of them.
        landmarks: Where its recordings lie; by default as its file says.
        levels: How loud they are; by default as its file says.
        expander: Whether "refined" gives seeds the levels of the recordings, where they are known.
        progress: Told what is being done.

    Returns:
        A report for each file, float32 first.

    Raises:
        DistillError: As `export_model` does. The files that were whole by then stay.
    """
    exporter = Exporter(
        source,
        reconstruction=reconstruction,
        quality=quality,
        controls=controls,
        landmarks=landmarks,
        levels=levels,
        expander=expander,
        progress=progress,
    )
    outputs = all_outputs(source, source.parent if folder is None else folder)
    for output in outputs:  # all of them before the first is written
        check_output(output, overwrite=overwrite)
    return [
        exporter.write(output, overwrite=overwrite, precision=precision, accept_loss=accept_loss)
        for output, precision in zip(outputs, PRECISIONS, strict=True)
    ]


def all_outputs(source: Path, folder: Path) -> list[Path]:
    """Return where `export_all` writes, a path for each of `PRECISIONS`."""
    return [folder / default_name(source, precision=precision) for precision in PRECISIONS]


class Exporter:
    """One model and one way from its mel frames to sound, exported as often as wanted."""

    def __init__(
        self,
        source: Path,
        *,
        reconstruction: str = "learned",
        quality: int = DEFAULT_QUALITY,
        controls: bool = True,
        landmarks: Landmarks | None = None,
        levels: BandLevels | None = None,
        expander: bool = True,
        progress: Progress = _silent,
    ) -> None:
        """See `export_model`.

        Raises:
            RequestError: There is no such reconstruction or quality.
        """
        _check_request(reconstruction, quality)
        self._path, self._progress = source, progress
        self._reconstruction, self._quality = reconstruction, quality
        self._with_controls = controls
        self._landmarks, self._levels = landmarks, levels
        self._with_expander = expander
        self._sources: dict[str, ProgramSource] = {}  # by precision

    def write(
        self,
        output: Path,
        *,
        overwrite: bool = False,
        format: str = ONNX,
        precision: str | None = None,
        accept_loss: bool = False,
    ) -> ExportReport:
        """Export one variant; see `export_model` for the arguments and errors."""
        precision = precision or default_precision(format)
        check_variant(precision, format, output)
        place = PROGRAMS[format].place(output, overwrite=overwrite)
        with place as temporary:  # a bad output fails at once
            loaded = self._loaded
            self._progress(f"building the graph in {precision}")
            source = self._source_of(precision)
            synthesizer = source.synthesizer
            program = build_program(format, source, temporary)
            self._progress("verifying it against PyTorch")
            verification = verify_program(program, loaded, synthesizer)
            loss = None
            if not synthesizer.decoder.is_exact:
                self._progress("comparing it with float32")
                loss = measure_loss(source.graph, self._source_of("float32").graph, loaded)
                loss = check_loss(loss, precision, accepted=accept_loss)
            metadata = artifact_metadata(
                loaded,
                synthesizer,
                program,
                verification=verification,
                loss=loss,
                source_sha256=self._sha256,
                names=self._names,
            )
            program.write(metadata.to_json(), name=output.stem)
            size_bytes = program.inspect()  # what the runtime would refuse is not written
        return ExportReport(
            path=output,
            size_bytes=size_bytes,
            weight_bytes=program.weight_bytes,
            constant_bytes=program.constant_bytes,
            metadata=metadata,
            reference=verification.reference,
        )

    @cached_property
    def _loaded(self) -> LoadedModel:
        self._progress(f"reading {shown(self._path)}")
        loaded = load_model_or_checkpoint(self._path)
        return replace(
            loaded,
            landmarks=self._landmarks or loaded.landmarks,
            levels=self._levels or loaded.levels,
        )

    @cached_property
    def _expansion(self) -> Expansion | None:
        """Of the model in float32: every variant of it has the same."""
        if not self._with_expander or self._reconstruction != "refined":
            return None
        return fit_expansion(self._loaded)

    @cached_property
    def _sha256(self) -> str:
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def _names(self) -> SoundNames:
        """Controls and sliders, of the float32 graph: every variant of the model has the same."""
        bank = slider_bank(self._loaded.analysis)
        if not self._with_controls:
            return SoundNames((), bank)
        source = self._source_of("float32")
        return measure_names(
            source.graph,
            bank,
            reconstruction=self._reconstruction,
            latent_dim=source.synthesizer.decoder.latent_dim,
            latency_samples=source.synthesizer.latency_samples,
            progress=self._progress,
        )

    @property
    def _handles(self) -> Handles:
        names = self._names
        return Handles(names.sliders, names.controls, self._loaded.landmarks)

    def _source_of(self, precision: str) -> ProgramSource:
        """Return what the programs of a precision are made of; float32's is kept for the others."""
        if precision not in self._sources:
            synthesizer = build_synthesizer(
                self._loaded,
                reconstruction=self._reconstruction,
                precision=precision,
                quality=self._quality,
                expansion=self._expansion,
            )
            self._sources[precision] = ProgramSource(synthesizer, lambda: self._handles)
        return self._sources[precision]


def _check_request(reconstruction: str, quality: int) -> None:
    if reconstruction not in RECONSTRUCTIONS:
        raise RequestError(
            f"the reconstruction is {reconstruction!r}, expected one of "
            f"{', '.join(RECONSTRUCTIONS)}"
        )
    if not 0 <= quality <= MAX_QUALITY:
        raise RequestError(f"the quality is {quality}, expected 0 to {MAX_QUALITY} passes")
