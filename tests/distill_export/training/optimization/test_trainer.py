from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from distill_export.model.checkpoint import load_checkpoint
from distill_export.training.checkpoints import CheckpointFolder, read_checkpoint
from distill_export.training.optimization.trainer import Trainer
from distill_runtime.errors import ModelFileError, TrainingError

New = Callable[..., Trainer]


def advance(trainer: Trainer, steps: int) -> None:
    for _ in range(steps):
        trainer.train_step()
        if trainer.place == trainer.steps_per_epoch:
            trainer.finish_epoch()


def assert_same(first: Trainer, second: Trainer) -> None:
    for part in ("train", "val"):
        assert len(first.history[part]) == len(second.history[part])
        for one, other in zip(first.history[part], second.history[part], strict=True):
            assert one == pytest.approx(other, abs=1e-6)
    for name, tensor in first.model.state_dict().items():
        torch.testing.assert_close(tensor, second.model.state_dict()[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("stop", [0, 1, 3, 4, 7, 11])
def test_resuming_is_as_if_nothing_had_been(new_trainer: New, tmp_path: Path, stop: int) -> None:
    whole = new_trainer()
    assert whole.steps_per_epoch > 1
    advance(whole, whole.total_steps)
    assert whole.finished

    first = new_trainer()
    advance(first, stop)
    path = CheckpointFolder(tmp_path).save(first.checkpoint(), first.step)
    torch.randn(7)  # whatever the process does in between
    second = new_trainer()
    second.restore(read_checkpoint(path), document=str(path))
    assert (second.step, second.epoch) == (first.step, first.epoch)
    advance(second, second.total_steps - stop)
    assert_same(whole, second)
    assert (whole.best_epoch, whole.best_loss) == (second.best_epoch, second.best_loss)


def test_a_seed_decides_everything(new_trainer: New) -> None:
    trainers = []
    for seed in (0, 0, 1):
        trainer = new_trainer(seed=seed)
        advance(trainer, 4)
        trainers.append(trainer)
    first, second, other = trainers
    assert_same(first, second)
    with pytest.raises(AssertionError):
        assert_same(first, other)


def test_a_checkpoint_holds_what_distill_writes(new_trainer: New, tmp_path: Path) -> None:
    trainer = new_trainer()
    advance(trainer, trainer.steps_per_epoch + 1)
    path = CheckpointFolder(tmp_path).save(trainer.checkpoint(), trainer.step)
    content = read_checkpoint(path)
    assert {
        "model_state_dict",
        "optimizer_state_dict",
        "scheduler_state_dict",
        "epoch",
        "train_loss",
        "val_loss",
        "kl_weight",
        "training_config",
        "spectrogram_config",
        "metrics_history",
        "latent_analysis",
        "normalization_stats",
    } <= content.keys()
    loaded = load_checkpoint(path)
    assert loaded.normalization_stats == trainer.statistics
    assert loaded.metadata.training_epochs == 1
    assert loaded.metadata.final_val_loss == pytest.approx(trainer.history["val"][0]["loss"])


def test_the_best_is_given_once(new_trainer: New) -> None:
    trainer = new_trainer()
    assert trainer.take_best() is None
    advance(trainer, trainer.steps_per_epoch)
    best = trainer.take_best()
    assert best is not None and best["epoch"] == 1
    assert trainer.take_best() is None
    weights = {name: tensor.clone() for name, tensor in best["model_state_dict"].items()}
    advance(trainer, 1)
    assert all(torch.equal(weights[name], best["model_state_dict"][name]) for name in weights)


def test_training_stops_when_nothing_gets_better(new_trainer: New) -> None:
    trainer = new_trainer(patience_epochs=1, max_epochs=50)
    trainer.best_loss = -1.0
    advance(trainer, trainer.steps_per_epoch)
    assert trainer.finished


def test_losses_that_are_not_finite_are_told(new_trainer: New) -> None:
    trainer = new_trainer()
    with torch.no_grad():
        trainer.model.decoder.fc.weight.fill_(torch.nan)
    with pytest.raises(TrainingError, match="not finite in epoch 1"):
        advance(trainer, trainer.steps_per_epoch)


def test_without_validation_the_last_is_the_best(new_trainer: New) -> None:
    trainer = new_trainer()
    trainer.validation = type(trainer.validation)([])
    advance(trainer, trainer.total_steps)
    assert trainer.best_epoch == trainer.epoch == 3
    assert not trainer.history["val"]


def test_a_checkpoint_of_another_model_is_refused(new_trainer: New, tmp_path: Path) -> None:
    content = new_trainer(width=4).checkpoint()
    with pytest.raises(ModelFileError, match=r"x\.pt cannot be gone on from"):
        new_trainer().restore(content, document="x.pt")
    path = CheckpointFolder(tmp_path).save({"model_state_dict": {}, "epoch": 1}, 3)
    with pytest.raises(ModelFileError, match="is not a checkpoint that this version"):
        read_checkpoint(path)


def test_the_last_few_and_the_best_are_kept(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path / "new", keep=2)
    assert folder.latest() is None
    for step in (0, 9, 10, 100):
        folder.save({"step": step}, step)
    folder.save_best({"step": 9})
    names = sorted(path.name for path in folder.folder.iterdir())
    assert names == ["best.pt", "checkpoint_00000010.pt", "checkpoint_00000100.pt"]
    assert folder.latest() == folder.folder / names[-1]
    folder.clear()
    assert not list(folder.folder.iterdir())
