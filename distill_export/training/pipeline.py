"""The road from a folder of recordings to a model file, and everything that lies beside it."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from distill_export.model.file import load_model
from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.metadata import ModelMetadata
from distill_export.model.vae import ConvVAE
from distill_export.model.writer import MODEL_SUFFIX, write_model
from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.reference.log_mel import log_mel_distance_db, mean_answer
from distill_export.training.checkpoints import (
    STATE,
    CheckpointFolder,
    read_checkpoint,
)
from distill_export.training.config import TrainingSettings
from distill_export.training.data import dataset
from distill_export.training.data.dataset import ChunkSet, Recording
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.interruption import DeferredInterrupt
from distill_export.training.presets import AUTO, PRESETS, preset_name
from distill_export.training.report.preview import write_preview
from distill_export.training.report.progress import TrainingProgress
from distill_export.training.report.report import write_report
from distill_export.training.sliders.analysis import analyse_latents
from distill_export.training.statistics import compute_statistics
from distill_export.training.trainer import Trainer
from distill_runtime.errors import OutputExistsError, RequestError
from distill_runtime.files.output_file import check_output

Say = Callable[[str], None]
_FREE_TO_CHANGE = {"device", "checkpoint_interval", "preview_interval"}  # when a training resumes
_BATCH = 32


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
    resume: bool = False
    report: Path | None = None
    overwrite: bool = False


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
    """

    output: Path
    epochs: int
    best_epoch: int
    val_log_mel_db: float | None
    baseline_log_mel_db: float | None
    analysis: LatentAnalysis


def train(request: TrainingRequest, *, say: Say = lambda line: None) -> TrainingResult:
    """Train a model and write its file.

    Ctrl-C ends it after the step, with a checkpoint that `resume` goes on from.

    Raises:
        RecordingError: The folder is not there, or has no recording that can be read.
        RequestError: A setting is out of bounds, or nothing is there to resume.
        OutputExistsError: A model or a training is there and is not to be overwritten.
        ModelFileError: The checkpoint to go on from cannot be used.
        TrainingError: The losses are not finite.
        OutputError: Something could not be written.
        KeyboardInterrupt: After Ctrl-C.
    """
    _check_outputs(request)
    beside = workspace(request.output)
    checkpoints = CheckpointFolder(beside / "checkpoints")
    latest = _latest_checkpoint(checkpoints, request)
    content = read_checkpoint(latest) if latest else None
    settings = None if content is None else _settings_of(content, str(latest), request)
    _check(request)

    recordings = _read(request.folder, beside, say)
    training, validation, settings = _prepare(recordings, settings, request)
    device = pick_device(settings.device)
    if content and content[STATE].get("recordings") != dataset.digest(recordings):
        raise RequestError(
            f"{request.folder} has other recordings than {latest} was trained on: "
            "bring them back, or start afresh with --force"
        )
    _describe(recordings, training, validation, settings, say)
    say(f"computing on {device}")
    baseline = _baseline(training, validation) if len(validation) else None
    if baseline is not None:
        say(f"always answering the mean would be {baseline:.1f} dB off")

    # From a checkpoint nothing is computed anew that the weights hang on.
    statistics = compute_statistics(settings.statistics, training.batches(_BATCH))
    trainer = Trainer(training, validation, statistics, settings, device)
    checkpoints = CheckpointFolder(beside / "checkpoints", keep=settings.max_checkpoints)
    checkpoints.sweep()
    if content:
        trainer.restore(content, document=str(latest))
        if not checkpoints.best.is_file():
            trainer.forget_best()
        say(f"going on from {latest}, after {trainer.epoch} epochs")
    else:
        checkpoints.clear()
    _Run(trainer, checkpoints, beside, dataset.digest(recordings), say).to_the_end()
    return _finish(request, recordings, trainer, checkpoints, baseline, say)


def analyse(
    folder: Path,
    model: Path,
    output: Path,
    *,
    overwrite: bool = False,
    say: Say = lambda line: None,
) -> LatentAnalysis:
    """Give a model file the sliders that the recordings suggest.

    Args:
        folder: The recordings it was trained on.
        model: The model file.
        output: Where to write the model with its sliders; may be the same.
        overwrite: Replace a file that is there.
        say: Told what is being done.

    Raises:
        ModelFileError: The model cannot be used, or has no encoder.
        RecordingError: The folder is not there, or has no recording that can be read.
        OutputExistsError: The output is there and `overwrite` is false.
        OutputError: Something could not be written.
    """
    check_output(output, overwrite=overwrite)
    loaded = load_model(model)
    chunks = ChunkSet(_read(folder, workspace(output), say))
    say(f"analysing the latents of {len(chunks)} chunks")
    analysis = analyse_latents(loaded.model, loaded.normalization_stats, chunks.batches(_BATCH))
    write_model(
        loaded.model,
        output,
        loaded.metadata,
        loaded.spectrogram.config,
        training_config=loaded.training_config,
        analysis=analysis,
        normalization_stats=loaded.normalization_stats,
        overwrite=overwrite,
    )
    return analysis


