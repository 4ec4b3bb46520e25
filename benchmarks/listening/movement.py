"""How a sound moves: its onsets, what comes before them, and the rhythm of its bands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.listening.levels import level_db
from benchmarks.listening.spectra import FRAME_RATE_HZ
from distill_export.reference.log_mel import FLOOR
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from benchmarks.listening.sounds import Sound

_SLOT = 60  # samples of the envelope, 1.25 ms
_RISE = 4  # slots, 5 ms
_SLOTS_IN_SECOND = SAMPLE_RATE_HZ // _SLOT
_QUIET_DB = -60.0  # under the loudest: what rises out of less is not heard to
_ONSET_DB = 12.0
_BEFORE = 16  # slots, 20 ms
_MODULATION_HZ = (1.0, 40.0)


def sharpest_rises(sound: Float32Array) -> list[tuple[float, float]]:
    """Find the sharpest onset of each second of a sound, and the rise of what comes before it.

    An onset is where the energy of 5 ms is most above the energy of the 5 ms before it; 60 dB
    under the loudest 5 ms count as silence, out of which the sound begins.

    Args:
        sound: `[samples]`.

    Returns:
        For each second the rise in dB, and, if that is 12 dB or more, how far the energy of the 20
        ms before the onset is above that of the 20 ms before those (of which a pre-echo is a part:
        a transform's window spreads an onset over its length, Painter and Spanias, "Perceptual
        coding of digital audio", 2000, section II.C), NaN otherwise.
    """
    slots = len(sound) // _SLOT
    parts = sound[: slots * _SLOT].astype(np.float64).reshape(slots, _SLOT)
    energy = np.concatenate([np.zeros(2 * _BEFORE), (parts**2).sum(axis=1)])
    sums = np.concatenate([[0.0], np.cumsum(energy)])

    def stretch(start: Float64Array | int, length: int) -> Float64Array:
        found: Float64Array = sums[start + length] - sums[start]
        return found

    places = np.arange(2 * _BEFORE, len(energy) - _RISE + 1)
    after, before = stretch(places, _RISE), stretch(places - _RISE, _RISE)
    quiet = after.max() * 10 ** (_QUIET_DB / 10)
    rises = 10 * np.log10((after + quiet) / (before + quiet))
    found = []
    for start in range(0, len(rises), _SLOTS_IN_SECOND):
        here = start + int(rises[start : start + _SLOTS_IN_SECOND].argmax())
        ahead = float("nan")
        if rises[here] >= _ONSET_DB:
            near = stretch(places[here] - _BEFORE, _BEFORE)
            far = stretch(places[here] - 2 * _BEFORE, _BEFORE)
            ahead = float(10 * np.log10((near + quiet) / (far + quiet)))
        found.append((float(rises[here]), ahead))
    return found


def modulation_db(sounds: Iterable[Sound]) -> torch.Tensor:
    """Return the modulation spectrum of seconds, 1 to 40 Hz, `[bands, rates]` in dB.

    Of each band's level in dB (silence is a mel power of 0.01), without its mean, under a Hann
    window, the power of the Fourier transform, mean over the seconds: how much a band moves, and
    how fast. 1 Hz is the slowest that a second knows, and many recordings are not longer.
    """
    levels = torch.cat([level_db(sound.mel, FLOOR) for sound in sounds])
    frames = levels.shape[2]
    window = torch.hann_window(frames, dtype=torch.float64)
    moving = (levels - levels.mean(dim=2, keepdim=True)) * window
    power = torch.fft.rfft(moving).abs().square().mean(dim=0)
    rates = torch.fft.rfftfreq(frames, 1 / FRAME_RATE_HZ)
    low, high = _MODULATION_HZ
    kept = (rates > low / 2) & (rates <= high)
    # A tenth of a dB, peak to peak, at one rate: what moves less stands still.
    least = (0.05 * float(window.sum()) / 2) ** 2
    return 10 * torch.log10(power[:, kept] + least)


def modulation_distance_db(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the root mean square difference of two modulation spectra, over bands and rates."""
    return float((found - expected).square().mean().sqrt())
