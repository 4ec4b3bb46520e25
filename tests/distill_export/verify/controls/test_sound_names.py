"""What the sound of a graph says: rendered, measured, and written into every variant's file."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from distill_export import export
from distill_export.export import Exporter, ExportReport, export_model
from distill_export.verify.controls import sound_names
from distill_export.verify.controls.effort import EFFORTS, Effort
from distill_export.verify.controls.search import random_latents
from distill_export.verify.controls.sound_figures import COLUMNS, measure_sounds
from distill_export.verify.controls.sound_names import SoundNames, measure_names
from distill_export.verify.controls.still_sounds import StillSounds, as_delivered
from distill_runtime import Artifact, ArtifactFile
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import RECONSTRUCTIONS
from tests.distill_runtime.made_controls import make_control

LATENCY = 1024
QUICK = Effort(
    whole=False,
    samples=40,
    entanglements=(1.0, math.inf),
    trial_places=2,
    places=2,
    slider_places=2,
)


def sounds_of(graph: onnx.ModelProto, *, whole: bool = True) -> StillSounds:
    return StillSounds(graph, latency_samples=LATENCY, whole=whole)


def test_what_is_measured_is_the_finished_sound_before_its_level(
    tiny_graph: onnx.ModelProto, tiny_report: ExportReport
) -> None:
    latents = random_latents(5, 11, 16).astype(np.float32)
    found = sounds_of(tiny_graph).measure(latents)
    assert found.shape == (11, len(COLUMNS))
    played = Artifact.load(tiny_report.path).render(latents[:, None])
    np.testing.assert_allclose(found, measure_sounds(as_delivered(played)), rtol=1e-4, atol=1e-4)


def test_it_does_not_depend_on_the_cores(
    tiny_graph: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = random_latents(6, 20, 16).astype(np.float32)
    sounds = sounds_of(tiny_graph, whole=False)
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(sounds.measure(latents))
    assert np.array_equal(found[0], found[1])


def test_the_filter_is_that_of_finished_sounds() -> None:
    t = np.arange(48_000) / 48_000
    low, high = (np.sin(2 * np.pi * hz * t).astype(np.float32) for hz in (1000, 23_000))
    assert snr_db(low, as_delivered(low[None])[0]) > 80
    assert np.abs(as_delivered(high[None])[0, 1000:-1000]).max() < 1e-3


def test_every_reconstruction_has_its_effort() -> None:
    assert set(EFFORTS) == set(RECONSTRUCTIONS)


def test_an_export_tells_what_it_looks_for_and_is_the_same_again(
    tiny_graph: onnx.ModelProto, tiny_report: ExportReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_names, "EFFORTS", {"learned": QUICK})
    told: list[str] = []
    options: dict[str, Any] = {"reconstruction": "learned", "latent_dim": 16}
    options |= {"latency_samples": LATENCY, "progress": told.append}
    bank = tiny_report.metadata.sliders
    assert bank is not None
    found = measure_names(tiny_graph, bank, **options)
    assert measure_names(tiny_graph, bank, **options) == found
    assert told[0] == "looking for controls in 40 random sounds"
    assert told[len(told) // 2 - 1] == f"listening to {len(bank.sliders)} sliders"
    assert found.sliders is not None
    labels = [slider.label for slider in found.sliders.sliders]
    assert len(set(labels)) == len(labels)
    assert [s.original_label for s in found.sliders.sliders] == [s.label for s in bank.sliders]
    assert measure_names(tiny_graph, None, **options).sliders is None


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Let exports find one control and one label; return how often they looked, and for what."""
    asked: list[dict[str, Any]] = []

    def names(graph: Any, bank: Any, **options: Any) -> SoundNames:
        asked.append(options)
        first = dataclasses.replace(
            bank.sliders[0], label="Noise +", original_label=bank.sliders[0].label
        )
        sliders = dataclasses.replace(bank, sliders=(first, *bank.sliders[1:]))
        return SoundNames((make_control("Noise"),), sliders)

    monkeypatch.setattr(export, "measure_names", names)
    return asked


def test_several_files_have_the_same_controls_found_once(
    tiny_source: Path, tmp_path: Path, named: list[dict[str, Any]]
) -> None:
    exporter = Exporter(tiny_source)
    reports = [exporter.write(tmp_path / f"{name}.onnx") for name in ("one", "two")]
    assert len(named) == 1
    assert named[0]["reconstruction"] == "learned"
    assert named[0]["latency_samples"] == LATENCY
    for report in reports:
        metadata = ArtifactFile.inspect(report.path).metadata
        assert metadata.controls == (make_control("Noise"),)
        assert metadata.sliders is not None
        assert metadata.sliders.sliders[0].label == "Noise +"


def test_torchscript_carries_them(
    tiny_source: Path, tmp_path: Path, named: list[dict[str, Any]]
) -> None:
    report = export_model(tiny_source, tmp_path / "a.ts", format="torchscript")
    metadata = ArtifactFile.inspect(report.path, formats=("torchscript",)).metadata
    assert [control.name for control in metadata.controls] == ["Noise"]


def test_an_export_without_controls_keeps_the_labels(
    tiny_source: Path, tmp_path: Path, named: list[dict[str, Any]], tiny_report: ExportReport
) -> None:
    report = export_model(tiny_source, tmp_path / "bare.onnx", controls=False)
    assert not named
    assert report.metadata.controls == ()
    assert report.metadata.sliders == tiny_report.metadata.sliders
    assert '"controls"' not in report.metadata.to_json()
