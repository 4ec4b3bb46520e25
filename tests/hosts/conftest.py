"""What the tests of hosts share: Node.js and npm's packages, programs in C++, Python's answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hosts.answers import write_answers
from tests.hosts.node import LIBRARY, LOCK, run_in
from tests.hosts.spoilt_files import write_spoilt
from tests.once import Once

TORCH_CPP = Path(__file__).parents[2] / "hosts" / "torch_cpp"


@pytest.fixture(scope="session")
def torch_cpp(once: Once) -> Path:
    """Build the programs of hosts/torch_cpp, once: libtorch's headers take any compiler 15 s."""
    pytest.importorskip("torch")
    if shutil.which("cmake") is None or not (shutil.which("c++") or shutil.which("g++")):
        pytest.skip("needs cmake and a C++ compiler")
    return once("cpp-host", built)


def built(build: Path) -> Path:
    import torch

    options = [
        "-DCMAKE_CXX_FLAGS=-O0",
        f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path}",
    ]
    for command in (["-S", str(TORCH_CPP), "-B", str(build), *options], ["--build", str(build)]):
        done = subprocess.run(["cmake", *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return build


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of Node.js."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node.js")
    return program


@pytest.fixture(scope="session")
def node_modules(once: Once) -> Path:
    """Install the locked packages where they are not yet; the stamp is the lock they came from."""
    once("node-modules", install_node_modules)
    return LIBRARY / "node_modules"


def install_node_modules(_: Path) -> None:
    stamp = LIBRARY / "node_modules" / ".installed-lock.json"
    if stamp.is_file() and stamp.read_bytes() == LOCK.read_bytes():
        return
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm to install the JavaScript builds of ONNX Runtime")
    installed = run_in(LIBRARY, [npm, "ci", "--ignore-scripts"])
    if installed.returncode != 0:
        pytest.skip(f"npm ci could not install them: {installed.stderr[-500:]}")
    stamp.write_bytes(LOCK.read_bytes())


@pytest.fixture(scope="session")
def answers(once: Once) -> Path:
    """Return a folder of what Python answers."""

    def write(folder: Path) -> Path:
        write_answers(folder)
        write_spoilt(folder)
        return folder

    return once("javascript-answers", write)
