"""What is asked of a file of any kind: to be read as what its name says it is."""

from __future__ import annotations

import importlib
from pathlib import Path

_TARGETS = {
    (".json",): "tests.fuzz.reading_documents",
    (".onnx",): "tests.fuzz.reading_artifacts",
    (".distill", ".pt", ".ts", ".pt2"): "tests.fuzz.reading_models",
}
_RECORDINGS = "tests.fuzz.reading_recordings"


def read(path: Path) -> str:
    """Read a file, and return what came of it."""
    return str(importlib.import_module(target_of(path.suffix)).read(path))


def target_of(suffix: str) -> str:
    """Return the module that reads files whose names end so."""
    for suffixes, target in _TARGETS.items():
        if suffix in suffixes:
            return target
    return _RECORDINGS
