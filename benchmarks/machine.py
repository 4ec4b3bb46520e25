"""What a benchmark ran on: the processor, and the instructions that decide its kernels."""

from __future__ import annotations

import platform
from pathlib import Path

from distill_runtime.artifact.session import cores
from distill_runtime.cli.cluster.cpu import first_processor

_CPUINFO = Path("/proc/cpuinfo")

# What onnxruntime's products look for, the best last, by the names that Linux gives them.
_FLOAT32 = {"avx": "AVX", "fma": "AVX2 and FMA", "avx512f": "AVX-512"}
_INT8 = {
    "avx2": "AVX2",
    "avx512bw": "AVX-512",
    "avx_vnni": "AVX-VNNI",
    "avx512_vnni": "AVX-512 VNNI",
    "amx_int8": "AMX",
}


def processor() -> str:
    """Return the processor's name, its family and model, and the cores at hand."""
    about = _about()
    name = about.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in about:
        name += f" (family {about['cpu family']}, model {about.get('model', '?')})"
    return f"{name}, {cores()} cores"


def kernels() -> dict[str, str]:
    """Return which instructions products of float32 and of int8 find on this processor."""
    flags = _about().get("flags", "").split()
    return {
        "float32": _best(_FLOAT32, flags),
        "int8": _best(_INT8, flags),
    }


def _best(names: dict[str, str], flags: list[str]) -> str:
    found = [name for flag, name in names.items() if flag in flags]
    return found[-1] if found else "none of AVX's" if flags else "unknown here"


def _about() -> dict[str, str]:
    """Return what Linux says of the first processor; empty elsewhere."""
    if not _CPUINFO.is_file():
        return {}
    return first_processor(_CPUINFO.read_text(encoding="utf-8", errors="replace"))
