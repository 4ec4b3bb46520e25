"""A model for Triton, as `distill-export --format triton` writes it, read by Triton's own protobuf.

Triton itself is not run here: `SequenceServer` does what its sequence batcher would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from distill_export.export import ExportReport, export_model
from distill_export.formats.names import default_name, output_path
from distill_export.formats.triton import program
from distill_runtime import Artifact
from distill_runtime.contract import METADATA_KEY, TRITON
from distill_runtime.errors import ArtifactError, OutputExistsError, RequestError, VerificationError
from tests.distill_export.formats.triton.sequence_server import (
    SequenceServer,
    read_configuration,
)
from tests.distill_export.model_files import complaint

Run = Callable[..., tuple[int, str, str]]

ONNX_TYPES = {"TYPE_FP32": "tensor(float)", "TYPE_BOOL": "tensor(bool)"}


@pytest.fixture(scope="module")
def report(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportReport:
    output = tmp_path_factory.mktemp("repository") / "models" / "rain"
    return export_model(tiny_source, output, format=TRITON, controls=False)


def test_the_configuration_is_one_that_the_backend_accepts(report: ExportReport) -> None:
    server = SequenceServer(report.path)
    config, batching = server.config, server.config.sequence_batching
    inputs = {tensor.name: tensor for tensor in server.session.get_inputs()}
    outputs = {tensor.name: tensor for tensor in server.session.get_outputs()}
    assert config.backend == "onnxruntime"
    assert not config.name  # the folder's: it may be renamed
    # The backend counts the inputs that it will be fed, and compares type and shape of each.
    (latents,), (audio,) = config.input, config.output
    control, state = server.control, server.state
    assert set(inputs) == {latents.name, control.name, state.input_name}
    assert {audio.name, state.output_name} == set(outputs)
    types = type(latents).DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number
    for tensor, described in ((inputs[latents.name], latents), (outputs[audio.name], audio)):
        assert tensor.type == ONNX_TYPES[types[described.data_type].name]
        assert [d if isinstance(d, int) else -1 for d in tensor.shape] == list(described.dims)
    # Without a batch a control is a vector of one; a model whose first dimensions were all open
    # would be given a batch.
    assert config.max_batch_size == 0
    assert inputs[control.name].shape == [1]
    assert inputs[control.name].type == ONNX_TYPES["TYPE_BOOL"]
    (kind,) = control.control
    assert type(kind).Kind.Name(kind.kind) == "CONTROL_SEQUENCE_END"
    (initial,) = state.initial_state
    for found in (state, initial):
        assert ONNX_TYPES[types[found.data_type].name] == inputs[state.input_name].type
        assert list(found.dims) == inputs[state.input_name].shape
    assert outputs[state.output_name].shape == list(state.dims)
    # "direct" would give an instance to a sequence alone until it ends.
    assert batching.WhichOneof("strategy_choice") == "oldest"
    assert batching.oldest.max_candidate_sequences > 1
    assert not batching.oldest.preferred_batch_size  # may be no more than max_batch_size
    metadata = report.metadata
    assert {key: int(value.string_value) for key, value in config.parameters.items()} == {
        "sample_rate_hz": metadata.audio.sample_rate_hz,
        "step_samples": 24064,
        "latency_samples": metadata.latency_samples,
    }


def test_sequences_beside_each_other_are_streams_of_the_artifact(
    report: ExportReport, tiny_report: ExportReport
) -> None:
    server, artifact = SequenceServer(report.path), Artifact.load(tiny_report.path)
    random = np.random.default_rng(7)
    first, second = random.normal(size=(2, 1, 5, artifact.latent_dim)).astype(np.float32)
    heard_first = [server.infer("a", first[:, :2], start=True)]
    heard_second = [server.infer("b", second[:, :1], start=True)]
    heard_first.append(server.infer("a", first[:, 2:3]))
    heard_second.append(server.infer("b", second[:, 1:], end=True))
    heard_first.append(server.infer("a", first[:, 3:], end=True))
    assert not server.states
    for latents, heard in ((first, heard_first), (second, heard_second)):
        whole = np.concatenate(heard, axis=1)
        latency = artifact.metadata.latency_samples
        np.testing.assert_array_equal(whole[:, latency:], artifact.render(latents))
        assert [piece.shape[0] for piece in heard] == [1] * len(heard)
    # A sequence of one request, under a number that another had before.
    audio = server.infer("a", second, start=True, end=True)
    np.testing.assert_array_equal(audio[:, latency:], artifact.render(second))


def test_the_graph_keeps_weights_and_metadata_of_the_artifact(
    report: ExportReport, tiny_report: ExportReport
) -> None:
    files = [path for path in report.path.rglob("*") if path.is_file()]
    assert sorted(path.relative_to(report.path).as_posix() for path in files) == [
        "1/model.onnx",
        "config.pbtxt",
    ]
    assert report.size_bytes == sum(path.stat().st_size for path in files)
    served = onnx.load(report.path / "1" / "model.onnx")
    artifact = onnx.load(tiny_report.path)
    assert served.graph.initializer == artifact.graph.initializer
    assert served.graph.node[1:] == artifact.graph.node[:]
    assert {entry.key: entry.value for entry in served.metadata_props} == {
        METADATA_KEY: report.metadata.to_json()
    }
    assert report.metadata.weights_sha256 == tiny_report.metadata.weights_sha256
    with pytest.raises(
        ArtifactError, match=r"a graph that Triton serves .*: distill-export without"
    ):
        Artifact.load(report.path / "1" / "model.onnx")


def test_what_does_not_agree_is_not_written(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served_graph = program.served_graph

    def never_ending(model: onnx.ModelProto) -> onnx.ModelProto:
        served = served_graph(model)
        served.graph.node[0].CopyFrom(onnx.helper.make_node("Not", ["end"], ["finish"]))
        return served

    monkeypatch.setattr(program, "served_graph", never_ending)
    with pytest.raises(VerificationError, match="served in 3 requests, the sound is not the art"):
        export_model(tiny_source, tmp_path / "models/rain", format=TRITON, controls=False)
    assert not list(tmp_path.iterdir())


def test_the_names_are_a_repository_and_a_model_in_it(here: Path) -> None:
    source = Path("sounds/rain.distill")
    assert default_name(source, format=TRITON) == "rain_triton/rain"
    assert default_name(source, format=TRITON, precision="int8") == "rain_triton/rain_int8"
    assert output_path(source, None, format=TRITON) == Path("rain_triton/rain")
    assert output_path(source, Path("models"), format=TRITON) == Path("models/rain")
    (here / "models").mkdir()
    assert output_path(source, Path("models"), format=TRITON) == Path("models/rain")
    assert output_path(source, Path("models")) == Path("models/rain.onnx")
    for name in ("rain.onnx", "rain.html"):
        with pytest.raises(
            RequestError, match=f"{name} has the ending of .* or a name of a folder"
        ):
            output_path(source, Path(name), format=TRITON)


def test_the_command_line_adds_a_model_to_a_repository(
    command: Run, tiny_source: Path, here: Path
) -> None:
    arguments = (tiny_source, "--format", "triton", "--no-controls", "-o", "models")
    (here / "models" / "other").mkdir(parents=True)
    code, out, said = command(*arguments)
    assert (code, out) == (0, "models/tiny\n")
    assert "models/tiny: 0.9 MB" in said
    assert read_configuration(here / "models" / "tiny").backend == "onnxruntime"
    (here / "models/tiny/config.pbtxt").write_text("mine", "utf-8")
    for more in ([], ["--recordings", "nowhere"]):
        code, out, said = command(*arguments, *more)
        assert (code, out) == (2, "")
        assert complaint(said).endswith(
            "models/tiny exists: choose another name, or overwrite it with --force"
        )
    assert command(*arguments, "--force")[0] == 0
    assert read_configuration(here / "models" / "tiny").backend == "onnxruntime"
    (here / "models/tiny/2").mkdir()
    code, _, said = command(*arguments, "--force")
    assert code == 2
    assert "models/tiny holds what is not replaced, 2: move that" in complaint(said)
    assert sorted(path.name for path in (here / "models").iterdir()) == ["other", "tiny"]
    with pytest.raises(OutputExistsError):
        export_model(tiny_source, here / "models/tiny", format=TRITON)
