"""What a model file says beside its weights and sliders: origin, spectrogram, statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from distill_export.reference.complex_spectrogram import DatasetStatistics
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
    tags: tuple[str, ...] = ()
    has_analysis: bool = False
    n_active_components: int = 0

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


@dataclass(frozen=True)
class SpectrogramConfig:
    """The mel spectrogram that the model was trained on; only the default is supported."""

    sample_rate: int = 48_000
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None
    power: float = 2.0

    @classmethod
    def from_dict(cls, values: object, *, document: str) -> SpectrogramConfig:
        """Read the file's dict.

        Raises:
            ModelFileError: A value is missing, of a wrong type, or not the supported one.
        """
        read = JsonFields(values, "spectrogram_config", document=document, error=ModelFileError)
        config = cls(
            sample_rate=read.integer("sample_rate", 1, _ANY_COUNT),
            n_fft=read.integer("n_fft", 1, _ANY_COUNT),
            hop_length=read.integer("hop_length", 1, _ANY_COUNT),
            n_mels=read.integer("n_mels", 1, _ANY_COUNT),
            f_min=read.number("f_min"),
            f_max=read.optional_number("f_max"),
            power=read.number("power"),
        )
        for name, expected in vars(cls()).items():
            found = getattr(config, name)
            # No upper limit is the same as half the sample rate.
            if found != expected and not (name == "f_max" and found == cls.sample_rate / 2):
                raise ModelFileError(
                    f"{document} has {name} {found} in its spectrogram_config, "
                    f"and only {expected} is supported"
                )
        return config

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that the file holds."""
        return dict(vars(self))


@dataclass(frozen=True)
class ComplexSpectrogramConfig:
    """The two-channel spectrogram of the training.

    Attributes:
        if_masking_threshold: Mel power below which the instantaneous frequency counts as 0.
        n_fft: Samples of a window.
        hop_length: Samples from one window to the next.
        n_mels: Mel bands.
    """

    if_masking_threshold: float = 1e-5
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128

    @classmethod
    def from_training_config(
        cls, values: object, spectrogram: SpectrogramConfig, *, document: str
    ) -> ComplexSpectrogramConfig | None:
        """Read it from the file's `training_config`; None where that has none.

        Raises:
            ModelFileError: A value is of a wrong type or contradicts `spectrogram`.
        """
        if values is None:
            return None
        training = JsonFields(values, "training_config", document=document, error=ModelFileError)
        assert isinstance(values, dict)
        if values.get("complex_spectrogram") is None:
            return None
        read = training.section("complex_spectrogram")
        config = cls(
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


def read_statistics(values: object, *, document: str) -> DatasetStatistics | None:
    """Read the file's `normalization_stats`; None: the model's units are the sound's.

    Raises:
        ModelFileError: A value is missing or not finite, or a deviation is not above 0.
    """
    if values is None:
        return None
    read = JsonFields(values, "normalization_stats", document=document, error=ModelFileError)
    statistics = DatasetStatistics(
        mag_mean=read.number("mag_mean"),
        mag_std=read.number("mag_std"),
        if_mean=read.number("if_mean"),
        if_std=read.number("if_std"),
    )
    for name in ("mag_std", "if_std"):
        if getattr(statistics, name) <= 0:
            raise ModelFileError(
                f"{document} has {getattr(statistics, name)} for 'normalization_stats.{name}', "
                "not a number above 0"
            )
    return statistics


def _loss(read: JsonFields, given: dict[str, Any], name: str) -> float | None:
    """Training can end in NaN, which says no more than nothing."""
    loss = given.get(name)
    if isinstance(loss, float) and not math.isfinite(loss):
        return None
    return read.optional_number(name)
