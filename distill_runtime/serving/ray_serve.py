"""The same application in Ray Serve: `serve run distill_runtime.serving:app artifacts=models/`.

A replica loads the artifacts once and answers many requests at a time; Ray starts replicas, shares
requests out among them, and puts another in the place of one that dies.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Any

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.serving.extras import API, RAY, require
from distill_runtime.serving.settings import Settings, settings_of

NAME = "distill"
_OTHERS = 16  # requests beside sounds and live streams: health, figures, models


def app(arguments: Mapping[str, str]) -> Any:
    """Return the application for `serve run`, or `serve.run`.

    Args:
        arguments: Names of `Settings` and `Limits`, which go before the environment's variables,
            and `replicas`, how many, and `cpus`, how many cores are set aside for each.

    Returns:
        A Ray Serve application.

    Raises:
        RequestError: An argument is not right.
        DependencyError: A package is missing.
    """
    require({**API, **RAY}, needed_by="distill_runtime.serving:app")
    from ray import serve  # noqa: PLC0415

    values = {**settings_of(os.environ), **arguments}
    replicas, cpus = _number(values, "replicas", 1), _number(values, "cpus", 1)
    # All replicas have one key: each takes over what another has signed.
    values.setdefault("key", secrets.token_urlsafe(32))
    values.setdefault("workers", str(round(cpus) + 1))
    limits = Settings.read(values).limits

    def replica() -> Any:
        from distill_runtime.serving.application import build  # noqa: PLC0415

        return build(Settings.read(values))

    deployment = serve.deployment(
        name=NAME,
        num_replicas=int(replicas),
        ray_actor_options={"num_cpus": cpus},
        max_ongoing_requests=limits.max_sounds + limits.max_live + _OTHERS,
    )(serve.ingress(replica)())
    return deployment.bind()


def _number(values: dict[str, str], name: str, default: float) -> float:
    """Take a number out of the arguments."""
    given = values.pop(name, default)
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not 0.0 < number <= 10_000.0:
        raise RequestError(f"{name} is {brief(given)}, expected a number above 0")
    return number
