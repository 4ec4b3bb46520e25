"""Artifacts changed in one place of their structure, or in a few bytes that are not weights.

The changes are those of `onnx_changes`. What is changed are tiny artifacts of every kind; they take
a minute to trace, so a campaign makes them once and names their folder in DISTILL_FUZZ_ARTIFACTS.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from distill_runtime.artifact.scan.onnx_scan import scan_onnx
from tests.fuzz import onnx_constant_changes, onnx_file_changes, onnx_node_changes  # noqa: F401
from tests.fuzz.case import Case, draws
from tests.fuzz.onnx_changes import CHANGES, NOTHING

FOLDER = "DISTILL_FUZZ_ARTIFACTS"
KINDS: dict[str, dict[str, Any]] = {
    "learned": {},
    "refined": {"passes": 3},
    "int8": {"precision": "int8"},
    "float16": {"precision": "float16"},
}
_TRIES = 20


def case(seed: int, index: int) -> Case:
    """Return one changed artifact."""
    random = draws(seed, index)
    kind = random.choice(list(KINDS))
    if random.random() < 0.2:
        content = bytearray(originals()[kind])
        for place in random.choices(_structure(kind), k=random.choice((1, 1, 2, 5))):
            content[place] = random.randrange(256)
        return Case(f"{kind}: bytes of the structure", ".onnx", bytes(content))
    changes = {**CHANGES, **NOTHING}
    for _ in range(_TRIES):  # not every kind of artifact has something of each kind to change
        name = random.choice(list(changes))
        model = onnx.ModelProto.FromString(originals()[kind])
        if changes[name](model, random):
            return Case(f"{kind}: {name}", ".onnx", model.SerializeToString())
    return Case(f"{kind}: nothing", ".onnx", originals()[kind])


def cases(seed: int) -> Iterator[Case]:
    """Yield changed artifacts without end."""
    return (case(seed, index) for index in itertools.count())


@cache
def originals() -> dict[str, bytes]:
    """Return the good artifacts by their kind."""
    folder = os.environ.get(FOLDER)
    if folder is not None:
        return {kind: (Path(folder) / f"{kind}.onnx").read_bytes() for kind in KINDS}
    from tests import known_artifacts  # which needs PyTorch

    return {kind: known_artifacts.artifact(**settings) for kind, settings in KINDS.items()}


def make_originals(folder: Path) -> None:
    """Put the good artifacts into a folder, for other processes."""
    for kind, content in originals().items():
        (folder / f"{kind}.onnx").write_bytes(content)


@cache
def _structure(kind: str) -> list[int]:
    """Return the places of all bytes that are not a constant's content."""
    content = originals()[kind]
    held = bytearray(len(content))
    for offset, length in scan_onnx(io.BytesIO(content), len(content)).initializers.values():
        held[offset : offset + length] = b"\1" * length
    return [place for place, is_held in enumerate(held) if not is_held]
