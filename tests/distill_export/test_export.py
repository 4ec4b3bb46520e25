from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from distill_export.artifact_metadata import model_info
from distill_export.export import ExportReport, export_model
from distill_export.formats import program
from distill_export.model.file import load_model
from distill_export.model.slider_bank import slider_bank
from distill_export.model.vae import VAEShape
from distill_runtime import Artifact, contract
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.verification import standard_normal_latents, verify
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import AudioGrid, Normalization
from distill_runtime.errors import (
    DistillError,
    ModelFileError,
    OutputError,
    OutputExistsError,
    RequestError,
    VerificationError,
)
from tests.distill_export import model_files

STEP, LATENCY = 24_064, 1024
OLD = b"what was there before"
BreakGraph = Callable[[Callable[[onnx.GraphProto], None]], None]


@pytest.fixture(scope="module")
def artifact(tiny_report: ExportReport) -> Artifact:
    return Artifact.load(tiny_report.path)


def test_the_metadata_is_complete(tiny_source: Path, tiny_report: ExportReport) -> None:
    file = ArtifactFile.inspect(tiny_report.path)
    metadata = file.metadata
    assert metadata == tiny_report.metadata
    source = tiny_source
    loaded = load_model(source)
    assert metadata.model == model_info(loaded)
    assert metadata.audio == AudioGrid(48_000, 2048, 512, 128, 94, 47)
    assert metadata.audio.step_samples == STEP
    assert (metadata.latent_dim, metadata.latency_samples) == (16, LATENCY)
    assert (metadata.reconstruction, metadata.precision) == ("learned", "float32")
    assert metadata.normalization == Normalization(1.5, 2.5, -0.25, 0.5)
    assert metadata.sliders == slider_bank(loaded.analysis)
    assert metadata.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert metadata.weights_sha256 == file.weights_sha256()
    assert metadata.exporter["torch"] == torch.__version__
    assert metadata.exporter["onnx"] == onnx.__version__
    assert metadata.exporter["opset"] == "18"
    assert set(metadata.exporter) == {"distill-export", "torch", "onnx", "opset"}
    parity = metadata.parity
    assert parity.decoder_max_difference <= 1e-4
    assert parity.reconstruction_snr_db >= 110
    assert parity.streaming_snr_db >= 120
    assert parity.batch_snr_db >= 110
    assert parity.trajectories == 4


def test_the_runtime_verifies_it(artifact: Artifact) -> None:
    verify(artifact).raise_if_failed()


@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_any_cutting_is_one_shot(artifact: Artifact, data: st.DataObject) -> None:
    latents = standard_normal_latents(5, 40, 16)[None]
    cuts = sorted(data.draw(st.sets(st.integers(1, 39))))
    whole, state = artifact.step(latents, artifact.initial_state(), finish=True)
    assert whole.shape == (1, STEP * 41 + LATENCY)
    assert not state.any()
    pieces = np.split(latents, cuts, axis=1)
    assert snr_db(whole, np.concatenate(list(artifact.stream(pieces)), axis=1)) >= 120


def test_a_batch_is_its_rows(artifact: Artifact) -> None:
    latents = standard_normal_latents(6, 14, 16).reshape(2, 7, 16)
    both = artifact.render(latents)
    for row in range(2):
        assert snr_db(artifact.render(latents[row : row + 1])[0], both[row]) >= 110


