"""Playing live over a WebSocket: moves in, samples out, and a state to go on from elsewhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from distill_runtime import Artifact, LiveStream
from distill_runtime.serving.live.keeper import Keeper
from tests.distill_runtime.serving.conftest import client_of

BEGIN = {"type": "begin", "seed": 5, "drift": 0.4, "gain": 3.0}


@contextmanager
def playing(client: TestClient, begin: dict[str, Any]) -> Iterator[WebSocketTestSession]:
    with client.websocket_connect("/v1/live") as socket:
        answer = said(socket, **begin)
        assert answer["type"] == "ready", answer
        yield socket


def said(socket: WebSocketTestSession, **message: Any) -> dict[str, Any]:
    socket.send_json(message)
    return dict(socket.receive_json())


def read(socket: WebSocketTestSession, samples: int) -> np.ndarray:
    socket.send_json({"type": "read", "samples": samples})
    return np.frombuffer(socket.receive_bytes(), "<f4")


def test_it_is_what_a_live_stream_plays(client: TestClient, playable_artifact: Path) -> None:
    alone = LiveStream(
        Artifact.load(playable_artifact), seed=5, drift=0.4, gain=3.0, realtime=False
    )
    with playing(client, BEGIN) as socket:
        np.testing.assert_array_equal(read(socket, 30_000), alone.read(30_000))
        moved = said(socket, type="move", sliders={"0": 2}, controls={"Brightness": -1}, drift=0.1)
        assert moved == {"type": "moved", "position": 30_000}
        alone.move_slider(0, 2)
        alone.set_controls({"Brightness": -1})
        alone.drift = 0.1
        np.testing.assert_array_equal(read(socket, 30_000), alone.read(30_000))
        said(socket, type="move", walk=9, hold=False)
        alone.walk(9)
        np.testing.assert_array_equal(read(socket, 3_000), alone.read(3_000))
        said(socket, type="move", vector=[0.5] * 16)
        alone.move_to([0.5] * 16)
        np.testing.assert_array_equal(read(socket, 3_000), alone.read(3_000))


def test_another_server_of_the_same_key_goes_on(playable_artifact: Path) -> None:
    first, second = (client_of(playable_artifact, key="shared") for _ in range(2))
    begin = {**BEGIN, "stereo": {"mode": "mid-side", "width": 1.0}, "encoding": "s16"}
    with playing(first, begin) as undisturbed:
        read(undisturbed, 33_333)
        said(undisturbed, type="move", sliders=[4])
        state = said(undisturbed, type="state")
        assert (state["type"], state["position"]) == ("state", 33_333)
        resume = {"type": "resume", "state": state["state"], "encoding": "s16"}
        with playing(second, resume) as taken_over:
            for samples in (240, 50_000):
                for socket in (undisturbed, taken_over):
                    socket.send_json({"type": "read", "samples": samples})
                sound = undisturbed.receive_bytes()
                assert len(sound) == 4 * samples
                assert taken_over.receive_bytes() == sound


def test_a_state_of_nobody_is_refused(client: TestClient, playable_artifact: Path) -> None:
    with playing(client, BEGIN) as socket:
        state = said(socket, type="state")["state"]
    signed = bytearray(base64.urlsafe_b64decode(state))
    signed[-1] ^= 1
    other = base64.urlsafe_b64encode(signed).decode()
    for wrong in (other, state[:-8], "", "é", 7, None, "A" * 2**20):
        with client.websocket_connect("/v1/live") as socket:
            answer = said(socket, type="resume", state=wrong)
            assert (answer["type"], answer["status"]) == ("error", 400)
    elsewhere = client_of(playable_artifact)
    with elsewhere.websocket_connect("/v1/live") as socket:
        assert "not one of this server's" in said(socket, type="resume", state=state)["detail"]


def test_a_state_of_another_artifact_is_not_found(client: TestClient) -> None:
    from distill_runtime import StereoSettings
    from distill_runtime.generation.live.handover import Handover
    from distill_runtime.generation.live.performance import Performance
    from distill_runtime.generation.live.place import Place
    from distill_runtime.generation.live.timeline import Start

    handover = Handover("0" * 64, StereoSettings(), Performance(Start(), Place(1), (), 0, 1.0), 0)
    keyed = Keeper(b"key")
    assert keyed.read(keyed.written(handover)) == handover
    with pytest.raises(ValueError):
        Keeper(b"other").read(keyed.written(handover))


REFUSED = [
    {"type": "read", "samples": 1},
    {"type": "read", "samples": 10**9},
    {"type": "read"},
    {"type": "move", "sliders": {"9": 1}},
    {"type": "move", "sliders": {"0": 1}, "controls": {"Nope": 1}},
    {"type": "move", "sliders": [1], "walk": 1},
    {"type": "move", "controls": 7},
    {"type": "move", "drift": 2},
    {"type": "move", "hold": 1},
    {"type": "move", "nearness": 0.5},
    {"type": "move", "speed": 1},
    {"type": "begin"},
]


def test_what_is_refused_changes_nothing(client: TestClient) -> None:
    with playing(client, BEGIN) as disturbed, playing(client, BEGIN) as undisturbed:
        for message in REFUSED:
            answer = said(disturbed, **message)
            assert (answer["type"], answer["status"]) == ("error", 400), message
            np.testing.assert_array_equal(read(disturbed, 999), read(undisturbed, 999))


@pytest.mark.parametrize(
    "begin",
    [
        {"type": "begin", "model": "snow"},
        {"type": "begin", "seed": -1},
        {"type": "begin", "drift": 3},
        {"type": "begin", "sliders": {"0": 99}},
        {"type": "begin", "stereo": {"sofa": "x"}},
        {"type": "begin", "encoding": "mp3"},
        {"type": "begin", "vector": [1, 2]},
        {"type": "begin", "gain": "loud"},
        {"type": "read", "samples": 4800},
    ],
)
def test_a_wrong_beginning_is_refused(client: TestClient, begin: dict[str, Any]) -> None:
    with client.websocket_connect("/v1/live") as socket:
        assert said(socket, **begin)["type"] == "error"
        assert said(socket, **BEGIN)["type"] == "ready"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '{"type": 1}', '{"type": "sing"}', "[" * 10_000, "NaN"]
)
def test_what_nobody_understands_ends_it(client: TestClient, text: str) -> None:
    with client.websocket_connect("/v1/live") as socket:
        socket.send_text(text)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
        assert ended.value.code == 1008


def test_bytes_and_too_much_end_it(client: TestClient) -> None:
    for content, code in ((b"\0", 1008), (json.dumps({"type": "read", "x": "x" * 70_000}), 1009)):
        with client.websocket_connect("/v1/live") as socket:
            socket.send({"type": "websocket.receive", _kind(content): content})
            with pytest.raises(WebSocketDisconnect) as ended:
                socket.receive_text()
            assert ended.value.code == code


def _kind(content: str | bytes) -> str:
    return "text" if isinstance(content, str) else "bytes"


def test_who_comes_when_all_places_are_taken_is_told(playable_artifact: Path) -> None:
    full = client_of(playable_artifact, max_live=1)
    with playing(full, BEGIN), full.websocket_connect("/v1/live") as socket:
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
        assert ended.value.code == 1013
    with playing(full, BEGIN):
        pass


def test_who_says_nothing_is_left(playable_artifact: Path) -> None:
    hasty = client_of(playable_artifact, idle_timeout_s=0.05)
    with hasty.websocket_connect("/v1/live") as socket:
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
        assert ended.value.code == 1001


def test_a_token_may_come_as_a_protocol(playable_artifact: Path) -> None:
    guarded = client_of(playable_artifact, token="secret")
    for protocols in (["distill.live", "bearer.wrong"], ["distill.live"], []):
        connection = guarded.websocket_connect("/v1/live", subprotocols=protocols)
        with pytest.raises(WebSocketDisconnect), connection:
            pass
    right = ["distill.live", "bearer.secret"]
    with guarded.websocket_connect("/v1/live", subprotocols=right) as socket:
        assert socket.accepted_subprotocol == "distill.live"
        assert said(socket, **BEGIN)["type"] == "ready"
