"""What a training is asked for, and what has become of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.writer import MODEL_SUFFIX
from distill_export.training.config import TrainingSettings
from distill_export.training.presets import AUTO, preset_name
from distill_export.training.report.verdict import SeedDistances, learning_words
from distill_runtime.errors import RequestError
from distill_runtime.files.output_file import check_output
from distill_runtime.files.shown import shown
from distill_runtime.latents.nearness import check_nearness

Say = Callable[[str], None]

DEFAULT_NEARNESS = 0.5


@dataclass(frozen=True)
class TrainingRequest:
    """What to train, and where to put it.

    Attributes:
        folder: The recordings.
        output: The model file; what else is written lies beside it, under its name.
        preset: Name of a preset, or "auto".
        settings: Fields of `TrainingSettings` that differ from the preset's.
        name: Of the model; by default the output's.
        description: A sentence about the model.
        tags: Words to find it by.
        nearness: Of sounds that ask for none, 0 to 1: how far they are pulled to the recordings.
        resume: Go on from the latest checkpoint, with its settings.
        report: Where to write a page about the training; None: nowhere.
        overwrite: Replace an earlier model, and begin anew where a training lies.
    """

    folder: Path
    output: Path
    preset: str = AUTO
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    nearness: float = DEFAULT_NEARNESS
    resume: bool = False
    report: Path | None = None
    overwrite: bool = False

    def check_outputs(self) -> None:
        """Refuse at once what could not be written in the end.

        Raises:
            RequestError: A path cannot be the one of a model file or of a page.
            OutputExistsError: One is there and is not to be overwritten.
        """
        if self.output.suffix != MODEL_SUFFIX:
            raise RequestError(
                f"{shown(self.output)} does not end in {MODEL_SUFFIX}, as a model file does"
            )
        for path in (self.output, self.report):
            if path is not None:
                check_output(path, overwrite=self.overwrite)

    def check_settings(self) -> None:
        """Refuse wrong settings before the recordings are read.

        Raises:
            RequestError: A setting is out of bounds or unknown, or a text is not one.
        """
        unknown = self.settings.keys() - TrainingSettings().to_dict().keys()
        if unknown:
            raise RequestError(f"there is no setting {min(unknown)!r}")
        TrainingSettings(**self.settings)
        preset_name(self.preset, 0)
        check_nearness(self.nearness)
        pick_device(self.settings.get("device", "auto"))
        for what, text in (
            ("the name", self.name or ""),
            ("the description", self.description),
            *(("a tag", tag) for tag in self.tags),
        ):
            if any("\ud800" <= letter <= "\udfff" for letter in text):
                raise RequestError(f"{what} holds bytes that are not text: give it in UTF-8")


@dataclass(frozen=True)
class TrainingResult:
    """What has become of it.

    Attributes:
        output: The model file.
        epochs: Epochs trained.
        best_epoch: The epoch whose weights it holds.
        val_log_mel_db: Log-mel distance of its answers on the validation set; None without one.
        baseline_log_mel_db: The same of always answering the training set's mean.
        analysis: The sliders.
        seeds: How far what comes of seeds is from the recordings; None of a single chunk.
        hopelessness: That there was too little to learn from, in words; None if there was not.
    """

    output: Path
    epochs: int
    best_epoch: int
    val_log_mel_db: float | None
    baseline_log_mel_db: float | None
    analysis: LatentAnalysis
    seeds: SeedDistances | None = None
    hopelessness: str | None = None

    @property
    def is_worse_than_the_mean(self) -> bool:
        """Whether always answering the training set's mean would have been as good or better."""
        if self.val_log_mel_db is None or self.baseline_log_mel_db is None:
            return False
        return not self.val_log_mel_db < self.baseline_log_mel_db

    @property
    def verdict(self) -> tuple[str, ...]:
        """Whether it learnt anything and where seeds land, in sentences without a full stop."""
        learnt = learning_words(self.val_log_mel_db, self.baseline_log_mel_db)
        return (learnt, *([self.seeds.words] if self.seeds else []))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against using the model, in words."""
        found = []
        if self.is_worse_than_the_mean:
            found.append(
                f"the model is no better than always answering the mean of the recordings "
                f"({self.val_log_mel_db:.1f} dB off, the mean {self.baseline_log_mel_db:.1f} dB): "
                "it has learnt nothing of use; give it more recordings, or more epochs"
            )
        return (*found, *([self.hopelessness] if self.hopelessness else []))


def pick_device(name: str) -> torch.device:
    """Return the device that is meant.

    Raises:
        RequestError: There is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as reason:
        line = str(reason).partition("\n")[0]
        raise RequestError(
            f"device {name!r} cannot be used: {line[:100]}", setting="device"
        ) from None
    if device.type not in ("cpu", "cuda"):
        raise RequestError(
            f"device {name!r} cannot be used: expected cpu, cuda or auto", setting="device"
        )
    return device