def test_an_export_is_the_same_bytes_in_another_process(
    tiny_source: Path, tiny_report: ExportReport, tmp_path: Path
) -> None:
    again = tmp_path / "again.onnx"
    command = [sys.executable, "-m", "distill_export.cli", str(tiny_source), "--no-controls"]
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    done = subprocess.run(
        [*command, "-o", str(again)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert again.read_bytes() == tiny_report.path.read_bytes()
    # And a person sees where it is, and nothing that the tracer mutters.
    assert done.stdout == f"{again}\n"
    assert "Warning" not in done.stderr
    assert "torch.onnx" not in done.stderr


def half(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
        if name.startswith("decoder.")
    }


def test_a_bare_decoder_in_float16(tiny_source: Path, tmp_path: Path) -> None:
    """Neither an encoder nor sliders nor statistics, and a latent size that is no power of two."""
    model = model_files.tiny_model(VAEShape(100, (8, 8, 4, 4, 4), None))
    content = model_files.model_content()
    content |= {
        "model_state_dict": half(model.state_dict()),
        "latent_dim": 100,
        "latent_analysis": None,
        "normalization_stats": None,
    }
    source = model_files.write(content, tmp_path / "bare.distill")
    written = export_model(source)
    assert written.path == tmp_path / "bare.onnx"
    artifact = Artifact.load(written.path)
    verify(artifact).raise_if_failed()
    assert artifact.metadata.sliders is None
    assert artifact.metadata.normalization is None
    assert artifact.latent_dim == 100
    sound = artifact.render(standard_normal_latents(1, 2, 100)[None])
    assert sound.shape == (1, 3 * STEP)
    assert sound.std() > 0


def silence(state: dict[str, torch.Tensor]) -> None:
    """Make the decoder answer with no power at all, whatever it is asked."""
    for name, tensor in state.items():
        if name.startswith("decoder.") and not name.endswith("running_var"):
            tensor.zero_()
    state["decoder.deconvs.16.bias"][0] = -200.0


def test_a_model_whose_graph_would_be_another_is_refused(tmp_path: Path) -> None:
    """All weights zero: what adds nothing is left out of the graph, which then nobody knows."""
    content = model_files.model_content()
    state = model_files.tiny_model(VAEShape(64, (8, 8, 4, 4, 4), None)).state_dict()
    silence(state)
    content |= {"model_state_dict": state, "latent_dim": 64, "latent_analysis": None}
    content["normalization_stats"] |= {"mag_mean": 0.0}
    with pytest.raises(VerificationError, match="weights are zero, or all alike") as refused:
        export_model(model_files.write(content, tmp_path / "silent.distill"))
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["silent.distill"]


def test_what_the_runtime_would_refuse_is_not_written(
    tiny_source: Path, tmp_path: Path, break_graph: BreakGraph
) -> None:
    def random_input(graph: onnx.GraphProto) -> None:
        shape = [helper.make_attribute("shape", [1])]
        node = helper.make_node("RandomNormal", [], ["unused"])
        node.attribute.extend(shape)
        graph.node.append(node)

    break_graph(random_input)
    with pytest.raises(DistillError, match="unknown structure"):
        export_model(tiny_source, tmp_path / "new.onnx")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def no_tracing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Notice when the work begins that should have been refused before."""
    begun: list[str] = []

    def trace(*_: Any, **__: Any) -> onnx.ModelProto:
        begun.append("trace")
        raise AssertionError("the graph was traced")

    monkeypatch.setattr(program, "trace", trace)
    yield begun
    assert not begun


OUTPUTS: dict[str, tuple[str, type[DistillError], str]] = {
    "it exists": ("there.onnx", OutputExistsError, "exists"),
    "a folder": (".", RequestError, "is a folder"),
    "no folder": ("no/such/folder.onnx", RequestError, "does not exist"),
    "in a file": ("there.onnx/new.onnx", RequestError, "does not exist"),
}


@pytest.mark.parametrize(("name", "error", "message"), OUTPUTS.values(), ids=OUTPUTS.keys())
@pytest.mark.usefixtures("no_tracing")
def test_a_bad_output_is_refused_at_once(
    tiny_source: Path, tmp_path: Path, name: str, error: type[DistillError], message: str
) -> None:
    (tmp_path / "there.onnx").write_bytes(OLD)
    progress: list[str] = []
    with pytest.raises(error, match=message):
        export_model(tiny_source, tmp_path / name, progress=progress.append)
    assert not progress
    assert [path.name for path in tmp_path.iterdir()] == ["there.onnx"]
    assert (tmp_path / "there.onnx").read_bytes() == OLD


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told(tiny_source: Path, break_graph: BreakGraph) -> None:
    break_graph(lambda graph: None)
    with pytest.raises(OutputError, match="/dev/full cannot be written: the disk is full"):
        export_model(tiny_source, Path("/dev/full"))
    assert Path("/dev/full").is_char_device()


def put_nan(content: dict[str, Any]) -> None:
    content["model_state_dict"]["decoder.deconvs.4.weight"][0, 0, 0, 0] = float("nan")


def drop_weight(content: dict[str, Any]) -> None:
    del content["model_state_dict"]["decoder.fc.bias"]


BAD_MODELS = {
    "NaN": (put_nan, "decoder.deconvs.4.weight holds NaN or infinity"),
    "a missing tensor": (drop_weight, "decoder.fc.bias is missing"),
}


@pytest.mark.parametrize(("change", "message"), BAD_MODELS.values(), ids=BAD_MODELS.keys())
@pytest.mark.usefixtures("no_tracing")
def test_a_bad_model_leaves_nothing(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    content = model_files.model_content()
    change(content)
    source = model_files.write(content, tmp_path / "bad.distill")
    with pytest.raises(ModelFileError, match=message):
        export_model(source)
    assert list(tmp_path.iterdir()) == [source]


def test_progress_is_told_in_few_words(
    tiny_source: Path, tmp_path: Path, break_graph: BreakGraph
) -> None:
    break_graph(lambda graph: None)
    told: list[str] = []
    export_model(tiny_source, tmp_path / "new.onnx", progress=told.append)
    assert len(told) >= 3
    assert told[0].startswith("reading ")
    assert all(re.fullmatch(r"[^\n]{5,300}", line) for line in told)


def test_a_checkpoint_is_exported_as_the_model_it_holds(
    tmp_path: Path, tiny_report: ExportReport, break_graph: BreakGraph
) -> None:
    content = model_files.checkpoint_content()
    content["model_state_dict"] = model_files.tiny_model().state_dict()
    folder = tmp_path / "rain.training" / "checkpoints"
    folder.mkdir(parents=True)
    source = model_files.write(content, folder / "best.pt")
    break_graph(lambda graph: None)
    metadata = export_model(source).metadata
    assert (folder / "rain.onnx").is_file()
    assert metadata.model.name == "rain"
    assert metadata.weights_sha256 == tiny_report.metadata.weights_sha256
    assert metadata.sliders == tiny_report.metadata.sliders
    expected = dataclasses.asdict(tiny_report.metadata.audio)
    assert dataclasses.asdict(metadata.audio) == expected
    assert metadata.exporter == tiny_report.metadata.exporter
    assert metadata.test_vector == tiny_report.metadata.test_vector
    assert contract.ArtifactMetadata.from_json(metadata.to_json()) == metadata
