"""What a CPU is, as far as onnxruntime's kernels may round differently on another."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

# What onnxruntime's kernels are chosen by.
_FLAGS = (
    *("avx", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16"),
    *("amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve", "sme"),
)
_NUMBERS = (("family", "cpu family"), ("model", "model"), ("stepping", "stepping"))


@cache
def describe_cpu() -> str:
    """Return vendor, family, model and instruction sets of this machine's CPU, in one line."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        text = ""
    return describe(text) or f"{platform.machine()} {platform.processor()}".strip()


def first_processor(cpuinfo: str) -> dict[str, str]:
    """Return what Linux says of the first processor in /proc/cpuinfo, by its names."""
    lines = (line.partition(":") for line in cpuinfo.partition("\n\n")[0].splitlines())
    return {name.strip(): said.strip() for name, colon, said in lines if colon}


def describe(cpuinfo: str) -> str:
    """Return the same of what Linux says in /proc/cpuinfo; "" if it says nothing.

    "AuthenticAMD family 25 model 17 stepping 1 (AMD EPYC 9R14): avx fma avx2 avx512f".
    """
    said = first_processor(cpuinfo)
    if not said:
        return ""
    known = set(said.get("flags", said.get("Features", "")).split())
    numbers = [f"{name} {said[key]}" for name, key in _NUMBERS if key in said]
    vendor = said.get("vendor_id") or said.get("CPU implementer") or platform.machine()
    name = f" ({said['model name']})" if "model name" in said else ""
    flags = " ".join(flag for flag in _FLAGS if flag in known)
    return f"{' '.join([vendor, *numbers])}{name}: {flags}"
