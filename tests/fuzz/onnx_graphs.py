"""Artifacts changed in one place of their structure, as a hostile hand would, by the onnx package.

    python -m tests.fuzz.onnx_graphs ARTIFACT... --count 100000 --seed 1

tries so many changes of each artifact and counts what became of them.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx

from distill_runtime.artifact.file import CheckedModel
from distill_runtime.artifact.scan.constants import check_arrays, check_finite
from distill_runtime.errors import ArtifactError
from tests.fuzz import onnx_constant_changes, onnx_file_changes, onnx_node_changes  # noqa: F401
from tests.fuzz.onnx_changes import CHANGES, NOTHING

_ATTEMPTS = 20  # until a change finds something to change, and not by chance what is there


@dataclass(frozen=True)
class Mutant:
    """A file that differs from a good one."""

    kind: str
    data: bytes
    is_changed: bool  # in more than names, or in what a model may choose


def mutants(artifact: bytes, count: int, seed: int) -> Iterator[Mutant]:
    """Yield changed files, every kind about as often as any other.

    Args:
        artifact: A whole, good one.
        count: How many.
        seed: Of the choices.
    """
    choices = random.Random(seed)
    original = onnx.ModelProto.FromString(artifact)
    kinds = [*CHANGES, *NOTHING]
    for made in range(count):
        kind = kinds[made] if made < len(kinds) else choices.choice(kinds)
        function = CHANGES.get(kind) or NOTHING[kind]
        for _ in range(_ATTEMPTS):
            model = onnx.ModelProto()
            model.CopyFrom(original)
            if function(model, choices) and model != original:
                yield Mutant(kind, model.SerializeToString(), kind in CHANGES)
                break


def judge(data: bytes) -> str | None:
    """Return why a file is refused before onnxruntime sees it; None if it is not."""
    try:
        checked = CheckedModel.read(data)
        assert checked.file.structure is not None
        check_finite(checked.graph, checked.data)
        check_arrays(checked.file.structure, checked.data)
    except ArtifactError as reason:
        return str(reason)
    return None


def main() -> None:
    """Try changes of artifacts and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("artifacts", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=1000, help="changes of each artifact")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    slowest = 0.0
    for artifact in arguments.artifacts:
        for mutant in mutants(artifact.read_bytes(), arguments.count, arguments.seed):
            started = time.perf_counter()
            reason = judge(mutant.data)
            slowest = max(slowest, time.perf_counter() - started)
            counts[mutant.kind, "accepted" if reason is None else "refused"] += 1
            if (reason is None) == mutant.is_changed:
                print(f"{artifact.name}: {mutant.kind}: {reason or 'got through'}")
    for (kind, outcome), count in sorted(counts.items()):
        print(f"{count:>8}  {outcome}  {kind}")
    changed = sum(n for (kind, _), n in counts.items() if kind in CHANGES)
    through = sum(n for (kind, what), n in counts.items() if kind in CHANGES and what == "accepted")
    print(f"{changed} changes, {through} got through; the slowest took {slowest:.2f} s")
    sys.exit(bool(through))


if __name__ == "__main__":
    main()
