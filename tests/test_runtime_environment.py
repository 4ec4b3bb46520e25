"""The runtime where only its own dependencies are: no torch, no onnx, no distill_export."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path

import pytest

from tests import environments

PYTHON = environments.python(".venv-runtime")

run = functools.partial(environments.run, PYTHON)

pytestmark = environments.needs(PYTHON)


@pytest.mark.parametrize("module", ["torch", "onnx", "onnxscript", "scipy", "distill_export"])
def test_what_the_exporter_needs_is_not_here(library: Path, tmp_path: Path, module: str) -> None:
    done = run("-c", f"import {module}", path=[library], folder=tmp_path, code=1)
    assert f"No module named '{module}'" in done.stderr


def test_a_sound_is_generated_saved_and_streamed(
    library: Path, tmp_path: Path, demo_artifact: Path
) -> None:
    program = """
import sys, json
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline, verify
artifact = Artifact.load(sys.argv[1])
pipeline = GenerationPipeline(artifact)
config = GenerationConfig(duration_s=1.0, seed=7)
result = pipeline.generate(config)
result.save("sound.wav")
blocks = list(pipeline.stream(config, gain=result.gain))
assert verify(artifact).passed
print(json.dumps([list(result.audio.shape), sum(b.shape[1] for b in blocks), not result.silent]))
"""
    done = run("-W", "error", "-c", program, demo_artifact, path=[library], folder=tmp_path)
    assert json.loads(done.stdout) == [[1, 48_000], 2 * 24_064 + 1024, True]
    assert (tmp_path / "sound.wav").stat().st_size > 48_000


def test_the_command_line_plays_describes_and_verifies(
    library: Path, tmp_path: Path, demo_artifact: Path
) -> None:
    module = ["-m", "distill_runtime"]
    played = run(*module, demo_artifact, "-d", 1, "-s", 7, path=[library], folder=tmp_path)
    assert played.stdout == "ambience_seed7.wav\n"
    assert (tmp_path / "ambience_seed7.wav").is_file()
    described = run(*module, "info", demo_artifact, path=[library], folder=tmp_path)
    assert "ambience" in described.stdout
    verified = run(*module, "verify", demo_artifact, path=[library], folder=tmp_path)
    assert "is whole" in verified.stdout


def without_onnxruntime(folder: Path) -> Path:
    """Return a folder with every installed package but onnxruntime."""
    (installed,) = (PYTHON.parents[1] / "lib").glob("python*/site-packages")
    packages = folder / "packages"
    packages.mkdir()
    for entry in installed.iterdir():
        if not entry.name.startswith("onnxruntime"):
            (packages / entry.name).symlink_to(entry)
    return packages


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of a traceback."""
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["Artifact", "GenerationPipeline"])
def test_without_onnxruntime_an_import_says_what_to_install(
    library: Path, tmp_path: Path, name: str
) -> None:
    path = [library, without_onnxruntime(tmp_path)]
    program = f"from distill_runtime import {name}"
    said = complaint(run("-S", "-c", program, path=path, folder=tmp_path, code=1))
    assert said == (
        "distill_runtime.errors.DependencyError: onnxruntime is not installed: "
        "pip install onnxruntime (or onnxruntime-gpu, for CUDA)"
    )


def test_without_onnxruntime_a_file_can_be_described_and_not_played(
    library: Path, tmp_path: Path, demo_artifact: Path
) -> None:
    path = [library, without_onnxruntime(tmp_path)]
    module = ["-S", "-m", "distill_runtime"]
    assert "ambience" in run(*module, "info", demo_artifact, path=path, folder=tmp_path).stdout
    refused = run(*module, demo_artifact, "-d", 1, path=path, folder=tmp_path, code=1)
    assert refused.stderr.startswith("distill-run: onnxruntime is not installed: pip install")
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""
    assert not list(tmp_path.glob("*.wav"))


def test_two_flavours_of_onnxruntime_are_told_apart(
    library: Path, tmp_path: Path, demo_artifact: Path
) -> None:
    second = tmp_path / "onnxruntime_gpu-1.20.0.dist-info"
    second.mkdir()
    (second / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.20.0\n", encoding="utf-8"
    )
    path = [library, tmp_path]
    program = "from distill_runtime import Artifact"
    said = complaint(run("-c", program, path=path, folder=tmp_path, code=1))
    assert "DependencyError" in said
    assert "onnxruntime and onnxruntime-gpu are both installed" in said
    module = ["-m", "distill_runtime"]
    refused = run(*module, demo_artifact, "-d", 1, path=path, folder=tmp_path, code=1)
    assert "both installed" in refused.stderr
    assert refused.stderr.count("\n") == 1
