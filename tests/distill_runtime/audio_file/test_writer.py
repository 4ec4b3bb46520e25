"""Audio files: what is in them, and what is left when writing fails."""

from __future__ import annotations

import math
import re
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_runtime.audio_file import wav
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import write_audio
from distill_runtime.errors import OutputError, OutputExistsError, RequestError

RATE_HZ = 48_000

FORMATS = [
    AudioFormat("wav", 16),
    AudioFormat("wav", 24),
    AudioFormat("wav", 32),
    AudioFormat("flac", 16),
    AudioFormat("flac", 24),
    AudioFormat("ogg"),
    AudioFormat("mp3"),
]
each_format = pytest.mark.parametrize(
    "audio_format", FORMATS, ids=lambda kind: f"{kind.container}-{kind.bit_depth}"
)

# As long as a recipe may be, and with whatever a title may hold.
TAGS = Tags("Tïtle / 音", "Ärtist", "Album\nof two lines", '{"recipe": "ü\\n", "x": [1]}' * 300)


def _sound(channels: int = 2, frames: int = 5000) -> np.ndarray:
    noise = np.random.default_rng(frames).uniform(-0.9, 0.9, (channels, frames))
    return noise.astype(np.float32)


def _write(path: Path, *blocks: np.ndarray, **changes: Any) -> int:
    options: dict[str, Any] = {
        "audio_format": AudioFormat(),
        "sample_rate_hz": RATE_HZ,
        "channels": 2,
    }
    return write_audio(path, blocks, **options | changes)


def _read(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float64", always_2d=True)
    return np.asarray(samples.T)


@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 44_100), (2, 48_000), (2, 96_000)])
@pytest.mark.parametrize(
    ("container", "bit_depth", "tolerance"),
    [
        ("wav", 16, 1.5 / 2**15),
        ("wav", 24, 0.5 / 2**23),
        ("wav", 32, 0.0),
        ("flac", 16, 1.5 / 2**15),
        ("flac", 24, 0.5 / 2**23),
    ],
)
def test_what_is_written_is_read(
    tmp_path: Path, channels: int, rate_hz: int, container: str, bit_depth: int, tolerance: float
) -> None:
    path = tmp_path / "a"
    x = _sound(channels)
    kind = AudioFormat(container, bit_depth)
    count = _write(path, x, channels=channels, sample_rate_hz=rate_hz, audio_format=kind)
    info = soundfile.info(path)
    subtype = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}[bit_depth]
    assert (info.format, info.subtype) == (container.upper(), subtype)
    assert (info.samplerate, info.channels, info.frames) == (rate_hz, channels, count)
    np.testing.assert_allclose(_read(path), x, rtol=0.0, atol=tolerance)


@pytest.mark.parametrize("container", ["ogg", "mp3"])
@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 44_100), (2, 48_000), (2, 96_000)])
def test_what_is_encoded_sounds_the_same(
    tmp_path: Path, container: str, channels: int, rate_hz: int
) -> None:
    if container == "mp3" and rate_hz == 96_000:
        with pytest.raises(RequestError, match=r"sample_rate_hz is 96000, .* for mp3"):
            _write(tmp_path / "a", sample_rate_hz=rate_hz, audio_format=AudioFormat(container))
        return
    times = np.arange(rate_hz) / rate_hz
    # Chords up to 18 kHz, with a swell, so that a shift in time would show.
    tones = [np.sin(2 * np.pi * f * times * (1 + 0.1 * times)) for f in (220, 1000, 5000, 16_000)]
    x = np.tile(0.2 * times * sum(tones), (channels, 1))
    _write(
        tmp_path / "a",
        x,
        channels=channels,
        sample_rate_hz=rate_hz,
        audio_format=AudioFormat(container),
    )
    found = _read(tmp_path / "a")
    assert found.shape == x.shape
    assert 10.0 * np.log10(np.square(x).sum() / np.square(found - x).sum()) > 15.0


