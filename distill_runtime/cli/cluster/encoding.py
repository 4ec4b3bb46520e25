"""The bytes of a sound's file, those that `distill-run` writes for it alone."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import BinaryIO

from distill_runtime.audio_file.container import DEFAULT_BIT_DEPTH, AudioFormat
from distill_runtime.audio_file.tags import Tags
from distill_runtime.files.temporary import temporary_folder
from distill_runtime.generation.result import GenerationResult


class HashedFile(io.RawIOBase):
    """A file that is written from its beginning to its end, and hashed as it is.

    Attributes:
        size: Bytes written so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Write all of some bytes."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()


def write_sound(
    result: GenerationResult, path: Path, audio_format: AudioFormat, tags: Tags
) -> tuple[int, str]:
    """Write a sound's file to a path; return its size and its SHA-256."""
    if audio_format.container != "wav":
        result.save(path, audio_format=audio_format, tags=tags, overwrite=True)
        with path.open("rb") as written:
            return path.stat().st_size, hashlib.file_digest(written, "sha256").hexdigest()
    with path.open("wb") as file:
        hashed = HashedFile(file)
        result.write_wav(
            hashed,  # type: ignore[arg-type]
            bit_depth=audio_format.bit_depth or DEFAULT_BIT_DEPTH,
            tags=tags,
        )
    return hashed.size, hashed.sha256


def sound_bytes(result: GenerationResult, audio_format: AudioFormat, tags: Tags) -> bytes:
    """Return a sound's file."""
    if audio_format.container == "wav":
        buffer = io.BytesIO()
        depth = audio_format.bit_depth or DEFAULT_BIT_DEPTH
        result.write_wav(buffer, bit_depth=depth, tags=tags)
        return buffer.getvalue()
    with temporary_folder() as folder:
        path = folder / f"sound.{audio_format.container}"
        result.save(path, audio_format=audio_format, tags=tags)
        return path.read_bytes()
