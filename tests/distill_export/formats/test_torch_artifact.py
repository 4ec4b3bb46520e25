"""TorchScript and pt2: the contract of the ONNX artifact in files for libtorch and PyTorch.

Each export starts a fresh Python with torch in it, some seconds that no test of a fresh process can
be without; so many tests look at the same files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import distill_export
from distill_export.export import ExportReport, export_model
from distill_export.formats.program import ProgramSource
from distill_export.formats.pt2 import Pt2Program
from distill_export.formats.torch_artifact import TorchArtifact, open_program
from distill_export.formats.torch_program import TorchProgram
from distill_export.formats.torchscript import TorchScriptProgram
from distill_export.graph.build import build_synthesizer
from distill_export.model.file import load_model
from distill_runtime import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.torch_archive import METADATA_ENTRY
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import MAX_SNR_DB, snr_db
from distill_runtime.contract import ARTIFACT_ENDINGS
from distill_runtime.errors import (
    ArtifactError,
    BackendError,
    OutputExistsError,
    RequestError,
    VerificationError,
)

STEP, DIM, PASSES = 24_064, 16, 1
VARIANTS = [
    (format, reconstruction)
    for format in ("torchscript", "pt2")
    for reconstruction in ("learned", "refined")
]


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def report(
    request: pytest.FixtureRequest, tiny_source: Path, tmp_path_factory: pytest.TempPathFactory
) -> ExportReport:
    format, reconstruction = request.param
    return export_model(
        tiny_source,
        tmp_path_factory.mktemp("variants") / f"{reconstruction}{ARTIFACT_ENDINGS[format]}",
        reconstruction=reconstruction,
        quality=PASSES,
        format=format,
    )


@pytest.fixture(scope="module")
def onnx_artifact(tiny_report: ExportReport) -> Artifact:
    return Artifact.load(tiny_report.path)


@pytest.fixture(scope="module")
def artifact(report: ExportReport) -> TorchArtifact:
    return TorchArtifact.load(report.path)


@pytest.fixture(scope="module")
def script(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TorchScript file to be spoilt."""
    path = tmp_path_factory.mktemp("script") / "script.ts"
    return export_model(tiny_source, path, format="torchscript").path


def play(artifact: TorchArtifact, latents: np.ndarray, cuts: list[int]) -> np.ndarray:
    pieces = np.split(latents, cuts, axis=1)
    return np.concatenate(list(artifact.stream(pieces)), axis=1)


def least_snr_db(artifact: ArtifactFile) -> float:
    """Return how near a stream's pieces are to one call: equal, or but for a last bit.

    A pt2 computes all steps of a call together, and PyTorch rounds a float64 product by its size.
    """
    return 150.0 if artifact.format == "pt2" else MAX_SNR_DB


def test_the_metadata_are_the_onnx_artifacts(
    report: ExportReport, onnx_artifact: Artifact, tiny_source: Path
) -> None:
    file = ArtifactFile.inspect(report.path, formats=ARTIFACT_ENDINGS)
    assert (file.metadata, file.size_bytes) == (report.metadata, report.path.stat().st_size)
    assert file.format == {".ts": "torchscript", ".pt2": "pt2"}[report.path.suffix]
    assert report.metadata.source_sha256 == hashlib.sha256(tiny_source.read_bytes()).hexdigest()
    assert report.metadata.exporter == {
        "distill-export": distill_export.__version__,
        "torch": torch.__version__,
    }
    same = ["model", "audio", "latent_dim", "precision", "normalization", "sliders"]
    same += ["source_sha256"]
    if report.metadata.reconstruction == "learned":
        same += ["state_size", "latency_samples", "reconstruction"]
    for name in same:
        assert getattr(report.metadata, name) == getattr(onnx_artifact.metadata, name), name


def test_it_was_verified(report: ExportReport) -> None:
    parity = report.metadata.parity
    refined = report.metadata.reconstruction == "refined"
    assert 0 < parity.decoder_max_difference <= 1e-4
    assert parity.reconstruction_snr_db >= (70 if refined else 110)
    file = ArtifactFile.inspect(report.path, formats=ARTIFACT_ENDINGS)
    assert parity.streaming_snr_db >= least_snr_db(file)
    assert parity.batch_snr_db == MAX_SNR_DB
    assert parity.trajectories == 4


