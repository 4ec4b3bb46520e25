"""Limits, refusals and what is told of both: health, figures, the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from distill_runtime.errors import BackendError, RequestError, SpaceError
from distill_runtime.serving.application import build
from distill_runtime.serving.settings import PREFIX, Limits, Settings
from tests.distill_runtime.serving.conftest import client_of, detail_of

SOUND = {"duration_s": 0.2, "seed": 1}


def figure(client: TestClient, name: str) -> float:
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(name)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_addresses_and_methods_that_are_none(client: TestClient) -> None:
    for path in ("/", "/v1", "/v1/sounds/", "/docs", "/redoc", "/v1/models/"):
        assert client.get(path).status_code in (404, 405), path
    assert client.get("/nothing").status_code == 404
    response = client.delete("/v1/sounds")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert detail_of(response)


def test_a_body_has_a_kind_and_a_size(client: TestClient) -> None:
    assert client.post("/v1/sounds", data={"seed": 1}).status_code == 415
    large = json.dumps({**SOUND, "model": "x" * 70_000})
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/sounds", content=large, headers=headers)
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert detail_of(response) == "the body is larger than 65536 bytes"
    chunks = (b" " * 10_000 for _ in range(10))  # a length that is not announced
    assert client.post("/v1/sounds", content=chunks, headers=headers).status_code == 413
    for nonsense in ("{", "NaN", '{"seed": Infinity}', "[" * 50_000):
        response = client.post("/v1/sounds", content=nonsense, headers=headers)
        assert response.status_code == 400
        assert detail_of(response).startswith("the request is no valid JSON")


def test_a_token_is_asked_for(playable_artifact: Path) -> None:
    guarded = client_of(playable_artifact, token="sécret")
    for given in ("", "Bearer", "Bearer x", "Basic sécret", "sécret"):
        response = guarded.get("/v1/models", headers={b"Authorization": given.encode("latin-1")})
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert detail_of(response)
    right = {"Authorization": "Bearer sécret".encode()}
    assert guarded.get("/v1/models", headers=right).status_code == 200
    made = guarded.post("/v1/sounds", json=SOUND, headers=right)
    again = guarded.get(made.headers["content-location"], headers=right)
    assert again.headers["cache-control"].startswith("private")
    for open_to_all in ("/healthz", "/readyz"):
        assert guarded.get(open_to_all).status_code == 200
    for closed in ("/metrics", "/openapi.json"):
        assert guarded.get(closed).status_code == 401


class Held:
    """Sounds that are not begun before they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from distill_runtime.serving import sound_response

        self.go, self.count = threading.Event(), 0
        real = sound_response.render

        def render(order: Any, cancel: threading.Event) -> Any:
            self.count += 1
            while not self.go.wait(0.01) and not cancel.is_set():
                pass
            yield from real(order, cancel)

        monkeypatch.setattr(sound_response, "render", render)


def crowd(
    path: Path, held: Held, others: Callable[[httpx.AsyncClient], Any], **settings: Any
) -> list[httpx.Response]:
    """Return the answers to two that are held while `others` ask."""
    application = build(Settings.read({"artifacts": str(path), **settings}))

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            asked = [asyncio.create_task(client.post("/v1/sounds", json=SOUND)) for _ in range(2)]
            while held.count < 2:
                await asyncio.sleep(0.005)
            await others(client)
            held.go.set()
            return await asyncio.gather(*asked)

    return asyncio.run(run())


