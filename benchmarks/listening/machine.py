"""What the figures were measured with, as they are kept."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

import onnxruntime
import torch


def processor() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def machine(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the processor, the versions and the options of a measurement."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "seeds": arguments.seeds,
        "first seed": arguments.first_seed,
        "seconds": arguments.seconds,
        "nearness": arguments.nearness,
        "one gain": arguments.one_gain,
    }
