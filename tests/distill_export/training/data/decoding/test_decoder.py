from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_export.training.data.decoding.decoder import decoding
from distill_runtime.errors import RecordingError
from tests.distill_export.training import broken_recordings
from tests.distill_export.training.broken_recordings import content, unclosed, unclosed_wav
from tests.distill_export.training.synthetic_recordings import RATE_HZ, tone

REPOSITORY = Path(__file__).parents[5]
SOUND = tone(1, 3.0)
KINDS = [
    ("WAV", "PCM_16"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_24"),
    ("RF64", "FLOAT"),
    ("W64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("CAF", "PCM_16"),
    ("CAF", "ALAC_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
    ("NIST", "PCM_16"),
]


def decoded(path: Path, file: bytes) -> tuple[np.ndarray, int | None, bool]:
    """Write a file and return its samples, what its header promises and whether it has an end."""
    path.write_bytes(file)
    with decoding(path) as decoder:
        blocks = list(decoder.blocks(1000))
        assert all(len(block) == 1000 for block in blocks[:-1])
        samples = np.concatenate(blocks) if blocks else np.zeros((0, decoder.channels))
        assert len(samples) == decoder.read_frames
        return samples, decoder.promised_frames, decoder.header.ends


@pytest.mark.parametrize(("kind", "codec"), KINDS)
def test_a_good_file_is_read_as_the_library_reads_it(tmp_path: Path, kind: str, codec: str) -> None:
    file = content(np.stack([SOUND, -0.5 * SOUND], 1), kind, codec)
    path = tmp_path / f"a.{kind.lower()}"
    samples, promised, ends = decoded(path, file)
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(samples, expected)
    assert ends
    assert promised in (None, len(samples))
    assert (promised is None) == (kind == "OGG")


@pytest.mark.parametrize(("kind", "codec"), KINDS)
def test_half_a_file_is_read_as_far_as_it_goes(tmp_path: Path, kind: str, codec: str) -> None:
    file = content(SOUND, kind, codec)
    whole, _, _ = decoded(tmp_path / "whole", file)
    half = file[: len(file) // 2]
    if codec == "ALAC_16":
        with pytest.raises(RecordingError, match=r"^is cut off: .*% of it is there"):
            decoded(tmp_path / "half", half)
        return
    samples, promised, ends = decoded(tmp_path / "half", half)
    assert 0.2 * len(whole) < len(samples) < 0.6 * len(whole)
    sure = len(samples) - 1000 * (codec == "IMA_ADPCM")  # whose last block may be half a block
    np.testing.assert_allclose(samples[:sure], whole[:sure], atol=1e-6)
    if kind == "OGG":
        assert (promised, ends) == (None, False)
    elif kind != "NIST":  # of which nobody but the library knows the header
        assert promised == pytest.approx(len(whole), rel=0.02)


@pytest.mark.parametrize("size", [0, 2**32 - 1, 2**31 - 1, 2**32 - 37])
@pytest.mark.parametrize("riff_size", [0, 2**32 - 1, 36 + 2 * len(SOUND)])
def test_a_wav_without_sizes_is_read_to_its_end(tmp_path: Path, size: int, riff_size: int) -> None:
    samples, promised, _ = decoded(tmp_path / "a.wav", unclosed_wav(SOUND, size, riff_size))
    expected, _, _ = decoded(tmp_path / "b.wav", content(SOUND))
    np.testing.assert_array_equal(samples, expected)
    assert promised is None


@pytest.mark.parametrize("kind", ["AIFF", "AU", "CAF", "W64", "RF64"])
def test_so_are_others(tmp_path: Path, kind: str) -> None:
    samples, promised, _ = decoded(tmp_path / "a", unclosed(SOUND, kind))
    expected, _, _ = decoded(tmp_path / "b", content(SOUND, kind))
    np.testing.assert_array_equal(samples, expected)
    assert promised is None


def test_a_flac_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    samples, promised, _ = decoded(tmp_path / "a.flac", broken_recordings.unsized_flac(SOUND))
    expected, _, _ = decoded(tmp_path / "b.flac", content(SOUND, "FLAC"))
    np.testing.assert_array_equal(samples, expected)
    assert promised is None


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "WAV"])
def test_a_tag_at_the_end_does_not_matter(tmp_path: Path, kind: str) -> None:
    codec = "VORBIS" if kind == "OGG" else "PCM_16"
    file = content(SOUND, kind, codec) + b"TAG" + bytes(125)
    samples, promised, ends = decoded(tmp_path / "a", file)
    assert len(samples) == len(SOUND) and promised in (None, len(SOUND)) and ends


def test_what_comes_before_the_damage_is_read(tmp_path: Path) -> None:
    file = content(SOUND, "FLAC")
    half = len(file) // 2
    samples, promised, _ = decoded(tmp_path / "a", file[:half] + bytes(3000) + file[half + 3000 :])
    assert 0.4 < len(samples) / len(SOUND) < 0.6
    assert promised == len(SOUND)
    np.testing.assert_allclose(samples[:, 0], SOUND[: len(samples)], atol=1e-4)


@pytest.mark.parametrize("loud_first", [True, False])
def test_an_mp3_of_variable_rate_needs_no_tag(tmp_path: Path, loud_first: bool) -> None:
    random = np.random.default_rng(0)
    loud = 0.3 * random.standard_normal(2 * RATE_HZ)
    quiet = 1e-3 * random.standard_normal(4 * RATE_HZ)
    sound = np.concatenate([loud, quiet] if loud_first else [quiet, loud])
    file = broken_recordings.mp3(sound.astype(np.float32), "VARIABLE")
    tagged, promised, _ = decoded(tmp_path / "a.mp3", file)
    assert len(tagged) == promised == len(sound)
    bare = broken_recordings.untagged(file)
    found, promised, _ = decoded(tmp_path / "b.mp3", bare)
    assert promised is None
    assert len(sound) <= len(found) < len(sound) + 3000
    delay = 576  # LAME's own, which its tag says and nobody else
    np.testing.assert_allclose(found[delay : delay + len(sound)], tagged, atol=1e-4)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always text")
def test_names_that_are_not_text(tmp_path: Path) -> None:
    for file in (content(SOUND), unclosed_wav(SOUND)):
        samples, _, _ = decoded(tmp_path / os.fsdecode(b"\xe9\xff.wav"), file)
        assert len(samples) == len(SOUND)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "is not an audio file"),
        (b"hello", "is not an audio file"),
        (bytes(1000), "is not an audio file"),
        (content(np.zeros(10), rate_hz=100), "has 100 Hz, expected 4000 to 768000"),
        (content(np.zeros((10, 65))), "has 65 channels, expected 1 to 64"),
        (content(SOUND, "OGG", "OPUS")[:1000], "is cut off before there is any sound"),
    ],
)
def test_what_cannot_be_decoded_is_refused(tmp_path: Path, file: bytes, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        decoded(tmp_path / "a", file)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(RecordingError, match=r"cannot be read \(No such file"),
        decoding(tmp_path / "nowhere.wav"),
    ):
        pass


