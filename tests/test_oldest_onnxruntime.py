"""The oldest onnxruntime and numpy that play an artifact: every variant, verified and compared."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from distill_runtime import Artifact
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from tests import environments

if TYPE_CHECKING:
    from distill_export.export import ExportReport

PYTHON = environments.python(".venv-oldest")
REPOSITORY = Path(__file__).parents[1]
STEPS = 7

# Between two releases the decoder's rounding may differ, as between two hosts: the floor is theirs
# (tests/hosts/js/artifact.test.js), and of "refined" its test vector's. Measured on one CPU: 129
# and 105.
FLOOR_DB = {"learned": 75, "refined": 60}

PLAY = """
import json, sys
import numpy, onnxruntime
from distill_runtime import Artifact, verify
from distill_runtime.artifact.verification import standard_normal_latents
model, sound, steps = sys.argv[1:]
artifact = Artifact.load(model)
latents = standard_normal_latents(5, int(steps), artifact.latent_dim)[None]
audio, _ = artifact.step(latents, artifact.initial_state(), finish=True)
pieces = [latents[:, k : k + 1] for k in range(int(steps))]
streamed = numpy.concatenate(list(artifact.stream(pieces)), axis=1)
numpy.save(sound, audio)
print(json.dumps({
    "onnxruntime": onnxruntime.__version__,
    "numpy": numpy.__version__,
    "checks": {check.name: [check.passed, check.detail] for check in verify(artifact).checks},
    "streams_bit_equal": bool(numpy.array_equal(streamed, audio)),
}))
"""

run = functools.partial(environments.run, PYTHON)

pytestmark = environments.needs(PYTHON)


@pytest.fixture(scope="session")
def variants(demo_variants: list[ExportReport], demo_refined: Path) -> dict[str, Path]:
    paths = {report.metadata.precision: report.path for report in demo_variants}
    return {**paths, "refined": demo_refined}


@pytest.mark.parametrize("variant", ["float32", "float16", "int8", "refined"])
def test_every_variant_plays_as_on_the_newest(
    library: Path, tmp_path: Path, variants: dict[str, Path], variant: str
) -> None:
    sound = tmp_path / "sound.npy"
    model = variants[variant]
    done = run("-c", PLAY, model, sound, STEPS, path=[library], folder=tmp_path)
    report = json.loads(done.stdout)
    assert (report["onnxruntime"], report["numpy"].split(".")[0]) == ("1.15.0", "1")
    assert all(passed for passed, _ in report["checks"].values()), report["checks"]
    assert report["streams_bit_equal"]
    artifact = Artifact.load(model)
    latents = standard_normal_latents(5, STEPS, artifact.latent_dim)[None]
    here, _ = artifact.step(latents, artifact.initial_state(), finish=True)
    assert snr_db(here, np.load(sound)) >= FLOOR_DB[artifact.metadata.reconstruction]


def test_the_command_line_plays(library: Path, tmp_path: Path, demo_artifact: Path) -> None:
    module = ["-W", "error", "-m", "distill_runtime"]
    stereo = ["--stereo", "mid-side", "--sample-rate", "44100"]
    run(*module, demo_artifact, "-d", 1, "-s", 7, *stereo, path=[library], folder=tmp_path)
    (sound,) = tmp_path.glob("*.wav")
    assert sound.stat().st_size > 44_100 * 2 * 2
    verified = run(*module, "verify", demo_artifact, path=[library], folder=tmp_path)
    assert "is whole" in verified.stdout
