"""Why there is no answer, in one shape for all of them: problem details of RFC 9457."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from distill_runtime.errors import (
    BackendError,
    CancelledError,
    DistillError,
    FailureError,
    InputError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1


class ProblemError(Exception):
    """A request is not answered.

    Attributes:
        status: The HTTP status.
        detail: One line, for people.
        headers: That go with it.
    """

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = dict(headers or {})
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_S))

    @classmethod
    def of(cls, error: DistillError, *, by_request: bool = False) -> ProblemError:
        """Return what an error means to who asked.

        Args:
            error: The error.
            by_request: Whether what was asked for may have led the graph astray.
        """
        if isinstance(error, InputError):
            return cls(HTTPStatus.BAD_REQUEST, str(error))
        if by_request and isinstance(error, BackendError):
            return cls(
                HTTPStatus.BAD_REQUEST,
                "the sound is NaN or infinite: the latent vector or the controls lead too far",
            )
        if isinstance(error, CancelledError):
            return cls(HTTPStatus.SERVICE_UNAVAILABLE, "the server is ending")
        assert isinstance(error, FailureError)
        # What it says is about this machine, and for its owner.
        return cls(HTTPStatus.SERVICE_UNAVAILABLE, "the sound could not be made here: try again")

    def body(self) -> bytes:
        """Return the document."""
        return json.dumps(document(self.status, self.detail)).encode()


def document(status: int, detail: str) -> dict[str, Any]:
    """Return a problem as plain values."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }


SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Why there is no answer (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}
