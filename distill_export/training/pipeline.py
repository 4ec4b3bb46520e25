"""The road from a folder of recordings to a model file, and everything that lies beside it."""

from __future__ import annotations

import datetime
import math
from typing import Any

from distill_export.model.metadata import ModelMetadata
from distill_export.model.own_part import OWN_KEY, own_document
from distill_export.model.vae import ConvVAE
from distill_export.model.writer import write_model
from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.training.band_levels import find_levels
from distill_export.training.checkpoints import CheckpointFolder
from distill_export.training.config import DISTILLS_WIDTH, TrainingSettings
from distill_export.training.data import dataset
from distill_export.training.data.baseline import baseline_distance_db
from distill_export.training.data.dataset import ChunkSet, Recording, total_duration_s
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.data.statistics import compute_statistics
from distill_export.training.landmarks import find_landmarks
from distill_export.training.optimization.prior_match import match_prior
from distill_export.training.optimization.resumption import Resumption
from distill_export.training.optimization.trainer import Trainer
from distill_export.training.optimization.training_loop import TrainingLoop
from distill_export.training.presets import preset_settings
from distill_export.training.report.report import Report
from distill_export.training.report.verdict import seed_distances
from distill_export.training.request import Say, TrainingRequest, TrainingResult, pick_device
from distill_export.training.sliders.analysis import analyse_latents
from distill_export.training.workspace import (
    CHECKPOINTS,
    PREVIEWS,
    SPECTROGRAMS,
    sweep,
    workspace,
)
from distill_runtime.files.shown import shown

_BATCH = 32


def train(request: TrainingRequest, *, say: Say = lambda line: None) -> TrainingResult:
    """Train a model and write its file.

    Ctrl-C ends it after the step, with a checkpoint that `resume` goes on from; SIGTERM and SIGHUP
    do the same.

    Raises:
        RecordingError: The folder is not there, or has no recording that can be read.
        RequestError: A setting is out of bounds, or nothing is there to resume.
        OutputExistsError: A model or a training is there and is not to be overwritten.
        ModelFileError: The checkpoint to go on from cannot be used.
        TrainingError: The losses are not finite.
        OutputError: Something could not be written.
        KeyboardInterrupt: After Ctrl-C.
    """
    request.check_outputs()
    beside = workspace(request.output)
    checkpoints = CheckpointFolder(beside / CHECKPOINTS)
    before = Resumption.find(checkpoints, request)
    request.check_settings()

    say(f"reading {shown(request.folder)}")
    cache = SpectrogramCache(beside / SPECTROGRAMS)
    recordings = dataset.read_folder(request.folder, cache, warn=say)
    training, validation, settings = _prepare(recordings, before, request)
    device = pick_device(settings.device)
    if before:
        before.check_recordings(dataset.digest(recordings), request.folder)
    _describe(recordings, training, validation, settings, say)
    say(f"computing on {device}")
    baseline = None
    if len(validation):
        baseline = baseline_distance_db(training, validation)
        say(f"always answering the mean would be {baseline:.1f} dB off")

    # From a checkpoint nothing is computed anew that the weights hang on.
    statistics = compute_statistics(settings.statistics, training.batches(_BATCH))
    trainer = Trainer(training, validation, statistics, settings, device)
    checkpoints = CheckpointFolder(checkpoints.folder, keep=settings.max_checkpoints)
    sweep(beside)
    if before:
        before.restore(trainer, checkpoints)
        say(f"going on from {shown(before.path)}, after {trainer.epoch} epochs")
    else:
        checkpoints.clear()
    digest = dataset.digest(recordings)
    TrainingLoop(trainer, checkpoints, beside / PREVIEWS, digest, say).run()
    return _finish(request, recordings, trainer, checkpoints, baseline, say)


def _prepare(
    recordings: list[Recording], before: Resumption | None, request: TrainingRequest
) -> tuple[ChunkSet, ChunkSet, TrainingSettings]:
    """Split the recordings, and choose the settings by the size of the training set."""
    known = before.settings if before else TrainingSettings(**request.settings)
    training, validation = dataset.split_recordings(
        recordings, fraction=known.val_fraction, seed=known.seed
    )
    if before:
        return training, validation, known
    by_size = preset_settings(request.preset, len(training))
    return training, validation, TrainingSettings(**{**by_size, **request.settings})


