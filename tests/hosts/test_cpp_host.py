"""The TorchScript artifact in C++: hosts/torch_cpp, built against the installed torch, and run."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_runtime import Artifact
from distill_runtime.artifact.torch_archive import METADATA_ENTRY
from distill_runtime.audio.snr import snr_db
from distill_runtime.latents.trajectory import crossfade
from tests.once import Once

pytest.importorskip("torch")

from distill_export.export import export_model
from distill_export.formats.torch_artifact import TorchArtifact

REPOSITORY = Path(__file__).parents[2]
SEED, RATE = 7, 48_000


@pytest.fixture(scope="session")
def program(torch_cpp: Path) -> Path:
    """The program that streams a seed's sound."""
    return torch_cpp / "distill_stream"


@pytest.fixture(scope="session")
def model(once: Once) -> Path:
    source = REPOSITORY / "tests/reference/demo/ambience.distill"

    def export(folder: Path) -> Path:
        return export_model(
            source, folder / "ambience.ts", format="torchscript", controls=False
        ).path

    return once("demo-torchscript", export)


def run(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


def played(program: Path, model: Path, out: Path, *options: str) -> np.ndarray:
    done = run(program, model, out, "--seed", str(SEED), *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    info = soundfile.info(out)
    assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "FLOAT")
    return soundfile.read(out, dtype="float32")[0]


@pytest.mark.parametrize("seconds", [1, 5])
def test_three_hosts_agree(
    program: Path, model: Path, demo_artifact: Path, tmp_path: Path, seconds: int
) -> None:
    found = played(program, model, tmp_path / "cpp.wav", "--seconds", str(seconds))
    assert len(found) == seconds * RATE
    assert found.std() > 1e-3
    artifact = Artifact.load(demo_artifact)
    latents = crossfade(seed=SEED, duration_s=seconds, latent_dim=artifact.latent_dim)[None]
    python = TorchArtifact.load(model).render(latents)[0, : len(found)]
    onnx = artifact.render(latents)[0, : len(found)]
    assert snr_db(python, found) >= 75
    assert snr_db(onnx[:RATE], found[:RATE]) >= 75
    assert snr_db(onnx[:RATE], python[:RATE]) >= 75


def test_the_stream_is_the_one_shot(program: Path, model: Path, tmp_path: Path) -> None:
    stream = played(program, model, tmp_path / "stream.wav", "--seconds", "5")
    whole = played(program, model, tmp_path / "whole.wav", "--seconds", "5", "--one-shot")
    assert np.array_equal(stream, whole)


def test_a_part_of_a_second_is_met_to_the_sample(
    program: Path, model: Path, tmp_path: Path
) -> None:
    assert len(played(program, model, tmp_path / "short.wav", "--seconds", "0.25")) == RATE // 4


def changed(model: Path, path: Path, old: bytes | None, new: bytes = b"") -> Path:
    """Copy a file with another metadata document, or without one."""
    with zipfile.ZipFile(model) as source, zipfile.ZipFile(path, "w") as copy:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith(METADATA_ENTRY):
                if old is None:
                    continue
                assert old in content
                content = content.replace(old, new, 1)
            copy.writestr(entry.filename, content)
    return path


def test_a_bad_file_is_told_in_a_line(
    program: Path, model: Path, demo_artifact: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.wav"
    truncated = tmp_path / "truncated.ts"
    truncated.write_bytes(model.read_bytes()[:1_000_000])
    foreign = changed(model, tmp_path / "foreign.ts", None)
    newer = changed(model, tmp_path / "newer.ts", b'"version":1', b'"version":2')
    for path, expected in (
        (tmp_path / "none.ts", "does not exist"),
        (truncated, "damaged"),
        (demo_artifact, "is no TorchScript file"),
        (foreign, "not a Distill artifact"),
        (newer, "has contract version 2, not 1"),
    ):
        done = run(program, path, out)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("distill_stream: ")
        assert done.stderr.count("\n") == 1
        assert expected in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    "options", [["--seed", "x"], ["--seed", "-1"], ["--seconds", "nan"], ["--seed"], ["--bar"]]
)
def test_misuse_is_told_in_a_line(
    program: Path, model: Path, tmp_path: Path, options: list[str]
) -> None:
    done = run(program, model, tmp_path / "out.wav", *options)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert options[0] in done.stderr
    assert not (tmp_path / "out.wav").exists()


def test_a_wav_that_cannot_be_written_is_told(program: Path, model: Path, tmp_path: Path) -> None:
    done = run(program, model, tmp_path / "none" / "out.wav")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be written" in done.stderr
