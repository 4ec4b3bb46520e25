"""An artifact in words, for the person who wants to play it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.audio.snr import MAX_SNR_DB
from distill_runtime.contract import (
    HTML,
    ONNX,
    PT2,
    RECONSTRUCTIONS,
    TORCHSCRIPT,
    ArtifactMetadata,
    PrecisionLoss,
    Slider,
)
from distill_runtime.files.one_line import one_line
from distill_runtime.files.shown import shown

_FORMATS = {
    ONNX: "ONNX, plays anywhere",
    TORCHSCRIPT: "TorchScript, for programs with libtorch: code, load it only if you trust it",
    PT2: "pt2, for PyTorch: load it only if you trust it",
    HTML: "a page with an ONNX artifact in it: a browser opens it and plays",
}


def describe(file: ArtifactFile) -> str:
    """Return a few lines of plain text about an artifact."""
    metadata = file.metadata
    rows = [
        ("Model", metadata.model.name or "(no name)"),
        ("About", metadata.model.description),
        ("Made from", _dataset(metadata)),
        ("Trained", _training(metadata)),
        ("Tags", ", ".join(metadata.model.tags)),
        ("Sound", _sound(metadata)),
        ("Latency", _latency(metadata)),
        ("Latents", f"{metadata.latent_dim} dimensions"),
        ("Checked", _parity(metadata)),
        ("File", f"{file.size_bytes / 1e6:.1f} MB, {metadata.precision} weights"),
        ("Precision", _precision(metadata)),
        ("Warning", _warning(metadata)),
        ("Format", _FORMATS[file.format]),
        ("Structure", _structure(file)),
        ("Exported", _exporter(metadata)),
        ("Source", f"SHA-256 {metadata.source_sha256}"),
        ("Sliders", _slider_count(metadata)),
    ]
    lines = [shown(file.path), *(f"  {name:<10} {one_line(text)}" for name, text in rows if text)]
    if metadata.sliders:
        labels = [one_line(slider.label) for slider in metadata.sliders.sliders]
        width = max(map(len, labels), default=0)
        lines += [
            f"    {index:>3}  {label:<{width}}  {_slider(slider)}"
            for index, (label, slider) in enumerate(
                zip(labels, metadata.sliders.sliders, strict=True)
            )
        ]
    return "\n".join(lines)


def _dataset(metadata: ArtifactMetadata) -> str:
    model = metadata.model
    parts = [model.dataset_name]
    if model.dataset_file_count:
        parts.append(f"{model.dataset_file_count} recordings")
    if model.dataset_duration_s:
        parts.append(f"{model.dataset_duration_s / 60:.1f} minutes")
    return ", ".join(part for part in parts if part)


def _training(metadata: ArtifactMetadata) -> str:
    model = metadata.model
    parts = [f"{model.training_epochs} epochs"] if model.training_epochs else []
    if date := model.training_date or model.saved_at:
        parts.append(date[:10])
    return ", ".join(parts)


def _sound(metadata: ArtifactMetadata) -> str:
    rate = metadata.audio.sample_rate_hz
    kind = metadata.reconstruction
    what = RECONSTRUCTIONS[kind].description
    return f"{rate / 1000:g} kHz, reconstruction {kind!r} ({what})"


def _latency(metadata: ArtifactMetadata) -> str:
    milliseconds = 1000 * metadata.latency_samples / metadata.audio.sample_rate_hz
    step = metadata.audio.step_samples / metadata.audio.sample_rate_hz
    return (
        f"{metadata.latency_samples} samples ({milliseconds:.0f} ms) when streamed, "
        f"in blocks of {step:.2f} s"
    )


def _parity(metadata: ArtifactMetadata) -> str:
    parity = metadata.parity
    equal = parity.streaming_snr_db >= MAX_SNR_DB
    streaming = "bit for bit" if equal else f"within {parity.streaming_snr_db:.0f} dB"
    return (
        f"sound within {parity.reconstruction_snr_db:.0f} dB of the exact one, "
        f"streaming equal to one shot {streaming}"
    )


def _precision(metadata: ArtifactMetadata) -> str:
    loss = metadata.precision_loss
    return "" if loss is None else f"{metadata.precision}: {describe_loss(loss)}"


def _warning(metadata: ArtifactMetadata) -> str:
    loss = metadata.precision_loss
    return "" if loss is None else loss.warning or ""


def describe_loss(loss: PrecisionLoss) -> str:
    """Return what a precision costs and gains against float32, in one line."""
    return (
        f"mel frames {loss.mel_snr_db:.0f} dB and their levels {loss.log_mel_distance_db:.3f} dB "
        f"from float32 ({loss.latents} latent vectors), weights "
        f"{loss.weight_bytes / loss.float32_weight_bytes:.2f} of the size, decoder "
        f"{loss.decoder_speed_ratio:.1f} and whole {loss.speed_ratio:.1f} times as fast"
    )


def _structure(file: ArtifactFile) -> str:
    if file.format not in (ONNX, HTML) or file.structure is not None:
        return ""
    return "unknown, not one that distill-export writes: --trust plays it, if you know its origin"


def _exporter(metadata: ArtifactMetadata) -> str:
    return ", ".join(f"{program} {version}" for program, version in metadata.exporter.items())


def _slider_count(metadata: ArtifactMetadata) -> str:
    if metadata.sliders is None:
        return "none: this model's latent space was not analysed"
    return f"{len(metadata.sliders.sliders)}, in steps from the middle"


def _slider(slider: Slider) -> str:
    safe = f"{slider.safe_min_step:+d} to {slider.safe_max_step:+d}"
    return f"{safe:<11} safe, {slider.variance_explained:.1%} of the variation"


def table(files: Sequence[ArtifactFile]) -> str:
    """Return artifacts as an aligned table of plain text, a line each under a heading.

    Variants of one model stand together, and what they share is said once.
    """
    heading = (*_VARIANT, *_MODEL)
    rows: list[tuple[str, ...]] = [heading]
    for _, variants in itertools.groupby(sorted(files, key=_by_name), key=_family):
        first, *others = variants
        rows.append((*_variant(first), *_model(first)))
        rows += [(*_variant(other), *[""] * len(_MODEL)) for other in others]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _by_name(file: ArtifactFile) -> tuple[str, ...]:
    return file.metadata.model.name, *_family(file), file.path.name


def _family(file: ArtifactFile) -> tuple[str, str]:
    """Return what all variants of one model share."""
    return file.metadata.model.id, file.metadata.source_sha256


_VARIANT = ("file", "sound", "precision", "format", "size")
_MODEL = ("model", "dataset", "sliders", "date")


def _variant(file: ArtifactFile) -> tuple[str, ...]:
    metadata = file.metadata
    size = f"{file.size_bytes / 1e6:.1f} MB"
    return shown(file.path.name), metadata.reconstruction, metadata.precision, file.format, size


def _model(file: ArtifactFile) -> tuple[str, ...]:
    metadata = file.metadata
    return (
        one_line(metadata.model.name) or "-",
        one_line(metadata.model.dataset_name) or "-",
        str(len(metadata.sliders.sliders)) if metadata.sliders else "none",
        one_line(metadata.model.training_date or metadata.model.saved_at)[:10] or "-",
    )
