"""Sampling rates other than the model's own, by the soxr library, block by block.

It is soxr's "VHQ" (https://sourceforge.net/p/soxr). Measured on sines, from 48 to 44.1 kHz: at
20 kHz 0.003 dB quieter, below that less, and nothing above -130 dB of what would fold back. Its
delay is compensated: the first sample out is the first sample in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from distill_runtime.arrays import Float32Array, FloatArray
from distill_runtime.contract import SAMPLE_RATE_HZ, SAMPLE_RATES_HZ
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.checks import brief, whole

if TYPE_CHECKING:
    import soxr


class Resampler:
    """From 48 kHz to another rate, fed block by block; at 48 kHz the sound passes as it is.

    However the sound is cut, the joined outputs are bit for bit the same, and together exactly
    `round(samples * rate_hz / 48000)` long: where soxr would give a sample more or fewer, its last
    is left out or followed by a zero.

    Args:
        rate_hz: 44100, 48000 or 96000.
        channels: Rows of every block.

    Raises:
        RequestError: It is another rate.
        DependencyError: soxr is needed and not installed.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self.rate_hz = check_sample_rate(rate_hz)
        self.channels = channels
        self._stream = None if rate_hz == SAMPLE_RATE_HZ else _open_stream(rate_hz, channels)
        self._pushed = 0
        self._returned = 0
        self._finished = False

    def push(self, block: FloatArray) -> Float32Array:
        """Take the next samples and return what is certain by now.

        Args:
            block: `[channels, samples]` at 48 kHz, any number of samples, 0 included.

        Returns:
            `[channels, samples]` at `rate_hz`.

        Raises:
            ValueError: The block has another number of channels, or the sound is finished.
        """
        self._check_open()
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(
                f"a block has shape {block.shape}, expected ({self.channels}, samples)"
            )
        self._pushed += block.shape[1]
        samples = block.astype(np.float32)
        if self._stream is not None:
            samples = self._through_soxr(samples, last=False)
        self._returned += samples.shape[1]
        return samples

    def finish(self) -> Float32Array:
        """End the sound.

        Returns:
            `[channels, samples]`, all that was held back.

        Raises:
            ValueError: The sound is finished already.
        """
        self._check_open()
        self._finished = True
        rest = np.zeros((self.channels, 0), np.float32)
        if self._stream is not None:
            rest = self._through_soxr(rest, last=True)
            self._stream = None
        missing = round(self._pushed * self.rate_hz / SAMPLE_RATE_HZ) - self._returned
        return np.pad(rest[:, :missing], [(0, 0), (0, max(0, missing - rest.shape[1]))])

    def _through_soxr(self, samples: Float32Array, *, last: bool) -> Float32Array:
        """Feed `[channels, samples]` to soxr, which wants and gives `[samples, channels]`."""
        assert self._stream is not None
        frames = self._stream.resample_chunk(np.ascontiguousarray(samples.T), last=last)
        return np.asarray(frames, np.float32).T

    def _check_open(self) -> None:
        if self._finished:
            raise ValueError("the sound is finished: use a new resampler")


def check_sample_rate(rate_hz: object) -> int:
    """Return a sampling rate that sounds can be delivered at.

    Raises:
        RequestError: It is another one.
    """
    found = whole(rate_hz)
    if found in SAMPLE_RATES_HZ:
        return found
    rates = ", ".join(str(rate) for rate in SAMPLE_RATES_HZ)
    raise RequestError(
        f"sample_rate_hz is {brief(rate_hz)}, expected one of {rates}", setting="sample_rate_hz"
    )


def _open_stream(rate_hz: int, channels: int) -> soxr.ResampleStream:
    """Start a stream of soxr, which is imported only where it is needed."""
    try:
        import soxr  # noqa: PLC0415
    except ImportError as reason:
        raise DependencyError.missing("soxr", needed_by=f"{rate_hz} Hz") from reason
    return soxr.ResampleStream(SAMPLE_RATE_HZ, rate_hz, channels, dtype="float32", quality="VHQ")