def test_nothing_but_damage_is_refused(tmp_path: Path) -> None:
    file = content(SOUND, "FLAC")
    with pytest.raises(RecordingError, match=r"is damaged \(.+\)"):
        decoded(tmp_path / "a.flac", file[:90] + bytes(len(file) - 90))


def test_the_library_says_nothing_by_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = content(SOUND, "MP3", "MPEG_LAYER_III")
    decoded(tmp_path / "a.mp3", file[: len(file) // 2])
    print("mine", file=sys.stderr)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "mine\n")
    (tmp_path / "b.mp3").write_bytes(file[: len(file) // 2])
    soundfile.info(str(tmp_path / "b.mp3"))
    assert capfd.readouterr().err, "there is nothing to keep quiet: the test shows nothing"


def test_not_even_to_stdout(tmp_path: Path) -> None:
    """In a process of its own, whose stdout C writes when it ends, if not before."""
    dump = content(SOUND, "SDS")  # a head of 21 bytes, and blocks of 127
    path = tmp_path / "a.sds"
    path.write_bytes(dump[: 21 + 10 * 127] + bytes(127) + dump[21 + 11 * 127 :])
    said = [_said_by(f"{reads}\nprint('mine')", path) for reads in (DECODES, "")]
    assert said == ["mine\n", "mine\n"]
    assert _said_by("import soundfile; soundfile.read(path)", path) != "", "it shows nothing"


DECODES = """
from pathlib import Path
from distill_export.training.data.decoding.decoder import decoding
with decoding(Path(path)) as decoder:
    for block in decoder.blocks(1000):
        pass
"""


def _said_by(program: str, path: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"path = {str(path)!r}\n{program}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    ).stdout


def test_ctrl_c_comes_through_where_the_library_calls_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From within a callback it could not be raised: the file would end there instead."""
    from distill_export.training.data.decoding.spliced_file import SplicedFile

    path = tmp_path / "a.wav"
    path.write_bytes(unclosed_wav(tone(0, 10.0)))
    read, pressed = SplicedFile.read, []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted(self: SplicedFile, count: int) -> bytes:
        if self.tell() > 100_000 and not pressed:
            pressed.append(True)
            signal.raise_signal(signal.SIGINT)
        return read(self, count)

    monkeypatch.setattr(SplicedFile, "read", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt), decoding(path) as decoder:
            list(decoder.blocks(1000))
    finally:
        signal.signal(signal.SIGINT, before)
