"""What only a machine with a GPU can show; elsewhere none of it is collected. `make cuda` runs it.

The artifacts are those that ARTIFACTS names, or what `make demo` leaves in `artifacts/`.
"""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime
import pytest

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import SessionOptions

_MADE = Path(__file__).parents[2] / "artifacts"

if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
    collect_ignore_glob = ["test_*.py"]


def artifacts() -> list[Path]:
    """Return what is to be played."""
    named = os.environ.get("ARTIFACTS", "").split()
    return [Path(name) for name in named] or sorted(_MADE.glob("*.onnx"))


@pytest.fixture(scope="session", params=artifacts(), ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="session")
def on_cpu(path: Path) -> Artifact:
    return Artifact.load(path, options=SessionOptions(provider="cpu"))


@pytest.fixture(scope="session")
def on_cuda(path: Path) -> Artifact:
    return Artifact.load(path, options=SessionOptions(provider="cuda"))
