"""Writing sound to a file, block by block, so that its length needs no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_runtime.arrays import FloatArray
from distill_runtime.audio_file import id3, loop_comments, ogg, wav
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.quantize import Quantizer, to_bytes
from distill_runtime.audio_file.splice import splice
from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import OutputError, RequestError
from distill_runtime.files.output_file import replacing
from distill_runtime.files.paths import for_library
from distill_runtime.files.shown import shown
from distill_runtime.files.space import free_bytes

if TYPE_CHECKING:
    import soundfile

# libsndfile's names, and qualities that keep everything up to 20 kHz: LAME's V0 (about 250 kb/s of
# stereo) and Vorbis' q6 (about 190 kb/s), where its defaults end at 18.5 kHz.
ENCODERS: dict[tuple[str, int | None], dict[str, Any]] = {
    ("flac", 16): {"format": "FLAC", "subtype": "PCM_16"},
    ("flac", 24): {"format": "FLAC", "subtype": "PCM_24"},
    ("ogg", None): {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.4},
    ("mp3", None): {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "compression_level": 0.0,
        "bitrate_mode": "VARIABLE",
    },
}

# Vorbis' encoder decides on what it has got so far, so what it is given at once shows in the
# result; and libsndfile hands it all at once, on the stack.
_SLICE_FRAMES = 4096

_FULL_BYTES = 2**17  # libsndfile does not say why it cannot write: less is free on a full disk


def write_audio(
    path: Path,
    blocks: Iterable[FloatArray],
    *,
    audio_format: AudioFormat,
    sample_rate_hz: int,
    channels: int,
    frames: int | None = None,
    tags: Tags | None = None,
    seed_for_dither: int | None = 0,
    overwrite: bool = False,
    loop: bool = False,
) -> int:
    """Write an audio file, whole or not at all.

    The same blocks, however they are cut, give the same bytes. Every container gives back exactly
    the frames that were written, OGG and MP3 too. 16 bits are dithered, 24 bits rounded, both
    clipped at full scale; floats, and what OGG and MP3 encode, stay as they are.

    Args:
        path: Where the file shall be, under whatever name.
        blocks: `[channels, samples]` each, full scale being 1, any number of samples.
        audio_format: Container and bit depth.
        sample_rate_hz: Frames in a second.
        channels: Rows of every block.
        frames: How many there will be in all, where that is known. Only then can a WAV of more
            than 4 GB be written (as RF64).
        tags: Texts to be in the file.
        seed_for_dither: 0 to 2^32 - 1, or None for no dither, so that silence stays silence.
        overwrite: Replace a file that is there already.
        loop: Whether to say in the file that all of it is a loop; an MP3 cannot say it.

    Returns:
        How many frames were written.

    Raises:
        RequestError: A setting is out of bounds, a block has another number of channels, or there
            is no sample at all (a WAV may be empty).
        OutputExistsError: The file is there and `overwrite` is false.
        OutputError: The file could not be written, or not completely; or a sample is NaN or
            infinite.
        ValueError: The blocks did not hold the frames that were announced.
    """
    audio_format.check_sample_rate(sample_rate_hz)
    audio_format.check_channels(channels)
    quantizer = Quantizer(audio_format.bit_depth, seed_for_dither)
    name = shown(path)
    checked = checked_blocks(blocks, channels=channels, frames=frames, name=name)
    write = _write_wav if audio_format.container == "wav" else _write_encoded
    with replacing(Path(path), overwrite=overwrite) as temporary:
        return write(
            temporary,
            sliced(checked, channels),
            quantizer,
            name=name,
            audio_format=audio_format,
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            frames=frames,
            tags=tags or Tags(),
            loop=loop,
        )


def checked_blocks(
    blocks: Iterable[FloatArray], *, channels: int, frames: int | None, name: str
) -> Iterator[FloatArray]:
    """Yield the blocks, as long as each is what was announced.

    Args:
        blocks: What to check.
        channels: Rows of every block.
        frames: How many there shall be in all, where that is known.
        name: Where they go, for messages.

    Raises:
        RequestError: A block has another shape.
        OutputError: A sample is NaN or infinite.
        ValueError: There are other frames than announced.
    """
    passed = 0
    for block in blocks:
        if block.ndim != 2 or block.shape[0] != channels:
            raise RequestError(
                f"a block has shape {list(block.shape)}, expected [{channels}, samples]"
            )
        if not np.isfinite(block).all():
            raise OutputError(
                f"{name} is not written: the sound is NaN or infinite "
                f"within {block.shape[1]} frames of frame {passed}"
            )
        passed += block.shape[1]
        if frames is not None and passed > frames:
            raise ValueError(f"{frames} frames were announced and {passed} or more came")
        yield block
    if frames is not None and passed != frames:
        raise ValueError(f"{frames} frames were announced and {passed} came")


def _write_wav(
    temporary: Path,
    blocks: Iterable[FloatArray],
    quantizer: Quantizer,
    *,
    name: str,
    audio_format: AudioFormat,
    sample_rate_hz: int,
    channels: int,
    frames: int | None,
    tags: Tags,
    loop: bool,
) -> int:
    """Write a WAV, whose header is written again where the length was not known."""
    bit_depth = audio_format.bit_depth
    assert bit_depth is not None, "every WAV has a bit depth"

    def header(frames: int) -> bytes:
        return wav.header(
            frames=frames,
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            bit_depth=bit_depth,
            tags=tags,
            loop=loop,
        )

    with temporary.open("wb") as file:
        size_bytes = file.write(header(frames or 0))
        written = 0
        for block in blocks:
            size_bytes += file.write(to_bytes(quantizer.push(block), bit_depth))
            written += block.shape[1]
            if frames is None and size_bytes > wav.LIMIT_BYTES:
                raise OutputError(
                    f"{name} would exceed 4 GB, too much for a WAV of unknown length: "
                    "give the number of frames or write a shorter sound"
                )
        file.write(wav.trailer(frames=written, channels=channels, bit_depth=bit_depth))
        if frames is None:
            file.seek(0)
            file.write(header(written))
    return written


def _write_encoded(
    temporary: Path,
    blocks: Iterable[FloatArray],
    quantizer: Quantizer,
    *,
    name: str,
    audio_format: AudioFormat,
    sample_rate_hz: int,
    channels: int,
    frames: int | None,
    tags: Tags,
    loop: bool,
) -> int:
    """Write FLAC, OGG or MP3 with libsndfile."""
    import soundfile  # noqa: PLC0415  (for what is no WAV)

    container = audio_format.container
    written = 0
    try:
        with soundfile.SoundFile(
            for_library(temporary),
            "w",
            samplerate=sample_rate_hz,
            channels=channels,
            **ENCODERS[container, audio_format.bit_depth],
        ) as file:
            if container != "mp3":
                for tag, text in tags.items():
                    if text:
                        setattr(file, tag, text)
            for block in blocks:
                _append(file, quantizer.push(block))
                written += block.shape[1]
    except soundfile.LibsndfileError as reason:
        free = free_bytes(temporary.parent)
        if free is not None and free < _FULL_BYTES:
            raise OutputError(f"{name} cannot be written: the disk is full") from reason
        raise OutputError(
            f"{name} is not complete: {reason.error_string.rstrip('.')} "
            f"after {written} frames; is the disk full?"
        ) from reason
    if written == 0:
        raise RequestError(f"the sound has no samples, and a {container} needs some")
    _check_complete(temporary, written, name)
    if loop and container == "flac":
        loop_comments.add_to_flac(temporary, written)
    if loop and container == "ogg":
        loop_comments.add_to_ogg(temporary, written)
    if container == "ogg":
        ogg.renumber(temporary)
    elif container == "mp3":
        splice(temporary, 0, 0, id3.id3_tag(tags))
    return written


def sliced(blocks: Iterable[FloatArray], channels: int) -> Iterator[FloatArray]:
    """Cut the sound anew, into blocks of one length, the last of what is left."""
    held: FloatArray = np.zeros((channels, 0), np.float32)
    for block in blocks:
        start = 0
        while (end := start + _SLICE_FRAMES - held.shape[1]) <= block.shape[1]:
            yield np.concatenate([held, block[:, start:end]], axis=1)
            held = held[:, :0]
            start = end
        held = np.concatenate([held, block[:, start:]], axis=1)
    if held.shape[1]:
        yield held


def _append(file: soundfile.SoundFile, samples: Any) -> None:
    """Write frames, with one kind of error for all that may go wrong."""
    import soundfile  # noqa: PLC0415

    try:
        file.write(samples)
    except AssertionError:
        # How soundfile notices that fewer frames went out than it handed over.
        raise soundfile.LibsndfileError(2, "Short write: ") from None


def _check_complete(temporary: Path, written: int, name: str) -> None:
    """Read the end back, because libsndfile does not report every write that fell short."""
    import soundfile  # noqa: PLC0415

    found = 0
    with suppress(soundfile.LibsndfileError), soundfile.SoundFile(for_library(temporary)) as file:
        # The length alone may be that of the header, with nothing behind it.
        file.seek(min(written, file.frames) - 1)
        found = file.frames if len(file.read(1)) else 0
    if found != written:
        raise OutputError(f"{name} is not complete: {found} frames of {written}; is the disk full?")
