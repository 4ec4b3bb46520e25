"""Damaged artifacts: whatever a byte becomes, the answer is a sound or one of our errors."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from distill_runtime.artifact.scan.onnx_scan import scan_onnx

MUTATIONS = 60

PROGRAM = """
import json, sys
from distill_runtime import Artifact, DistillError
import numpy as np
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
except ImportError:
    pass
path, mutations = sys.argv[1], json.loads(sys.argv[2])
outcomes = {"played": 0, "refused": 0}
with open(path, "r+b", buffering=0) as file:
    for offset, value in mutations:
        file.seek(offset)
        before = file.read(1)
        file.seek(offset)
        file.write(bytes([value]))
        try:
            artifact = Artifact.load(path)
            latents = np.ones((1, 1, artifact.latent_dim), np.float32)
            artifact.step(latents, artifact.initial_state(), finish=True)
            outcomes["played"] += 1
        except DistillError as error:
            assert "\\n" not in str(error), error
            outcomes["refused"] += 1
        except BaseException:
            print("byte", offset, "is", value, file=sys.stderr)
            raise
        file.seek(offset)
        file.write(before)
print(json.dumps(outcomes))
"""


def test_a_changed_byte_of_graph_or_metadata_is_played_or_refused(
    demo_artifact: Path, tmp_path: Path
) -> None:
    data = demo_artifact.read_bytes()
    weights = scan_onnx(io.BytesIO(data), len(data)).initializers.values()
    is_left_out = np.zeros(len(data), bool)
    for offset, length in weights:
        is_left_out[offset : offset + length] = True
    places = np.flatnonzero(~is_left_out)
    document = data.index(b"distill.artifact")
    metadata, graph = places[places >= document], places[places < document]
    random = np.random.default_rng(11)
    offsets = [
        *random.choice(graph, MUTATIONS * 3 // 4, replace=False),
        *random.choice(metadata, MUTATIONS // 4, replace=False),
    ]
    mutations = [(int(o), int(data[o]) ^ (1 << int(random.integers(8)))) for o in offsets]
    path = tmp_path / "damaged.onnx"
    path.write_bytes(data)
    command = [sys.executable, "-c", PROGRAM, str(path), json.dumps(mutations)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = json.loads(done.stdout)
    assert sum(outcomes.values()) == len(mutations)
    assert outcomes["refused"] > MUTATIONS // 10
    assert path.read_bytes() == data