def _describe(
    recordings: list[Recording],
    training: ChunkSet,
    validation: ChunkSet,
    settings: TrainingSettings,
    say: Say,
) -> None:
    say(
        f"{len(recordings)} recordings, {total_duration_s(recordings):.0f} s: {len(training)} "
        f"chunks to learn from, {len(validation)} held out "
        f"({', '.join(r.file.name for r in validation.recordings) or 'none'})"
    )
    if hopeless := dataset.hopelessness(recordings):
        say(hopeless)
    if not len(validation):
        say("without recordings held out, training goes on to its last epoch")
    if settings.width != DISTILLS_WIDTH:
        say(
            f"with a width of {settings.width} Distill itself cannot open the model, only this "
            f"project can: Distill's models are {DISTILLS_WIDTH} wide"
        )
    say(
        f"{settings.max_epochs} epochs at most, {settings.latent_dim} latent dimensions, "
        f"{settings.statistics} statistics, seed {settings.seed}"
    )


def _finish(
    request: TrainingRequest,
    recordings: list[Recording],
    trainer: Trainer,
    checkpoints: CheckpointFolder,
    baseline: float | None,
    say: Say,
) -> TrainingResult:
    """Analyse the best model, write it, and report."""
    best = checkpoints.read_best()
    model = ConvVAE.from_state_dict(best["model_state_dict"])
    if best["latent_analysis"] is None:  # else it was finished before, and is to stay the same
        match_prior(model, trainer.statistics, trainer.training.batches(_BATCH))
        best = {**best, "model_state_dict": model.state_dict()}
    say(f"analysing the latents of epoch {best['epoch']}, the best")
    analysis = analyse_latents(model, trainer.statistics, trainer.training.batches(_BATCH))
    every = ChunkSet(recordings)
    landmarks = find_landmarks(
        model, trainer.statistics, every.batches(_BATCH), default=request.nearness
    )
    levels = find_levels(every.batches(_BATCH))
    own = own_document(landmarks, levels)
    checkpoints.save_best({**best, "latent_analysis": analysis.to_dict(), OWN_KEY: own})
    metadata = _metadata(request, recordings, best, epochs=trainer.epoch)
    write_model(
        model,
        request.output,
        metadata,
        SpectrogramConfig(),
        training_config=trainer.settings.to_training_config(),
        analysis=analysis,
        normalization_stats=trainer.statistics,
        landmarks=landmarks,
        levels=levels,
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
        seeds=seed_distances(model, trainer.statistics, trainer.training),
        hopelessness=dataset.hopelessness(recordings),
    )
    if request.report:
        say("listening to sliders and controls for the report")
        report = Report(
            title=metadata.name,
            verdict=result.verdict,
            warnings=result.warnings,
            facts=_facts(result, recordings, trainer),
            history=trainer.history,
            model=model,
            statistics=trainer.statistics,
            training=trainer.training,
            asked=trainer.validation if len(trainer.validation) else trainer.training,
            analysis=analysis,
            landmarks=landmarks,
        )
        report.write(request.report, overwrite=request.overwrite)
    return result


def _metadata(
    request: TrainingRequest, recordings: list[Recording], best: dict[str, Any], *, epochs: int
) -> ModelMetadata:
    return ModelMetadata(
        name=shown(request.output.stem) if request.name is None else request.name,
        description=request.description,
        dataset_name=shown(request.folder.resolve().name),
        dataset_file_count=len(recordings),
        dataset_total_duration_s=float(total_duration_s(recordings)),
        training_date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        training_epochs=epochs,
        final_train_loss=_finite(best["train_loss"]),
        final_val_loss=_finite(best["val_loss"]),
        tags=request.tags,
    )


def _facts(result: TrainingResult, recordings: list[Recording], trainer: Trainer) -> dict[str, str]:
    return {
        "recordings": f"{len(recordings)}, {total_duration_s(recordings):.0f} s",
        "chunks": f"{len(trainer.training)} learnt from, {len(trainer.validation)} held out",
        "epochs": f"{result.epochs}, the best was {result.best_epoch}",
        "latent dimensions": str(trainer.settings.latent_dim),
        "statistics": ", ".join(f"{k} {v:.4g}" for k, v in trainer.statistics.items()),
        "seed": str(trainer.settings.seed),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