@each_format
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("duration_s", [0.1, 1, 2, 3.7, 60])
def test_exact_lengths(
    tmp_path: Path, audio_format: AudioFormat, rate_hz: int, duration_s: float
) -> None:
    if audio_format.container == "mp3" and rate_hz == 96_000:
        return
    frames = round(duration_s * rate_hz)
    block = _sound(1, 10_000) * 0.5
    blocks = np.split(np.tile(block, frames // 10_000 + 1)[:, :frames], [500], axis=1)
    options = {"sample_rate_hz": rate_hz, "channels": 1, "audio_format": audio_format}
    assert _write(tmp_path / "a", *blocks, frames=frames, **options) == frames
    assert soundfile.info(tmp_path / "a").frames == frames
    with soundfile.SoundFile(tmp_path / "a") as file:
        assert sum(len(part) for part in file.blocks(2**16)) == frames


@each_format
@pytest.mark.parametrize("frames", [1, 2, 100, 575, 576, 577, 1152, 4096, 4097])
def test_short_sounds(tmp_path: Path, audio_format: AudioFormat, frames: int) -> None:
    assert _write(tmp_path / "a", _sound(2, frames), audio_format=audio_format) == frames
    assert _read(tmp_path / "a").shape == (2, frames)


@each_format
@given(cuts=st.lists(st.integers(0, 9000), max_size=8), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8, deadline=None)
def test_any_cut_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    audio_format: AudioFormat,
    cuts: list[int],
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    x = _sound(2, 9000)
    options = {"audio_format": audio_format, "seed_for_dither": seed, "tags": TAGS}
    _write(folder / "whole", x, frames=9000, **options)
    _write(folder / "cut", *np.split(x, sorted(cuts), axis=1), **options)
    assert (folder / "cut").read_bytes() == (folder / "whole").read_bytes()


def test_the_time_of_day_is_not_in_the_file(tmp_path: Path) -> None:
    for folder in ("now", "later"):
        (tmp_path / folder).mkdir()
        for number, audio_format in enumerate(FORMATS):
            path = tmp_path / folder / str(number)
            _write(path, _sound(), audio_format=audio_format, tags=TAGS)
        time.sleep(1.1)
    for number in range(len(FORMATS)):
        now, later = (tmp_path / folder / str(number) for folder in ("now", "later"))
        assert now.read_bytes() == later.read_bytes()


@each_format
def test_tags_are_read_back(tmp_path: Path, audio_format: AudioFormat) -> None:
    _write(tmp_path / "a", _sound(), audio_format=audio_format, tags=TAGS)
    assert read_tags(tmp_path / "a") == TAGS
    _write(tmp_path / "b", _sound(), audio_format=audio_format)
    assert read_tags(tmp_path / "b") == Tags()


@each_format
def test_the_longest_comment(tmp_path: Path, audio_format: AudioFormat) -> None:
    tags = Tags(comment="ü" * 500_000)
    _write(tmp_path / "a", _sound(), audio_format=audio_format, tags=tags)
    assert read_tags(tmp_path / "a") == tags
    assert _read(tmp_path / "a").shape == (2, 5000)


@each_format
def test_libsndfile_reads_the_tags(tmp_path: Path, audio_format: AudioFormat) -> None:
    # Of a WAV it reads no text of 2 kB or more.
    tags = Tags(TAGS.title, TAGS.artist, TAGS.album, TAGS.comment[:1000])
    _write(tmp_path / "a", _sound(), audio_format=audio_format, tags=tags)
    with soundfile.SoundFile(tmp_path / "a") as file:
        assert Tags(file.title, file.artist, file.album, file.comment) == tags


@pytest.mark.parametrize("container", ["flac", "ogg", "mp3"])
def test_mutagen_reads_the_tags(tmp_path: Path, container: str) -> None:
    mutagen = pytest.importorskip("mutagen")
    path = tmp_path / f"a.{container}"
    _write(path, _sound(2, RATE_HZ), audio_format=AudioFormat(container), tags=TAGS)
    file = mutagen.File(path)
    if container == "mp3":
        names = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "comment": "COMM::XXX"}
        found = {name: file.tags[frame].text for name, frame in names.items()}
        assert file.info.encoder_info.startswith("LAME")
    else:
        found = {name: file.tags[name] for name, _ in TAGS.items()}
    assert found == {name: [text] for name, text in TAGS.items()}
    assert file.info.sample_rate == RATE_HZ
    # mutagen counts an MP3's frames, padding included.
    assert file.info.length == pytest.approx(1.0, abs=0.06 if container == "mp3" else 1e-9)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("bit_depth", "tolerance"), [(16, 1.5 / 2**15), (24, 0.5 / 2**23)])
