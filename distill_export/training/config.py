"""The settings of a training, and how the model file tells them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from distill_export.model.pickled import OverfittingPreset
from distill_export.reference.complex_spectrogram import ComplexSpectrogramConfig
from distill_runtime.contract import MAX_LATENT_DIM, MIN_LATENT_DIM
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import finite, whole

STATISTICS = ("decoder", "zscore")
DISTILLS_WIDTH = 64  # the only one that Distill's own model has
MAX_WIDTH = 256
_LAYERS = 5

# Distill's file names its own preset by reference and cannot be read without one it knows. The
# settings that a preset stands for are written out beside it, so this one says nothing more.
_PRESET_OF_THE_FILE = "conservative"


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides what a training computes, apart from the recordings.

    Attributes:
        latent_dim: Values of a latent vector.
        width: Channels of the first convolution; each of the four after it has twice as many. With
            another than 64 the model file is one that Distill cannot open.
        statistics: "decoder": such that the decoder can answer silence and all phase movement;
            "zscore": mean and standard deviation, as Distill takes them.
        seed: Decides the validation split, the order, the weights and all noise.
        max_epochs: Passes over the training set at most; the schedules span them.
        patience_epochs: Epochs without a better validation after which training stops.
        batch_size: Chunks in a step.
        learning_rate: Of AdamW, at the start.
        weight_decay: Of AdamW.
        dropout: Probability, after each convolution but the last.
        augmentation_expansion: Altered copies of every chunk in an epoch, beside the chunk itself.
        gradient_clip_norm: Largest norm of the gradient.
        magnitude_weight: Of the spectrum in the loss.
        movement_weight: Of the level's change from frame to frame in the loss.
        if_weight: Of the instantaneous frequency in the loss.
        kl_weight_max: Of the KL divergence in the loss, after the warm-up.
        kl_warmup_fraction: Share of `max_epochs` in which that weight grows from 0.
        free_bits: Nats of each latent value that cost nothing.
        val_fraction: Share of the chunks held out, in whole recordings.
        checkpoint_interval: Epochs between checkpoints.
        preview_interval: Epochs between preview sounds.
        max_checkpoints: Checkpoints kept, beside the best.
        device: "cpu", "cuda", or "auto": CUDA where there is one.
    """

    latent_dim: int = MIN_LATENT_DIM
    width: int = DISTILLS_WIDTH
    statistics: str = "decoder"
    seed: int = 0
    max_epochs: int = 150
    patience_epochs: int = 40
    batch_size: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    dropout: float = 0.1
    augmentation_expansion: int = 1
    gradient_clip_norm: float = 1.0
    magnitude_weight: float = 1.0
    movement_weight: float = 0.5
    if_weight: float = 0.5
    kl_weight_max: float = 0.005
    kl_warmup_fraction: float = 0.3
    free_bits: float = 0.1
    val_fraction: float = 0.15
    checkpoint_interval: int = 5
    preview_interval: int = 10
    max_checkpoints: int = 3
    device: str = "auto"

    def __post_init__(self) -> None:
        self._make_whole("latent_dim", MIN_LATENT_DIM, MAX_LATENT_DIM)
        self._make_whole("width", 1, MAX_WIDTH)
        self._make_whole("seed", 0, 2**32 - 1)
        for name in (
            "max_epochs",
            "patience_epochs",
            "batch_size",
            "checkpoint_interval",
            "preview_interval",
            "max_checkpoints",
        ):
            self._make_whole(name, 1, 10**6)
        self._make_whole("augmentation_expansion", 0, 100)
        for name, top in (
            ("learning_rate", 1.0),
            ("weight_decay", 1.0),
            ("gradient_clip_norm", math.inf),
            ("magnitude_weight", math.inf),
            ("movement_weight", math.inf),
            ("if_weight", math.inf),
            ("kl_weight_max", math.inf),
            ("kl_warmup_fraction", 1.0),
            ("free_bits", math.inf),
        ):
            self._make_number(name, top)
        for name in ("dropout", "val_fraction"):
            self._make_number(name, 0.9)
        if not self.learning_rate:
            raise RequestError(
                "learning_rate is 0, expected a number above it", setting="learning_rate"
            )
        if self.statistics not in STATISTICS:
            raise RequestError(
                f"statistics is {self.statistics!r}, expected one of {', '.join(STATISTICS)}",
                setting="statistics",
            )

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels that come out of each convolution of the encoder."""
        return tuple(self.width * 2**layer for layer in range(_LAYERS))

    @property
    def chunk_copies(self) -> int:
        """How often a chunk is seen in an epoch, as it is or altered."""
        return 1 + self.augmentation_expansion

    @classmethod
    def from_dict(cls, values: object, *, document: str) -> TrainingSettings:
        """Read what `to_dict` has written.

        Raises:
            RequestError: A setting is missing, unknown or out of bounds.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise RequestError(f"{document} was not made by this version of distill-train")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return every setting as a plain value."""
        return dataclasses.asdict(self)

    def to_training_config(self) -> dict[str, Any]:
        """Return the `training_config` of a model file, with exactly the fields of Distill's.

        The weight of the loss over waveforms is 0, because there is none (docs/training.md).
        """
        return {
            "latent_dim": self.latent_dim,
            "batch_size": self.batch_size,
            "max_epochs": self.max_epochs,
            "learning_rate": self.learning_rate,
            "kl_warmup_fraction": self.kl_warmup_fraction,
            "kl_weight_max": self.kl_weight_max,
            "free_bits": self.free_bits,
            "val_fraction": self.val_fraction,
            "chunk_duration_s": 1.0,
            "checkpoint_interval": self.checkpoint_interval,
            "preview_interval": self.preview_interval,
            "preview_interval_short": self.preview_interval,
            "max_checkpoints": self.max_checkpoints,
            "preset": OverfittingPreset(_PRESET_OF_THE_FILE),
            "regularization": {
                "dropout": self.dropout,
                "weight_decay": self.weight_decay,
                "augmentation_expansion": self.augmentation_expansion,
                "gradient_clip_norm": self.gradient_clip_norm,
            },
            "complex_spectrogram": dict(vars(ComplexSpectrogramConfig())),
            "loss": {
                "stft": {
                    "weight": 0.0,
                    "fft_sizes": (512, 1024, 2048),
                    "hop_sizes": (128, 256, 512),
                    "win_lengths": (512, 1024, 2048),
                },
                "reconstruction": {
                    "weight": 1.0,
                    "magnitude_weight": self.magnitude_weight,
                    "if_weight": self.if_weight,
                },
                "kl": {
                    "weight_max": self.kl_weight_max,
                    "warmup_fraction": self.kl_warmup_fraction,
                    "free_bits": self.free_bits,
                },
            },
            "device": self.device,
            "num_workers": 0,
        }

    def _make_whole(self, name: str, low: int, high: int) -> None:
        """Check a setting, and make a plain number of one of numpy's: checkpoints hold no other."""
        value = getattr(self, name)
        number = whole(value)
        if number is None or not low <= number <= high:
            raise RequestError(
                f"{name} is {value!r}, expected a whole number from {low} to {high}", setting=name
            )
        object.__setattr__(self, name, number)

    def _make_number(self, name: str, high: float) -> None:
        value = getattr(self, name)
        number = finite(value)
        if number is None or not 0 <= number <= high:
            limit = "" if math.isinf(high) else f" up to {high:g}"
            raise RequestError(
                f"{name} is {value!r}, expected a number from 0{limit}", setting=name
            )
        object.__setattr__(self, name, number)
