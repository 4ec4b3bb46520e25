"""A live sound that is handed from one to another goes on bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_runtime import Artifact, LiveStream, RequestError, StereoSettings
from distill_runtime.generation.live.handed_stream import HandedStream
from distill_runtime.generation.live.handover import Handover
from distill_runtime.generation.live.hands import Hands

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["slider", "control", "walk", "hold", "drift", "vector", "stay", "leave"]),
        st.integers(0, 2**16),
        st.integers(1, 30_000),
    ),
    min_size=1,
    max_size=25,
)


@pytest.fixture(scope="module")
def artifact(playable_artifact: Path) -> Artifact:
    return Artifact.load(playable_artifact)


def move(live: Hands, kind: str, number: int) -> None:
    generator = np.random.default_rng(number)
    match kind:
        case "slider":
            live.move_slider(0, round(float(generator.uniform(-5, 5)), 2))
        case "control":
            live.set_controls({"Brightness": round(float(generator.uniform(-5, 5)), 2)})
        case "walk":
            live.walk(number)
        case "hold":
            live.hold = not live.hold
        case "drift":
            live.drift = float(generator.random())
        case "vector":
            live.move_to(generator.normal(size=live.artifact.latent_dim))


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(ACTIONS, st.sampled_from(["mono", "mid-side", "dual-seed"]))
def test_it_goes_on_as_if_nobody_had_left(
    artifact: Artifact, actions: list[tuple[str, int, int]], mode: str
) -> None:
    begin = Handover.beginning(artifact, seed=5, drift=0.4, stereo=StereoSettings(mode))
    there = HandedStream(artifact, begin)
    alone = LiveStream(
        artifact, seed=5, drift=0.4, stereo=StereoSettings(mode), gain=there.gain, realtime=False
    )
    undisturbed = HandedStream(artifact, begin)
    for kind, number, samples in actions:
        if kind == "leave":  # before a move was heard, too
            there = HandedStream(artifact, Handover.from_json(there.hand_over().to_json()))
        for live in (there, undisturbed, alone):
            move(live, kind, number)
        heard = there.read(samples)
        np.testing.assert_array_equal(heard, undisturbed.read(samples))
        np.testing.assert_array_equal(heard, alone.read(samples).reshape(heard.shape))
    assert there.position == sum(samples for _, _, samples in actions)


def test_a_state_stays_small_under_many_moves(artifact: Artifact) -> None:
    live = HandedStream(artifact, Handover.beginning(artifact, seed=1))
    sizes = []
    for step in range(200):
        live.move_slider(0, step % 5)
        live.read(1_200)
        sizes.append(len(live.hand_over().to_json()))
    assert max(sizes[100:]) < 1.5 * max(sizes[:100])


SPOILT = {
    "format": lambda d: d.update(format="distill.recipe"),
    "version": lambda d: d.update(version=2),
    "artifact": lambda d: d.update(artifact="00" * 32),
    "ahead": lambda d: d.update(next_step=10**6),
    "state": lambda d: d["performance"].update(states=["AAAA"]),
    "not finite": lambda d: d["performance"].update(states=["AADAfw=="]),
    "far": lambda d: d["performance"].update(begin=2**52),
    "in the future": lambda d: d["performance"]["moves"][-1].update(at=2**40, first=2**40 // 24064),
    "place": lambda d: d["performance"]["place"].update(sliders=[1.0] * 99),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_state_is_refused(artifact: Artifact, spoil: Callable[[Any], None]) -> None:
    live = HandedStream(artifact, Handover.beginning(artifact, seed=1))
    live.read(100_000)
    live.move_slider(0, 3)
    document = json.loads(live.hand_over().to_json())
    spoil(document)
    with pytest.raises(RequestError):
        HandedStream(artifact, Handover.from_json(json.dumps(document)))


@pytest.mark.parametrize("samples", [0, -1, 1.5, True, None])
def test_a_block_has_samples(artifact: Artifact, samples: object) -> None:
    with pytest.raises(RequestError):
        HandedStream(artifact, Handover.beginning(artifact, seed=1)).read(samples)  # type: ignore[arg-type]
