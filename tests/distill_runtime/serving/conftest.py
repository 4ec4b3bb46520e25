"""The application as an ASGI server calls it, in this process."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

for module in ("fastapi", "httpx", "prometheus_client", "websockets"):
    pytest.importorskip(module)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have another package than httpx
    from starlette.testclient import TestClient

from distill_runtime.serving.application import build  # noqa: E402
from distill_runtime.serving.settings import Settings  # noqa: E402


def client_of(path: Path, **settings: Any) -> TestClient:
    """Return a client of an application that serves one artifact."""
    return TestClient(build(Settings.read({"artifacts": str(path), **settings})))


@pytest.fixture(scope="module")
def client(playable_artifact: Path) -> TestClient:
    return client_of(playable_artifact)


def detail_of(response: Any) -> str:
    """Return what a problem says, and see that it is one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == response.status_code
    return str(problem["detail"])
