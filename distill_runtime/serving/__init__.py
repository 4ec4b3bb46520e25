"""Sounds over HTTP and WebSockets: an ASGI application, under uvicorn or in Ray Serve."""

from __future__ import annotations

from typing import Any

__all__ = ["app"]


def __getattr__(name: str) -> Any:
    """Import what `serve run distill_runtime.serving:app` asks for, when it does."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from distill_runtime.serving.ray_serve import app  # noqa: PLC0415

    return app
