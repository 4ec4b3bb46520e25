"""A recording looked at as a whole, before anything is taken from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_export.training.data.decoding.decoder import Decoder, decoding
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.errors import RecordingError

AUDIBLE_PEAK = 1e-3  # -60 dB of full scale
# Power of the mean of all channels over their mean power below which they cancel each other. It is
# 1 / channels if they have nothing in common, and 1 if they are the same.
_CANCELLED = 0.01
# A constant counts if it is more than this share of the RMS, and if the estimates of it differ by
# no more than that share of it.
_OFFSET_RATIO, _OFFSET_CHANGE = 0.02, 0.5
_PART_S, _FEWEST_PARTS = 0.05, 4
_CUT_SHARE, _CUT_S = 0.01, 0.05  # encoders round the length that they write


@dataclass(frozen=True, eq=False)
class Survey:
    """What must be known of a recording to take chunks from it.

    Attributes:
        duration_s: Length of what can be decoded.
        audible: Of each second, whether a channel of it is louder than silence.
        offsets: The constant (DC) that each channel stands on, `[channels]`; 0 if it is nothing.
        channel: The one to use where all of them cancel each other.
        notes: What a person should know, each as it goes on after the file's name and "it".
    """

    duration_s: float
    audible: tuple[bool, ...]
    offsets: Float32Array
    channel: int
    notes: tuple[str, ...]


def survey(path: Path) -> Survey:
    """Read a recording to its end, or as far as it can be decoded.

    Raises:
        RecordingError: It cannot be read, holds no sound, or NaN or infinity; the complaint goes on
            after the file's name and "it".
    """
    audible: list[bool] = []
    cancelled, largest_mean = 0, 0.0
    with decoding(path) as decoder:
        constant = _Constant(decoder.rate_hz)
        power = np.zeros(decoder.channels)
        for second in decoder.blocks(decoder.rate_hz):
            if not np.isfinite(second).all():
                raise RecordingError("holds NaN or infinity")
            audible.append(bool(peaks(second).max() >= AUDIBLE_PEAK))
            cancelled += audible[-1] and cancelling(second)
            power += _powers(second)
            mean = second.mean(axis=0, dtype=np.float64)
            largest_mean = max(largest_mean, float(np.abs(mean).max()))
            constant.add(second)
        notes = list(_length_notes(decoder))
        duration_s = decoder.read_frames / decoder.rate_hz
        offsets = constant.offsets(decoder.channels)
        cut = decoder.header.share < 1 or not decoder.header.ends or bool(decoder.promised_frames)
    if not audible:
        raise RecordingError(
            "is cut off before there is any sound in it" if cut else "holds no sound"
        )
    if not any(audible):
        but = f" but for a constant (DC) of {largest_mean:.2g}"
        but = but if largest_mean >= AUDIBLE_PEAK else ""
        raise RecordingError(f"is silent{but}")
    if cancelled:
        notes.append(
            f"has channels that cancel each other ({cancelled} of {len(audible)} s): the louder "
            "one is used there, and not their mean"
        )
    # The first of those that are alike: which is the loudest would hang on rounding.
    channel = int(np.flatnonzero(power >= 0.99 * power.max())[0])
    return Survey(duration_s, tuple(audible), offsets, channel, tuple(notes))


def peaks(second: Float32Array) -> Float64Array:
    """Return how far each channel of `[frames, channels]` goes from its own mean."""
    mean = second.mean(axis=0, dtype=np.float64)
    found: Float64Array = np.maximum(second.max(axis=0) - mean, mean - second.min(axis=0))
    return found


def downmix(second: Float32Array, channel: int) -> Float32Array:
    """Return the mean of all channels of `[frames, channels]`, or one of them if they cancel."""
    if cancelling(second):
        return np.ascontiguousarray(second[:, channel])
    return _mean(second)


def cancelling(second: Float32Array) -> bool:
    """Whether the mean of all channels has next to nothing of what they have."""
    if second.shape[1] == 1:
        return False
    with np.errstate(invalid="ignore"):
        power = float(_mean(second).var(dtype=np.float64))
    return power < _CANCELLED * float(_powers(second).mean())


def _mean(second: Float32Array) -> Float32Array:
    with np.errstate(over="ignore"):  # infinity is told by who gets it
        return np.ascontiguousarray(second.mean(axis=1, dtype=np.float32))


def _powers(second: Float32Array) -> Float64Array:
    """Return the power of each channel about its mean; one at a time, for the memory."""
    return np.array([channel.var(dtype=np.float64) for channel in second.T])


class _Constant:
    """What a recording says of the constant (DC) that its channels stand on.

    Each part of 50 ms measures it by its mean, and the quieter the part, the better: hence the mean
    of all, weighted by the inverse of their power. The swing of a drum is not a constant: the
    halves of the recording and the plain mean do not agree about it.

    Args:
        rate_hz: Frames a second.
    """

    def __init__(self, rate_hz: int) -> None:
        self._length = round(_PART_S * rate_hz)
        self._means: list[Float64Array] = []
        self._powers: list[Float64Array] = []

    def add(self, second: Float32Array) -> None:
        whole = len(second) // self._length * self._length
        parts = second[:whole].reshape(-1, self._length, second.shape[1])
        self._means.extend(parts.mean(axis=1, dtype=np.float64))
        powers = [parts[:, :, i].var(axis=1, dtype=np.float64) for i in range(parts.shape[2])]
        self._powers.extend(np.stack(powers, axis=1))

    def offsets(self, channels: int) -> Float32Array:
        """Return what to subtract from each channel."""
        count = len(self._means)
        if count < _FEWEST_PARTS:
            return np.zeros(channels, np.float32)
        means, powers = np.array(self._means), np.array(self._powers)
        power = powers.mean(axis=0) + means.var(axis=0)
        weights = 1 / (powers + 1e-6 * power + 1e-20)
        constant = _weighted(means, weights)
        others = [
            _weighted(means[: count // 2], weights[: count // 2]),
            _weighted(means[count // 2 :], weights[count // 2 :]),
            means.mean(axis=0),
        ]
        size = np.abs(constant)
        agreeing = np.ptp(others, axis=0) < _OFFSET_CHANGE * size
        there = agreeing & (size > _OFFSET_RATIO * np.sqrt(power))
        return np.where(there, constant, 0.0).astype(np.float32)


def _weighted(values: Float64Array, weights: Float64Array) -> Float64Array:
    mean: Float64Array = (weights * values).sum(axis=0) / weights.sum(axis=0)
    return mean


def _length_notes(decoder: Decoder) -> tuple[str, ...]:
    """Compare what was decoded with what the header says."""
    notes = []
    if decoder.header.new_head and decoder.header.new_head.note:
        notes.append(decoder.header.new_head.note)
    read, promised = decoder.read_frames, decoder.promised_frames
    read_s = f"{read / decoder.rate_hz:.2f} s"
    if promised is not None:
        missing = promised - read
        if missing > max(_CUT_SHARE * promised, _CUT_S * decoder.rate_hz):
            notes.append(
                f"is cut off or damaged: {read_s} of {promised / decoder.rate_hz:.2f} s "
                f"({read / promised:.0%}) can be read and are used"
            )
    elif decoder.trouble:
        notes.append(f"does not say how long it is: {read_s} can be read and are used")
    elif not decoder.header.ends:
        notes.append(f"is cut off, for it has no end: the {read_s} that are there are used")
    return tuple(notes)
