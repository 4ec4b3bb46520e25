"""What Distill itself recorded of the demo model, made again: a promise that every clone checks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import (
    Artifact,
    Blend,
    GenerationConfig,
    GenerationPipeline,
    GenerationResult,
    Preset,
    Recipe,
    Reproduction,
    RequestError,
    StereoSettings,
)
from tests.recordings import DEMO, agreement_db

CASES: dict[str, Any] = json.loads((DEMO / "cases.json").read_text(encoding="utf-8"))
BLENDS = [name for name in CASES if name.startswith("blend")]
ALONE = [name for name in CASES if name not in BLENDS]

# What an exact implementation reaches of the original's float32 (docs/distill.md), less a margin
# for what other processors' kernels round otherwise: 91.4 dB on a Zen 3 where 92 were the floor.
FLOORS_DB = {
    "crossfade_1s_seed42": 90.0,
    "crossfade_2p3s_seed3": 88.0,
    "crossfade_4s_seed7": 75.0,
    "dual_seed_1s_seed11": 92.0,
    "mid_side_1s_seed11": 100.0,
    "resample_44100_1s_seed13": 72.0,
    "sliders_3_m2_evolution0_2s_seed5": 85.0,
    "sliders_3_m2_evolution0p5_2s_seed5": 85.0,
    "stereo_w0p7_d0p33_1s_seed11": 100.0,
    "stereo_w1p2_d0p99_1s_seed11": 100.0,
}


def recorded(case: str) -> np.ndarray[Any, Any]:
    sound, _ = soundfile.read(DEMO / f"{case}.flac", always_2d=True)
    return np.asarray(sound.T)


def request(settings: dict[str, Any]) -> GenerationConfig:
    names = ("duration_s", "seed", "sliders", "evolution", "sample_rate_hz")
    stereo = {name: settings[name] for name in ("width", "depth") if name in settings}
    return GenerationConfig(
        **{name: settings[name] for name in names if name in settings},
        stereo=StereoSettings(settings.get("stereo", "mono"), **stereo),
    )


def agreement(case: str, result: GenerationResult) -> float:
    expected = recorded(case)
    assert result.channels == expected.shape[0] == CASES[case]["channels"]
    assert result.sample_rate_hz == CASES[case]["sample_rate_hz"]
    return agreement_db(expected, result.audio, result.sample_rate_hz)


@pytest.fixture(scope="module")
def demo(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


def test_no_recording_is_left_out() -> None:
    assert set(FLOORS_DB) == set(ALONE)
    assert {path.stem for path in DEMO.glob("*.flac")} == set(CASES)


@pytest.mark.parametrize("case", ALONE)
def test_a_seed_gives_what_distill_recorded(demo: Artifact, case: str) -> None:
    result = GenerationPipeline(demo).generate(request(CASES[case]["settings"]))
    assert agreement(case, result) >= FLOORS_DB[case]


@pytest.mark.parametrize("case", BLENDS)
def test_a_blend_gives_what_distill_recorded(
    demo: Artifact, reference_artifact: Path, case: str
) -> None:
    settings = CASES[case]["settings"]
    asked = settings["blend"]
    blend = Blend([demo, Artifact.load(reference_artifact)], asked["weights"], asked["mode"])
    config = request(settings)
    result = GenerationPipeline(blend).generate(config)
    assert agreement(case, result) >= 74.0
    if not any(settings["sliders"]):  # where no slider is set, all stand at 0
        unset = GenerationConfig(duration_s=config.duration_s, seed=config.seed)
        assert np.array_equal(GenerationPipeline(blend).generate(unset).audio, result.audio)


def test_another_seed_is_another_sound(demo: Artifact) -> None:
    result = GenerationPipeline(demo).generate(GenerationConfig(duration_s=1.0, seed=43))
    assert agreement("crossfade_1s_seed42", result) < 10.0


# What a user of Distill has on a disk.

INDEX = DEMO / "original_files" / "presets.json"
SIDECAR = DEMO / "original_files" / "dawn.json"
DAWN = "sliders_3_m2_evolution0p5_2s_seed5"


@pytest.mark.parametrize("name", ["Dawn", "dawn"])
def test_a_preset_of_distills_plays_its_sound(demo: Artifact, name: str) -> None:
    preset = Preset.load(INDEX, name=name)
    config = preset.config(demo)
    assert (config.seed, config.sliders) == (5, (3, -2, 0, 0, 0, 0, 0, 0))
    result = GenerationPipeline(demo).generate(
        GenerationConfig(duration_s=2.0, seed=config.seed, sliders=config.sliders)
    )
    assert agreement(DAWN, result) >= FLOORS_DB[DAWN]


def test_a_preset_in_a_folder_and_without_a_seed(demo: Artifact, tmp_path: Path) -> None:
    preset = Preset.load(INDEX, name="Night/Deep water")
    assert preset == Preset.load(INDEX, name="deep water")
    assert preset.config(demo).sliders == (-6, 0, 4, 0, 0, 0, 0, 0)
    assert preset.config(demo).seed is None
    preset.save(tmp_path / "deep.json")
    assert Preset.load(tmp_path / "deep.json").config(demo) == preset.config(demo)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "it holds 2 presets, 'Dawn', 'Night/Deep water': name one"),
        ("Dusk", "no preset is called 'Dusk', expected one of 'Dawn', 'Night/Deep water'"),
    ],
)
def test_a_preset_must_be_named(name: str | None, message: str) -> None:
    with pytest.raises(RequestError) as refused:
        Preset.load(INDEX, name=name)
    assert message in str(refused.value)


def test_two_presets_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    index = json.loads(INDEX.read_text(encoding="utf-8"))
    for preset in index["presets"].values():
        preset["name"] = "Dawn"
    (tmp_path / "presets.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(RequestError, match="2 presets are called 'Dawn', expected one of"):
        Preset.load(tmp_path / "presets.json", name="Dawn")
    assert Preset.load(tmp_path / "presets.json", name="Night/Dawn").seed is None


def test_a_preset_of_another_model_is_refused(reference_artifact: Path, tmp_path: Path) -> None:
    index = json.loads(INDEX.read_text(encoding="utf-8")) | {"model_id": "another"}
    (tmp_path / "presets.json").write_text(json.dumps(index), encoding="utf-8")
    preset = Preset.load(tmp_path / "presets.json", name="Dawn")
    with pytest.raises(RequestError, match="belongs to the model with the id 'another'"):
        preset.config(Artifact.load(reference_artifact))


def test_distills_own_sidecar_makes_its_sound_again(demo_artifact: Path, tmp_path: Path) -> None:
    shutil.copy(demo_artifact, tmp_path / "ambience.onnx")
    recipe = Recipe.load(SIDECAR)
    assert recipe.is_original
    reproduction = Reproduction.of(recipe, folder=tmp_path)
    assert reproduction.warnings[0].startswith("Distill itself made this sound")
    assert agreement(DAWN, reproduction.generate()) >= FLOORS_DB[DAWN]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "this sidecar is of Distill's version 2, expected 1"),
        ({"model_name": "../../etc/passwd"}, "names artifacts by their file names"),
        ({"generation": {}}, "lacks 'generation.duration_s'"),
        ({"generation": None}, "has no object at 'generation'"),
    ],
)
def test_what_is_not_a_sidecar(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    document = json.loads(SIDECAR.read_text(encoding="utf-8")) | changes
    (tmp_path / "dawn.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RequestError) as refused:
        Recipe.load(tmp_path / "dawn.json")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
