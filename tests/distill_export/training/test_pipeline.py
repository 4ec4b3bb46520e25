from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
import torch

from distill_export.export import export_model
from distill_export.formats import program
from distill_export.model.checkpoint import load_checkpoint
from distill_export.model.file import load_model
from distill_export.model.own_part import OWN_KEY
from distill_export.model.pickled import PRESET_GLOBAL
from distill_export.model.safe_unpickle import read_file
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.training.data.dataset import read_folder, split_recordings
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.pipeline import train
from distill_export.training.report.preview import render_preview
from distill_export.training.request import TrainingRequest, pick_device
from distill_export.training.workspace import workspace
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.errors import (
    OutputExistsError,
    RecordingError,
    RequestError,
)
from tests.distill_export import model_files
from tests.distill_export.training import synthetic_recordings
from tests.distill_export.training.synthetic_recordings import TINY, write_recordings


def structure(value: Any, sliders: int | None = None) -> Any:
    """Names, shapes and types, the number of sliders apart."""
    if isinstance(value, dict):
        sliders = value.get("n_active_components", sliders) if "pca_mean" in value else sliders
        return type(value), [(key, structure(item, sliders)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        length = "sliders" if len(value) == sliders else len(value)
        return type(value), length, structure(value[0], sliders) if value else None
    if isinstance(value, np.ndarray | torch.Tensor):
        shape = tuple(value.shape)
        if isinstance(value, np.ndarray):
            shape = tuple("sliders" if size == sliders else size for size in shape)
        return type(value), value.dtype, shape
    return type(value)


def test_a_model_file_is_built_like_distills_own(recordings: Path, shared: Path, tmp_path: Path):
    output = tmp_path / "ambience.distill"
    settings = {"max_epochs": 1, "batch_size": 2, "augmentation_expansion": 0, "val_fraction": 0.8}
    settings |= {"latent_dim": 128}  # that file's
    train(TrainingRequest(recordings, output, settings={**settings, "device": "cpu"}))
    found, expected = read_file(output), read_file(shared / "reference" / "ambience.distill")
    assert set(found.pop(OWN_KEY)) == {
        "version",
        "landmarks",
        "levels",
    }  # the one that Distill has not
    assert structure(found) == structure(expected)
    assert found["training_config"]["preset"] == expected["training_config"]["preset"]
    assert ".".join(PRESET_GLOBAL).replace(".Over", " Over") in model_files.globals_of(output)
    assert model_files.globals_of(output) == model_files.globals_of(
        shared / "reference" / "ambience.distill"
    )


def test_what_is_learnt_is_better_than_the_mean(trained) -> None:
    result = trained.result
    assert result.epochs == 40
    assert result.val_log_mel_db < 0.5 * result.baseline_log_mel_db
    losses = [
        entry["loss"]
        for entry in read_file(trained.beside / "checkpoints" / "best.pt")["metrics_history"][
            "train"
        ]
    ]
    assert losses[-1] < 0.7 * losses[0]


def test_seeds_are_drawn_where_the_recordings_are(trained) -> None:
    loaded = load_model(trained.result.output)
    cache = SpectrogramCache(trained.beside / "spectrograms")
    noises = trained.result.output.with_name("noises")
    training, _ = split_recordings(
        read_folder(noises, cache, warn=print), fraction=TINY["val_fraction"], seed=0
    )
    assert loaded.normalization_stats is not None
    chunks = training.batch(torch.arange(len(training)))
    mu, logvar = loaded.model.encode(
        ComplexSpectrogram().normalize(chunks, loaded.normalization_stats)
    )
    torch.testing.assert_close(mu.mean(dim=0), torch.zeros(16), atol=1e-3, rtol=0)
    variance = mu.var(dim=0, correction=0) + logvar.exp().mean(dim=0)
    torch.testing.assert_close(variance, torch.ones(16), atol=1e-3, rtol=0)


def test_what_lies_beside_the_model(trained) -> None:
    loaded = load_model(trained.result.output)
    assert loaded.metadata.name == "noise"
    assert loaded.metadata.description == "synthesised"
    assert loaded.metadata.tags == ("test",)
    assert loaded.metadata.dataset_name == "noises"
    assert loaded.metadata.dataset_file_count == 12
    assert loaded.metadata.dataset_total_duration_s == pytest.approx(12.0)
    assert loaded.metadata.training_epochs == 40
    assert loaded.metadata.training_date
    assert loaded.analysis is not None
    names = sorted(p.relative_to(trained.beside).as_posix() for p in trained.beside.rglob("*.*"))
    assert [name for name in names if not name.startswith("spectrograms/")] == [
        "checkpoints/best.pt",
        *sorted(name for name in names if name.startswith("checkpoints/checkpoint_")),
        "previews/epoch_00020.wav",
        "previews/epoch_00040.wav",
    ]
    assert len([name for name in names if "checkpoint_" in name]) == 3
    sound, rate_hz = soundfile.read(trained.beside / "previews" / "epoch_00040.wav")
    assert rate_hz == 48_000 and np.abs(sound).max() == pytest.approx(0.891, abs=1e-3)
    best = load_checkpoint(trained.beside / "checkpoints" / "best.pt")
    for name, tensor in best.model.state_dict().items():
        assert torch.equal(tensor, loaded.model.state_dict()[name])
    assert best.analysis is not None


def test_progress_says_what_a_person_wants_to_know(trained) -> None:
    lines = "\n".join(trained.lines)
    assert "12 recordings, 12 s: 9 chunks to learn from, 3 held out (noise" in lines
    assert "always answering the mean would be" in lines
    assert "epoch 40/40: loss " in lines and " left" in lines
    assert "preview: " in lines


def test_samples_differ_from_seed_to_seed(
    trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so the model goes through export to sound, as does its checkpoint."""
    report = export_model(trained.result.output, tmp_path / "noise.onnx")
    assert report.metadata.parity.reconstruction_snr_db > 110
    graph = onnx.load(tmp_path / "noise.onnx")
    monkeypatch.setattr(program, "trace", lambda *_: graph)  # it takes long
    best = export_model(trained.beside / "checkpoints" / "best.pt", tmp_path / "best.onnx")
    assert best.metadata.weights_sha256 == report.metadata.weights_sha256
    assert best.metadata.sliders == report.metadata.sliders
    pipeline = GenerationPipeline(Artifact.load(tmp_path / "noise.onnx"))
    sounds = [
        pipeline.generate(GenerationConfig(duration_s=1.0, seed=seed)).audio[0]
        for seed in (1, 2, 3, 4, 5, 6, 1)
    ]
    np.testing.assert_array_equal(sounds[0], sounds[-1])
    assert min(np.abs(sound).max() for sound in sounds) > 0.1
    # The phases are alike in every sound of this reconstruction: it is the levels that differ.
    bands = [
        10 * np.log10(np.square(np.abs(np.fft.rfft(sound)[:20_000])).reshape(40, -1).sum(axis=1))
        for sound in sounds[:-1]
    ]
    differences = [np.abs(a - b).mean() for a, b in itertools.combinations(bands, 2)]
    assert np.median(differences) > 1.0


def test_a_training_that_is_there_is_not_begun_anew(trained, recordings: Path) -> None:
    output = trained.result.output
    with pytest.raises(OutputExistsError):
        train(TrainingRequest(recordings, output, settings=TINY))
    with pytest.raises(OutputExistsError):
        train(TrainingRequest(recordings, output, settings=TINY, resume=True))
    moved = output.rename(output.with_suffix(".moved"))
    try:
        with pytest.raises(
            OutputExistsError,
            match="holds a training: resume it, or start afresh with overwrite=True",
        ):
            train(TrainingRequest(recordings, output, settings=TINY))
    finally:
        moved.rename(output)


def test_resuming_asks_for_the_same(recordings: Path, tmp_path: Path) -> None:
    request = TrainingRequest(recordings, tmp_path / "a.distill", settings=TINY, resume=True)
    with pytest.raises(RequestError, match="nothing to resume"):
        train(request)
    first = train(dataclasses.replace(request, resume=False))
    request.output.unlink()
    with pytest.raises(RequestError, match=r"^seed was 0 when .* was trained, not 9"):
        train(dataclasses.replace(request, settings={"seed": 9}))
    with pytest.raises(
        RequestError, match="the preset of a training that is resumed cannot be changed"
    ):
        train(dataclasses.replace(request, settings={}, preset="large"))
    other = write_recordings(tmp_path / "other", 3)
    with pytest.raises(RequestError, match="other recordings"):
        train(dataclasses.replace(request, folder=other, settings={}))
    train(dataclasses.replace(request, settings={"device": "auto", "preview_interval": 1}))
    request.output.unlink()
    # A training that was over is finished again, to the same model.
    best = read_file(workspace(request.output) / "checkpoints" / "best.pt")
    again = train(dataclasses.replace(request, settings={}))
    assert (again.epochs, again.best_epoch) == (first.epochs, first.best_epoch)
    weights = load_model(request.output).model.state_dict()
    for name, tensor in best["model_state_dict"].items():
        assert torch.equal(tensor, weights[name])


def test_a_lost_best_is_found_again_or_done_without(recordings: Path, tmp_path: Path) -> None:
    request = TrainingRequest(recordings, tmp_path / "a.distill", settings=TINY)
    train(request)
    request.output.unlink()
    (workspace(request.output) / "checkpoints" / "best.pt").unlink()
    result = train(dataclasses.replace(request, resume=True))
    assert result.best_epoch == result.epochs == 3
    assert load_model(request.output).metadata.has_analysis


def test_beginning_anew_leaves_nothing_of_before(recordings: Path, tmp_path: Path) -> None:
    request = TrainingRequest(recordings, tmp_path / "a.distill", settings=TINY)
    train(request)
    train(dataclasses.replace(request, settings={**TINY, "max_epochs": 1}, overwrite=True))
    steps = sorted(p.name for p in (tmp_path / "a.training" / "checkpoints").glob("check*"))
    assert steps == ["checkpoint_00000000.pt", "checkpoint_00000004.pt"]


def test_one_recording_is_enough(tmp_path: Path) -> None:
    folder = write_recordings(tmp_path / "rec", 1)
    lines: list[str] = []
    request = TrainingRequest(folder, tmp_path / "a.distill", settings=TINY)
    result = train(request, say=lines.append)
    assert result.val_log_mel_db is None
    assert any("without recordings held out" in line for line in lines)
    assert not result.is_worse_than_the_mean  # nobody knows
    assert any("2.0 s of sound is hopeless" in line for line in lines)
    assert result.warnings == (result.hopelessness,)
    assert load_model(request.output).metadata.final_val_loss in (None, 0.0)


def test_zscore_goes_into_the_file(recordings: Path, tmp_path: Path) -> None:
    request = TrainingRequest(
        recordings,
        tmp_path / "z.distill",
        settings={**TINY, "statistics": "zscore", "max_epochs": 1},
    )
    train(request)
    stats = load_model(request.output).normalization_stats
    assert stats is not None
    assert stats["mag_mean"] > 0.1 and stats["if_std"] < 0.9


def test_a_result_says_what_speaks_against_it(trained, tmp_path: Path) -> None:
    assert trained.result.warnings == ()
    worse = dataclasses.replace(trained.result, val_log_mel_db=14.26, baseline_log_mel_db=12.9)
    assert worse.is_worse_than_the_mean
    assert worse.warnings == (
        "the model is no better than always answering the mean of the recordings (14.3 dB off, the "
        "mean 12.9 dB): it has learnt nothing of use; give it more recordings, or more epochs",
    )
    for distance in (12.9, math.nan):
        assert dataclasses.replace(worse, val_log_mel_db=distance).is_worse_than_the_mean


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"folder": Path("nowhere")}, RecordingError),
        ({"settings": {"epochs": 3}}, RequestError),
        ({"name": "\udce9"}, RequestError),
        ({"tags": ("a", "\udce9")}, RequestError),
        ({"output": Path("nowhere/a.distill")}, RequestError),
        ({"preset": "huge"}, RequestError),
        ({"settings": {"latent_dim": 3}}, RequestError),
        ({"settings": {"device": "mps:9"}}, RequestError),
        ({"settings": {"device": "nonsense"}}, RequestError),
        ({"report": Path("nowhere/a.html")}, RequestError),
    ],
)
def test_bad_requests(
    recordings: Path, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    request = TrainingRequest(recordings, tmp_path / "a.distill", settings=TINY)
    with pytest.raises(error) as caught:
        train(dataclasses.replace(request, **changes))
    assert len(str(caught.value).splitlines()) == 1
    assert not list(tmp_path.rglob("*.pt"))


def test_devices() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")


def test_a_preview_of_a_broken_model_is_silence(new_trainer: Callable[..., Any]) -> None:
    trainer = new_trainer()
    trainer.model.eval()
    sound = render_preview(trainer.model, trainer.statistics)
    assert sound.dtype == np.float32 and np.abs(sound).max() == pytest.approx(0.891, abs=1e-4)
    assert len(sound) > 4 * synthetic_recordings.RATE_HZ
