"""Distill's model file, `model.distill`, as it is read; writer.py writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.levels import BandLevels
from distill_export.model.metadata import (
    ModelMetadata,
    read_complex_spectrogram_config,
    read_spectrogram_config,
    read_statistics,
)
from distill_export.model.own_part import OWN_KEY, read_own
from distill_export.model.safe_unpickle import read_file
from distill_export.model.vae import ConvVAE
from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_runtime.contract import Landmarks
from distill_runtime.errors import IncompatibleModelError, ModelFileError, RequestError
from distill_runtime.files.shown import shown

FORMAT = "distill_model"
VERSION = 1
_SIBLING_FORMAT = "distillgan_model"
_SIBLING_TYPE = "vqvae"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model and all that its file says about it.

    Attributes:
        model: In float32, ready for inference.
        spectrogram: The mel spectrogram it was trained on.
        analysis: The sliders; None if the latent space was not analysed.
        metadata: Name and origin.
        device: Where the model's tensors lie.
        complex_spectrogram: From the model's spectrograms to sound; as Distill has it where the
            file does not describe it.
        normalization_stats: From the model's units to the sound's; None: they are the same.
        training_config: The settings of the training as the file has them, if it does.
        landmarks: Where its recordings lie in the latent space; None if nobody looked.
        levels: How loud they are, band by band; None if nobody looked.
    """

    model: ConvVAE
    spectrogram: AudioSpectrogram
    analysis: LatentAnalysis | None
    metadata: ModelMetadata
    device: torch.device
    complex_spectrogram: ComplexSpectrogram
    normalization_stats: Statistics | None = None
    training_config: dict[str, Any] | None = None
    landmarks: Landmarks | None = None
    levels: BandLevels | None = None


def load_model(path: str | Path, device: str | torch.device = "cpu") -> LoadedModel:
    """Read a model file, running no code from it.

    Raises:
        IncompatibleModelError: It is an older or a sibling format.
        ModelFileError: There is no such file, or it cannot be used; the message says why.
        RequestError: The device does not exist.
        DependencyError: The installed PyTorch is too old to read a file safely.
    """
    path = Path(path)

    def parse(content: object, device: str | torch.device) -> LoadedModel:
        return parse_model(content, document=shown(path), device=device)

    return parse(read_file(path, lambda outline: parse(outline, "meta")), device)


def parse_model(
    content: object, *, document: str, device: str | torch.device = "cpu"
) -> LoadedModel:
    """Turn what a model file holds into a model.

    Args:
        content: Plain values, as `read_file` returns them.
        document: What complaints call the file.
        device: Where the model shall be; "meta", if the tensors have no numbers yet.
    """
    try:
        return _parse(content, document, device)
    except IncompatibleModelError:
        raise
    except ModelFileError as reason:
        # A message repeats what it found, and an array is shown in several lines.
        raise ModelFileError(str(reason).replace("\n", " ")) from None


def is_checkpoint(content: object) -> bool:
    """Whether a file's content is a training checkpoint, which has weights but no format."""
    return isinstance(content, dict) and "format" not in content and "model_state_dict" in content


def refuse_sibling(content: Mapping[str, Any]) -> None:
    """Raise IncompatibleModelError for what another family of models has saved."""
    if (
        _plain(content, "format") == _SIBLING_FORMAT
        or _plain(content, "model_type") == _SIBLING_TYPE
    ):
        raise IncompatibleModelError


def read_weights(content: Mapping[str, Any], document: str) -> dict[str, torch.Tensor]:
    """Return the weights by name, whatever they are."""
    state = content.get("model_state_dict")
    if not isinstance(state, dict):
        raise ModelFileError(f"{document} is no model file: it has no weights")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise ModelFileError(f"{document} has something else than tensors among its weights")
    return state


def _parse(content: object, document: str, device: str | torch.device) -> LoadedModel:
    if not isinstance(content, dict):
        raise ModelFileError(f"{document} is no model file: it holds a {type(content).__name__}")
    _check_format(content, document)
    state = read_weights(content, document)
    # Weights first: whatever else an older file lacks, it is told as what it is.
    try:
        model = ConvVAE.from_state_dict(state)
    except IncompatibleModelError:
        raise
    except ModelFileError as reason:
        raise ModelFileError(f"{document}: {reason}") from None
    latent_dim = _plain(content, "latent_dim")
    if latent_dim != model.shape.latent_dim:
        raise ModelFileError(
            f"{document} has latent_dim {latent_dim!r:.40}, "
            f"and {model.shape.latent_dim} in its weights"
        )
    spectrogram = read_spectrogram_config(content.get("spectrogram_config"), document=document)
    training = content.get("training_config")
    analysis = content.get("latent_analysis")
    landmarks, levels = read_own(
        content.get(OWN_KEY),
        latent_dim=model.shape.latent_dim,
        n_mels=spectrogram.n_mels,
        document=document,
    )
    return LoadedModel(
        model=_moved(model, device),
        spectrogram=AudioSpectrogram(spectrogram),
        analysis=None
        if analysis is None
        else LatentAnalysis.from_dict(
            analysis, latent_dim=model.shape.latent_dim, document=document
        ),
        metadata=ModelMetadata.from_dict(content.get("metadata", {}), document=document),
        device=torch.device(device),
        complex_spectrogram=ComplexSpectrogram(
            read_complex_spectrogram_config(training, spectrogram, document=document)
        ).to(device),
        normalization_stats=read_statistics(content.get("normalization_stats"), document=document),
        training_config=training,
        landmarks=landmarks,
        levels=levels,
    )


def _check_format(content: Mapping[str, Any], document: str) -> None:
    refuse_sibling(content)
    if is_checkpoint(content):
        raise ModelFileError(
            f"{document} is a training checkpoint, not a model file: distill-export {document} "
            "makes an artifact of it, distill-train with --resume goes on to the model file "
            "(in Python: save_model_from_checkpoint)"
        )
    found = _plain(content, "format")
    if found != FORMAT:
        raise ModelFileError(
            f"{document} is no model file: its format is {found!r:.40}, not {FORMAT!r}"
        )
    version = _plain(content, "version")
    if type(version) is not int or version < 1:
        raise ModelFileError(f"{document} has version {version!r:.40}, not a whole number above 0")
    if version > VERSION:
        raise ModelFileError(
            f"{document} is of version {str(version)[:40]}, and only version {VERSION} is "
            "supported: install a newer distill-portable"
        )


def _plain(content: Mapping[str, Any], key: str) -> str | int | None:
    """Return a text or a number; None for an array, which could not even be compared."""
    value = content.get(key)
    return value if isinstance(value, str | int) else None


def _moved(model: ConvVAE, device: str | torch.device) -> ConvVAE:
    try:
        return model.to(device)
    except (RuntimeError, AssertionError) as reason:  # torch raises both for a missing device
        line = str(reason).partition("\n")[0]
        raise RequestError(f"device {str(device)!r} cannot be used: {line[:100]}") from None