def test_the_wave_module_reads_it(
    tmp_path: Path, channels: int, bit_depth: int, tolerance: float
) -> None:
    x = _sound(channels, 5001)  # an odd number of bytes, where it is mono in 24 bits
    kind = AudioFormat("wav", bit_depth)
    _write(tmp_path / "a", x, channels=channels, audio_format=kind, tags=TAGS)
    with wave.open(str(tmp_path / "a")) as file:
        assert file.getparams()[:4] == (channels, bit_depth // 8, RATE_HZ, 5001)
        content = np.frombuffer(file.readframes(5001), np.uint8)
    # The upper bytes of 32-bit integers.
    padded = np.zeros((content.size * 8 // bit_depth, 4), np.uint8)
    padded[:, 4 - bit_depth // 8 :] = content.reshape(-1, bit_depth // 8)
    samples = padded.view("<i4").reshape(-1, channels).T / 2**31
    np.testing.assert_allclose(samples, x, rtol=0.0, atol=tolerance)


@pytest.mark.parametrize("bit_depth", [16, 32])
def test_scipy_reads_it(tmp_path: Path, bit_depth: int) -> None:
    wavfile = pytest.importorskip("scipy.io.wavfile")
    kind = AudioFormat("wav", bit_depth)
    _write(tmp_path / "a", _sound(), audio_format=kind, seed_for_dither=None)
    rate_hz, samples = wavfile.read(tmp_path / "a")
    assert rate_hz == RATE_HZ
    expected = _sound() if bit_depth == 32 else np.rint(_sound().astype(np.float64) * 2**15)
    np.testing.assert_array_equal(samples.T, expected)


@pytest.mark.parametrize("container", ["wav", "flac"])
def test_silence_without_dither_is_digital_silence(tmp_path: Path, container: str) -> None:
    silence = np.zeros((2, 5000))
    kind = AudioFormat(container, 16)
    _write(tmp_path / "a", silence, audio_format=kind, seed_for_dither=None)
    assert not _read(tmp_path / "a").any()
    _write(tmp_path / "b", silence, audio_format=kind, seed_for_dither=0)
    assert _read(tmp_path / "b").any()


@pytest.mark.parametrize(("bit_depth", "top"), [(16, 1 - 2**-15), (24, 1 - 2**-23)])
@pytest.mark.parametrize("container", ["wav", "flac"])
def test_beyond_full_scale_is_clipped_not_wrapped(
    tmp_path: Path, container: str, bit_depth: int, top: float
) -> None:
    x = np.array([[2.0, -2.0, 1e30, -1e30]], dtype=np.float32)
    _write(tmp_path / "a", x, channels=1, audio_format=AudioFormat(container, bit_depth))
    np.testing.assert_array_equal(_read(tmp_path / "a"), [[top, -1.0, top, -1.0]])


@pytest.mark.parametrize("blocks", [[], [np.zeros((2, 0), dtype=np.float32)]])
@each_format
def test_no_samples(tmp_path: Path, audio_format: AudioFormat, blocks: list[np.ndarray]) -> None:
    path = tmp_path / "a"
    if audio_format.container == "wav":
        assert _write(path, *blocks, audio_format=audio_format) == 0
        assert soundfile.info(path).frames == 0
    else:
        with pytest.raises(RequestError, match="the sound has no samples"):
            _write(path, *blocks, audio_format=audio_format)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bit_depth", [16, 24, 32])
def test_beyond_4_gb_it_is_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bit_depth: int
) -> None:
    path = tmp_path / "a.wav"
    x = _sound()
    monkeypatch.setattr(wav, "LIMIT_BYTES", 5000 * 2 * bit_depth // 8)
    _write(path, x, audio_format=AudioFormat("wav", bit_depth), frames=5000, tags=TAGS)
    assert path.read_bytes()[:4] == b"RF64"
    info = soundfile.info(path)
    assert (info.format, info.frames) == ("RF64", 5000)
    np.testing.assert_allclose(_read(path), x, rtol=0.0, atol=1.5 / 2**15)
    assert read_tags(path) == TAGS


def test_an_unknown_length_may_not_grow_beyond_a_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wav, "LIMIT_BYTES", 40_000)
    with pytest.raises(OutputError, match=r"would exceed 4 GB, .*: give the number of frames"):
        _write(tmp_path / "a.wav", _sound(), _sound())
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        _write(path, _sound())
    assert path.read_bytes() == b"mine"
    _write(path, _sound(), overwrite=True)
    assert soundfile.info(path).frames == 5000


@each_format
@pytest.mark.parametrize("missing", [1, 10, 100, 1000, 20_000])
def test_a_full_disk(tmp_path: Path, audio_format: AudioFormat, missing: int) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "a"
    x = _sound(2, RATE_HZ)
    _write(path, x, audio_format=audio_format)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - missing, hard))
    try:
        with pytest.raises(OutputError) as raised:
            _write(path, x, audio_format=audio_format, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    reason = r"(is not complete: .* frames.*; is the disk full\?|cannot be written: .*)"
    assert re.fullmatch(rf"{re.escape(str(path))} {reason}", str(raised.value))
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_write_that_soundfile_asserts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(self: soundfile.SoundFile, data: np.ndarray) -> None:
        raise AssertionError

    monkeypatch.setattr(soundfile.SoundFile, "write", short)
    with pytest.raises(OutputError, match=r"is not complete: .* is the disk full"):
        _write(tmp_path / "a.flac", _sound(), audio_format=AudioFormat("flac"))
    assert not list(tmp_path.iterdir())


@each_format
def test_what_the_blocks_raise_comes_through(tmp_path: Path, audio_format: AudioFormat) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield _sound()
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        write_audio(
            tmp_path / "a",
            blocks(),
            audio_format=audio_format,
            sample_rate_hz=RATE_HZ,
            channels=2,
        )
    assert not list(tmp_path.iterdir())


@each_format
@pytest.mark.parametrize("frames", [4999, 5001])
def test_other_frames_than_announced(
    tmp_path: Path, audio_format: AudioFormat, frames: int
) -> None:
    with pytest.raises(ValueError, match=f"{frames} frames were announced and 5000 "):
        _write(tmp_path / "a", _sound(), frames=frames, audio_format=audio_format)
    assert not list(tmp_path.iterdir())


@each_format
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_sound(tmp_path: Path, value: float, audio_format: AudioFormat) -> None:
    broken = _sound()
    broken[1, 17] = value
    with pytest.raises(OutputError, match=r"NaN or infinite within 5000 frames of frame 5000$"):
        _write(tmp_path / "a", _sound(), broken, audio_format=audio_format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_rate_hz": 0}, "sample_rate_hz is 0, expected one of 44100, 48000, 96000"),
        ({"channels": 0}, "the number of channels is 0, expected an integer from 1 to 1024"),
        ({"channels": 1}, "a block has shape [2, 5000], expected [1, samples]"),
        ({"seed_for_dither": -1}, "seed is -1"),
        (
            {"channels": 3, "audio_format": AudioFormat("mp3")},
            "the number of channels is 3, expected an integer from 1 to 2 for mp3",
        ),
    ],
)
def test_settings_out_of_bounds(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        _write(tmp_path / "a", _sound(), **changes)
    assert not list(tmp_path.iterdir())


def test_a_block_without_a_channel_axis(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=re.escape("a block has shape [100], expected [2, s")):
        _write(tmp_path / "a.wav", np.zeros(100, dtype=np.float32))
