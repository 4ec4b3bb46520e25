"""The WAV header, byte by byte, and the tags in it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from distill_runtime.audio_file import wav
from distill_runtime.audio_file.tags import Tags


def _header(frames: int, **changes: object) -> bytes:
    options = {"sample_rate_hz": 48_000, "channels": 2, "bit_depth": 24} | changes
    return wav.header(frames=frames, **options)  # type: ignore[arg-type]


def test_the_bytes_of_a_header() -> None:
    assert _header(10, bit_depth=16, channels=1) == (
        b"RIFF\x38\0\0\0WAVE"
        b"fmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0"
        b"data\x14\0\0\0"
    )


def test_floats_have_an_extension_and_a_fact() -> None:
    content = _header(10, bit_depth=32)
    assert content[12:22] == b"fmt \x12\0\0\0\x03\0"
    assert content[38:50] == b"fact\x04\0\0\0\x0a\0\0\0"


def test_an_odd_number_of_bytes_is_padded() -> None:
    assert wav.trailer(frames=5, channels=1, bit_depth=24) == b"\0"
    assert wav.trailer(frames=4, channels=1, bit_depth=24) == b""
    (size,) = struct.unpack_from("<I", _header(5, channels=1), 4)
    assert size == 36 + 15 + 1


@pytest.mark.parametrize("bit_depth", [16, 24, 32])
def test_beyond_4_gb_it_is_rf64(bit_depth: int) -> None:
    frame_bytes = 2 * bit_depth // 8
    overhead = len(_header(0, bit_depth=bit_depth)) - 8
    fits = (wav.LIMIT_BYTES - overhead) // frame_bytes
    assert _header(fits, bit_depth=bit_depth).startswith(b"RIFF")
    content = _header(fits + 1, bit_depth=bit_depth)
    assert content.startswith(b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0")
    data_bytes = (fits + 1) * frame_bytes
    sizes = struct.unpack_from("<QQQI", content, 20)
    padding = data_bytes % 2
    assert sizes == (len(content) - 8 + data_bytes + padding, data_bytes, fits + 1, 0)
    assert content.endswith(b"data\xff\xff\xff\xff")


def test_any_length_below_4_gb_has_a_header_of_one_length() -> None:
    tags = Tags(title="a", comment="b" * 1001)
    lengths = {len(_header(n, bit_depth=32, tags=tags)) for n in (0, 1, 10**6, 5 * 10**8)}
    assert len(lengths) == 1


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_a_loop_is_told_to_samplers(rate_hz: int) -> None:
    plain, content = (_header(1000, sample_rate_hz=rate_hz, loop=loop) for loop in (False, True))
    assert len(content) == len(plain) + 68
    start = content.index(b"smpl")
    assert start == 36  # in front of the sound: a pipe has it, too
    size, *values = struct.unpack_from("<16I", content, start + 4)
    assert size == 60
    assert values[:9] == [0, 0, round(1e9 / rate_hz), 60, 0, 0, 0, 1, 0]
    assert values[9:] == [0, 0, 0, 999, 0, 0]  # the last frame is a part of the loop
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8 + 6000


def test_a_loop_of_more_than_4_gb() -> None:
    content = _header(2**32, loop=True)
    assert content.startswith(b"RF64")
    (end,) = struct.unpack_from("<I", content, content.index(b"smpl") + 8 + 36 + 12)
    assert end == 2**32 - 1
    assert b"smpl" not in _header(2**32 + 1, loop=True)  # its end has no number


def test_a_loop_of_no_length_yet() -> None:
    assert len(_header(0, loop=True)) == len(_header(1000, loop=True))


TAGS = Tags("Tïtle", "Ärtist 音", "odd", '{"a":\n"b"}' * 10_000)


def test_tags_are_read() -> None:
    content = _header(100, tags=TAGS) + bytes(600)
    assert wav.is_wav(content[:12])
    assert wav.read_tags(io.BytesIO(content)) == TAGS


@pytest.mark.parametrize("rf64", [False, True])
def test_tags_behind_the_sound_are_read(rf64: bool) -> None:
    text = wav.header(frames=0, sample_rate_hz=1, channels=1, bit_depth=16, tags=TAGS)[36:-8]
    assert text.startswith(b"LIST")
    content = b"LIST\x05\0\0\0adtlx\0" + b"data\x03\0\0\0abc\0" + text
    if rf64:
        sizes = struct.pack("<QQQI", 0, 3, 0, 0)
        content = (
            b"ds64\x1c\0\0\0" + sizes + content.replace(b"\x03\0\0\0abc", b"\xff" * 4 + b"abc")
        )
    assert wav.read_tags(io.BytesIO(b"RF64\0\0\0\0WAVE" + content)) == TAGS


def test_latin_1_is_read_too() -> None:
    content = b"RIFF\0\0\0\0WAVELIST\x0f\0\0\0INFOINAM\x03\0\0\0\xe4b\0\0"
    assert wav.read_tags(io.BytesIO(content)) == Tags(title="äb")


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"LIS",
        b"LIST\x05\0\0\0",
        b"LIST\x04\0\0\0INFO",
        b"LIST\x0a\0\0\0INFOINAM\0\0",
        b"data\xff\xff\xff\xff",
        b"ds64\x02\0\0\0\0\0",
        b"LIST\x10\0\0\0INFOXXXX\x02\0\0\0ab",
    ],
)
def test_no_tags(rest: bytes) -> None:
    assert wav.read_tags(io.BytesIO(b"RIFF\0\0\0\0WAVE" + rest)) == Tags()


@pytest.mark.parametrize("size", [0, 4, 2**32 - 1])
def test_a_list_of_a_wrong_size(size: int) -> None:
    content = b"RIFF\0\0\0\0WAVELIST" + struct.pack("<I", size) + b"INFOINAM\x03\0\0\0ab\0\0"
    assert wav.read_tags(io.BytesIO(content)) in (Tags(), Tags(title="ab"))


def test_what_is_no_wav(tmp_path: Path) -> None:
    assert not wav.is_wav(b"")
    assert not wav.is_wav(b"RIFF\0\0\0\0AVI ")
