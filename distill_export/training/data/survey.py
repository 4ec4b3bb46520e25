"""A recording looked at as a whole, before anything is taken from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_export.training.data.constant import ConstantEstimate
from distill_export.training.data.decoding.decoder import Decoder, decoding
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.errors import RecordingError

AUDIBLE_PEAK = 1e-3  # -60 dB of full scale
# Power of the mean of all channels over their mean power below which they cancel each other. It is
# 1 / channels if they have nothing in common, and 1 if they are the same.
_CANCELLED = 0.01
_CUT_SHARE, _CUT_S = 0.01, 0.05  # encoders round the length that they write


@dataclass(frozen=True, eq=False)
class Survey:
    """What must be known of a recording to take chunks from it.

    Attributes:
        duration_s: Length of what can be decoded.
        audible: Of each second, whether a channel of it is louder than silence.
        cancelled: Of each second, whether its channels leave nothing of each other.
        channel: The one to use there.
        offsets: The constant (DC) that each channel stands on, `[channels]`; 0 if it is nothing.
        notes: What a person should know, each as it goes on after the file's name and "it".
    """

    duration_s: float
    audible: tuple[bool, ...]
    cancelled: tuple[bool, ...]
    channel: int
    offsets: Float32Array
    notes: tuple[str, ...]


def survey(path: Path) -> Survey:
    """Read a recording to its end, or as far as it can be decoded.

    Raises:
        RecordingError: It cannot be read, holds no sound, or NaN or infinity; the complaint goes on
            after the file's name and "it".
    """
    audible, cancelled = [], []
    largest_mean = 0.0
    with decoding(path) as decoder:
        constant = ConstantEstimate(decoder.rate_hz, decoder.channels)
        power = np.zeros(decoder.channels)
        for second in decoder.blocks(decoder.rate_hz):
            levels = [_levels(channel) for channel in second.T]
            audible.append(max(level.peak for level in levels) >= AUDIBLE_PEAK)
            powers = np.array([level.power for level in levels])
            cancelled.append(audible[-1] and _cancelling(second, powers))
            power += powers
            largest_mean = max(largest_mean, *(abs(level.mean) for level in levels))
            constant.add([level.values for level in levels])
        notes = list(_length_notes(decoder))
        duration_s = decoder.read_frames / decoder.rate_hz
        cut = decoder.header.share < 1 or not decoder.header.ends or bool(decoder.promised_frames)
    if not audible:
        raise RecordingError(
            "is cut off before there is any sound in it" if cut else "holds no sound"
        )
    if not any(audible):
        but = f" but for a constant (DC) of {largest_mean:.2g}"
        raise RecordingError(f"is silent{but if largest_mean >= AUDIBLE_PEAK else ''}")
    if any(cancelled):
        notes.append(
            f"has channels that cancel each other ({sum(cancelled)} of {len(audible)} s): the "
            "louder one is used there, and not their mean"
        )
    # The first of those that are alike: which is the loudest would hang on rounding.
    channel = int(np.flatnonzero(power >= 0.99 * power.max())[0])
    return Survey(
        duration_s, tuple(audible), tuple(cancelled), channel, constant.offsets(), tuple(notes)
    )


def mean_of_channels(second: Float32Array) -> Float32Array:
    """Return the mean of all channels of `[frames, channels]`; infinite where they are too loud."""
    channels = second.shape[1]
    with np.errstate(over="ignore"):
        if channels <= 2:  # the same, many times as fast
            total = second[:, 0] if channels == 1 else second[:, 0] + second[:, 1]
            return np.ascontiguousarray(total / np.float32(channels))
        return np.ascontiguousarray(second.mean(axis=1, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class _Levels:
    """A second of one channel.

    Attributes:
        values: The samples, float64 `[frames]`.
        mean: Of them.
        peak: How far they go from it.
        power: About it.
    """

    values: Float64Array
    mean: float
    peak: float
    power: float


def _levels(channel: Float32Array) -> _Levels:
    with np.errstate(invalid="ignore"):  # of NaN, and of infinities of both signs
        values = channel.astype(np.float64)
        mean = float(values.mean())
    if not np.isfinite(mean):
        raise RecordingError("holds NaN or infinity")
    peak = max(float(values.max()) - mean, mean - float(values.min()))
    return _Levels(values, mean, peak, max(0.0, _power(values)))


def _cancelling(second: Float32Array, powers: Float64Array) -> bool:
    """Whether the mean of all channels has next to nothing of what they have."""
    if second.shape[1] == 1:
        return False
    mean = mean_of_channels(second).astype(np.float64)
    return _power(mean) < _CANCELLED * float(powers.mean())


def _power(values: Float64Array) -> float:
    """Return the power about the mean; NaN where a value is infinite."""
    with np.errstate(invalid="ignore"):
        # Not a matrix product, whose threads wait for each other on a busy machine.
        squares = float(np.einsum("i,i->", values, values))
        return squares / len(values) - float(values.mean()) ** 2


def _length_notes(decoder: Decoder) -> Iterator[str]:
    """Compare what was decoded with what the header says."""
    header = decoder.header
    if header.new_head and header.new_head.note:
        yield header.new_head.note
    read, promised = decoder.read_frames, decoder.promised_frames
    read_s = f"{read / decoder.rate_hz:.2f} s"
    if promised is not None:
        if promised - read > max(_CUT_SHARE * promised, _CUT_S * decoder.rate_hz):
            yield (
                f"is cut off or damaged: {read_s} of {promised / decoder.rate_hz:.2f} s "
                f"({read / promised:.0%}) can be read and are used"
            )
    elif decoder.trouble:
        yield f"does not say how long it is: {read_s} can be read and are used"
    elif not header.ends:
        yield f"is cut off, for it has no end: the {read_s} that are there are used"
