"""What is served, to whom and how much of it: from a mapping of texts, as the environment is one.

DISTILL_SERVING_ARTIFACTS=models/ DISTILL_SERVING_MAX_DURATION_S=30 ...
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief

PREFIX = "DISTILL_SERVING_"
_MOST, _MOST_S = 2**31, 86_400.0


@dataclass(frozen=True)
class Limits:
    """How much is done for those who ask.

    Attributes:
        max_duration_s: Of one sound.
        max_body_bytes: Of a request's body, and of a message while playing live, short of a state.
        max_recipe_chars: Of a recipe in an address.
        max_sounds: That are rendered or sent at a time.
        max_sounds_per_client: The same for one client's address, or its proxy's.
        max_live: Who plays live at a time.
        body_timeout_s: For a request's body to arrive.
        first_byte_timeout_s: For a sound to begin.
        stalled_timeout_s: For a client to read on.
        idle_timeout_s: For somebody who plays live to say something.
    """

    max_duration_s: float = 60.0
    max_body_bytes: int = 65_536
    max_recipe_chars: int = 8_192
    max_sounds: int = 64
    max_sounds_per_client: int = 64
    max_live: int = 32
    body_timeout_s: float = 10.0
    first_byte_timeout_s: float = 60.0
    stalled_timeout_s: float = 30.0
    idle_timeout_s: float = 60.0

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Limits:
        """Take what is said of limits in a mapping, by their names; the others stay as they are.

        Raises:
            RequestError: A value is no number above 0.
        """
        asked: dict[str, Any] = {
            one.name: _number(one.name, values[one.name])
            for one in fields(cls)
            if one.name in values
        }
        return cls(**asked)


@dataclass(frozen=True)
class Settings:
    """All that an application is made from.

    Attributes:
        artifacts: Files, and folders that hold them.
        limits: How much is done.
        token: What a request must bring, if anything.
        key: Signs the states of those who play live: the same wherever one may be taken over. None
            has one drawn.
        trust: Whether graphs are played that distill-export did not write.
        threads: Of onnxruntime, for an operator. One, and as many calls side by side as there are
            cores, gives more sound than several, but one sound alone comes later.
        workers: Calls of a graph at a time; 0 is one more than there are cores for them.
    """

    artifacts: tuple[Path, ...]
    limits: Limits = Limits()
    token: str | None = None
    key: bytes | None = None
    trust: bool = False
    threads: int = 1
    workers: int = 0

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Settings:
        """Take them from a mapping, `artifacts` with `os.pathsep` between paths.

        Raises:
            RequestError: A name is unknown, or a value is not right.
        """
        known = {one.name for one in (*fields(Limits), *fields(cls))} - {"limits"}
        if unknown := sorted(set(values) - known):
            raise RequestError(
                f"serving has no setting {brief(unknown[0])}, expected some of "
                f"{', '.join(sorted(known))}"
            )
        named = str(values.get("artifacts", ""))
        paths = tuple(Path(path) for path in named.split(os.pathsep) if path)
        if not paths:
            raise RequestError(
                f"nothing is named to serve: set {PREFIX}ARTIFACTS, or artifacts=FOLDER"
            )
        key = values.get("key")
        return cls(
            artifacts=paths,
            limits=Limits.read(values),
            token=str(values["token"]) if values.get("token") else None,
            key=str(key).encode() if key else None,
            trust=str(values.get("trust", "")).lower() in ("1", "true", "yes"),
            threads=int(_number("threads", values.get("threads", 1))),
            workers=int(_number("workers", values["workers"])) if "workers" in values else 0,
        )

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Take them from variables that begin with `PREFIX`.

        Raises:
            RequestError: As `read`.
        """
        return cls.read(settings_of(environment))


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what variables of the environment say, by the names of settings."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }


def _number(name: str, value: object) -> float:
    """Return a number above 0, whole where the setting is."""
    is_whole = not name.endswith("_s")
    try:
        number = int(str(value)) if is_whole else float(str(value))
    except ValueError:
        number = math.nan
    if not 0 < number <= (_MOST if is_whole else _MOST_S):
        raise RequestError(
            f"{name} is {brief(value)}, expected a {'whole ' if is_whole else ''}number above 0"
        )
    return number
