"""The reconstruction "refined" as a file: its contract, its laws, its agreement with torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from typer.testing import CliRunner

from benchmarks.measures import Measures
from benchmarks.reconstruction import RoundTrip, analyse
from benchmarks.signals import synthesised
from distill_export import cli, export
from distill_export.export import ExportReport, export_model
from distill_export.formats import onnx_program, program
from distill_export.graph.refined.stream import RefinedStream
from distill_export.verify import parity
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.artifact.description import describe
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.verification import standard_normal_latents, verify
from distill_runtime.audio.snr import snr_db
from distill_runtime.errors import RequestError, VerificationError
from tests.distill_export import model_files

STEP, LATENCY = 24_064, 2048
DIM = 16
PASSES = 3  # few, for the sake of time


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_files.write(
        model_files.model_content(), tmp_path_factory.mktemp("refined") / "tiny.distill"
    )


@pytest.fixture(scope="module")
def report(source: Path) -> ExportReport:
    return export_model(source, reconstruction="refined", quality=PASSES)


@pytest.fixture(scope="module")
def artifact(report: ExportReport) -> Artifact:
    return Artifact.load(report.path)


@pytest.fixture(scope="module")
def trip(report: ExportReport) -> RoundTrip:
    return RoundTrip(report.path)


def play(artifact: Artifact, latents: np.ndarray, cuts: list[int]) -> np.ndarray:
    pieces = np.split(latents, cuts, axis=1)
    return np.concatenate(list(artifact.stream(pieces)), axis=1)


def test_the_metadata_say_what_it_is(report: ExportReport) -> None:
    metadata = report.metadata
    assert metadata.reconstruction == "refined"
    assert metadata.latency_samples == LATENCY
    assert metadata.parity.reconstruction_snr_db >= 70
    assert metadata.parity.streaming_snr_db >= 100
    assert metadata.parity.batch_snr_db >= 100
    assert metadata.parity.decoder_max_difference <= 1e-4
    assert "'refined'" in describe(ArtifactFile.inspect(report.path))


def test_the_file_verifies(artifact: Artifact) -> None:
    verify(artifact).raise_if_failed()


def test_its_constants_are_small(report: ExportReport) -> None:
    learned = 753_053  # docs/artifact.md
    assert report.constant_bytes - learned < 1_500_000


def test_nothing_of_this_machine_is_in_the_file(report: ExportReport) -> None:
    content = report.path.read_bytes()
    for trace_of_it in (b".py", b"/home", b"site-packages", b"refined_stream", b"torch.nn"):
        assert trace_of_it not in content


@settings(deadline=None, max_examples=5)
@given(cuts=st.sets(st.integers(1, 5)))
def test_a_stream_cut_anywhere_is_one_shot(artifact: Artifact, cuts: set[int]) -> None:
    latents = standard_normal_latents(1, 6, DIM)[None]
    whole = play(artifact, latents, [])
    assert whole.shape == (1, 7 * STEP + LATENCY)
    assert not whole[:, :LATENCY].any()
    assert whole.std() > 1e-4
    assert snr_db(whole, play(artifact, latents, sorted(cuts))) >= 100


def test_the_rows_of_a_batch_are_independent(artifact: Artifact) -> None:
    latents = np.stack([standard_normal_latents(seed, 2, DIM) for seed in (1, 2, 3)])
    together = play(artifact, latents, [1])
    for row in range(3):
        assert snr_db(play(artifact, latents[row : row + 1], [])[0], together[row]) >= 100


def test_rows_may_stand_at_different_points(artifact: Artifact) -> None:
    latents = standard_normal_latents(1, 3, DIM)
    start = artifact.initial_state()
    head, running = artifact.step(latents[None, :1], start)
    both, state = artifact.step(
        np.stack([latents[1:], latents[:2]]), np.concatenate([running, start]), finish=True
    )
    assert not state.any()
    whole = play(artifact, latents[None], [])[0]
    assert snr_db(whole, np.concatenate([head[0], both[0]])) >= 100
    assert snr_db(play(artifact, latents[None, :2], [])[0], both[1]) >= 100


@pytest.mark.parametrize("name", ["chord", "noise bursts"])
def test_the_graph_is_the_module(trip: RoundTrip, name: str) -> None:
    sound = synthesised(2.0)[name]
    frames = analyse(sound)
    stats = trip.metadata.normalization
    assert stats is not None
    stream = RefinedStream(stats, trip.metadata.audio, passes=PASSES)
    normalised = ((frames[0] - stats.mag_mean) / stats.mag_std)[None]
    with torch.inference_mode():
        expected = stream.resynthesize(normalised)[0, : len(sound)].numpy()
    found = trip.render(frames)[: len(sound)]
    assert snr_db(expected[: -4 * 512], found[: -4 * 512]) >= 70
    first, second = Measures.of(sound, expected), Measures.of(sound, found)
    assert second.log_mel_db == pytest.approx(first.log_mel_db, rel=0.02)
    assert second.convergence == pytest.approx(first.convergence, rel=0.02)


def test_silence_is_silent(trip: RoundTrip) -> None:
    assert not trip.render(torch.zeros(2, 128, 100)).any()


def scale(name: str, factor: float) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        (tensor,) = (t for t in model.graph.initializer if t.name.endswith(name))
        values = numpy_helper.to_array(tensor)
        tensor.CopyFrom(
            numpy_helper.from_array((values * factor).astype(values.dtype), tensor.name)
        )

    return change


@pytest.mark.parametrize("name", ["inverse_dft.inner", "noise_phase.table"])
def test_a_graph_that_differs_is_not_written(
    report: ExportReport, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    def broken(*_: Any, **__: Any) -> onnx.ModelProto:
        model = onnx.load(report.path)
        scale(name, 1.01)(model)
        return model

    monkeypatch.setattr(program, "trace", broken)
    monkeypatch.setattr(onnx_program, "require_known", lambda *_, **__: None)
    monkeypatch.setattr(parity, "_STEPS", (2, 6))
    monkeypatch.setattr(parity, "_PIECES", (1, 5))
    with pytest.raises(VerificationError, match="reconstruction against PyTorch"):
        export_model(source, tmp_path / "new.onnx", reconstruction="refined", quality=PASSES)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [({"reconstruction": "perfect"}, "learned, refined"), ({"quality": -1}, "0 to 64")],
)
def test_what_does_not_exist_is_refused(
    source: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        export_model(source, tmp_path / "new.onnx", **options)


def test_the_command_line_hands_its_options_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def remember(*_: Any, **options: Any) -> None:
        asked.update(options)
        raise RequestError("enough")

    monkeypatch.setattr(export, "export_model", remember)
    arguments = [str(source), "-o", str(tmp_path / "a.onnx")]
    CliRunner().invoke(cli.app, [*arguments, "--reconstruction", "refined", "--quality", "2"])
    assert asked["reconstruction"] == "refined"
    assert asked["quality"] == 2
    assert asked["expander"]
    CliRunner().invoke(cli.app, [*arguments, "--no-expander"])
    assert not asked["expander"]


def test_sounds_made_together_are_what_each_is_alone(artifact: Artifact) -> None:
    pipeline = GenerationPipeline(artifact)
    configs = [GenerationConfig(duration_s=1.5, seed=seed) for seed in range(5)]
    for config, result in zip(configs, pipeline.generate_many(configs), strict=True):
        assert np.array_equal(result.audio, pipeline.generate(config).audio)
