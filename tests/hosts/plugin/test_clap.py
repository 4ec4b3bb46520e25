"""The plug-in as a CLAP: what its audio thread calls, what a host sees, what a project keeps."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.distill_runtime.small_artifacts import METADATA
from tests.hosts.plugin.conftest import Plugin
from tests.known_artifacts import artifact, onnx, sealed

UNDERRUNS, MODEL, SOURCE, PLAY, SEED, RENDER, KNOB, STATUS = 0, 1, 2, 3, 4, 12, 13, 29
PLAYING, MISSING = 2, 3
ALWAYS, BOUNCE = 1, 1


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, traced_once: None) -> Path:
    """Return a folder of two small models, with controls and sliders."""
    folder = tmp_path_factory.mktemp("models")
    for name, seed in (("dawn", 1), ("märz ☂", 2)):
        graph = onnx.ModelProto.FromString(artifact(seed=seed))
        whole = sealed(graph, controls=METADATA.controls, sliders=METADATA.sliders)
        (folder / f"{name}.onnx").write_bytes(whole)
    return folder


def told(said: str, parameter: int) -> list[tuple[float, str]]:
    """Return the values of a parameter that a host printed, with their texts."""
    found = re.findall(rf"^value {parameter}\|(.*)\|(.*)$", said, re.MULTILINE)
    return [(float(value), text) for value, text in found]


def samples(path: Path) -> np.ndarray:
    return np.fromfile(path, np.float32).reshape(2, -1)


def test_the_audio_thread_neither_allocates_nor_waits(plugin: Plugin, models: Path) -> None:
    said = plugin.host(
        models,
        *(f"set {PLAY} {ALWAYS}", "activate 48000 256", f"watch {STATUS} {PLAYING} 60"),
        *("pace 40 256 -", f"set {KNOB} 2", "pace 20 256 -", f"set {SEED} 9", "pace 20 256 -"),
        *(f"set {SOURCE} 1", f"set {KNOB + 1} 3", "pace 20 256 -"),
        *(f"set {PLAY} 0", "on 60 0.5", "pace 20 256 -", "off 60", "on 64 1", "pace 20 256 -"),
        *(f"set {MODEL} 2", "pace 40 256 -", f"watch {STATUS} {PLAYING} 60", "pace 40 256 -"),
        *(f"set {RENDER} {BOUNCE}", "play 2 256 -"),
        counting=True,
    )
    *live, bounced = [int(n) for n in re.findall(r"calls=(\d+)", said)]
    assert live == [0] * 8, said
    assert bounced > 0  # which may, and shows that they are counted


def test_a_host_sees_what_goes_on(plugin: Plugin, models: Path) -> None:
    said = plugin.host(
        models, "list", "activate 48000 256", f"watch {STATUS} {PLAYING} 60", f"set {MODEL} 0",
        "play 1 256 -", f"watch {STATUS} 0 60", f"get {MODEL}", f"get {UNDERRUNS}",
    )  # fmt: skip
    assert [text.split(":")[0] for _, text in told(said, STATUS)] == ["playing", "no model"]
    assert told(said, MODEL) == [(0.0, "Silence")]
    assert "parameter 1|Model|0|2|1" in said


def test_what_cannot_be_played_is_silence_and_said(plugin: Plugin, tmp_path: Path) -> None:
    play = ["activate 48000 512", f"set {PLAY} {ALWAYS}", f"set {RENDER} {BOUNCE}"]
    out = tmp_path / "out.f32"

    def status_in(folder: Path) -> str:
        said = plugin.host(folder, *play, f"play 8 512 {out}", f"get {STATUS}")
        assert not samples(out).any()
        return told(said, STATUS)[0][1]

    empty, refused, odd = (tmp_path / name for name in ("empty", "refused", "odd"))
    for folder in (empty, refused, odd):
        folder.mkdir()
    (refused / "no.onnx").write_bytes(b"no model")
    (odd / "folder.onnx").mkdir()
    (odd / "nowhere.onnx").symlink_to(tmp_path / "gone")
    assert status_in(tmp_path / "none").startswith("no model")
    assert status_in(empty).startswith("no model")
    assert status_in(odd).startswith("no model")
    assert status_in(refused) == "the model was refused"


def test_a_project_finds_its_model_wherever_it_is_in_the_list(
    plugin: Plugin, models: Path, tmp_path: Path
) -> None:
    state, first, again = (tmp_path / name for name in ("state", "first.f32", "again.f32"))
    begin = ["activate 48000 512"]
    play = [f"set {PLAY} {ALWAYS}", f"set {RENDER} {BOUNCE}"]
    plugin.host(
        models, *begin, *play, f"set {MODEL} 2", f"set {SEED} 77", f"set {KNOB} 1.5",
        "play 1 512 -", f"save {state}", "reset", *begin, f"play 60 512 {first}",
    )  # fmt: skip
    moved = tmp_path / "moved"
    shutil.copytree(models, moved)
    shutil.copy(models / "dawn.onnx", moved / "zz.onnx")
    shutil.move(moved / "märz ☂.onnx", moved / "a new name.onnx")
    restored = [f"restore {state}", *begin, f"play 60 512 {again}", f"get {MODEL}", f"get {STATUS}"]
    said = plugin.host(moved, *restored)
    assert told(said, MODEL) == [(1.0, "a new name")]
    assert samples(first).any()
    assert np.array_equal(samples(first), samples(again))

    (moved / "a new name.onnx").unlink()
    said = plugin.host(moved, *restored)
    assert not samples(again).any()
    assert told(said, STATUS) == [(MISSING, "the project's model is missing")]
