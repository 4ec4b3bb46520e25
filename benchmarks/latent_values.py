"""Measures what the number of latent values does to the sounds of seeds, at equal training.

    python -m benchmarks.latent_values FOLDER --held-out FOLDER --epochs 40 --width 32

Everything is compared as log-mel levels, straight from the decoder: no reconstruction is in it.
Each model is judged twice, as it was trained and moved to where its seeds are drawn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.listening.levels import level_db as deep_level_db
from benchmarks.listening.levels import mean_difference_db, spread_db
from distill_export.reference.log_mel import level_db, log_mel_distance_db, mel_power
from distill_export.training.config import TrainingSettings
from distill_export.training.data.dataset import ChunkSet, read_folder
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.data.statistics import compute_statistics
from distill_export.training.optimization.prior_match import match_prior
from distill_export.training.optimization.trainer import Trainer
from distill_export.training.report.verdict import seed_distances

SEEDS = 256
BATCH = 32
HEAD = (
    *("latent values", "moved", "held out, dB", "nearest second, dB", "reached, dB"),
    *("mean level, dB off", "spread of a band, dB", "seconds of training"),
)


def main() -> None:
    """Parse the command line, train and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--latents", type=int, nargs="+", default=[16, 128])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        cache = SpectrogramCache(Path(temporary))
        training = ChunkSet(read_folder(arguments.folder, cache, warn=print))
        held_out = ChunkSet(read_folder(arguments.held_out, cache, warn=print))
    recorded = cells_db(torch.cat(list(training.batches(BATCH)))[:, 0])
    print(f"spread of a band in {len(training)} recorded seconds: {spread_db(recorded):.1f} dB")
    row(*HEAD)
    row(*("---" for _ in HEAD))
    for latent_dim in arguments.latents:
        settings = TrainingSettings(
            latent_dim=latent_dim, width=arguments.width, max_epochs=arguments.epochs
        )
        start = time.process_time()
        trainer = learn(training, settings)
        took = f"{time.process_time() - start:.0f}"
        row(latent_dim, "no", *judge(trainer, held_out), took)
        match_prior(trainer.model, trainer.statistics, training.batches(BATCH))
        row(latent_dim, "yes", *judge(trainer, held_out), took)


def row(*cells: object) -> None:
    """Print a row of a table in Markdown."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def learn(training: ChunkSet, settings: TrainingSettings) -> Trainer:
    """Train to the last epoch, without validation."""
    statistics = compute_statistics(settings.statistics, training.batches(BATCH))
    trainer = Trainer(training, ChunkSet([]), statistics, settings, torch.device("cpu"))
    while not trainer.finished:
        for _ in range(trainer.steps_per_epoch):
            trainer.train_step()
        trainer.finish_epoch()
    trainer.model.eval()
    return trainer


@torch.inference_mode()
def judge(trainer: Trainer, held_out: ChunkSet) -> list[str]:
    """Return the figures of a row, from "held out" to "spread"."""
    model, transform, stats = trainer.model, trainer.transform, trainer.statistics
    distances = []
    for batch in held_out.batches(BATCH):
        mu, _ = model.encode(transform.normalize(batch, stats))
        found = transform.denormalize(model.decode(mu), stats)
        distances.append(log_mel_distance_db(found[:, 0], batch[:, 0]))
    recorded = torch.cat(list(trainer.training.batches(BATCH)))[:, 0]
    latents = torch.randn(SEEDS, model.latent_dim, generator=torch.Generator().manual_seed(1))
    decoded = torch.cat([model.decode(rows) for rows in latents.split(BATCH)])
    sounds = transform.denormalize(decoded, stats)[:, 0]
    pair = [level_db(levels).flatten(1) for levels in (recorded, sounds)]
    between = torch.cdist(*pair, p=1) / recorded[0].numel()
    off, _ = mean_difference_db(cells_db(sounds), cells_db(recorded))
    near = seed_distances(model, stats, trainer.training)
    assert near is not None, "there are fewer than two seconds to learn from"
    figures = (
        float(torch.cat(distances).mean()),
        near.nearest_db,
        float(between.amin(dim=1).mean()),  # from each recorded second to the nearest seed's
        off,
        spread_db(cells_db(sounds)),
    )
    return [f"{figure:.1f}" for figure in figures]


def cells_db(log_power: torch.Tensor) -> torch.Tensor:
    """Return the levels of all frames, at least -60 dB, as deep as recordings are quiet.

    Args:
        log_power: log1p of the mel power, `[n, n_mels, frames]`.

    Returns:
        `[n_mels, n * frames]`.
    """
    return deep_level_db(mel_power(log_power)).transpose(0, 1).flatten(1)


if __name__ == "__main__":
    main()
