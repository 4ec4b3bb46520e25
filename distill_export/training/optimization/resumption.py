"""What a training goes on from: its latest checkpoint, if that is still the same training."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill_export.training.checkpoints import STATE, CheckpointFolder, read_checkpoint
from distill_export.training.config import TrainingSettings
from distill_export.training.optimization.trainer import Trainer
from distill_export.training.presets import AUTO
from distill_export.training.request import TrainingRequest
from distill_runtime.errors import OutputExistsError, RequestError
from distill_runtime.files.shown import shown

_FREE_TO_CHANGE = {"device", "checkpoint_interval", "preview_interval"}


@dataclass(frozen=True, eq=False)
class Resumption:
    """A checkpoint to go on from.

    Attributes:
        path: Its file.
        content: What it holds.
        settings: Those of the training, but for what may be changed.
    """

    path: Path
    content: dict[str, Any]
    settings: TrainingSettings

    @classmethod
    def find(cls, checkpoints: CheckpointFolder, request: TrainingRequest) -> Resumption | None:
        """Return what a request goes on from; None if it begins anew.

        Raises:
            RequestError: There is nothing to go on from, or other settings are asked for.
            OutputExistsError: A training is there that is not to be gone on with or overwritten.
            ModelFileError: The checkpoint cannot be used.
        """
        latest = checkpoints.latest()
        if not request.resume:
            if latest is not None and not request.overwrite:
                raise OutputExistsError(
                    f"{shown(checkpoints.folder)} holds a training: resume it, or start afresh "
                    "with overwrite=True",
                    setting="overwrite=True",
                )
            return None
        if latest is None:
            raise RequestError(
                f"there is nothing to resume: no checkpoint in {shown(checkpoints.folder)}"
            )
        content = read_checkpoint(latest)
        return cls(latest, content, _settings_of(content, shown(latest), request))

    def check_recordings(self, digest: str, folder: Path) -> None:
        """Refuse other recordings than the training began with.

        Raises:
            RequestError: They are others.
        """
        if self.content[STATE].get("recordings") != digest:
            raise RequestError(
                f"{shown(folder)} has other recordings than {shown(self.path)} was trained on: "
                "bring them back, or start afresh with overwrite=True",
                setting="overwrite=True",
            )

    def restore(self, trainer: Trainer, checkpoints: CheckpointFolder) -> None:
        """Put a trainer where the checkpoint was written.

        Raises:
            ModelFileError: It does not fit, or is damaged.
        """
        trainer.restore(self.content, document=shown(self.path))
        if not checkpoints.best.is_file():
            trainer.forget_best()


def _settings_of(
    content: dict[str, Any], document: str, request: TrainingRequest
) -> TrainingSettings:
    settings = TrainingSettings.from_dict(content[STATE].get("settings"), document=document)
    free = {name: request.settings[name] for name in _FREE_TO_CHANGE & request.settings.keys()}
    settings = dataclasses.replace(settings, **free)
    for name, wanted in request.settings.items():
        if getattr(settings, name) != wanted:
            raise RequestError(
                f"{name} was {getattr(settings, name)} when {document} was trained, not {wanted}: "
                "leave it out to resume",
                setting=name,
            )
    if request.preset != AUTO:
        raise RequestError(
            "the preset of a training that is resumed cannot be changed: leave it out"
        )
    return settings
