"""Asking the C++ library, by a script, for numbers that are to be Python's."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from distill_runtime.arrays import Float32Array

# The library inside onnxruntime's own package, which Python plays with, too.
ONNXRUNTIME = next(
    (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"), Path("none")
)


@dataclass(frozen=True)
class Answer:
    """What a script led to: numbers, and the lines that were said."""

    numbers: Float32Array
    lines: list[str]


@dataclass(frozen=True)
class Probe:
    """The program.

    Attributes:
        program: Its path.
        folder: For what it writes.
        library: An onnxruntime.
    """

    program: Path
    folder: Path
    library: Path = ONNXRUNTIME

    def __call__(self, artifact: Path, *script: str, fails: bool = False) -> Answer:
        """Run a script and return all numbers, one after the other."""
        out = self.folder / "numbers.f32"
        done = subprocess.run(
            [str(self.program), str(artifact), str(self.library), str(out)],
            input="\n".join(script),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == (1 if fails else 0), done.stdout + done.stderr
        return Answer(np.fromfile(out, np.float32), done.stdout.splitlines())


def words(values: Sequence[float]) -> str:
    """Return numbers as a script has them, exact."""
    return " ".join(repr(float(value)) for value in values)
