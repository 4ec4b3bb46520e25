"""What a model file says beside its weights and sliders: origin, spectrogram, statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.reference.complex_spectrogram import ComplexSpectrogramConfig, Statistics
from distill_runtime.errors import ModelFileError
from distill_runtime.files.json_fields import JsonFields

_ANY_COUNT = 2**53


@dataclass(frozen=True)
class ModelMetadata:
    """Name and origin of a model.

    A loss that is not known is None; it is written as 0.0, as Distill writes what it does not know.
    """

    model_id: str = ""
    name: str = ""
    description: str = ""
    dataset_name: str = ""
    dataset_file_count: int = 0
    dataset_total_duration_s: float = 0.0
    training_date: str = ""
    save_date: str = ""
    training_epochs: int = 0
    final_train_loss: float | None = None
    final_val_loss: float | None = None
    tags: Sequence[str] = ()
    has_analysis: bool = False
    n_active_components: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", tuple(self.tags))

    @classmethod
    def from_dict(cls, values: object, *, document: str) -> ModelMetadata:
        """Read the file's dict, in which any field may be missing or None."""
        defaults = {**vars(cls()), "tags": []}
        # Checks that it is a dict; Distill itself has added fields over time.
        JsonFields(values, "metadata", document=document, error=ModelFileError)
        assert isinstance(values, dict)
        given = {key: values[key] for key in defaults if values.get(key) is not None}
        read = JsonFields(
            {**defaults, **given}, "metadata", document=document, error=ModelFileError
        )
        has_analysis = given.get("has_analysis", False)
        if not isinstance(has_analysis, bool):
            raise ModelFileError(f"{document} has no yes or no for 'metadata.has_analysis'")
        return cls(
            model_id=read.text("model_id"),
            name=read.text("name"),
            description=read.text("description"),
            dataset_name=read.text("dataset_name"),
            dataset_file_count=read.integer("dataset_file_count", 0, _ANY_COUNT),
            dataset_total_duration_s=read.number("dataset_total_duration_s"),
            training_date=read.text("training_date"),
            save_date=read.text("save_date"),
            training_epochs=read.integer("training_epochs", 0, _ANY_COUNT),
            final_train_loss=_loss(read, given, "final_train_loss"),
            final_val_loss=_loss(read, given, "final_val_loss"),
            tags=read.texts("tags"),
            has_analysis=has_analysis,
            n_active_components=read.integer("n_active_components", 0, _ANY_COUNT),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that the file holds."""
        return {
            **vars(self),
            "final_train_loss": self.final_train_loss or 0.0,
            "final_val_loss": self.final_val_loss or 0.0,
            "tags": list(self.tags),
        }


def read_spectrogram_config(values: object, *, document: str) -> SpectrogramConfig:
    """Read the file's `spectrogram_config`, of which only the default is supported.

    Raises:
        ModelFileError: A value is missing, of a wrong type, or not the supported one.
    """
    read = JsonFields(values, "spectrogram_config", document=document, error=ModelFileError)
    config = SpectrogramConfig(
        sample_rate=read.integer("sample_rate", 1, _ANY_COUNT),
        n_fft=read.integer("n_fft", 1, _ANY_COUNT),
        hop_length=read.integer("hop_length", 1, _ANY_COUNT),
        n_mels=read.integer("n_mels", 1, _ANY_COUNT),
        f_min=read.number("f_min"),
        f_max=read.optional_number("f_max"),
        power=read.number("power"),
    )
    for name, expected in vars(SpectrogramConfig()).items():
        found = getattr(config, name)
        # No upper limit is the same as half the sample rate.
        if found != expected and not (name == "f_max" and found == config.sample_rate / 2):
            raise ModelFileError(
                f"{document} has {name} {found} in its spectrogram_config, "
                f"and only {expected} is supported"
            )
    return config


def read_complex_spectrogram_config(
    values: object, spectrogram: SpectrogramConfig, *, document: str
) -> ComplexSpectrogramConfig:
    """Read `complex_spectrogram` from the file's `training_config`; the default where it has none.

    Raises:
        ModelFileError: A value is of a wrong type or contradicts `spectrogram`.
    """
    if values is None:
        return ComplexSpectrogramConfig()
    training = JsonFields(values, "training_config", document=document, error=ModelFileError)
    assert isinstance(values, dict)
    if values.get("complex_spectrogram") is None:
        return ComplexSpectrogramConfig()
    read = training.section("complex_spectrogram")
    config = ComplexSpectrogramConfig(
        if_masking_threshold=read.number("if_masking_threshold"),
        n_fft=read.integer("n_fft", 1, _ANY_COUNT),
        hop_length=read.integer("hop_length", 1, _ANY_COUNT),
        n_mels=read.integer("n_mels", 1, _ANY_COUNT),
    )
    for name in ("n_fft", "hop_length", "n_mels"):
        found, expected = getattr(config, name), getattr(spectrogram, name)
        if found != expected:
            raise ModelFileError(
                f"{document} contradicts itself: {name} is {expected} in spectrogram_config "
                f"and {found} in complex_spectrogram"
            )
    return config


def read_statistics(values: object, *, document: str) -> Statistics | None:
    """Read the file's `normalization_stats`; None: the model's units are the sound's.

    Raises:
        ModelFileError: A value is missing or not finite, or a deviation is not above 0.
    """
    if values is None:
        return None
    read = JsonFields(values, "normalization_stats", document=document, error=ModelFileError)
    statistics = Statistics(
        mag_mean=read.number("mag_mean"),
        mag_std=read.number("mag_std"),
        if_mean=read.number("if_mean"),
        if_std=read.number("if_std"),
    )
    for name, value in (("mag_std", statistics["mag_std"]), ("if_std", statistics["if_std"])):
        if value <= 0:
            raise ModelFileError(
                f"{document} has {value} for 'normalization_stats.{name}', not a number above 0"
            )
    return statistics


def _loss(read: JsonFields, given: dict[str, Any], name: str) -> float | None:
    """Training can end in NaN, which says no more than nothing."""
    loss = given.get(name)
    if isinstance(loss, float) and not math.isfinite(loss):
        return None
    return read.optional_number(name)
