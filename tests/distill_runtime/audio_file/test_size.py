"""No file is smaller than the least that was said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.size import least_bytes, likely_bytes
from distill_runtime.audio_file.writer import write_audio
from distill_runtime.contract import SAMPLE_RATES_HZ

FORMATS = [("wav", 16), ("wav", 24), ("wav", 32), ("flac", 16), ("flac", 24)]
FORMATS += [("ogg", None), ("mp3", None)]


def written(
    path: Path, audio_format: AudioFormat, rate_hz: int, channels: int, level: float
) -> int:
    block = np.random.default_rng(1).uniform(-level, level, (channels, rate_hz)).astype(np.float32)
    seconds = 20
    write_audio(
        path,
        (block for _ in range(seconds)),
        audio_format=audio_format,
        sample_rate_hz=rate_hz,
        channels=channels,
        seed_for_dither=None,  # silence is kept silent
    )
    return path.stat().st_size


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", SAMPLE_RATES_HZ)
@pytest.mark.parametrize(("container", "bit_depth"), FORMATS)
def test_silence_takes_no_less(
    tmp_path: Path, container: str, bit_depth: int | None, rate_hz: int, channels: int
) -> None:
    if container == "mp3" and rate_hz == 96_000:
        return
    audio_format = AudioFormat(container, bit_depth)
    least = least_bytes(audio_format, frames=20 * rate_hz, channels=channels)
    size = written(tmp_path / "a", audio_format, rate_hz, channels, 0.0)
    assert 0 < least <= size
    assert size <= least * 3 + 8192  # it is also not far from it


def test_a_wav_is_known_to_the_byte_but_for_its_header(tmp_path: Path) -> None:
    audio_format = AudioFormat("wav", 24)
    least = least_bytes(audio_format, frames=20 * 48_000, channels=2)
    assert least == 20 * 48_000 * 2 * 3
    assert written(tmp_path / "a", audio_format, 48_000, 2, 0.5) - least < 100


@pytest.mark.parametrize(("container", "bit_depth"), FORMATS)
def test_what_is_likely_is_between_silence_and_bare_samples(
    container: str, bit_depth: int | None
) -> None:
    audio_format = AudioFormat(container, bit_depth)
    sizes = {"frames": 480_000, "channels": 2}
    likely = likely_bytes(audio_format, **sizes)
    assert least_bytes(audio_format, **sizes) <= likely <= 480_000 * 2 * (bit_depth or 16) // 8
    assert likely_bytes(audio_format, frames=960_000, channels=2) == pytest.approx(
        2 * likely, abs=1
    )
