"""What an audio file says of itself: title, artist, album and a comment."""

from __future__ import annotations

from dataclasses import dataclass, fields

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief

# Every container takes more; every reader tried takes this much.
MAX_TAG_BYTES = 1_000_000


@dataclass(frozen=True)
class Tags:
    """Text beside the sound. An empty text is not written.

    Attributes:
        title: Name of the sound.
        artist: Who made it.
        album: What it is a part of.
        comment: Anything, of any number of lines.

    Raises:
        RequestError: A text is not one, holds a zero character, which ends it in some containers,
            or is over 1 MB long.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    comment: str = ""

    def __post_init__(self) -> None:
        for name, text in self.items():
            if not isinstance(text, str):
                raise RequestError(f"{name} is {brief(text)}, expected text", setting=name)
            try:
                size_bytes = len(text.encode())
            except UnicodeEncodeError:
                raise RequestError(
                    f"{name} is {brief(text)}, which is not valid Unicode", setting=name
                ) from None
            if "\0" in text:
                raise RequestError(
                    f"{name} is {brief(text)}, expected no zero character in it", setting=name
                )
            if size_bytes > MAX_TAG_BYTES:
                raise RequestError(
                    f"{name} is {size_bytes} bytes long, expected at most {MAX_TAG_BYTES}",
                    setting=name,
                )

    def items(self) -> list[tuple[str, str]]:
        """Return names and texts, empty ones included."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]
