"""An artifact in words, for the person who wants to play it."""

from __future__ import annotations

import json
from typing import Any

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.audio.snr import MAX_SNR_DB
from distill_runtime.contract import (
    HTML,
    NN_TILDE,
    ONNX,
    PT2,
    RECONSTRUCTIONS,
    TORCHSCRIPT,
    ArtifactMetadata,
    Control,
    PrecisionLoss,
    Slider,
)
from distill_runtime.files.one_line import one_line
from distill_runtime.files.shown import shown
from distill_runtime.latents.inlets import inlet_labels

_FORMATS = {
    ONNX: "ONNX, plays anywhere",
    TORCHSCRIPT: "TorchScript, for programs with libtorch: code, load it only if you trust it",
    NN_TILDE: "TorchScript for nn~ in Max, Pure Data and SuperCollider: code, load it only if you "
    "trust it",
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
        ("Inlets", _inlets(file)),
        ("Structure", _structure(file)),
        ("Exported", _exporter(metadata)),
        ("Source", f"SHA-256 {metadata.source_sha256}"),
        ("Nearness", _nearness(metadata)),
        ("Controls", _control_count(metadata)),
    ]
    lines = [shown(file.path), *(f"  {name:<10} {one_line(text)}" for name, text in rows if text)]
    width = max((len(control.name) for control in metadata.controls), default=0)
    lines += [f"    {c.name:<{width}}  {_control(c)}" for c in metadata.controls]
    lines.append(f"  {'Sliders':<10} {_slider_count(metadata)}")
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


def _inlets(file: ArtifactFile) -> str:
    if file.format != NN_TILDE:
        return ""
    metadata = file.metadata
    labels = inlet_labels(metadata.controls, metadata.sliders)
    played = ", ".join(f"{number} {label}" for number, label in enumerate(labels, start=1))
    return f"of play: {played}; of decode: {metadata.latent_dim} latent values"


def _structure(file: ArtifactFile) -> str:
    if file.format not in (ONNX, HTML) or file.structure is not None:
        return ""
    return "unknown, not one that distill-export writes: --trust plays it, if you know its origin"


def _exporter(metadata: ArtifactMetadata) -> str:
    return ", ".join(f"{program} {version}" for program, version in metadata.exporter.items())


def _nearness(metadata: ArtifactMetadata) -> str:
    landmarks = metadata.landmarks
    if landmarks is None:
        return ""
    count = len(landmarks.vectors)
    return f"to {count} seconds of its recordings, {landmarks.default:g} by default"


def _control_count(metadata: ArtifactMetadata) -> str:
    count = len(metadata.controls)
    return f"{count}, in steps from wherever the sound is" if count else "none were exported"


def _control(control: Control) -> str:
    safe = f"{control.safe_min_step:+d} to {control.safe_max_step:+d}"
    change = f"{control.change_per_step:+.2g} {one_line(control.unit)} a step"
    leak = (
        ""
        if control.leaks_into is None
        else f", {one_line(control.leaks_into)} by {control.leak:.1f}"
    )
    return f"{safe:<10} safe, {change}, follows {control.correlation:.2f}{leak}"


def _slider_count(metadata: ArtifactMetadata) -> str:
    if metadata.sliders is None:
        return "none: this model's latent space was not analysed"
    return f"{len(metadata.sliders.sliders)}, in steps from the middle"


def _slider(slider: Slider) -> str:
    safe = f"{slider.safe_min_step:+d} to {slider.safe_max_step:+d}"
    return f"{safe:<11} safe, {slider.variance_explained:.1%} of the variation"


def metadata_document(metadata: ArtifactMetadata, *, vectors: bool) -> dict[str, Any]:
    """Return what an artifact says of itself as plain values.

    Args:
        metadata: As it was read.
        vectors: Whether the vectors of sliders, controls and landmarks and the samples of the test
            sound are in it.
    """
    document: dict[str, Any] = json.loads(metadata.to_json())
    if not vectors:
        bank = document["sliders"]
        if bank is not None:
            del bank["mean"]
            for slider in bank["sliders"]:
                del slider["component"]
        for control in document.get("controls", ()):
            del control["direction"]
        if "landmarks" in document:
            for name in ("vectors", "potentials", "widths"):
                del document["landmarks"][name]
        del document["test_vector"]["audio"]
    return document
