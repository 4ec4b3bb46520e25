"""Measures a training: what is learnt from recordings, the time, and the loop's own cost.

    python benchmarks/training.py FOLDER --epochs 30

The figures in docs/training.md are of 15 recordings of Debian's package sonic-pi-samples (CC0):
those named below, if FOLDER has them, and else the first 15 of it.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from distill_export.reference.log_mel import level_db, log_mel_distance_db, mean_answer
from distill_export.training.config import STATISTICS, TrainingSettings
from distill_export.training.data.dataset import ChunkSet, read_folder, split_recordings
from distill_export.training.data.folder import find_files
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.data.statistics import compute_statistics
from distill_export.training.optimization.loss import VAELoss
from distill_export.training.optimization.schedule import cosine_decay
from distill_export.training.optimization.trainer import Trainer, new_model
from distill_export.training.request import pick_device

RECORDINGS = 15
NAMES = (
    *("ambi_choir", "ambi_dark_woosh", "ambi_drone", "ambi_glass_hum", "ambi_glass_rub"),
    *("ambi_haunted_hum", "ambi_lunar_land", "ambi_piano", "ambi_sauna", "ambi_soft_buzz"),
    *("ambi_swoosh", "guit_e_fifths", "guit_e_slide", "guit_harmonics", "loop_garzul"),
)
SEEDS = 32
QUIET_DB = -10.0


def main() -> None:
    """Parse the command line, train and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--latent-dim", type=int, default=128)
    parser.add_argument("--statistics", default="decoder")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=12, help="of the throughput's measurement")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TrainingSettings(
        max_epochs=arguments.epochs,
        width=arguments.width,
        latent_dim=arguments.latent_dim,
        statistics=arguments.statistics,
        val_fraction=0.2,
        device=arguments.device,
    )
    with tempfile.TemporaryDirectory() as temporary:
        training, validation = read(arguments.folder, Path(temporary), settings)
        print(f"{len(training)} chunks to learn from, {len(validation)} held out")
        for kind in STATISTICS:
            print(f"{kind} statistics: {reach(kind, training, validation)}")
        trainer = new_trainer(training, validation, settings)
        print(f"throughput against a plain loop: {throughput(trainer, arguments.rounds):.3f}")
        learn(new_trainer(training, validation, settings))


def read(folder: Path, temporary: Path, settings: TrainingSettings) -> tuple[ChunkSet, ChunkSet]:
    """Return the chunks of 15 recordings, split."""
    files = find_files(folder, warn=print)
    chosen = [path for path in files if path.stem in NAMES] or files[:RECORDINGS]
    (temporary / "recordings").mkdir()
    for path in chosen[:RECORDINGS]:
        shutil.copy(path, temporary / "recordings")
    cache = SpectrogramCache(temporary / "cache")
    recordings = read_folder(temporary / "recordings", cache, warn=print)
    return split_recordings(recordings, fraction=settings.val_fraction, seed=settings.seed)


def new_trainer(training: ChunkSet, validation: ChunkSet, settings: TrainingSettings) -> Trainer:
    """Return a trainer that has not begun."""
    stats = compute_statistics(settings.statistics, training.batches(16))
    return Trainer(training, validation, stats, settings, pick_device(settings.device))


def reach(kind: str, training: ChunkSet, validation: ChunkSet) -> str:
    """Return what a decoder that ends in softplus and tanh can answer at best."""
    stats = compute_statistics(kind, training.batches(16))
    chunks = torch.cat(list(validation.batches(16)))
    distance = log_mel_distance_db(chunks[:, 0].clamp(min=stats["mag_mean"]), chunks[:, 0]).mean()
    audible = level_db(chunks[:, 0]) > QUIET_DB
    beyond = ((chunks[:, 1] - stats["if_mean"]).abs() > stats["if_std"])[audible].float().mean()
    return (
        f"best answer {float(distance):.1f} dB off, {float(beyond):.0%} of the phase out of reach"
    )


def learn(trainer: Trainer) -> None:
    """Train and print what has been learnt."""
    training, validation = trainer.training, trainer.validation
    mean = mean_answer(training.batches(16))
    expected = torch.cat(list(validation.batches(16)))[:, 0]
    baseline = log_mel_distance_db(mean.expand(len(expected), -1, -1), expected).mean()
    print(f"log-mel distance of always answering the mean: {float(baseline):.2f} dB")
    times = []
    while not trainer.finished:
        start = time.perf_counter()
        for _ in range(trainer.steps_per_epoch):
            trainer.train_step()
        metrics = trainer.finish_epoch()
        times.append(time.perf_counter() - start)
        if trainer.epoch % 5 == 0 or trainer.finished:
            print(
                f"epoch {trainer.epoch}: loss {metrics['loss']:.3f}, validation "
                f"{metrics['val_loss']:.3f}, {metrics['val_log_mel_db']:.2f} dB, "
                f"KL {metrics['kl']:.1f}, {statistics.median(times):.2f} s an epoch",
                flush=True,
            )
    best = trainer.take_best()
    assert best is not None
    trainer.model.load_state_dict(best["model_state_dict"])
    found = trainer.validate()["log_mel_db"]
    print(f"best, epoch {best['epoch']}: {found:.2f} dB, mean {float(baseline):.2f} dB")
    print(f"distance between the sounds of two seeds: {spread(trainer):.2f} dB")


@torch.inference_mode()
def spread(trainer: Trainer) -> float:
    """Return the log-mel distance between chunks decoded from different seeds."""
    trainer.model.eval()
    latents = torch.randn(
        2 * SEEDS, trainer.settings.latent_dim, generator=torch.Generator().manual_seed(1)
    )
    decoded = trainer.model.decode(latents.to(trainer.device)).cpu()
    power = trainer.transform.denormalize(decoded, trainer.statistics)[:, 0]
    return float(log_mel_distance_db(power[:SEEDS], power[SEEDS:]).mean())


def throughput(trainer: Trainer, rounds: int) -> float:
    """Return our steps per second over those of a plain loop over the same modules.

    The two take turns, so that whatever else the machine does meets both; the plain loop has its
    batch in memory, normalised. The median of the turns.
    """
    settings, device = trainer.settings, trainer.device
    model = new_model(settings).to(device).train()
    loss = VAELoss(trainer.statistics, settings)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    scheduler = cosine_decay(optimizer, trainer.total_steps)
    size = math.ceil(len(trainer.training) * settings.chunk_copies / trainer.steps_per_epoch)
    batch = trainer.transform.normalize(
        trainer.training.batch(torch.arange(size) % len(trainer.training)).to(device),
        trainer.statistics,
    )

    def plain() -> None:
        mu, logvar = model.encode(batch)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        terms = loss.terms(model.decode(z), batch, mu, logvar)
        optimizer.zero_grad(set_to_none=True)
        loss.total(terms, 0.001).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip_norm)
        optimizer.step()
        scheduler.step()

    def ours() -> None:
        if trainer.place + 1 == trainer.steps_per_epoch:
            trainer.epoch += 1  # without the validation, which a plain loop has not either
            trainer.step = trainer.epoch * trainer.steps_per_epoch
        trainer.train_step()

    def seconds(step: Callable[[], None]) -> float:
        start = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    seconds(plain), seconds(ours)
    ratios = []
    for turn in range(rounds):  # neither always comes first
        first, second = (plain, ours) if turn % 2 else (ours, plain)
        took = {first: seconds(first), second: seconds(second)}
        ratios.append(took[plain] / took[ours])
    return statistics.median(ratios)


if __name__ == "__main__":
    main()
