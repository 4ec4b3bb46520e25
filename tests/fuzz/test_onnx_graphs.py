"""A short run of the changes of ONNX graphs; onnx_graphs.py makes a long one."""

from __future__ import annotations

import collections
import subprocess
import sys
from pathlib import Path

import pytest

from tests import known_artifacts
from tests.fuzz.onnx_graphs import CHANGES, NOTHING, judge, mutants

REPOSITORY = Path(__file__).parents[2]
COUNT = 120  # of each kind three or so
LARGE = 2**20  # as of "refined", which takes twice as long to read
KINDS = {
    "learned": {},
    "refined": {"passes": 3, "is_expanded": True},
    "int8": {"precision": "int8"},
}
PLAY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (50, 50))
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
import numpy as np
from distill_runtime import Artifact
for path in sys.argv[1:]:
    artifact = Artifact.load(path)
    assert artifact.is_known
    try:
        artifact.render(np.zeros((1, 2, artifact.latent_dim), np.float32))
    except RuntimeError as reason:
        print("fails:", reason)
print("played", len(sys.argv) - 1)
"""

pytestmark = pytest.mark.usefixtures("traced_once")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_names_and_weights_can_be_changed(kind: str, tmp_path: Path) -> None:
    artifact = known_artifacts.artifact(**KINDS[kind])
    assert judge(artifact) is None
    counts: collections.Counter[tuple[str, bool]] = collections.Counter()
    accepted: list[Path] = []
    for mutant in mutants(artifact, COUNT if len(artifact) < LARGE else COUNT // 2, seed=1):
        reason = judge(mutant.data)
        assert (reason is not None) == mutant.is_changed, f"{mutant.kind}: {reason}"
        counts[mutant.kind, mutant.is_changed] += 1
        if reason is None and not any(path.stem == mutant.kind for path in accepted):
            accepted.append(tmp_path / f"{mutant.kind}.onnx")
            accepted[-1].write_bytes(mutant.data)
        elif reason is not None:
            assert "\n" not in reason
    assert {kind for kind, _ in counts} == {*CHANGES, *NOTHING}
    print(sum(n for (_, changed), n in counts.items() if changed), "changes, none got through")
    _play(accepted)


def _play(paths: list[Path]) -> None:
    """Play what was accepted, in a process of its own that may not take much."""
    done = subprocess.run(
        [sys.executable, "-c", PLAY, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"played {len(paths)}\n")
