"""Typed, checked reading of JSON documents that come from outside."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from distill_runtime.errors import DistillError
from distill_runtime.files.checks import brief, finite, whole


class JsonFields:
    """One JSON object whose every read checks and whose every complaint names the field."""

    def __init__(
        self, value: object, path: str = "", *, document: str, error: type[DistillError]
    ) -> None:
        self._document = document
        self._error = error
        self._path = path
        if not isinstance(value, dict):
            raise error(f"{document} has no object at {brief(path or 'its top')}")
        self._values: dict[str, Any] = value

    @classmethod
    def parse(cls, text: str, *, document: str, error: type[DistillError]) -> JsonFields:
        """Read JSON text; `document` names it in complaints, which are raised as `error`."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as reason:
            first_line = str(reason).partition("\n")[0]
            raise error(f"{document} is no valid JSON ({first_line})") from None
        return cls(value, document=document, error=error)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """Return the names of what there is, in the document's order."""
        return tuple(self._values)

    def plain(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return some values as JSON gives them, unchecked; what is missing is left out."""
        return {key: self._values[key] for key in keys if key in self._values}

    def expect_format(self, name: str, version: int) -> None:
        """See that the fields "format" and "version" are those that are read."""
        if (found := self.text("format")) != name:
            raise self._error(f"{self._document} has the format {brief(found)}, not {name!r}")
        if (given := self.integer("version", 1, 2**31)) != version:
            raise self._error(
                f"{self._document} has version {given}, this program reads version {version}: "
                "update distill-portable"
            )

    @contextmanager
    def about(self) -> Iterator[None]:
        """Name the document in the complaints of what is made of its values."""
        try:
            yield
        except DistillError as reason:
            raise self._error(f"{self._document}: {reason}") from None

    def _get(self, key: str) -> Any:
        if key not in self._values:
            raise self._error(f"{self._document} lacks {self._shown(key)}")
        return self._values[key]

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _shown(self, key: str) -> str:
        return brief(self._name(key), 80)

    def _wrong(self, key: str, expected: str) -> DistillError:
        found = brief(self._values[key])
        return self._error(f"{self._document} has {found} for {self._shown(key)}, not {expected}")

    def _at(self, value: object, path: str) -> JsonFields:
        return JsonFields(value, path, document=self._document, error=self._error)

    def text(self, key: str) -> str:
        """Return a text."""
        value = self._get(key)
        if not _is_text(value):
            raise self._wrong(key, "a text")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._get(key)
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise self._wrong(key, "a list of texts")
        return tuple(value)

    def all_texts(self) -> dict[str, str]:
        """Return the whole object, all of whose values must be texts."""
        return {key: self.text(key) for key in self._values}

    def all_numbers(self, key: str) -> dict[str, float]:
        """Return the object under `key`, all of whose values must be finite numbers."""
        section = self.section(key)
        return {name: section.number(name) for name in section.names()}

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        """Return a text that is one of `choices`."""
        value = self.text(key)
        if value not in choices:
            raise self._wrong(key, "one of " + ", ".join(choices))
        return value

    def boolean(self, key: str) -> bool:
        """Return true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._get(key)
        number = whole(value)
        if number is None or not low <= number <= high:
            expected = f"a whole number from {low} to {high}" if low < high else str(low)
            raise self._wrong(key, expected)
        return number

    def number(self, key: str) -> float:
        """Return a finite number."""
        value = self._get(key)
        number = finite(value)
        if number is None:
            raise self._wrong(key, "a finite number")
        return number

    def number_within(self, key: str, low: float, high: float) -> float:
        """Return a finite number from `low` to `high`."""
        number = self.number(key)
        if not low <= number <= high:
            above = f"a finite number, {low:g} or more"
            raise self._wrong(
                key, above if high == math.inf else f"a number from {low:g} to {high:g}"
            )
        return number

    def optional_number(self, key: str) -> float | None:
        """Return a finite number, or None for null."""
        return None if self._get(key) is None else self.number(key)

    def numbers(self, key: str, length: int | None = None) -> tuple[float, ...]:
        """Return a list of finite numbers, of `length` where one is given."""
        value = self._get(key)
        found = [finite(item) for item in value] if isinstance(value, list) else []
        numbers = tuple(number for number in found if number is not None)
        if not numbers or len(numbers) != len(found):
            raise self._wrong(key, "a list of finite numbers")
        if length is not None and len(value) != length:
            raise self._wrong(key, f"a list of {length} numbers")
        return numbers

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None for null."""
        return None if self._get(key) is None else self.text(key)

    def optional_integer(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`, or None for null."""
        return None if self._get(key) is None else self.integer(key, low, high)

    def optional_numbers(self, key: str) -> tuple[float, ...] | None:
        """Return a list of finite numbers, or None for null."""
        return None if self._get(key) is None else self.numbers(key)

    def section(self, key: str) -> JsonFields:
        """Return the object under `key`."""
        return self._at(self._get(key), self._name(key))

    def optional_section(self, key: str) -> JsonFields | None:
        """Return the object under `key`, or None for null."""
        return None if self._get(key) is None else self.section(key)

    def sections(self, key: str) -> list[JsonFields]:
        """Return a list of objects."""
        value = self._get(key)
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return [self._at(item, f"{self._name(key)}[{i}]") for i, item in enumerate(value)]


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:  # JSON may hold half of a surrogate pair, which no file and no terminal takes.
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
