from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_export.training.data.decoding.sound_chunk import closed_head, find_sound_chunk
from distill_export.training.data.decoding.spliced_file import SplicedFile
from tests.distill_export.training.broken_recordings import (
    content,
    unclosed,
    unclosed_wav,
    with_number,
)
from tests.distill_export.training.synthetic_recordings import tone

SOUND = tone(0, 0.5)
BYTES = 2 * len(SOUND)


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF"])
def test_the_sound_of_every_kind_is_found(kind: str) -> None:
    file = content(SOUND, kind)
    chunk = find_sound_chunk(io.BytesIO(file))
    assert chunk is not None
    order = "<" if kind in ("WAV", "WAVEX", "RF64", "W64") else ">"
    found = np.frombuffer(file[chunk.begins_at : chunk.begins_at + BYTES], f"{order}i2")
    np.testing.assert_allclose(found / 32768, SOUND, atol=1e-4)
    assert chunk.declared_bytes == BYTES and chunk.share == 1 and not chunk.unclosed
    assert closed_head(io.BytesIO(file), chunk) is None
    cut = find_sound_chunk(io.BytesIO(file[: chunk.begins_at + BYTES // 4]))
    assert cut is not None and cut.share == pytest.approx(0.25) and not cut.unclosed


@pytest.mark.parametrize("kind", ["FLAC", "NIST"])
def test_other_files_have_no_such_chunk(kind: str) -> None:
    assert find_sound_chunk(io.BytesIO(content(SOUND, kind))) is None


@pytest.mark.parametrize("size", range(0, 60, 3))
def test_a_header_may_end_anywhere(size: int) -> None:
    for kind in ("WAV", "RF64", "W64", "AIFF", "AU", "CAF"):
        file = io.BytesIO(content(SOUND, kind)[:size])
        chunk = find_sound_chunk(file)
        assert chunk is None or (chunk.present_bytes <= size and not chunk.unclosed)


@pytest.mark.parametrize("after", [b"", b"\0", b"LIST\x04\0\0\0INFO", b"id3 \x03\0\0\0abc\0"])
def test_a_file_that_is_empty_is_not_unclosed(after: bytes) -> None:
    chunk = find_sound_chunk(io.BytesIO(content(SOUND[:0]) + after))
    assert chunk is not None
    assert chunk.declared_bytes == 0 and not chunk.unclosed
    follows = find_sound_chunk(io.BytesIO(content(SOUND[:0]) + after + content(SOUND)[44:]))
    assert follows is not None and (follows.unclosed or len(after) > 4)


def test_chunks_that_never_end_are_given_up() -> None:
    assert find_sound_chunk(io.BytesIO(content(SOUND)[:12] + b"JUNK\0\0\0\0" * 5000)) is None
    looping = b"riff" + content(SOUND, "W64")[4:40] + bytes(24 * 2000)  # sizes of less than a head
    assert find_sound_chunk(io.BytesIO(looping)) is None


def test_an_unclosed_wav_beyond_four_gigabytes_becomes_an_rf64(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(unclosed_wav(SOUND))
    with path.open("r+b") as file:
        file.truncate(5 * 2**30)  # the rest takes no space on the disk
    with path.open("rb") as file:
        chunk = find_sound_chunk(file)
        assert chunk is not None and chunk.unclosed
        head = closed_head(file, chunk)
        assert head is not None
        with soundfile.SoundFile(SplicedFile(head, file)) as sound:
            assert sound.format == "RF64"
            assert sound.frames == (5 * 2**30 - 44) // 2
            found = sound.read(len(SOUND), dtype="float32")
            sound.seek(sound.frames - 10)
            assert len(sound.read(20)) == 10
    np.testing.assert_allclose(found, SOUND, atol=1e-4)


@pytest.mark.parametrize("kind", ["RF64", "W64", "AIFF", "AU", "CAF"])
def test_sizes_of_nearly_all_ones_mean_that_nobody_knows(kind: str) -> None:
    closed = content(SOUND, kind)
    chunk = find_sound_chunk(io.BytesIO(unclosed(SOUND, kind)))
    assert chunk is not None and chunk.unclosed
    bits = 8 * struct.calcsize(chunk.size_code)
    largest = -1 if kind == "CAF" else 2**bits - 1
    piped = find_sound_chunk(
        io.BytesIO(with_number(closed, chunk.size_at, chunk.size_code, largest))
    )
    assert piped is not None
    assert piped.declared_bytes is None and not piped.unclosed and piped.share == 1


def test_sizes_beyond_any_file_end_the_search() -> None:
    for size in (2**62, 2**63 - 1, 2**64 - 1):
        file = content(SOUND, "W64")
        assert find_sound_chunk(io.BytesIO(with_number(file, 56, "<Q", size))) is None
