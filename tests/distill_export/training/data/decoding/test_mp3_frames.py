from __future__ import annotations

import io

import numpy as np
import pytest

from distill_export.training.data.decoding.mp3_frames import (
    FrameHead,
    counted_head,
    has_frame_count,
    is_mp3,
)
from tests.distill_export.training.broken_recordings import ID3, content, mp3, untagged
from tests.distill_export.training.synthetic_recordings import tone

VARYING = np.concatenate([0.3 * np.random.default_rng(0).standard_normal(48_000), np.zeros(48_000)])


def test_the_head_of_a_frame() -> None:
    head = FrameHead.parse(bytes.fromhex("fffb9064"))  # MPEG-1, 128 kbit/s, 44.1 kHz, stereo
    assert head == FrameHead((3, 0), 128, 417, 32)
    head = FrameHead.parse(bytes.fromhex("fff384c4"))  # MPEG-2, 64 kbit/s, 24 kHz, mono
    assert head == FrameHead((2, 1), 64, 192, 9)
    for other in ("fffb", "fffbf064", "fffb0064", "fffb9c64", "fffd9064", "ffeb9064", "00fb9064"):
        assert FrameHead.parse(bytes.fromhex(other)) is None


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000])
def test_frames_follow_each_other(rate_hz: int) -> None:
    file = mp3(tone(0, 1.0, rate_hz), "CONSTANT", rate_hz)
    at, count = 0, 0
    while head := FrameHead.parse(file[at : at + 4]):
        at, count = at + head.size_bytes, count + 1
    assert at == len(file)
    assert count == pytest.approx(rate_hz / (1152 if rate_hz > 32_000 else 576) + 2, abs=2)


@pytest.mark.parametrize("tag", [b"", ID3, ID3 + bytes(100)])
def test_what_needs_a_count(tag: bytes) -> None:
    for mode, needs in (("CONSTANT", False), ("VARIABLE", True)):
        file = mp3(VARYING.astype(np.float32), mode)
        assert is_mp3(io.BytesIO(tag + file))
        assert has_frame_count(io.BytesIO(tag + file))
        assert counted_head(io.BytesIO(tag + file)) is None
        bare = tag + untagged(file)
        assert not has_frame_count(io.BytesIO(bare))
        head = counted_head(io.BytesIO(bare))
        assert (head is not None) == needs
        if head:
            assert head.goes_on_at == len(tag)
            assert has_frame_count(io.BytesIO(head.content + bare[head.goes_on_at :]))


@pytest.mark.parametrize("kind", ["FLAC", "WAV", "AIFF"])
def test_other_files_are_not_mp3s(kind: str) -> None:
    assert not is_mp3(io.BytesIO(content(tone(0, 0.1), kind)))
    assert not is_mp3(io.BytesIO(ID3 + content(tone(0, 0.1), kind)))
    assert not is_mp3(io.BytesIO(b""))
    assert counted_head(io.BytesIO(content(tone(0, 0.1), kind))) is None
