"""Named controls move a live sound wherever it is, and are kept with what was played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distill_runtime import Artifact, LiveStream, Reproduction, RequestError
from distill_runtime.generation.live.path import Path as LivePath
from distill_runtime.generation.live.place import Place
from distill_runtime.latents.controls import control_shift
from tests.distill_runtime.small_artifacts import METADATA, load, save, seal, small_model


@pytest.fixture
def small(tmp_path: Path) -> Artifact:
    return load(save(seal(small_model(), METADATA), tmp_path / "rain.onnx"))


@pytest.fixture(scope="module")
def demo(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


def offline(artifact: Artifact, **settings: object) -> LiveStream:
    return LiveStream(artifact, realtime=False, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [Place(7), Place(7, sliders=(2,), drift=0.4)])
def test_a_control_shifts_every_step(small: Artifact, place: Place) -> None:
    path = LivePath(small, 1)
    name = small.controls[0].name
    shift = control_shift(small.controls, {name: 2.5})
    moved = replace(place, controls=((name, 2.5),))
    for phase in (0, 1, 5):
        assert np.array_equal(path.latents(moved, phase), path.latents(place, phase) + shift)


def test_controls_are_set_and_moved_by_name(small: Artifact) -> None:
    name = small.controls[0].name
    live = offline(small, controls={name.upper(): 1})
    assert live.controls[name] == 1
    live.move_control(name.lower(), -2.5)
    assert live.controls[name] == -2.5
    live.set_controls({})
    assert set(live.controls.values()) == {0}


@pytest.mark.parametrize("steps", [{"Nothing": 1}, {"Brightness": "3"}, {"Brightness": np.inf}])
def test_what_is_not_a_control_is_refused_and_changes_nothing(
    small: Artifact, steps: dict[str, float]
) -> None:
    live = offline(small)
    with pytest.raises(RequestError):
        live.set_controls(steps)
    ((name, value),) = steps.items()
    with pytest.raises(RequestError):
        live.move_control(name, value)
    with pytest.raises(RequestError):
        offline(small, controls=steps)
    assert set(live.controls.values()) == {0}


def test_a_performance_with_controls_is_played_again(demo: Artifact) -> None:
    live = offline(demo, seed=3)
    names = [control.name for control in demo.controls]
    blocks = []
    for turn in range(12):
        live.move_control(names[turn % len(names)], turn - 6)
        blocks.append(live.read(7_000))
    kept = live.record()
    assert np.array_equal(kept.audio[0], np.concatenate(blocks)[-kept.samples :])
    again = Reproduction.of(kept.recipe, [demo.path]).generate()
    assert np.array_equal(again.audio, kept.audio)


def test_loudness_is_heard(demo: Artifact) -> None:
    quiet, loud = (offline(demo, seed=3, controls={"Loudness": steps}) for steps in (-4, 4))
    assert quiet.gain == loud.gain == offline(demo, seed=3).gain
    power = [float((live.read(96_000) ** 2).mean()) for live in (quiet, loud)]
    assert power[1] > 2 * power[0]
