"""A tiny artifact, and plans of sounds of it, without a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline, SessionOptions
from distill_runtime.cli.cluster.options import ClusterOptions
from distill_runtime.cli.cluster.outcome import PieceOutcome
from distill_runtime.cli.cluster.plan import Plan
from distill_runtime.cli.cluster.workshop import Workshop
from distill_runtime.cli.play.options import PlayOptions
from tests import known_artifacts
from tests.once import Once

DURATION_S = 0.25


@pytest.fixture(scope="package")
def rain(once: Once, traced_once: None) -> Path:
    """Return an artifact that plays another sound for each seed."""
    if find_spec("ray") is None or find_spec("pyarrow") is None:  # importing Ray warns
        pytest.skip("the extra ray is not installed")
    return once("rain", _write)


def _write(folder: Path) -> Path:
    path = folder / "rain.onnx"
    path.write_bytes(known_artifacts.artifact())
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where sounds go."""
    return tmp_path / "sounds"


@pytest.fixture
def plan(rain: Path, place: Path) -> Callable[..., Plan]:
    """Return what makes a plan of options."""

    def make(*, cluster: dict[str, Any] | None = None, **options: Any) -> Plan:
        asked = ClusterOptions(**{"address": "local", "destination": str(place), **(cluster or {})})
        play = PlayOptions(rain, **{"duration_s": DURATION_S, **options})
        made = Plan.of(replace(play, cluster=asked))
        made.destination.prepare()
        return made

    return make


@pytest.fixture
def make() -> Callable[[Plan], list[PieceOutcome]]:
    """Return what makes the sounds of a plan, in this process."""

    def run(plan: Plan) -> list[PieceOutcome]:
        job = plan.job()
        workshop = Workshop(job, lambda data: data)
        pieces = job.pieces(plan.rows(), job.piece_sounds(plan.count, 1))
        return [workshop.make(piece) for piece in pieces]

    return run


@pytest.fixture(scope="package")
def single(rain: Path) -> GenerationPipeline:
    """Return what renders a sound alone, as `distill-run --threads 1` does."""
    return GenerationPipeline(
        Artifact.load(rain, options=SessionOptions(provider="cpu", threads=1))
    )


@pytest.fixture
def alone(single: GenerationPipeline, tmp_path: Path) -> Callable[..., bytes]:
    """Return what gives the file of one sound."""

    def render(seed: int, ending: str = "wav", **settings: Any) -> bytes:
        path = tmp_path / f"alone.{ending}"
        config = GenerationConfig(**{"duration_s": DURATION_S, "seed": seed, **settings})
        single.generate(config).save(path, overwrite=True)
        return path.read_bytes()

    return render


@pytest.fixture(scope="package")
def demo_artifact(rain: Path) -> Path:
    """Return what the program's folder has in it here: options are read before it is played."""
    return rain
