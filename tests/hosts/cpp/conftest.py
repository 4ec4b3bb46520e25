"""The C++ library, hosts/cpp, built once for the run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.once import Once


@pytest.fixture(scope="session")
def cpp_build(once: Once) -> Path:
    """Return the folder in which the library and its programs are built."""
    if shutil.which("cmake") is None or not (shutil.which("c++") or shutil.which("g++")):
        pytest.skip("needs cmake and a C++ compiler")
    folder, reason = once("cpp-library", build)
    if reason:
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def inspector(cpp_build: Path) -> Path:
    """Return the program that judges artifacts."""
    return cpp_build / "distill-inspect"


def build(folder: Path) -> tuple[Path, str]:
    """Build it; return where, and why not if onnxruntime's header could not be had."""
    source = str(Path(__file__).parent)
    options = ["-DCMAKE_BUILD_TYPE=", "-DCMAKE_CXX_FLAGS=-O1 -Werror"]
    configured = _cmake("-S", source, "-B", str(folder), *options)
    if "onnxruntime_c_api.h was not found" in configured.stderr:
        return folder, "needs onnxruntime's C header, or the network to fetch it"
    assert configured.returncode == 0, configured.stderr
    built = _cmake("--build", str(folder))
    assert built.returncode == 0, built.stdout + built.stderr
    return folder, ""


def _cmake(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["cmake", *arguments], check=False, capture_output=True, text=True)
