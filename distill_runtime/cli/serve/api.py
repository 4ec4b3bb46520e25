"""`distill-run serve --api`: the models of a folder over HTTP, by uvicorn on one machine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from distill_runtime.cli.console import say, show
from distill_runtime.cli.serve.access import Access
from distill_runtime.serving.extras import API, require
from distill_runtime.serving.settings import Limits, Settings, settings_of


def serve_api(folder: Path, port: int | None, host: str, *, trust: bool) -> None:
    """Listen, say where, and answer until Ctrl-C.

    Args:
        folder: That holds the artifacts.
        port: Where to listen; None for the usual one, or the next.
        host: A name or an address of this machine.
        trust: Whether graphs are played that distill-export did not write.

    Raises:
        DistillError: A package is missing, an artifact cannot be played, or the port is taken.
    """
    require(API, needed_by="distill-run serve --api")
    from distill_runtime.cli.serve.connections import run  # noqa: PLC0415
    from distill_runtime.cli.serve.guard import Guard  # noqa: PLC0415
    from distill_runtime.cli.serve.listening import (  # noqa: PLC0415
        address_of,
        listen,
        shown_address,
    )
    from distill_runtime.serving.application import build  # noqa: PLC0415
    from distill_runtime.serving.live.keeper import MAX_STATE_CHARS  # noqa: PLC0415

    said = settings_of(os.environ)
    settings = Settings.read(
        {**said, "artifacts": str(folder), **({"trust": "1"} if trust else {})}
    )
    with listen(host, port) as listening:
        address, taken = address_of(listening)
        access = Access.of_address(host, address)
        if settings.token is None and access.token is not None:
            settings = replace(settings, token=access.token)
            say(f"token: {access.token}")
        if access.token is not None:
            say(
                "warning: whoever can reach this machine and has the token can have these models "
                "play, and the connection is not encrypted"
            )
        application = build(settings)
        say(f"ready: {_limits(settings.limits)}; Ctrl-C ends it")
        show(shown_address(host, address, taken, "/v1/models"))
        largest = MAX_STATE_CHARS + settings.limits.max_body_bytes
        guard = Guard(application, access)
        run(guard, listening, max_message_bytes=largest)


def _limits(limits: Limits) -> str:
    return (
        f"{limits.max_sounds} sounds of {limits.max_duration_s:g} s at a time, and "
        f"{limits.max_live} who play live"
    )
