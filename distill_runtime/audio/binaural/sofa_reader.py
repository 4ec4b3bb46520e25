"""From a SOFA file to arrays, read by a short-lived process.

SOFA is HDF5, and no library that reads it in C survives every file: a process of its own, with an
end to its time and memory, cannot take a host with it. It costs 0.4 s, once for a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.audio.binaural import sofa_child
from distill_runtime.errors import BackendError, DependencyError, RequestError

_PATIENCE_S = 2 * sofa_child.MAX_SECONDS
_MIN_RATE_HZ, _MAX_RATE_HZ = 8_000.0, 384_000.0


@dataclass(frozen=True)
class Measurements:
    """What a SOFA file holds of a head.

    Attributes:
        rate_hz: Of the responses.
        positions: `[measurements, 3]`: azimuth to the left, elevation in degrees; metres.
        delays: `[measurements, 2]`, samples, of the left and the right ear.
        responses: `[measurements, 2, taps]`, impulse responses.
    """

    rate_hz: float
    positions: Float64Array
    delays: Float64Array
    responses: Float32Array


def read_sofa(content: bytes) -> Measurements:
    """Read a file's bytes.

    Raises:
        RequestError: They are not such a file; the message goes after its name.
        DependencyError: h5py is missing.
        BackendError: There is no way to start another Python here.
    """
    require_h5py()
    header, _, body = _run(content).partition(b"\n")
    try:
        said = json.loads(header)
        if "error" in said:
            raise RequestError(str(said["error"]))
        return _checked(said, body)
    except (ValueError, KeyError, TypeError) as reason:
        if isinstance(reason, RequestError):
            raise
        raise RequestError("is damaged: what was read of it makes no sense") from None


def require_h5py() -> None:
    """Check that the package is there, without importing it.

    Raises:
        DependencyError: It is not.
    """
    if find_spec("h5py") is None:
        raise DependencyError.missing("h5py", needed_by="a SOFA file")


def _run(content: bytes) -> bytes:
    """Return what the reading process writes."""
    if not sys.executable or getattr(sys, "frozen", False):
        raise BackendError("a SOFA file is read by a Python of its own, and here is none to start")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path),
        # libhdf5 loads what a file names from a folder of plug-ins, unless it is told not to.
        "HDF5_PLUGIN_PRELOAD": "::",
        # Threads of numpy's take addresses for every core, of which there are only so many.
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-P", "-m", sofa_child.__name__]
    try:
        done = subprocess.run(
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RequestError(f"was not read within {_PATIENCE_S} s") from None
    except OSError as reason:
        raise BackendError(f"the reader of SOFA files cannot be started ({reason})") from None
    if done.returncode == sofa_child.NO_READER:
        raise DependencyError.missing("h5py", needed_by="a SOFA file")
    if done.returncode == sofa_child.OUT_OF_MEMORY:
        raise RequestError("takes more memory to read than such a file can")
    if done.returncode:
        raise RequestError("is damaged: its reader did not survive it")
    return done.stdout


def _checked(said: dict[str, Any], body: bytes) -> Measurements:
    count, taps, rate_hz = int(said["measurements"]), int(said["taps"]), float(said["rate_hz"])
    if not _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ:
        raise RequestError(
            f"has a sampling rate of {rate_hz:g} Hz, expected {_MIN_RATE_HZ:g} to {_MAX_RATE_HZ:g}"
        )
    doubles = np.frombuffer(body, "<f8", count=count * 5)
    responses = np.frombuffer(body, "<f4", offset=doubles.nbytes).reshape(count, 2, taps)
    if not np.all(np.isfinite(doubles)) or not np.all(np.isfinite(responses)):
        raise RequestError("has values that are not finite")
    positions, delays = doubles[: count * 3], doubles[count * 3 :]
    return Measurements(
        rate_hz=rate_hz,
        positions=positions.reshape(count, 3),
        delays=delays.reshape(count, 2),
        responses=responses,
    )
