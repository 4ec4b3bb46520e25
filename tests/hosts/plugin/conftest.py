"""The plug-in, hosts/plugin, and what tests it: built once for the run."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hosts.cpp.conftest import build as build_library
from tests.hosts.cpp.probe import ONNXRUNTIME
from tests.once import Once

DPF = Path("/usr/share/dpf/distrho/DistrhoPluginMain.cpp")


@dataclass(frozen=True)
class Plugin:
    """Where everything was built."""

    folder: Path

    @property
    def vst3(self) -> Path:
        return self.folder / "plugin" / "bin" / "Distill.vst3"

    @property
    def clap(self) -> Path:
        return self.folder / "plugin" / "bin" / "Distill.clap"

    @property
    def lv2(self) -> Path:
        return self.folder / "plugin" / "bin" / "Distill.lv2"

    def host(self, artifacts: Path, *lines: str, counting: bool = False) -> str:
        """Have the CLAP host do what lines say, and return what it prints."""
        environment = environment_of(artifacts)
        if counting:
            environment["LD_PRELOAD"] = str(self.folder / "counters.so")
        done = subprocess.run(
            [str(self.folder / "clap_host"), str(self.clap)],
            input="\n".join(lines),
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def environment_of(artifacts: Path) -> dict[str, str]:
    """Return the environment in which the plug-in finds these artifacts, and onnxruntime."""
    named = {"DISTILL_ARTIFACTS": str(artifacts), "DISTILL_ONNXRUNTIME": str(ONNXRUNTIME)}
    return {**os.environ, **named}


@pytest.fixture(scope="session")
def plugin(once: Once) -> Plugin:
    """Return the plug-in in its three formats."""
    if not DPF.exists():
        pytest.skip("needs DPF's sources (dpf-source)")
    if shutil.which("cmake") is None or not (shutil.which("c++") or shutil.which("g++")):
        pytest.skip("needs cmake and a C++ compiler")
    if not ONNXRUNTIME.exists():
        pytest.skip("needs onnxruntime as a library")
    library, reason = once("cpp-library", build_library)
    if reason:
        pytest.skip(reason)
    return Plugin(once("plugin", lambda folder: build(folder, library)))


def build(folder: Path, library: Path, *more: str) -> Path:
    """Build it with the header that the library was built with."""
    cache = (library / "CMakeCache.txt").read_text()
    header = next(line for line in cache.splitlines() if line.startswith("ONNXRUNTIME_INCLUDE:"))
    options = ["-DCMAKE_BUILD_TYPE=", "-DCMAKE_CXX_FLAGS=-O1", f"-D{header}", *more]
    source = str(Path(__file__).parent)
    for command in (["-S", source, "-B", str(folder), *options], ["--build", str(folder)]):
        done = subprocess.run(["cmake", *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder
