"""Writing sound to a file, block by block, so that its length needs no memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from distill_runtime.errors import OutputError, RequestError
from distill_runtime.output_file import replacing
from distill_runtime.seeds import check_seed

# A container's sample formats: bits to libsndfile's name of them. 32 bits are floating point.
_SUBTYPES = {"wav": {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}}

# A WAV's chunk sizes are 32 bits wide; a page is left for the header.
_WAV_LIMIT_BYTES = 2**32 - 4096

# What libsndfile takes.
_MAX_RATE_HZ = 2**31 - 1
_MAX_CHANNELS = 1024

# Where libsndfile puts the PEAK chunk of a floating-point WAV: well within the first page.
_HEADER_BYTES = 4096

_INTEGERS: dict[int, type[np.signedinteger[Any]]] = {16: np.int16, 24: np.int32}

Block = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class AudioFormat:
    """How samples are stored.

    Attributes:
        container: "wav".
        bit_depth: 16 (dithered) or 24 bits of integer, or 32 of floating point.

    Raises:
        RequestError: There is no such container, or it has no such bit depth.
    """

    container: str = "wav"
    bit_depth: int = 24

    def __post_init__(self) -> None:
        if self.container not in _SUBTYPES:
            raise RequestError(
                f"the format is {self.container!r}, expected one of {_listed(_SUBTYPES)}"
            )
        depths = _SUBTYPES[self.container]
        if isinstance(self.bit_depth, bool) or self.bit_depth not in depths:
            raise RequestError(
                f"the bit depth is {self.bit_depth!r}, expected one of {_listed(depths)} "
                f"for {self.container}"
            )

    @property
    def subtype(self) -> str:
        """Name, in libsndfile, of the sample format."""
        return _SUBTYPES[self.container][self.bit_depth]

    def major_type(self, size_bytes: int) -> str:
        """Name, in libsndfile, of the container that holds so many bytes of samples."""
        if self.container == "wav" and size_bytes > _WAV_LIMIT_BYTES:
            return "RF64"
        return self.container.upper()


def write_wav(
    path: Path,
    blocks: Iterable[Block],
    *,
    sample_rate_hz: int,
    channels: int,
    bit_depth: int = 24,
    frames: int | None = None,
    seed_for_dither: int = 0,
    overwrite: bool = False,
) -> int:
    """Write a WAV, whole or not at all.

    16 bits get triangular dither, two steps wide (Lipshitz, Wannamaker and Vanderkooy,
    "Quantization and Dither", 1992), 24 bits are rounded to the nearest; both are clipped at full
    scale. 32-bit floats stay as they are. The same blocks, however they are cut, give the same
    bytes.

    Args:
        path: Where the file shall be.
        blocks: `[channels, samples]` each, full scale being 1, any number of samples.
        sample_rate_hz: Frames in a second.
        channels: Rows of every block.
        bit_depth: 16, 24 or 32.
        frames: How many there will be in all, where that is known. Only then can a file of more
            than 4 GB be written (as RF64).
        seed_for_dither: An integer, 0..2^32-1.
        overwrite: Replace a file that is there already.

    Returns:
        How many frames were written.

    Raises:
        RequestError: A setting is out of bounds, or a block has another number of channels.
        OutputExistsError: The file is there and `overwrite` is false.
        OutputError: The file could not be written, or not completely; or a sample is NaN or
            infinite.
        ValueError: The blocks did not hold the frames that were announced.
    """
    audio_format = AudioFormat("wav", bit_depth)
    _check_integer("sample rate", sample_rate_hz, _MAX_RATE_HZ)
    _check_integer("number of channels", channels, _MAX_CHANNELS)
    dither = np.random.default_rng(check_seed(seed_for_dither))
    frame_bytes = channels * bit_depth // 8
    major_type = audio_format.major_type((frames or 0) * frame_bytes)

    with replacing(Path(path), overwrite=overwrite) as temporary:
        written = 0
        try:
            with soundfile.SoundFile(
                temporary,
                "w",
                samplerate=sample_rate_hz,
                channels=channels,
                subtype=audio_format.subtype,
                format=major_type,
            ) as file:
                for block in blocks:
                    _check_block(block, channels, written, path)
                    written += block.shape[1]
                    if major_type == "WAV" and written * frame_bytes > _WAV_LIMIT_BYTES:
                        raise OutputError(
                            f"{path} would exceed 4 GB, too much for a WAV of unknown length: "
                            "give the number of frames or write a shorter sound"
                        )
                    _append(file, _encoded(block.T, bit_depth, dither))
        except soundfile.LibsndfileError as reason:
            raise OutputError(
                f"{path} is not complete: {reason.error_string.rstrip('.')} "
                f"after {written} frames; is the disk full?"
            ) from reason
        if frames is not None and written != frames:
            raise ValueError(f"{frames} frames were announced and {written} came")
        _clear_peak_time(temporary)
        _check_complete(temporary, written, path)
    return written


def _encoded(
    frames: Block, bit_depth: int, dither: np.random.Generator
) -> npt.NDArray[np.float32] | npt.NDArray[np.signedinteger[Any]]:
    """Turn samples into what libsndfile stores without changing it.

    Its own conversion rounds down, a bias of half a step, and does not dither.

    Args:
        frames: `[samples, channels]`.
        bit_depth: 16, 24 or 32.
        dither: The noise's source, left just after the last frame's.

    Returns:
        `[samples, channels]`, 24 bits in the upper bits of 32.
    """
    if bit_depth == 32:
        return frames.astype(np.float32)
    full_scale = 2.0 ** (bit_depth - 1)
    scaled = frames.astype(np.float64) * full_scale
    if bit_depth == 16:
        # Frame after frame, so that the cut between blocks does not show.
        first, second = np.moveaxis(dither.random((*frames.shape, 2)), -1, 0)
        scaled += first - second
    integers = np.clip(np.rint(scaled), -full_scale, full_scale - 1.0).astype(_INTEGERS[bit_depth])
    return integers << 8 if bit_depth == 24 else integers


def _append(file: soundfile.SoundFile, samples: npt.NDArray[Any]) -> None:
    """Write frames, with one kind of error for all that may go wrong."""
    try:
        file.write(samples)
    except AssertionError:
        # How soundfile notices that fewer frames went out than it handed over.
        raise soundfile.LibsndfileError(2, "Short write: ") from None


def _clear_peak_time(path: Path) -> None:
    """Blank the time of day in the PEAK chunk of a floating-point WAV.

    The chunk is its name, its size, a version and the time, four bytes each. With the time left
    there, no two files would be the same.
    """
    with path.open("r+b") as file:
        header = file.read(_HEADER_BYTES).partition(b"data")[0]
        start = header.find(b"PEAK")
        if start >= 0:
            file.seek(start + 12)
            file.write(bytes(4))


def _check_complete(temporary: Path, written: int, path: Path) -> None:
    """Read the length back, because libsndfile does not report every write that fell short."""
    try:
        found = soundfile.info(temporary).frames
    except soundfile.LibsndfileError:
        found = 0
    if found != written:
        raise OutputError(f"{path} is not complete: {found} frames of {written}; is the disk full?")


def _check_block(block: Block, channels: int, written: int, path: Path) -> None:
    """Refuse a block of another shape, or one that holds no numbers."""
    if block.ndim != 2 or block.shape[0] != channels:
        raise RequestError(f"a block has shape {list(block.shape)}, expected [{channels}, samples]")
    if not np.isfinite(block).all():
        raise OutputError(
            f"{path} is not written: the sound is NaN or infinite "
            f"within {block.shape[1]} frames of frame {written}"
        )


def _check_integer(name: str, value: object, most: int) -> None:
    """Refuse what is no integer from 1 to the most that libsndfile takes."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise RequestError(f"the {name} is {value!r}, expected an integer from 1 to {most}")


def _listed(values: Iterable[object]) -> str:
    """Join the choices for a message."""
    return ", ".join(str(value) for value in values)