def workspace(output: Path) -> Path:
    """Return the folder beside a model for all that its training leaves."""
    return output.with_name(f"{output.stem}.training")


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
        raise RequestError(f"device {name!r} cannot be used: {line[:100]}") from None
    if device.type not in ("cpu", "cuda"):
        raise RequestError(f"device {name!r} cannot be used: expected cpu, cuda or auto")
    return device


class _Run:
    """The loop around a trainer: checkpoints, previews, progress, Ctrl-C."""

    def __init__(
        self,
        trainer: Trainer,
        checkpoints: CheckpointFolder,
        beside: Path,
        recordings: str,
        say: Say,
    ) -> None:
        self._trainer, self._checkpoints = trainer, checkpoints
        self._beside, self._recordings, self._say = beside, recordings, say

    def to_the_end(self) -> None:
        trainer, settings = self._trainer, self._trainer.settings
        progress = TrainingProgress(
            self._say,
            max_epochs=settings.max_epochs,
            steps_per_epoch=trainer.steps_per_epoch,
        )
        if not trainer.step:  # so that there is one at any moment
            self._save()
        with DeferredInterrupt() as interrupt:
            while not trainer.finished:
                trainer.train_step()
                progress.step(trainer.epoch, trainer.place)
                if trainer.place == trainer.steps_per_epoch:
                    self._finish_epoch(progress)
                if interrupt.requested:
                    path = self._save()
                    self._say(f"stopped: {path} is where --resume goes on")
                    raise KeyboardInterrupt
            self._save()

    def _finish_epoch(self, progress: TrainingProgress) -> None:
        trainer, settings = self._trainer, self._trainer.settings
        metrics = trainer.finish_epoch()
        progress.epoch(trainer.epoch, metrics)
        if trainer.epoch % settings.preview_interval == 0:
            path = self._beside / "previews" / f"epoch_{trainer.epoch:05d}.wav"
            trainer.model.eval()
            write_preview(trainer.model, trainer.statistics, path)
            trainer.model.train()
            self._say(f"preview: {path}")
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


def _check_outputs(request: TrainingRequest) -> None:
    """Refuse at once what could not be written in the end."""
    if request.output.suffix != MODEL_SUFFIX:
        raise RequestError(f"{request.output} does not end in {MODEL_SUFFIX}, as a model file does")
    for path in (request.output, request.report):
        if path is not None:
            check_output(path, overwrite=request.overwrite)


def _check(request: TrainingRequest) -> None:
    """Refuse wrong settings before the recordings are read."""
    TrainingSettings(**request.settings)
    preset_name(request.preset, 0)
    pick_device(request.settings.get("device", "auto"))


def _read(folder: Path, beside: Path, say: Say) -> list[Recording]:
    say(f"reading {folder}")
    return dataset.read_folder(folder, SpectrogramCache(beside / "spectrograms"), warn=say)


def _prepare(
    recordings: list[Recording], settings: TrainingSettings | None, request: TrainingRequest
) -> tuple[ChunkSet, ChunkSet, TrainingSettings]:
    """Split the recordings, and choose the settings by the size of the training set."""
    known = settings or TrainingSettings(**request.settings)
    training, validation = dataset.split_recordings(
        recordings, fraction=known.val_fraction, seed=known.seed
    )
    if settings is None:
        preset = PRESETS[preset_name(request.preset, len(training))]
        settings = TrainingSettings(**{**preset.settings, **request.settings})
    return training, validation, settings


def _latest_checkpoint(checkpoints: CheckpointFolder, request: TrainingRequest) -> Path | None:
    latest = checkpoints.latest()
    if request.resume:
        if latest is None:
            raise RequestError(f"there is nothing to resume: no checkpoint in {checkpoints.folder}")
        return latest
    if latest is not None and not request.overwrite:
        raise OutputExistsError(
            f"{checkpoints.folder} holds a training: go on with --resume, "
            "or start afresh with --force"
        )
    return None


