"""A request's body: JSON, of no more than so many bytes, which come within so many seconds."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from fastapi import Request

from distill_runtime.errors import RequestError
from distill_runtime.serving.asgi import headers_of
from distill_runtime.serving.problems import ProblemError
from distill_runtime.serving.settings import Limits


async def read_json(request: Request, limits: Limits) -> Any:
    """Return what a body says.

    Raises:
        RequestError: It is no JSON.
        ProblemError: It is too large, of another kind, or does not come.
    """
    content_type = request.headers.get("content-type", "application/json")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is expected as application/json"
        )
    try:
        body = await asyncio.wait_for(_read(request, limits), limits.body_timeout_s)
    except TimeoutError:
        raise ProblemError(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the body was not whole after {limits.body_timeout_s:g} s",
            headers={"Connection": "close"},
        ) from None
    return parsed(body)


def parsed(text: bytes | str) -> Any:
    """Return what JSON says, without Python's own numbers that are none.

    Raises:
        RequestError: It is no JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as reason:
        first_line = str(reason).partition("\n")[0]
        raise RequestError(f"the request is no valid JSON ({first_line})") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


async def _read(request: Request, limits: Limits) -> bytes:
    too_large = ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the body is larger than {limits.max_body_bytes} bytes",
        headers={"Connection": "close"},  # what follows is not read
    )
    announced = headers_of(request.scope).get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limits.max_body_bytes:
        raise too_large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limits.max_body_bytes:
            raise too_large
    return bytes(body)
