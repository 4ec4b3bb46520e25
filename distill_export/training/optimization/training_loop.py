"""The loop around a trainer: checkpoints, previews, progress, and signals to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distill_export.training.checkpoints import STATE, CheckpointFolder
from distill_export.training.optimization.trainer import Trainer
from distill_export.training.report.preview import write_preview
from distill_export.training.report.progress import TrainingProgress
from distill_export.training.request import Say
from distill_runtime.files.interruption import held_back
from distill_runtime.files.shown import shown


class TrainingLoop:
    """A training from where its trainer stands to its end.

    Args:
        trainer: What does the steps.
        checkpoints: Where its checkpoints go.
        previews: Where its preview sounds go.
        recordings: What a checkpoint shall say it was trained on: a hash.
        say: Told what a person wants to know.
    """

    def __init__(
        self,
        trainer: Trainer,
        checkpoints: CheckpointFolder,
        previews: Path,
        recordings: str,
        say: Say,
    ) -> None:
        self._trainer, self._checkpoints = trainer, checkpoints
        self._previews, self._recordings, self._say = previews, recordings, say

    def run(self) -> None:
        """Do all steps that are left; Ctrl-C ends it after the step, with a checkpoint.

        Raises:
            TrainingError: A loss is not finite.
            OutputError: Something could not be written.
            KeyboardInterrupt: After Ctrl-C, SIGTERM or SIGHUP.
        """
        trainer, settings = self._trainer, self._trainer.settings
        progress = TrainingProgress(
            self._say,
            max_epochs=settings.max_epochs,
            steps_per_epoch=trainer.steps_per_epoch,
        )
        if not trainer.step:  # so that there is one at any moment
            self._save()
        with held_back() as interruption:
            while not trainer.finished and not interruption.requested:
                trainer.train_step()
                progress.step(trainer.epoch, trainer.place)
                if trainer.place == trainer.steps_per_epoch:
                    self._finish_epoch(progress)
            path = self._save()
            if interruption.requested:
                self._say(f"stopped: {shown(path)} is where --resume goes on")

    def _finish_epoch(self, progress: TrainingProgress) -> None:
        trainer, settings = self._trainer, self._trainer.settings
        metrics = trainer.finish_epoch()
        progress.epoch(trainer.epoch, metrics)
        if trainer.epoch % settings.preview_interval == 0:
            path = self._previews / f"epoch_{trainer.epoch:05d}.wav"
            trainer.model.eval()
            write_preview(trainer.model, trainer.statistics, path)
            trainer.model.train()
            self._say(f"preview: {shown(path)}")
        if trainer.epoch % settings.checkpoint_interval == 0:
            self._save()

    def _save(self) -> Path:
        # The best first: a checkpoint must not know of a better one than lies beside it.
        best = self._trainer.take_best()
        if best is not None:
            self._checkpoints.save_best(self._marked(best))
        content = self._trainer.checkpoint()
        return self._checkpoints.save(self._marked(content), self._trainer.step)

    def _marked(self, content: dict[str, Any]) -> dict[str, Any]:
        return {**content, STATE: {**content[STATE], "recordings": self._recordings}}
