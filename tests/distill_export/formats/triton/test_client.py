"""The client of docs/scale.md, against a stand-in for Triton that speaks its protocol."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_export.export import ExportReport, export_model
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.contract import TRITON
from tests.distill_export.formats.triton.sequence_server import SequenceServer

PAGE = (Path(__file__).parents[4] / "docs" / "scale.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"^(    client = tritonclient.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("repository") / "model"
    return export_model(tiny_source, output, format=TRITON, controls=False).path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    grpc = pytest.importorskip("grpc", reason="there is no grpcio")
    pytest.importorskip("tritonclient", reason="there is no tritonclient")
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    server = SequenceServer(folder)

    class Triton(service_pb2_grpc.GRPCInferenceServiceServicer):
        def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
            assert request.model_name == folder.name
            (latents,), (content,) = request.inputs, request.raw_input_contents
            assert (latents.name, latents.datatype) == ("latents", "FP32")
            audio = server.infer(
                str(request.parameters["sequence_id"].int64_param),
                np.frombuffer(content, np.float32).reshape(latents.shape),
                start=request.parameters["sequence_start"].bool_param,
                end=request.parameters["sequence_end"].bool_param,
            )
            answer = service_pb2.ModelInferResponse(raw_output_contents=[audio.tobytes()])
            answer.outputs.add(name="audio", datatype="FP32", shape=audio.shape)
            return answer

    with ThreadPoolExecutor(1) as workers:
        serving = grpc.server(workers)
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Triton(), serving)
        port = serving.add_insecure_port("127.0.0.1:0")
        serving.start()
        yield f"127.0.0.1:{port}"
        serving.stop(None).wait()


def test_it_plays_what_the_artifact_does(tiny_report: ExportReport, address: str) -> None:
    import tritonclient.grpc

    artifact = Artifact.load(tiny_report.path)
    pipeline = GenerationPipeline(artifact)
    code = textwrap.dedent(EXAMPLE).replace("localhost:8001", address)
    heard: list[np.ndarray] = []
    names = {
        "tritonclient": tritonclient,
        "pipeline": pipeline,
        "GenerationConfig": GenerationConfig,
        "heard": heard,
    }
    exec(f"{code}\n    heard.append(audio)\nclient.close()", names)
    path = pipeline.trajectory(GenerationConfig(duration_s=10.0, seed=7))
    latency = tiny_report.metadata.latency_samples
    assert len(heard) == path.shape[1]
    assert {len(audio) for audio in heard[:-1]} == {24064}
    assert len(heard[-1]) == 2 * 24064 + latency
    expected = artifact.render(path)[0]
    np.testing.assert_array_equal(np.concatenate(heard)[latency:], expected)
