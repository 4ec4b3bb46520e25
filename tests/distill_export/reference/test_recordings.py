"""Every recording of Distill's, made again in PyTorch from its settings and seed alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_export.model.file import LoadedModel, load_model
from distill_export.reference.generation import GenerationPipeline, GenerationResult
from distill_export.reference.generation_config import GenerationConfig
from distill_export.reference.spatial import SpatialConfig, SpatialMode
from distill_runtime.audio.snr import snr_db
from tests.recordings import DEMO, REFERENCE_CASES, compared

DEMO_MODEL = Path(__file__).parents[2] / "reference" / "demo" / "ambience.distill"
DEMO_CASES = json.loads((DEMO / "cases.json").read_text(encoding="utf-8"))
SINGLE = [name for name, case in DEMO_CASES.items() if "blend" not in case["settings"]]
BLENDS = [name for name, case in DEMO_CASES.items() if "blend" in case["settings"]]


def pipeline_of(loaded: LoadedModel) -> GenerationPipeline:
    return GenerationPipeline(
        loaded.model,
        loaded.spectrogram,
        loaded.device,
        complex_spectrogram=loaded.complex_spectrogram,
        normalization_stats=loaded.normalization_stats,
    )


@pytest.fixture(scope="module")
def demo() -> LoadedModel:
    return load_model(DEMO_MODEL)


@pytest.fixture(scope="module")
def other(shared: Path) -> LoadedModel:
    return load_model(shared / "reference" / "ambience.distill")


def request(settings: Mapping[str, Any], **changes: Any) -> GenerationConfig:
    """Return a case's settings in Distill's own fields."""
    fields = {"duration_s": settings["duration_s"], "seed": settings["seed"], **changes}
    if "sample_rate_hz" in settings:
        fields["sample_rate"] = settings["sample_rate_hz"]
    if "evolution" in settings:
        fields["evolution_amount"] = settings["evolution"]
    if "depth" in settings:
        fields["spatial"] = SpatialConfig(SpatialMode.STEREO, settings["width"], settings["depth"])
    elif "stereo" in settings:
        fields["stereo_mode"] = settings["stereo"].replace("-", "_")
    return GenerationConfig(**fields)


def vector_of(loaded: LoadedModel, settings: Mapping[str, Any]) -> np.ndarray | None:
    if "sliders" not in settings:
        return None
    assert loaded.analysis is not None
    return loaded.analysis.latent_vector(settings["sliders"])


def demo_recording(name: str) -> np.ndarray:
    sound, rate_hz = soundfile.read(DEMO / f"{name}.flac", always_2d=True)
    assert rate_hz == DEMO_CASES[name]["sample_rate_hz"]
    return sound.T


def agreement_db(expected: np.ndarray, found: np.ndarray, rate_hz: int = 48_000) -> float:
    """At all frequencies, also where resamplers differ: this one is Distill's."""
    expected, found, _ = compared(expected, found, rate_hz)
    return snr_db(expected, found)


def assert_near(result: GenerationResult, expected: np.ndarray, floor_db: float) -> None:
    """The same channels and samples, and level, too: it is set where Distill sets it."""
    found = np.atleast_2d(result.audio)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert result.channels == len(expected)
    assert np.abs(found).max() == pytest.approx(np.abs(expected).max(), rel=2e-3)
    assert agreement_db(expected, found, result.sample_rate) >= floor_db


def test_every_recording_is_committed() -> None:
    assert {path.stem for path in DEMO.glob("*.flac")} == {*SINGLE, *BLENDS}
    assert len(SINGLE) >= 10
    assert len(BLENDS) == 4


@pytest.mark.parametrize("name", SINGLE)
def test_the_demo_model_sounds_as_in_distill(demo: LoadedModel, name: str) -> None:
    settings = DEMO_CASES[name]["settings"]
    result = pipeline_of(demo).generate(request(settings, latent_vector=vector_of(demo, settings)))
    assert_near(result, demo_recording(name), 90 if settings["duration_s"] <= 1 else 68)


@pytest.mark.parametrize("name", BLENDS)
def test_blends_sound_as_in_distill(demo: LoadedModel, other: LoadedModel, name: str) -> None:
    """Distill blends vectors, which the first model that takes part decodes, or finished sounds."""
    settings = DEMO_CASES[name]["settings"]
    blend = settings["blend"]
    parts = [
        (weight, pipeline_of(loaded), vector_of(loaded, settings))
        for weight, loaded in zip(blend["weights"], (demo, other), strict=True)
        if weight
    ]
    total = sum(weight for weight, _, _ in parts)
    if blend["mode"] == "latent":
        vector = sum(weight / total * vector for weight, _, vector in parts)
        sound = parts[0][1].generate(request(settings, latent_vector=vector)).audio
    else:
        sound = sum(
            weight / total * pipeline.generate(request(settings, latent_vector=vector)).audio
            for weight, pipeline, vector in parts
        )
    expected = demo_recording(name)
    assert sound[None].shape == expected.shape
    assert agreement_db(expected, sound[None]) >= 74


@pytest.mark.parametrize("name", REFERENCE_CASES)
def test_the_reference_model_sounds_as_in_distill(
    other: LoadedModel, shared: Path, name: str
) -> None:
    folder = shared / "reference" / "ambience"
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))["cases"]
    assert set(cases) == set(REFERENCE_CASES)
    fields = dict(cases[name]["config"])
    if "spatial" in fields:
        spatial = fields["spatial"]
        fields["spatial"] = SpatialConfig(**{**spatial, "mode": SpatialMode(spatial["mode"])})
    result = pipeline_of(other).generate(GenerationConfig(**fields))
    seconds = fields["duration_s"]
    floor_db = 97 if seconds <= 1 else 87 if seconds <= 4 else 83
    with np.load(folder / f"{name}.npz") as recording:
        assert_near(result, np.atleast_2d(recording["audio"]).astype(np.float64), floor_db)


def test_a_sidecar_of_distills_is_a_config(demo: LoadedModel) -> None:
    text = (DEMO / "original_files" / "dawn.json").read_text(encoding="utf-8")
    config = GenerationConfig(**json.loads(text)["generation"])
    expected = demo_recording("sliders_3_m2_evolution0p5_2s_seed5")
    assert_near(pipeline_of(demo).generate(config), expected, 68)


def test_another_seed_is_another_sound(demo: LoadedModel) -> None:
    result = pipeline_of(demo).generate(GenerationConfig(duration_s=1.0, seed=43))
    assert agreement_db(demo_recording("crossfade_1s_seed42"), result.audio[None]) < 10
