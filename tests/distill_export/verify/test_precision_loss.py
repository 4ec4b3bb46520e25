"""Weights of less precision: what is stored, what is refused, and that the contract holds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.export import ExportReport
from distill_export.verify import precision_loss as module
from distill_export.verify.precision_loss import FLOORS, PrecisionFloors
from distill_runtime import Artifact, ArtifactFile, GenerationConfig, GenerationPipeline
from distill_runtime.artifact.description import describe
from distill_runtime.artifact.verification import standard_normal_latents, verify
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import PRECISIONS, ArtifactMetadata
from distill_runtime.errors import VerificationError

SMALLER = ("float16", "int8")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def artifacts(demo_variants: list[ExportReport]) -> dict[str, Artifact]:
    return {report.metadata.precision: Artifact.load(report.path) for report in demo_variants}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files go where nothing else lies."""
    monkeypatch.chdir(tmp_path)


def test_all_variants_lie_beside_each_other(demo_variants: list[ExportReport]) -> None:
    names = [report.path.name for report in demo_variants]
    assert names == ["ambience.onnx", "ambience_float16.onnx", "ambience_int8.onnx"]
    assert [report.metadata.precision for report in demo_variants] == list(PRECISIONS)


def test_variants_are_one_model(demo_variants: list[ExportReport]) -> None:
    first, *others = (report.metadata for report in demo_variants)
    assert first.precision_loss is None
    for other in others:
        assert other.weights_sha256 != first.weights_sha256
        own = {
            name: getattr(first, name)
            for name in ("precision", "precision_loss", "weights_sha256", "parity", "test_vector")
        }
        assert dataclasses.replace(other, **own) == first


@pytest.mark.parametrize(("precision", "share"), [("float16", 0.51), ("int8", 0.32)])
def test_the_weights_are_as_small_as_promised(
    demo_variants: list[ExportReport], precision: str, share: float
) -> None:
    reports = {report.metadata.precision: report for report in demo_variants}
    variant, float32 = reports[precision], reports["float32"]
    loss = variant.metadata.precision_loss
    assert loss is not None
    assert loss.weight_bytes == variant.weight_bytes <= share * float32.weight_bytes
    assert loss.float32_weight_bytes == float32.weight_bytes
    # What the decoder holds is found in the file, and nothing of it elsewhere.
    held = onnx.load(variant.path).graph.initializer
    elsewhere = sum(len(t.raw_data) for t in held if not t.name.startswith("decoder."))
    assert elsewhere == variant.constant_bytes == pytest.approx(float32.constant_bytes, abs=2000)


@pytest.mark.parametrize("precision", SMALLER)
def test_the_loss_is_above_the_floor_and_measured_over_seeds_and_sliders(
    demo_variants: list[ExportReport], precision: str
) -> None:
    metadata = {report.metadata.precision: report.metadata for report in demo_variants}[precision]
    loss = metadata.precision_loss
    assert loss is not None
    assert metadata.sliders is not None
    assert loss.latents >= 20 + 2 * len(metadata.sliders.sliders)
    assert loss.mel_snr_db >= {"float16": 60, "int8": 30}[precision] == FLOORS[precision].mel_snr_db
    assert 0 <= loss.log_mel_distance_db <= FLOORS[precision].log_mel_distance_db <= 1
    assert loss.decoder_speed_ratio > 0.3  # what it is depends on the machine
    assert loss.speed_ratio > 0.3
    assert loss.warning is None
    assert ArtifactMetadata.from_json(metadata.to_json()) == metadata