def _settings_of(
    content: dict[str, Any], document: str, request: TrainingRequest
) -> TrainingSettings:
    settings = TrainingSettings.from_dict(content[STATE].get("settings"), document=document)
    free = {name: request.settings[name] for name in _FREE_TO_CHANGE & request.settings.keys()}
    settings = dataclasses.replace(settings, **free)
    for name, wanted in request.settings.items():
        if getattr(settings, name) != wanted:
            raise RequestError(
                f"{document} was trained with {name} {getattr(settings, name)}, not {wanted}: "
                "leave the setting out to resume"
            )
    if request.preset != AUTO:
        raise RequestError("a preset cannot be changed with --resume: leave it out")
    return settings


def _describe(
    recordings: list[Recording],
    training: ChunkSet,
    validation: ChunkSet,
    settings: TrainingSettings,
    say: Say,
) -> None:
    say(
        f"{len(recordings)} recordings, {duration_s(recordings):.0f} s: {len(training)} chunks to "
        f"learn from, {len(validation)} held out "
        f"({', '.join(r.file.name for r in validation.recordings) or 'none'})"
    )
    if not len(validation):
        say("without recordings held out, training goes on to its last epoch")
    say(
        f"{settings.max_epochs} epochs at most, {settings.latent_dim} latent dimensions, "
        f"{settings.statistics} statistics, seed {settings.seed}"
    )


def duration_s(recordings: list[Recording]) -> float:
    """Return the length of all recordings together."""
    return sum(recording.file.duration_s for recording in recordings)


def _baseline(training: ChunkSet, validation: ChunkSet) -> float:
    """Return the log-mel distance of always answering the training set's mean."""
    mean = mean_answer(training.batches(_BATCH))
    distances = [
        log_mel_distance_db(mean.expand(len(batch), -1, -1), batch[:, 0])
        for batch in validation.batches(_BATCH)
    ]
    return float(torch.cat(distances).mean())


def _finish(
    request: TrainingRequest,
    recordings: list[Recording],
    trainer: Trainer,
    checkpoints: CheckpointFolder,
    baseline: float | None,
    say: Say,
) -> TrainingResult:
    """Analyse the best model, write it, and report."""
    best = read_checkpoint(checkpoints.best)
    model = ConvVAE.from_state_dict(best["model_state_dict"])
    say(f"analysing the latents of epoch {best['epoch']}, the best")
    analysis = analyse_latents(model, trainer.statistics, trainer.training.batches(_BATCH))
    checkpoints.save_best({**best, "latent_analysis": analysis.to_dict()})
    metadata = ModelMetadata(
        name=request.output.stem if request.name is None else request.name,
        description=request.description,
        dataset_name=request.folder.resolve().name,
        dataset_file_count=len(recordings),
        dataset_total_duration_s=float(duration_s(recordings)),
        training_date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        training_epochs=trainer.epoch,
        final_train_loss=_finite(best["train_loss"]),
        final_val_loss=_finite(best["val_loss"]),
        tags=request.tags,
    )
    write_model(
        model,
        request.output,
        metadata,
        SpectrogramConfig(),
        training_config=trainer.settings.to_training_config(),
        analysis=analysis,
        normalization_stats=trainer.statistics,
        overwrite=request.overwrite,
    )
    history = best["metrics_history"]["val"]
    result = TrainingResult(
        output=request.output,
        epochs=trainer.epoch,
        best_epoch=best["epoch"],
        val_log_mel_db=history[-1]["log_mel_db"] if history else None,
        baseline_log_mel_db=baseline,
        analysis=analysis,
    )
    if request.report:
        write_report(
            request.report,
            title=metadata.name,
            facts=_facts(result, recordings, trainer),
            history=trainer.history,
            model=model,
            statistics=trainer.statistics,
            chunks=trainer.validation if len(trainer.validation) else trainer.training,
            analysis=analysis,
            overwrite=request.overwrite,
        )
    return result


def _facts(result: TrainingResult, recordings: list[Recording], trainer: Trainer) -> dict[str, str]:
    facts = {
        "recordings": f"{len(recordings)}, {duration_s(recordings):.0f} s",
        "chunks": f"{len(trainer.training)} learnt from, {len(trainer.validation)} held out",
        "epochs": f"{result.epochs}, the best was {result.best_epoch}",
        "latent dimensions": str(trainer.settings.latent_dim),
        "statistics": ", ".join(f"{k} {v:.4g}" for k, v in trainer.statistics.items()),
        "seed": str(trainer.settings.seed),
    }
    if result.val_log_mel_db is not None and result.baseline_log_mel_db is not None:
        facts["log-mel distance on what was held out"] = (
            f"{result.val_log_mel_db:.1f} dB (always answering the mean: "
            f"{result.baseline_log_mel_db:.1f} dB)"
        )
    return facts


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