def test_the_test_vector_is_met(report: ExportReport, artifact: TorchArtifact) -> None:
    vector = report.metadata.test_vector
    latents = standard_normal_latents(vector.seed, vector.steps, DIM)[None]
    audio, state = artifact.step(latents, artifact.initial_state(), finish=True)
    found = audio[0, vector.start : vector.start + len(vector.audio)]
    assert snr_db(np.array(vector.audio), found) >= vector.tolerance_db
    assert not state.any()


def test_it_plays_what_the_onnx_artifact_plays(
    artifact: TorchArtifact, onnx_artifact: Artifact
) -> None:
    latents = standard_normal_latents(3, 2, DIM)[None]  # a second and a half
    found = snr_db(onnx_artifact.render(latents), artifact.render(latents))
    # A "refined" one is another sound, which a "learned" one is not near.
    assert (found >= 75) == (artifact.metadata.reconstruction == "learned")


@settings(deadline=None, max_examples=5)
@given(cuts=st.sets(st.integers(1, 5)), batch=st.integers(1, 2))
def test_a_stream_cut_anywhere_is_one_shot(
    artifact: TorchArtifact, cuts: set[int], batch: int
) -> None:
    latents = np.stack([standard_normal_latents(seed, 6, DIM) for seed in range(batch)])
    whole = play(artifact, latents, [])
    latency = artifact.metadata.latency_samples
    assert whole.shape == (batch, 7 * STEP + latency)
    assert not whole[:, :latency].any()
    assert whole.std() > 1e-4
    assert snr_db(whole, play(artifact, latents, sorted(cuts))) >= least_snr_db(artifact.file)


@pytest.mark.parametrize("finish", [False, True])
@pytest.mark.parametrize(("batch", "steps"), [(1, 1), (3, 1), (1, 2), (2, 3)])
def test_the_sizes_are_the_contracts(
    artifact: TorchArtifact, batch: int, steps: int, finish: bool
) -> None:
    latents = np.stack([standard_normal_latents(seed, steps, DIM) for seed in range(batch)])
    start = artifact.initial_state(batch)
    audio, state = artifact.step(latents, start, finish=finish)
    assert audio.dtype == state.dtype == np.float32
    samples = STEP * (steps + finish) + artifact.metadata.latency_samples * finish
    assert audio.shape == (batch, samples)
    assert state.shape == start.shape
    assert state.any() != finish
    for row in range(batch):
        alone, _ = artifact.step(latents[row : row + 1], start[:1], finish=finish)
        assert np.array_equal(alone[0], audio[row])


def test_every_tensor_is_stored_once(report: ExportReport) -> None:
    tensors = report.weight_bytes + report.constant_bytes
    assert tensors < report.size_bytes < tensors + 1_200_000  # the rest is the program
    with zipfile.ZipFile(report.path) as archive:
        stored = [e for e in archive.infolist() if e.filename.startswith("distill/data/")]
        sums = [entry.CRC for entry in stored if entry.file_size > 10_000]
    assert len(sums) >= 3
    assert len(set(sums)) == len(sums)


def test_nothing_of_this_machine_is_in_the_file(report: ExportReport) -> None:
    repository = Path(__file__).parents[3]
    with zipfile.ZipFile(report.path) as archive:
        content = b"".join(archive.read(entry) for entry in archive.infolist())
        names = archive.namelist()
    for trace in (repository, report.path.parent, Path.home(), "site-packages", "File \\"):
        assert str(trace).encode() not in content, trace
    assert all(name.startswith("distill/") for name in names)


@pytest.mark.parametrize("shape", [(1, 1, DIM + 1), (2, 1, DIM), (1, 0, DIM), (DIM,)])
def test_a_step_of_the_wrong_shape_is_told(artifact: TorchArtifact, shape: tuple[int, ...]) -> None:
    with pytest.raises(RequestError, match="must have the shapes") as caught:
        artifact.step(np.zeros(shape, np.float32), artifact.initial_state())
    assert len(str(caught.value).splitlines()) == 1


def test_what_torch_cannot_play_is_told(artifact: TorchArtifact) -> None:
    latents = np.zeros((1, 1, DIM), np.float64)  # the program takes float32
    with pytest.raises(BackendError) as caught:
        artifact.step(latents, artifact.initial_state())
    assert len(str(caught.value).splitlines()) == 1


