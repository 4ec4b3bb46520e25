"""A folder of synthesised recordings, and a training that is done once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from distill_export.training.data.dataset import ChunkSet, read_folder, split_recordings
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.data.statistics import decoder_statistics
from distill_export.training.optimization.trainer import Trainer
from distill_export.training.pipeline import train
from distill_export.training.request import TrainingRequest, TrainingResult
from tests.distill_export.training import synthetic_recordings
from tests.distill_export.training.little_effort import make_little_effort


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Threads would fight over tiny tensors, and over a shared machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def _little_effort():
    with pytest.MonkeyPatch.context() as patch:
        make_little_effort(patch)
        yield


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic_recordings.write_recordings(tmp_path_factory.mktemp("rec") / "tones")


@pytest.fixture(scope="session")
def chunk_sets(
    recordings: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ChunkSet, ChunkSet]:
    cache = SpectrogramCache(tmp_path_factory.mktemp("cache"))
    return split_recordings(read_folder(recordings, cache, warn=print), fraction=0.3, seed=0)


@pytest.fixture(scope="session")
def new_trainer(chunk_sets: tuple[ChunkSet, ChunkSet]) -> Callable[..., Trainer]:
    def make(**changes: Any) -> Trainer:
        training, validation = chunk_sets
        return Trainer(
            training,
            validation,
            decoder_statistics(training.batches(8)),
            synthetic_recordings.tiny_settings(**changes),
            torch.device("cpu"),
        )

    return make


@dataclass(frozen=True)
class Trained:
    """A finished training: its folder, its result, and what was said."""

    result: TrainingResult
    beside: Path
    report: Path
    lines: list[str]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    recordings = synthetic_recordings.write_noises(folder / "noises")
    lines: list[str] = []
    result = train(
        TrainingRequest(
            folder=recordings,
            output=folder / "noise.distill",
            settings={
                **synthetic_recordings.TINY,
                "width": 4,
                "max_epochs": 40,
                "checkpoint_interval": 10,
                "preview_interval": 20,
                "kl_weight_max": 0.001,
            },
            description="synthesised",
            tags=("test",),
            report=folder / "noise.html",
        ),
        say=lines.append,
    )
    return Trained(result, folder / "noise.training", folder / "noise.html", lines)
