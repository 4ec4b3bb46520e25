"""Audio files as accidents leave them, made of good ones."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile

from tests.distill_export.training.synthetic_recordings import RATE_HZ

ID3 = b"ID3\x03\0\0" + bytes([0, 0, 7, 104]) + bytes(1000)


def content(
    sound: np.ndarray, kind: str = "WAV", codec: str = "PCM_16", rate_hz: int = RATE_HZ
) -> bytes:
    """Return the bytes of a file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, rate_hz, format=kind, subtype=codec)
    return buffer.getvalue()


def with_number(file: bytes, at: int, code: str, number: int) -> bytes:
    """Return a file in which one number is another one."""
    changed = bytearray(file)
    struct.pack_into(code, changed, at, number)
    return bytes(changed)


def unclosed_wav(sound: np.ndarray, size: int = 0, riff_size: int = 0) -> bytes:
    """Return a WAV of a recorder that lost power: its sizes were never written."""
    file = content(sound)
    file = with_number(file, file.find(b"data") + 4, "<I", size)
    return with_number(file, 4, "<I", riff_size)


def unclosed(sound: np.ndarray, kind: str) -> bytes:
    """Return the same of other kinds."""
    file = content(sound, kind)
    if kind == "AIFF":
        return with_number(with_number(file, file.find(b"SSND") + 4, ">I", 8), 4, ">I", 0)
    if kind == "AU":
        return with_number(file, 8, "<I" if file[:4] == b"dns." else ">I", 0)
    if kind == "CAF":
        return with_number(file, file.find(b"data") + 4, ">q", 0)
    if kind == "W64":
        return with_number(with_number(file, file.find(b"data") + 16, "<Q", 0), 16, "<Q", 0)
    assert kind == "RF64"
    return file[:20] + bytes(24) + file[44:]


def unsized_flac(sound: np.ndarray) -> bytes:
    """Return a FLAC that was written to a pipe: it does not know its length."""
    file = content(sound, "FLAC")
    (packed,) = struct.unpack_from(">Q", file, 18)
    return with_number(file, 18, ">Q", packed >> 36 << 36)


def mp3(sound: np.ndarray, mode: str = "CONSTANT", rate_hz: int = RATE_HZ) -> bytes:
    """Return an MP3 of constant or variable bit rate, with LAME's tag in its first frame."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        rate_hz,
        1,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode=mode,
        compression_level=0.1,
    ) as file:
        file.write(sound)
    return buffer.getvalue()


def untagged(file: bytes) -> bytes:
    """Return an MP3 without its first frame, which says how many there are."""
    kbits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[file[2] >> 4]
    rate_hz = (44_100, 48_000, 32_000)[file[2] >> 2 & 3]
    return file[144_000 * kbits // rate_hz + (file[2] >> 1 & 1) :]