@pytest.mark.parametrize("precision", SMALLER)
def test_the_loss_that_is_stored_is_the_one_there_is(
    artifacts: dict[str, Artifact], precision: str
) -> None:
    """Measured anew, from the sound: its level in bands of a third is what one hears."""
    latents = standard_normal_latents(77, 6, artifacts["float32"].latent_dim)[None]
    levels = {}
    for name in ("float32", precision):
        sound = artifacts[name].render(latents)[0]
        frames = np.lib.stride_tricks.sliding_window_view(sound, 4096)[::2048] * np.hanning(4096)
        power = np.abs(np.fft.rfft(frames)) ** 2
        edges = np.geomspace(4, 2048, 24).astype(int)
        levels[name] = 10 * np.log10(np.add.reduceat(power, edges, axis=1).mean(axis=0) + 1e-9)
    distance = np.abs(levels["float32"] - levels[precision]).mean()
    assert distance < {"float16": 0.2, "int8": 1.0}[precision]


@pytest.mark.parametrize("precision", SMALLER)
def test_a_variant_verifies(artifacts: dict[str, Artifact], precision: str) -> None:
    report = verify(artifacts[precision])
    assert report.passed, report


@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_a_variants_stream_is_its_one_shot_bit_for_bit(
    artifacts: dict[str, Artifact], data: st.DataObject
) -> None:
    artifact = artifacts[data.draw(st.sampled_from(SMALLER))]
    cuts = data.draw(st.sets(st.integers(1, 8), max_size=6))
    latents = np.random.default_rng(3).standard_normal((2, 9, artifact.latent_dim), np.float32)
    whole, _ = artifact.step(latents, artifact.initial_state(2), finish=True)
    pieces = np.split(latents, sorted(cuts), axis=1)
    streamed = np.concatenate(list(artifact.stream(pieces)), axis=1)
    np.testing.assert_array_equal(streamed, whole)
    alone, _ = artifact.step(latents[1:], artifact.initial_state(), finish=True)
    np.testing.assert_array_equal(alone[0], whole[1])


@pytest.mark.parametrize("precision", SMALLER)
def test_the_same_seed_plays_the_same_piece(artifacts: dict[str, Artifact], precision: str) -> None:
    config = GenerationConfig(duration_s=1.0, seed=7)
    found, expected = (
        GenerationPipeline(artifacts[name]).generate(config).audio
        for name in (precision, "float32")
    )
    assert found.shape == expected.shape
    # The phase is a long sum of what the decoder says, so halves are near and bytes drift away.
    assert snr_db(expected, found) > {"float16": 25, "int8": -5}[precision]


def test_a_precision_below_its_floor_is_not_written(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Run
) -> None:
    monkeypatch.setitem(FLOORS, "int8", PrecisionFloors(200.0, 1.0))
    code, out, err = command(model_path, "--precision", "int8")
    assert (code, out) == (1, "")
    assert "at least 200 dB is asked for; nothing was written (--force writes it" in err
    assert list(tmp_path.glob("*.onnx*")) == []

    code, out, err = command(model_path, "--precision", "int8", "--force")
    assert (code, out) == (0, "tiny_int8.onnx\n")
    assert "warning: the mel frames in int8 are at" in err
    file = ArtifactFile.inspect(tmp_path / "tiny_int8.onnx")
    assert file.metadata.precision_loss is not None
    assert file.metadata.precision_loss.warning in err
    assert "Warning    the mel frames in int8 are at" in describe(file)


def test_levels_below_their_floor_are_told_too() -> None:
    metadata = json.loads(
        '{"mel_snr_db": 50, "log_mel_distance_db": 1.5, "latents": 40, "weight_bytes": 1,'
        '"float32_weight_bytes": 4, "decoder_speed_ratio": 1, "speed_ratio": 1, "warning": null}'
    )
    loss = module.PrecisionLoss(**metadata)
    with pytest.raises(VerificationError, match=r"levels .* are 1\.5 dB .* at most 1 dB"):
        module.check_loss(loss, "int8", accepted=False)
    accepted = module.check_loss(loss, "int8", accepted=True)
    assert accepted.warning is not None
    assert dataclasses.replace(accepted, warning=None) == loss
    fine = dataclasses.replace(loss, log_mel_distance_db=0.5)
    assert module.check_loss(fine, "int8", accepted=False) == fine
