"""Sounds that the folder for temporary files has no room for are refused before they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_runtime import (
    Artifact,
    Blend,
    GenerationConfig,
    GenerationPipeline,
    OutputError,
    SpaceError,
    StereoSettings,
)
from distill_runtime.audio import spool
from distill_runtime.files import space

SHORT = GenerationConfig(duration_s=0.5, seed=1)


@pytest.fixture(scope="module")
def demo(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


@pytest.fixture(autouse=True)
def _on_disk_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Park every sound on the disk, however short."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", 0)


def test_without_room_nothing_is_rendered(demo: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = GenerationPipeline(demo)
    need = pipeline.temporary_bytes(SHORT)
    assert need == 4 * SHORT.samples
    monkeypatch.setattr(space, "free_bytes", lambda _: need)
    whole = pipeline.generate(SHORT)
    monkeypatch.setattr(space, "free_bytes", lambda _: need - 1)
    monkeypatch.setattr(Artifact, "step", None)
    for generate in (pipeline.generate, lambda config: next(pipeline.generate_many([config]))):
        with pytest.raises(SpaceError, match="for temporary files in") as refused:
            generate(SHORT)
        assert "check_space=False begins all the same" in str(refused.value)
        assert isinstance(refused.value, OutputError)
    monkeypatch.undo()
    assert whole.samples == SHORT.samples


def test_the_check_can_be_left_out(demo: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "free_bytes", lambda _: 0)
    pipeline = GenerationPipeline(demo, check_space=False)
    assert pipeline.generate(SHORT).samples == SHORT.samples
    assert next(pipeline.generate_many([SHORT])).samples == SHORT.samples


def test_a_sound_in_memory_needs_no_room(demo: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MEMORY_BYTES", 4 * SHORT.samples)
    monkeypatch.setattr(space, "free_bytes", lambda _: 0)
    pipeline = GenerationPipeline(demo)
    assert pipeline.temporary_bytes(SHORT) == 0
    pipeline.generate(SHORT)


def test_stereo_blends_and_batches_take_more(demo: Artifact) -> None:
    mono = 4 * SHORT.samples
    pair = GenerationConfig(duration_s=0.5, seed=1, stereo=StereoSettings("dual-seed"))
    single = GenerationPipeline(demo)
    assert single.temporary_bytes(pair) == 2 * mono
    # Each part of an audio blend lies there, and the mixture.
    mixing = GenerationPipeline(Blend([demo, demo], [1, 1], "audio"))
    assert mixing.temporary_bytes(SHORT) == 3 * mono
    averaging = GenerationPipeline(Blend([demo, demo], [1, 1], "latent"))
    assert averaging.temporary_bytes(SHORT) == mono
    # Of very many, no more lie there than are rendered at a time.
    assert single.temporary_bytes(SHORT, 2) == 2 * mono
    assert single.temporary_bytes(SHORT, 10**6) < 200 * mono
