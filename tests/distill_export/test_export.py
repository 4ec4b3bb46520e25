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
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from distill_export import export
from distill_export.artifact_metadata import model_info, slider_bank
from distill_export.export import ExportReport, export_model
from distill_export.formats.onnx_graph import with_mel_output
from distill_export.model.file import load_model
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    model_files.write(model_files.model_content(), folder / "tiny.distill")
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> ExportReport:
    """The export of a tiny model: tracing takes seconds, so many tests look at the same file."""
    return export_model(folder / "tiny.distill", folder / "tiny.onnx")


@pytest.fixture(scope="module")
def graph(report: ExportReport) -> onnx.ModelProto:
    model = onnx.load(report.path)
    del model.metadata_props[:]
    return model


@pytest.fixture(scope="module")
def artifact(report: ExportReport) -> Artifact:
    return Artifact.load(report.path)


def shape_of(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


def test_the_tensors_are_the_contracts(graph: onnx.ModelProto, report: ExportReport) -> None:
    size = report.metadata.state_size
    float32, boolean = TensorProto.FLOAT, TensorProto.BOOL
    inputs = [(i.name, i.type.tensor_type.elem_type, shape_of(i)) for i in graph.graph.input]
    assert inputs == [
        ("latents", float32, ["batch", "steps", 16]),
        ("state", float32, ["batch", size]),
        ("finish", boolean, []),
    ]
    outputs = [(o.name, o.type.tensor_type.elem_type, shape_of(o)) for o in graph.graph.output]
    assert outputs == [
        ("audio", float32, ["batch", "samples"]),
        ("next_state", float32, ["batch", size]),
    ]


def test_the_file_is_of_the_wanted_versions(graph: onnx.ModelProto) -> None:
    assert [(opset.domain, opset.version) for opset in graph.opset_import] == [("", 18)]
    assert graph.ir_version <= 10
    assert not graph.functions
    assert not graph.training_info
    assert {node.domain for node in graph.graph.node} == {""}
    assert {tensor.data_location for tensor in graph.graph.initializer} == {TensorProto.DEFAULT}
    onnx.checker.check_model(graph, full_check=True)


def test_the_file_says_nothing_of_this_machine(folder: Path, report: ExportReport) -> None:
    content = report.path.read_bytes()
    repository = Path(__file__).parents[2]
    for trace in (repository, folder, Path.home(), "site-packages", ".py", "pkg.torch", "File "):
        assert str(trace).encode() not in content, trace
    model = onnx.load(report.path)
    assert [prop.key for prop in model.metadata_props] == ["distill.artifact"]
    parts = (model, model.graph, *model.graph.node, *model.graph.initializer)
    assert not any(part.doc_string for part in parts)
    assert not any(part.metadata_props for part in parts[1:])
    assert not model.graph.value_info


def test_mel_can_be_made_an_output(graph: onnx.ModelProto) -> None:
    assert any("mel" in node.output for node in graph.graph.node)
    with_mel = with_mel_output(graph, n_mels=128)
    assert len(graph.graph.output) == 2, "the model itself is left as it is"
    onnx.checker.check_model(with_mel, full_check=True)
    session = onnxruntime.InferenceSession(
        with_mel.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    state_size = shape_of(graph.graph.input[1])[1]
    feeds = {
        "latents": np.zeros((2, 3, 16), np.float32),
        "state": np.zeros((2, state_size), np.float32),
        "finish": np.array(False),
    }
    (mel,) = session.run(["mel"], feeds)
    assert mel.shape == (2, 2, 128, 3 * 47)
    assert mel[:, 0].min() >= 0


def test_the_metadata_is_complete(folder: Path, report: ExportReport) -> None:
    file = ArtifactFile.inspect(report.path)
    metadata = file.metadata
    assert metadata == report.metadata
    source = folder / "tiny.distill"
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


def test_the_test_vector_is_a_loud_excerpt_of_the_seeds_sound(artifact: Artifact) -> None:
    vector = artifact.metadata.test_vector
    latents = standard_normal_latents(vector.seed, vector.steps, 16)
    sound = artifact.render(latents[None])[0]
    expected = np.array(vector.audio)
    start = vector.start - LATENCY
    assert snr_db(expected, sound[start : start + len(expected)]) >= vector.tolerance_db + 5
    assert expected.std() >= sound.std() / 2
    assert vector.tolerance_db >= 40


def test_the_sizes_are_the_files(report: ExportReport, graph: onnx.ModelProto) -> None:
    assert report.size_bytes == report.path.stat().st_size
    tensors = sum(len(tensor.raw_data) for tensor in graph.graph.initializer)
    assert report.weight_bytes + report.constant_bytes == tensors
    assert report.constant_bytes < 1_000_000
    decoder = load_model(report.path.with_name("tiny.distill")).model.decoder
    norms = 2 * 2 * sum(model_files.TINY.decoder_channels[1:])  # folded; the step counts are not
    floats = sum(value.numel() for value in decoder.state_dict().values()) - norms - 4
    assert 4 * floats <= report.weight_bytes < 6 * floats


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
    folder: Path, report: ExportReport, tmp_path: Path
) -> None:
    again = tmp_path / "again.onnx"
    command = [sys.executable, "-m", "distill_export.cli", str(folder / "tiny.distill")]
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    done = subprocess.run(
        [*command, "-o", str(again)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert again.read_bytes() == report.path.read_bytes()
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


def test_a_bare_decoder_in_float16(folder: Path, tmp_path: Path) -> None:
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


def test_a_model_that_is_silent_is_exported(tmp_path: Path) -> None:
    """All weights zero: an odd model, but the graph does what the model does."""
    content = model_files.model_content()
    state = model_files.tiny_model(VAEShape(64, (8, 8, 4, 4, 4), None)).state_dict()
    silence(state)
    content |= {"model_state_dict": state, "latent_dim": 64, "latent_analysis": None}
    content["normalization_stats"] |= {"mag_mean": 0.0}
    written = export_model(model_files.write(content, tmp_path / "silent.distill"))
    artifact = Artifact.load(written.path)
    verify(artifact).raise_if_failed()
    sound = artifact.render(standard_normal_latents(1, 3, 64)[None])
    assert sound.shape == (1, 4 * STEP)
    assert not sound.any()


# What goes wrong in a graph: its constants, or what it makes of its inputs and outputs.


def scale(name: str, factor: float) -> Callable[[onnx.GraphProto], None]:
    def change(graph: onnx.GraphProto) -> None:
        tensors = [tensor for tensor in graph.initializer if name in tensor.name]
        assert tensors, f"no constant is called {name}"
        for tensor in tensors:
            values = numpy_helper.to_array(tensor)
            tensor.CopyFrom(
                numpy_helper.from_array((values * factor).astype(values.dtype), tensor.name)
            )

    return change


def constant(graph: onnx.GraphProto, value: float) -> str:
    name = f"broken_{len(graph.initializer)}"
    graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return name


def output(name: str, operator: str, value: float) -> Callable[[onnx.GraphProto], None]:
    """Let one more operation follow an output."""

    def change(graph: onnx.GraphProto) -> None:
        (place,) = (i for i, node in enumerate(graph.node) if name in node.output)
        graph.node[place].output[list(graph.node[place].output).index(name)] = "broken"
        node = helper.make_node(operator, ["broken", constant(graph, value)], [name])
        graph.node.insert(place + 1, node)

    return change


def forget_the_state(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == "state":
                node.input[i] = "forgotten"
    zero = constant(graph, 0.0)
    graph.node.insert(0, helper.make_node("Mul", ["state", zero], ["forgotten"]))


def mix_the_rows(graph: onnx.GraphProto) -> None:
    """Leave a single row as it is."""
    (place,) = (i for i, node in enumerate(graph.node) if "audio" in node.output)
    graph.node[place].output[list(graph.node[place].output).index("audio")] = "unmixed"
    axis = "first_axis"
    graph.initializer.append(numpy_helper.from_array(np.array([0]), axis))
    most = constant(graph, 0.99)
    little = constant(graph, 0.01)
    for node in reversed(
        [
            helper.make_node("ReduceMean", ["unmixed", axis], ["mean"]),
            helper.make_node("Mul", ["unmixed", most], ["most"]),
            helper.make_node("Mul", ["mean", little], ["little"]),
            helper.make_node("Add", ["most", "little"], ["audio"]),
        ]
    ):
        graph.node.insert(place + 1, node)


BROKEN = {
    "decoder": (scale("decoder.", 1.001), "mel frames differ"),
    "overlap-add": (scale("chunk_overlap_add.falling", 1.001), "mel frames differ"),
    "statistics": (scale(".log_power.std", 1.001), "reconstruction against float64"),
    "frequency": (scale("frequency.std", 1.001), "reconstruction against float64"),
    "filterbank": (scale("magnitude.spread.upper_w", 1.001), "reconstruction against float64"),
    "gram": (scale("turns.gram", 1.001), "reconstruction against float64"),
    "low bins": (scale("magnitude.low_rows", 1.001), "reconstruction against float64"),
    "window": (scale("inverse_stft.window", 1.001), "reconstruction against float64"),
    "transform": (scale("dft.inner", 1.001), "reconstruction against float64"),
    "gain": (output("audio", "Mul", 1.00001), "reconstruction against float64"),
    "noisy latency": (output("audio", "Add", 1e-9), "latency at the start"),
    "NaN": (output("audio", "Mul", np.nan), "not finite"),
    "state after the end": (output("next_state", "Add", 1.0), "the state is not zero"),
    "no state": (forget_the_state, "stream against one shot"),
    "rows": (mix_the_rows, "batch against single rows"),
}


@pytest.fixture
def break_graph(
    graph: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[onnx.GraphProto], None]], None]:
    """Let the next export's graph, and only the graph, be another than it should be."""

    def install(change: Callable[[onnx.GraphProto], None]) -> None:
        def trace(*_: Any, **__: Any) -> onnx.ModelProto:
            broken = onnx.ModelProto()
            broken.CopyFrom(graph)
            change(broken.graph)
            return broken

        monkeypatch.setattr(export, "trace", trace)

    return install


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_graph_that_differs_is_not_written(
    folder: Path,
    tmp_path: Path,
    break_graph: Callable[..., None],
    change: Callable[[onnx.GraphProto], None],
    message: str,
) -> None:
    break_graph(change)
    there = tmp_path / "there.onnx"
    there.write_bytes(OLD)
    with pytest.raises(VerificationError, match=message) as caught:
        export_model(folder / "tiny.distill", there, overwrite=True)
    assert "\n" not in str(caught.value)
    assert there.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [there]


def test_a_graph_that_is_left_alone_is_written(
    folder: Path, tmp_path: Path, report: ExportReport, break_graph: Callable[..., None]
) -> None:
    break_graph(lambda graph: None)
    (tmp_path / "there.onnx").write_bytes(OLD)
    export_model(folder / "tiny.distill", tmp_path / "there.onnx", overwrite=True)
    assert (tmp_path / "there.onnx").read_bytes() == report.path.read_bytes()


def test_what_the_runtime_would_refuse_is_not_written(
    folder: Path, tmp_path: Path, break_graph: Callable[..., None]
) -> None:
    def random_input(graph: onnx.GraphProto) -> None:
        shape = [helper.make_attribute("shape", [1])]
        node = helper.make_node("RandomNormal", [], ["unused"])
        node.attribute.extend(shape)
        graph.node.append(node)

    break_graph(random_input)
    with pytest.raises(DistillError, match="RandomNormal"):
        export_model(folder / "tiny.distill", tmp_path / "new.onnx")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def no_tracing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Notice when the work begins that should have been refused before."""
    begun: list[str] = []

    def trace(*_: Any, **__: Any) -> onnx.ModelProto:
        begun.append("trace")
        raise AssertionError("the graph was traced")

    monkeypatch.setattr(export, "trace", trace)
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
    folder: Path, tmp_path: Path, name: str, error: type[DistillError], message: str
) -> None:
    (tmp_path / "there.onnx").write_bytes(OLD)
    progress: list[str] = []
    with pytest.raises(error, match=message):
        export_model(folder / "tiny.distill", tmp_path / name, progress=progress.append)
    assert not progress
    assert [path.name for path in tmp_path.iterdir()] == ["there.onnx"]
    assert (tmp_path / "there.onnx").read_bytes() == OLD


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told(folder: Path, break_graph: Callable[..., None]) -> None:
    break_graph(lambda graph: None)
    with pytest.raises(OutputError, match="/dev/full cannot be written: the disk is full"):
        export_model(folder / "tiny.distill", Path("/dev/full"))
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


def test_weights_that_overflow_are_refused(
    tmp_path: Path, graph: onnx.ModelProto, break_graph: Callable[..., None]
) -> None:
    """Finite numbers in the file, and no finite sound."""
    content = model_files.model_content()
    content["normalization_stats"] |= {"mag_mean": 1e5}
    source = model_files.write(content, tmp_path / "loud.distill")

    def as_told(copy: onnx.GraphProto) -> None:
        means = [t for t in copy.initializer if t.name.endswith("log_power.mean")]
        assert means
        for mean in means:
            loud = np.full_like(numpy_helper.to_array(mean), 1e5)
            mean.CopyFrom(numpy_helper.from_array(loud, mean.name))

    break_graph(as_told)
    with pytest.raises(VerificationError, match="not finite: its weights or statistics are broken"):
        export_model(source)
    assert list(tmp_path.iterdir()) == [source]


def test_progress_is_told_in_few_words(
    folder: Path, tmp_path: Path, break_graph: Callable[..., None]
) -> None:
    break_graph(lambda graph: None)
    told: list[str] = []
    export_model(folder / "tiny.distill", tmp_path / "new.onnx", progress=told.append)
    assert len(told) >= 3
    assert told[0].startswith("reading ")
    assert all(re.fullmatch(r"[^\n]{5,300}", line) for line in told)


def test_a_checkpoint_is_exported_as_the_model_it_holds(
    tmp_path: Path, report: ExportReport, break_graph: Callable[..., None]
) -> None:
    content = model_files.checkpoint_content()
    content["model_state_dict"] = model_files.tiny_model().state_dict()
    source = model_files.write(content, tmp_path / "best.pt")
    break_graph(lambda graph: None)
    metadata = export_model(source).metadata
    assert (tmp_path / "best.onnx").is_file()
    assert metadata.model.name == "best"
    assert metadata.weights_sha256 == report.metadata.weights_sha256
    assert metadata.sliders == report.metadata.sliders
    expected = dataclasses.asdict(report.metadata.audio)
    assert dataclasses.asdict(metadata.audio) == expected
    assert metadata.exporter == report.metadata.exporter
    assert metadata.test_vector == report.metadata.test_vector
    assert contract.ArtifactMetadata.from_json(metadata.to_json()) == metadata
