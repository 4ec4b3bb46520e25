"""Writing JSON as nobody should: keys twice, numbers and texts that are none, and right ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Raw:
    """Text that is written as it is, in the place of a value."""

    text: str


class Pairs(list[tuple[str, Any]]):
    """An object whose keys may come twice."""


_OTHERS = (Raw, dict, list)
_MARK = "\ue000"


def text_of(value: Any) -> str:
    """Return a document as text."""
    raw: list[str] = []

    def plain(value: Any) -> Any:
        if isinstance(value, Raw):
            raw.append(value.text)
            return f"{_MARK}{len(raw) - 1}{_MARK}"
        if isinstance(value, Pairs):
            items = (f"{json.dumps(key)}: {text_of(inner)}" for key, inner in value)
            return plain(Raw("{" + ", ".join(items) + "}"))
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner) if isinstance(inner, _OTHERS) else inner for inner in value]
        return value

    parts = json.dumps(plain(value)).split('"\\ue000')
    whole = parts[0]
    for part in parts[1:]:
        number, _, rest = part.partition('\\ue000"')
        whole += raw[int(number)] + rest
    return whole
