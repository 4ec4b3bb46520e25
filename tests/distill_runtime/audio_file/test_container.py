"""Containers, bit depths, endings, and what fits in."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.audio_file.container import AudioFormat, bit_depth_from_name, format_from_name
from distill_runtime.errors import RequestError


@pytest.mark.parametrize(
    ("container", "bit_depth"), [("wav", 24), ("flac", 24), ("ogg", None), ("mp3", None)]
)
def test_the_default_bit_depth(container: str, bit_depth: int | None) -> None:
    assert AudioFormat(container).bit_depth == bit_depth
    assert AudioFormat(container) == AudioFormat(container, bit_depth)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("aiff", 16), "container is 'aiff', expected one of wav, flac, ogg, mp3"),
        (("WAV",), "container is 'WAV', expected one of"),
        (("wav", 8), "bit_depth is 8, expected one of 16, 24, 32-float for wav"),
        (("wav", True), "bit_depth is True, expected one of"),
        (("wav", "16"), "bit_depth is '16', expected one of"),
        (("flac", 32), "bit_depth is 32, expected one of 16, 24 for flac"),
        (("ogg", 16), "bit_depth is 16, but ogg has none: leave it out"),
        (("mp3", 24), "bit_depth is 24, but mp3 has none: leave it out"),
    ],
)
def test_formats_there_are_not(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        AudioFormat(*arguments)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "mp3"])
def test_rates_that_fit(container: str, rate_hz: int) -> None:
    if (container, rate_hz) == ("mp3", 96_000):
        with pytest.raises(RequestError, match=r"is 96000, expected one of .*, 48000 for mp3$"):
            AudioFormat(container).check_sample_rate(rate_hz)
    else:
        AudioFormat(container).check_sample_rate(rate_hz)


@pytest.mark.parametrize(
    ("container", "rate_hz", "message"),
    [
        ("wav", 0, "sample_rate_hz is 0, expected one of 44100, 48000, 96000 for wav"),
        ("wav", 1_000_001, "sample_rate_hz is 1000001, expected one of"),
        ("wav", 48_000.0, "sample_rate_hz is 48000.0, expected one of"),
        ("wav", True, "sample_rate_hz is True, expected one of"),
        ("flac", 655_351, "expected one of 44100, 48000, 96000 for flac"),
        ("ogg", 7_999, "expected one of 44100, 48000, 96000 for ogg"),
        ("mp3", 44_101, "sample_rate_hz is 44101, expected one of 44100, 48000 for mp3"),
    ],
)
def test_rates_that_do_not_fit(container: str, rate_hz: object, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        AudioFormat(container).check_sample_rate(rate_hz)


@pytest.mark.parametrize(
    ("container", "most"), [("wav", 1024), ("flac", 8), ("ogg", 8), ("mp3", 2)]
)
def test_channels_that_fit(container: str, most: int) -> None:
    AudioFormat(container).check_channels(1)
    AudioFormat(container).check_channels(most)
    for channels in (0, most + 1, 1.0, True, "2"):
        with pytest.raises(RequestError, match=f"expected an integer from 1 to {most} for"):
            AudioFormat(container).check_channels(channels)


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("a.wav", "wav"),
        ("b/a.WAV", "wav"),
        ("a.b.flac", "flac"),
        ("a.Ogg", "ogg"),
        ("x.mp3", "mp3"),
    ],
)
def test_the_format_of_a_name(name: str, container: str) -> None:
    assert format_from_name(Path(name)) == container


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("b/a.aiff", "a.aiff ends in '.aiff', expected one of .wav, .wave, .flac, .ogg, .mp3: "),
        ("a", "a has no ending, expected one of"),
        (".wav", ".wav has no ending, expected one of"),
    ],
)
def test_names_of_no_format(name: str, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        format_from_name(Path(name))


def test_bit_depths_by_name() -> None:
    assert [bit_depth_from_name(name) for name in ("16", "24", "32-float")] == [16, 24, 32]
    with pytest.raises(RequestError, match="bit_depth is '32', expected one of 16, 24, 32-fl"):
        bit_depth_from_name("32")


def test_a_format_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        AudioFormat().bit_depth = 16  # type: ignore[misc]