def test_too_many_at_a_time_may_come_again(
    playable_artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def others(client: httpx.AsyncClient) -> None:
        response = await client.post("/v1/sounds", json=SOUND)
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert "2 sounds are being made" in detail_of(response)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200

    for answer in crowd(playable_artifact, Held(monkeypatch), others, max_sounds=2):
        assert answer.status_code == 200


def test_one_client_does_not_take_all(
    playable_artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def others(client: httpx.AsyncClient) -> None:
        response = await client.post("/v1/sounds", json=SOUND)
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        assert detail_of(response)
        assert (await client.get("/readyz")).status_code == 200

    for answer in crowd(playable_artifact, Held(monkeypatch), others, max_sounds_per_client=2):
        assert answer.status_code == 200


def test_a_sound_that_does_not_begin_is_given_up(
    playable_artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    slow = client_of(playable_artifact, first_byte_timeout_s=0.1)
    response = slow.post("/v1/sounds", json=SOUND)
    assert response.status_code == 504
    assert detail_of(response) == "the sound has not begun after 0.1 s"
    held.go.set()
    assert slow.post("/v1/sounds", json=SOUND).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SpaceError("/secret/path is full"), 503),
        (BackendError("onnxruntime failed"), 503),
        (RequestError("it cannot be so"), 400),
        (ZeroDivisionError(), 500),
    ],
)
def test_an_error_is_told_without_what_is_nobodys_business(
    playable_artifact: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
) -> None:
    from distill_runtime.serving import sound_response

    def render(order: Any, cancel: threading.Event) -> Any:
        raise error
        yield

    monkeypatch.setattr(sound_response, "render", render)
    broken = client_of(playable_artifact)
    broken = TestClient(broken.app, raise_server_exceptions=False)
    response = broken.post("/v1/sounds", json=SOUND)
    assert response.status_code == status
    assert "secret" not in detail_of(response)
    assert figure(broken, "distill_sounds_in_progress") == 0


def test_a_client_that_goes_leaves_its_place(playable_artifact: Path) -> None:
    application = build(Settings.read({"artifacts": str(playable_artifact)}))
    heard = []

    async def run() -> None:
        gone = asyncio.Event()
        body = json.dumps({"duration_s": 60, "seed": 1, "level": 3}).encode()
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            heard.append(message)
            if len(heard) == 3:
                gone.set()

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/sounds",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
            "client": ("192.0.2.7", 1),
        }
        await application(scope, receive, send)

    asyncio.run(run())
    client = TestClient(application)
    while figure(client, "distill_sounds_in_progress"):
        pass
    assert 3 <= len(heard) <= 4
    assert figure(client, "distill_sounds_given_up_total") == 1
    assert figure(client, "distill_steps_total") < 20  # of 121


def test_the_figures_are_prometheus_own(client: TestClient) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    client.post("/v1/sounds", json=SOUND)
    text = client.get("/metrics").text
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"distill_answers", "distill_sounds", "distill_first_byte_seconds"} <= names
    assert {"distill_steps", "distill_batch_rows", "distill_live_streams"} <= names


def test_the_document_says_every_status(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    post = document["paths"]["/v1/sounds"]["post"]
    statuses = "200 400 401 404 408 413 415 429 503 504"
    assert sorted(post["responses"]) == statuses.split()
    assert "422" not in json.dumps(document)
    properties = post["requestBody"]["content"]["application/json"]["schema"]["properties"]
    from distill_runtime.generation.sound_request import KEYS

    said = set(KEYS) - {"sofa", "sofa_sha256"} | {"model", "audio_format", "level"}
    assert set(properties) == said
    assert properties["duration_s"]["maximum"] == 60


def test_settings_come_from_the_environment(playable_artifact: Path) -> None:
    variables = {
        f"{PREFIX}ARTIFACTS": str(playable_artifact),
        f"{PREFIX}MAX_DURATION_S": "2.5",
        f"{PREFIX}TOKEN": "x",
        "OTHER": "1",
    }
    settings = Settings.of_environment(variables)
    assert (settings.limits.max_duration_s, settings.token) == (2.5, "x")
    assert settings.limits.max_sounds == Limits().max_sounds


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"artifacts": ""},
        {"artifacts": "x", "max_sounds": "0"},
        {"artifacts": "x", "max_sounds": "1.5"},
        {"artifacts": "x", "max_duration_s": "nan"},
        {"artifacts": "x", "max_duration_s": "long"},
        {"artifacts": "x", "colour": "blue"},
    ],
)
def test_wrong_settings_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(RequestError):
        Settings.read(values)


def test_a_folder_without_artifacts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="there is no artifact in"):
        client_of(tmp_path)
