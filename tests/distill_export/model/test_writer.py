from __future__ import annotations

import enum
import pickletools
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_export.model.file import load_model
from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.metadata import ModelMetadata
from distill_export.model.safe_unpickle import read_file
from distill_export.model.vae import ConvVAE, VAEShape
from distill_export.model.writer import save_model, write_model
from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.reference.complex_spectrogram import Statistics
from distill_runtime.errors import ModelFileError, OutputError, OutputExistsError, RequestError
from tests.distill_export import model_files
from tests.distill_export.model_files import assert_same, globals_of, program_of, write_again


def structure_of(value: Any) -> Any:
    if isinstance(value, dict):
        return type(value), [(key, structure_of(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [structure_of(item) for item in value]
    if isinstance(value, np.ndarray | torch.Tensor):
        return type(value), value.dtype, tuple(value.shape)
    return type(value)


def test_saving_and_loading_changes_nothing(model_path: Path, tmp_path: Path) -> None:
    loaded = load_model(model_path)
    write_again(loaded, tmp_path / "copy.distill")
    assert_same(load_model(tmp_path / "copy.distill"), loaded)
    write_again(loaded, tmp_path / "second.distill")
    first, second = (tmp_path / f"{name}.distill" for name in ("copy", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_a_saved_file_is_made_like_distills(shared: Path, tmp_path: Path) -> None:
    reference = shared / "reference" / "ambience.distill"
    copy = tmp_path / "copy.distill"
    loaded = load_model(reference)
    write_again(loaded, copy)
    written = {name.replace("numpy.core.", "numpy._core.") for name in globals_of(copy)}
    assert written == globals_of(reference)  # which numpy 2 wrote
    assert structure_of(read_file(copy)) == structure_of(read_file(reference))
    assert_same(load_model(copy), loaded)


def test_the_preset_is_written_by_reference(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.distill"
    write_again(load_model(model_path), copy)
    steps = [(code.name, argument) for code, argument, _ in pickletools.genops(program_of(copy))]
    start = steps.index(("GLOBAL", "distill.training.config OverfittingPreset"))
    written = [step for step in steps[start:] if "PUT" not in step[0]][1:4]
    assert written == [("BINUNICODE", "conservative"), ("TUPLE1", None), ("REDUCE", None)]

    preset = enum.Enum("OverfittingPreset", {"CONSERVATIVE": "conservative"})
    config = types.SimpleNamespace(OverfittingPreset=preset)
    for name in ("distill", "distill.training", "distill.training.config"):
        monkeypatch.setitem(sys.modules, name, config)  # type: ignore[arg-type]
    opened = torch.load(copy, weights_only=False)
    assert opened["training_config"]["preset"] is preset.CONSERVATIVE


def test_what_is_missing_from_the_metadata_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "new.distill"
    metadata = ModelMetadata(name="new", has_analysis=True, n_active_components=5)
    write_model(model_files.tiny_model(), path, metadata, SpectrogramConfig())
    read = load_model(path).metadata
    assert len(read.model_id) == 36
    assert read.save_date.startswith("20")
    assert not read.has_analysis
    assert read.n_active_components == 0
    assert read.final_val_loss == 0.0


def test_an_invalid_model_is_not_written(tmp_path: Path) -> None:
    def save(shape: VAEShape, **options: Any) -> None:
        model = ConvVAE(**vars(shape))
        write_model(model, tmp_path / "m.distill", ModelMetadata(), SpectrogramConfig(), **options)

    with pytest.raises(ModelFileError, match="the model to save: latent_dim is 8"):
        save(VAEShape(8, (4, 4, 4, 4, 4), None))
    with pytest.raises(ModelFileError, match="above 0"):
        save(
            model_files.TINY,
            normalization_stats=Statistics(mag_mean=0.0, mag_std=0.0, if_mean=0.0, if_std=1.0),
        )
    with pytest.raises(ModelFileError, match="wants to run code"):
        save(model_files.TINY, training_config={"root": tmp_path})
    analysis = LatentAnalysis.from_dict(model_files.analysis(17), latent_dim=17, document="it")
    with pytest.raises(ModelFileError, match="latent_dim 17 in its latent_analysis"):
        save(model_files.TINY, analysis=analysis)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_overwritten_on_demand(model_path: Path) -> None:
    loaded = load_model(model_path)
    before = model_path.read_bytes()
    with pytest.raises(OutputExistsError):
        write_again(loaded, model_path)
    assert model_path.read_bytes() == before
    write_again(loaded, model_path, overwrite=True)
    assert model_path.read_bytes() != before
    assert_same(load_model(model_path), loaded)


def test_places_that_cannot_be_written(model_path: Path, tmp_path: Path) -> None:
    loaded = load_model(model_path)
    with pytest.raises(RequestError, match="does not exist"):
        write_again(loaded, tmp_path / "missing" / "m.distill")
    if Path("/dev/full").exists():
        with pytest.raises(OutputError, match="the disk is full"):
            write_again(loaded, Path("/dev/full"))


def save_into(folder: Path, name: str, **changes: Any) -> Path:
    arguments: dict[str, Any] = {
        "model": model_files.tiny_model(),
        "spectrogram_config": model_files.model_content()["spectrogram_config"],
        "training_config": model_files.training_config(),
        "metadata": ModelMetadata(name=name),
        "models_dir": folder,
    }
    return save_model(**{**arguments, **changes})


def test_a_model_is_saved_as_distill_saves_it(model_path: Path, tmp_path: Path) -> None:
    loaded = load_model(model_path)
    path = save_model(
        loaded.model,
        vars(loaded.spectrogram.config),
        loaded.training_config,
        loaded.metadata,
        tmp_path / "models" / "mine",
        loaded.analysis,
        loaded.normalization_stats,
    )
    assert path == tmp_path / "models" / "mine" / "tiny.distill"
    assert_same(load_model(path), loaded)
    bare = save_into(tmp_path, "bare", training_config=None, spectrogram_config=SpectrogramConfig())
    read = load_model(bare)
    assert (read.analysis, read.normalization_stats, read.training_config) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Rain on a Roof", "rain_on_a_roof"),
        ("sea-2_b", "sea-2_b"),
        ("../../etc/passwd", "etc_passwd"),
        ('  __a //\\:*?"<>| b__ ', "a_b"),
        ("Küche", "k_che"),
        ("雨", "untitled"),
        ("", "untitled"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_files_name_is_the_models_made_safe(tmp_path: Path, name: str, stem: str) -> None:
    path = save_into(tmp_path, name)
    assert path == tmp_path / f"{stem}.distill"
    assert load_model(path).metadata.name == name


def test_a_saved_model_never_replaces_another(tmp_path: Path) -> None:
    paths = [save_into(tmp_path, name) for name in ("Rain", "rain", "Rain!")]
    assert [path.name for path in paths] == ["rain.distill", "rain_1.distill", "rain_2.distill"]
    assert [load_model(path).metadata.name for path in paths] == ["Rain", "rain", "Rain!"]


def test_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rain.distill").write_bytes(b"another's")
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert save_into(tmp_path, "rain").name == "rain_1.distill"
    assert (tmp_path / "rain.distill").read_bytes() == b"another's"


def test_an_invalid_model_leaves_the_folder_empty(tmp_path: Path) -> None:
    stats = Statistics(mag_mean=0.0, mag_std=-1.0, if_mean=0.0, if_std=1.0)
    with pytest.raises(ModelFileError, match="not a number above 0"):
        save_into(tmp_path, "rain", normalization_stats=stats)
    with pytest.raises(ModelFileError, match="n_mels 64"):
        save_into(tmp_path, "rain", spectrogram_config={**vars(SpectrogramConfig()), "n_mels": 64})
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(OutputError, match="models cannot be made a folder: File exists"):
        save_into(tmp_path / "models", "rain")