def test_a_stream_of_nothing_is_told(artifact: TorchArtifact) -> None:
    with pytest.raises(RequestError, match="one step is the least"):
        next(artifact.stream([]))


def refusal(path: Path) -> str:
    with pytest.raises(ArtifactError) as caught:
        TorchArtifact.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message


def changed(script: Path, path: Path, name: str, old: bytes, new: bytes) -> Path:
    with zipfile.ZipFile(script) as archive, zipfile.ZipFile(path, "w") as copy:
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename == f"distill/{name}":
                assert old in content
                content = content.replace(old, new, 1)
            copy.writestr(entry.filename, content)
    return path


@pytest.mark.parametrize("program", [TorchScriptProgram, Pt2Program])
def test_a_path_that_is_no_text(
    tiny_source: Path, tmp_path: Path, program: type[TorchProgram]
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\x1b")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system does not take the name")
    with pytest.raises(ArtifactError, match=r"caf\\xe9\\x1b: PyTorch cannot load it"):
        open_program(path, program.format)
    synthesizer = build_synthesizer(load_model(tiny_source))
    program.save(ProgramSource(synthesizer), path)
    latents, state = np.zeros((1, 1, DIM), "f4"), np.zeros((1, synthesizer.state_size), "f4")
    audio, _ = open_program(path, program.format)(latents, state, np.array(False))
    assert audio.shape == (1, STEP)


def test_a_corrupted_file_is_refused(script: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.ts"
    content = script.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "damaged" in refusal(path)
    flipped = bytearray(content)
    flipped[len(content) // 4] ^= 1  # in a weight
    path.write_bytes(flipped)
    assert "damaged" in refusal(path)
    with zipfile.ZipFile(script) as archive:
        weight = archive.read("distill/data/3")
    other = changed(script, path, "data/3", weight[:8], bytes(8))
    assert "its weights are not the ones that were exported" in refusal(other)
    other = changed(script, path, "data.pkl", b"__torch__", b"__nowhere")
    assert "PyTorch cannot load it" in refusal(other)


def test_a_foreign_script_and_another_version_are_refused(script: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.ts"
    with zipfile.ZipFile(script) as archive, zipfile.ZipFile(path, "w") as copy:
        for entry in archive.infolist():
            if not entry.filename.endswith(METADATA_ENTRY):
                copy.writestr(entry.filename, archive.read(entry))
    assert "is a TorchScript file, but not a Distill artifact" in refusal(path)
    other = changed(script, path, METADATA_ENTRY, b'"version":1', b'"version":2')
    assert "it has contract version 2, this program reads version 1: update" in refusal(other)


def test_what_plays_elsewhere_is_told(
    script: Path, tiny_source: Path, onnx_artifact: Artifact
) -> None:
    assert "distill-run plays it" in refusal(onnx_artifact.path)
    assert "make an artifact of it with distill-export" in refusal(tiny_source)
    with pytest.raises(ArtifactError, match=r"libtorch plays \(hosts/torch_cpp\)"):
        Artifact.load(script)


def test_the_runtime_reads_the_metadata_without_torch(script: Path) -> None:
    code = f"""
import sys
sys.modules["torch"] = sys.modules["distill_export"] = None
from distill_runtime.cli import main
sys.argv = ["distill-run", "info", {str(script)!r}]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "TorchScript, for programs with libtorch" in done.stdout


def test_what_does_not_agree_is_not_written(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = TorchScriptProgram.save

    def distorted(source: ProgramSource, path: Path) -> None:
        bias = source.synthesizer.get_parameter("decoder.last.bias")
        with torch.no_grad():
            bias += 1e-4
            save(source, path)
            bias -= 1e-4

    monkeypatch.setattr(TorchScriptProgram, "save", distorted)
    with pytest.raises(VerificationError, match=r"against float64 is at .* nothing was written"):
        export_model(tiny_source, tmp_path / "a.ts", format="torchscript")
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_there_is_kept(tiny_source: Path, script: Path) -> None:
    before = script.read_bytes()
    with pytest.raises(OutputExistsError):
        export_model(tiny_source, script, format="torchscript")
    assert script.read_bytes() == before
