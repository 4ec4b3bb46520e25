"""Reads a SOFA file in a process of its own: what a hostile one does to libhdf5 ends with it.

The file's bytes come in on stdin; what goes out on stdout is a line of JSON, {"error": ...} or
{"measurements", "taps", "rate_hz"}, and after it, little-endian, the directions and distances
`[measurements, 3]` (azimuth to the left and elevation in degrees, metres) and delays
`[measurements, 2]` in samples as float64, and the impulse responses `[measurements, 2, taps]` as
float32.

What is read is SOFA's convention SimpleFreeFieldHRIR (AES69-2022): `Data.IR`, `Data.SamplingRate`,
`Data.Delay`, `SourcePosition`, in a listener who looks along x with z up. Nothing but data that
lies in the file itself is followed.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from typing import Any

import numpy as np

CONVENTION = "SimpleFreeFieldHRIR"
MAX_VALUES = 2**25
MAX_SECONDS = 30
MAX_MEMORY_BYTES = 2**31
# Exit codes beside 0 that have a meaning; any other is a crash.
NO_READER, OUT_OF_MEMORY = 3, 4


class _RefusedError(Exception):
    """What is wrong with the file, in the words after its name."""


def main() -> int:
    """Read stdin, write stdout; return the exit code."""
    _limit()
    try:
        header, arrays = answer(sys.stdin.buffer.read())
    except ImportError:
        return NO_READER
    except MemoryError:
        return OUT_OF_MEMORY
    out = sys.stdout.buffer
    out.write(json.dumps(header).encode() + b"\n")
    for array in arrays:
        out.write(array.tobytes())
    out.flush()
    return 0


def answer(content: bytes) -> tuple[dict[str, Any], list[Any]]:
    """Return what goes out for a file's bytes: the header and the arrays.

    Raises:
        ImportError: h5py is missing.
        MemoryError: The file takes more than there is.
    """
    import h5py  # noqa: PLC0415

    try:
        return _read(h5py, content)
    except _RefusedError as reason:
        return {"error": str(reason)}, []
    except MemoryError:
        raise
    except Exception:  # whatever the library makes of a damaged file
        return {"error": "is damaged, or is not a SOFA file"}, []


def _limit() -> None:
    """Bound time and memory, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _read(h5py: Any, content: bytes) -> tuple[dict[str, Any], list[Any]]:
    try:
        file = h5py.File(io.BytesIO(content), "r")
    except OSError:
        raise _RefusedError("is not a SOFA file: it is no HDF5") from None
    with file:
        _check_convention(file)
        responses = _dataset(h5py, file, "Data.IR", 3)
        measurements, ears, taps = responses.shape
        if ears != 2:
            raise _RefusedError(f"has {ears} receivers, expected 2, the ears")
        if not measurements or not taps or responses.size > MAX_VALUES:
            raise _RefusedError(
                f"has {measurements} responses of {taps} samples for 2 ears, expected 1 to "
                f"{MAX_VALUES} values"
            )
        rate = _values(_dataset(h5py, file, "Data.SamplingRate", 1)).ravel()
        if rate.size < 1 or not np.all(rate == rate[0]):
            raise _RefusedError("has several sampling rates, expected one")
        _check_listener(h5py, file)
        positions = _positions(h5py, file, measurements)
        delays = np.zeros((1, 2))
        if "Data.Delay" in file:
            delays = _values(_dataset(h5py, file, "Data.Delay", 2))
        if delays.shape not in ((1, 2), (measurements, 2)):
            raise _RefusedError(f"has delays of shape {list(delays.shape)}, expected a row or all")
        delays = np.broadcast_to(delays, (measurements, 2))
        heard = responses[()].astype("<f4")
        if _ears_are_swapped(h5py, file):
            heard, delays = heard[:, ::-1], delays[:, ::-1]
    header = {"measurements": measurements, "taps": taps, "rate_hz": float(rate[0])}
    return header, [positions.astype("<f8"), delays.astype("<f8"), np.ascontiguousarray(heard)]


def _check_convention(file: Any) -> None:
    said = {name: _text(file.attrs.get(name)) for name in ("Conventions", "SOFAConventions")}
    if said["Conventions"] != "SOFA":
        raise _RefusedError("is HDF5, but not a SOFA file")
    if said["SOFAConventions"] != CONVENTION:
        raise _RefusedError(
            f"is of the convention {said['SOFAConventions'][:40]!r}, not {CONVENTION!r}"
        )


def _text(value: object) -> str:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _dataset(h5py: Any, file: Any, name: str, least_dimensions: int) -> Any:
    """Return a dataset of numbers that lies in the file itself, not read yet."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise _RefusedError(f"has no {name}" if name not in file else f"has its {name} elsewhere")
    found = file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise _RefusedError(f"has its {name} elsewhere")
    if found.dtype.kind not in "fiu" or len(found.shape) < least_dimensions:
        raise _RefusedError(f"has a {name} that is no array of numbers")
    return found


def _values(dataset: Any) -> Any:
    """Return the values of a dataset that holds a few for each measurement at most."""
    if dataset.size > MAX_VALUES:
        raise _RefusedError(f"has {dataset.size} values for {dataset.name}")
    return np.asarray(dataset[()], np.float64)


def _positions(h5py: Any, file: Any, measurements: int) -> Any:
    dataset = _dataset(h5py, file, "SourcePosition", 2)
    places = _values(dataset)
    if places.shape != (measurements, 3):
        raise _RefusedError(
            f"has source positions of shape {list(places.shape)}, expected [{measurements}, 3]"
        )
    kind = _text(dataset.attrs.get("Type", "spherical"))
    if kind == "spherical":
        return places
    if kind != "cartesian":
        raise _RefusedError(
            f"has {kind[:40]!r} source positions, expected spherical or cartesian ones"
        )
    x, y, z = places.T
    level = np.hypot(x, y)
    degrees = np.degrees([np.arctan2(y, x), np.arctan2(z, level)])
    return np.stack([*degrees, np.hypot(level, z)], axis=1)


def _check_listener(h5py: Any, file: Any) -> None:
    for name, expected in (("ListenerView", (1.0, 0.0, 0.0)), ("ListenerUp", (0.0, 0.0, 1.0))):
        if name not in file:
            continue
        dataset = _dataset(h5py, file, name, 2)
        if _text(dataset.attrs.get("Type", "cartesian")) == "spherical":
            if name == "ListenerView" and not np.any(_values(dataset)[:, :2]):
                continue
            raise _RefusedError(f"has a spherical {name}, expected one along an axis")
        values = _values(dataset)
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        if values.shape[1] != 3 or not np.allclose(values, lengths * expected, atol=1e-3):
            raise _RefusedError(f"has another {name} than {list(map(int, expected))}")


def _ears_are_swapped(h5py: Any, file: Any) -> bool:
    """Whether the first receiver is the right ear: the left one has the larger y."""
    if "ReceiverPosition" not in file:
        return False
    dataset = _dataset(h5py, file, "ReceiverPosition", 2)
    places = _values(dataset)
    cartesian = _text(dataset.attrs.get("Type", "cartesian")) == "cartesian"
    if not cartesian or places.shape[:2] != (2, 3):
        return False
    sides = places.reshape(2, 3, -1)[:, 1, 0]
    return bool(sides[0] < 0.0 < sides[1])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # without the library's own farewell
