"""The anti-alias filter: a zero-phase Butterworth low-pass, order 8, 20 kHz at 48 kHz.

The result is that of scipy's `sosfiltfilt(butter(8, 20000, fs=48000, output="sos"), x)`: the signal
is continued by an odd reflection at both ends, filtered forward from the steady state of its first
value, then backward from the steady state of what came last. The poles lie within 0.91 of the
origin, so the impulse response is below 1e-16 after 384 samples, and the recursive filter is, to
float64's own rounding, a finite one. That makes it a streaming filter in constant memory, and a
fast one: forward and backward together multiply the spectrum by |H|^2, by overlap-save. That factor
is real and even, so two blocks go through one complex transform, as its real and imaginary part.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float64Array, FloatArray
from distill_runtime.contract import SAMPLE_RATE_HZ

ORDER = 8
CUTOFF_HZ = 20_000

# What scipy's default is for four second-order sections: 3 * (2 * 4 + 1).
EXTENSION = 27

# Beyond this many samples the impulse response is below float64's rounding.
_REACH = 384
_BLOCK = 8192
_HOP = _BLOCK - 2 * _REACH
_PAIR = _HOP + _BLOCK  # samples that two blocks take
_PAIRS_AT_ONCE = 4  # numpy vectorises over transforms, and so many fit the cache

Complex128Array = npt.NDArray[np.complex128]


class ZeroPhaseLowpass:
    """The filter, fed block by block.

    However the signal is cut, the joined outputs are bit for bit the same and as long as the
    input. At most 15,615 samples of a channel are held back.

    A signal of 27 samples or fewer, which scipy refuses, is reflected as far as it goes: over its
    length less one. A single sample comes out as it is.
    """

    def __init__(self) -> None:
        # Before the first 28 samples are there: the signal itself. From then on: what the next
        # outputs depend on, starting _REACH samples before the first of them.
        self._held: Float64Array | None = None
        self._started = False
        self._finished = False

    def push(self, block: FloatArray) -> Float64Array:
        """Take the next samples and return what is certain by now.

        Args:
            block: `[..., samples]`, any number of samples, 0 included.

        Returns:
            `[..., samples]`, usually another number of them.

        Raises:
            ValueError: The channels differ from the blocks before, or the stream is finished.
        """
        if self._finished:
            raise ValueError("the stream is finished: use a new filter")
        samples = np.asarray(block)
        if self._held is None:
            self._held = np.zeros((*samples.shape[:-1], 0))
        held = np.concatenate([self._held, samples], axis=-1)
        if not self._started and held.shape[-1] > EXTENSION:
            held = _with_head(held, EXTENSION)
            self._started = True

        # Pairs start at multiples of two hops, wherever the input was cut.
        pairs = max(0, 1 + (held.shape[-1] - _PAIR) // (2 * _HOP)) if self._started else 0
        done = np.empty((*held.shape[:-1], 2 * _HOP * pairs))
        stretch = 2 * _HOP * _PAIRS_AT_ONCE
        for start in range(0, done.shape[-1], stretch):
            out = done[..., start : start + stretch]
            _both_ways(held[..., start : start + out.shape[-1] + _BLOCK - _HOP], out)
        # A copy: a view would keep the whole of a large input alive.
        self._held = held[..., done.shape[-1] :].copy()
        return done

    def finish(self) -> Float64Array:
        """End the signal.

        Returns:
            `[..., samples]`, all that was held back; `[0]` where nothing was ever pushed.

        Raises:
            ValueError: The stream is finished already.
        """
        if self._finished:
            raise ValueError("the stream is finished: use a new filter")
        self._finished = True
        held, self._held = self._held, None
        if held is None or held.shape[-1] == 0:
            return np.zeros(0) if held is None else held
        extension = EXTENSION
        if not self._started:
            extension = held.shape[-1] - 1
            held = _with_head(held, extension)
        return _end(held, extension)


def lowpass(x: FloatArray) -> Float64Array:
    """Filter a whole signal.

    Args:
        x: `[..., samples]`.

    Returns:
        `[..., samples]`, as many.
    """
    stream = ZeroPhaseLowpass()
    return np.concatenate([stream.push(x), stream.finish()], axis=-1)


def _with_head(signal: Float64Array, extension: int) -> Float64Array:
    """Put in front of a signal what the filter takes to have been there.

    That is the odd reflection about the first sample, and before it the reflection's first value
    for as long as the filter remembers: held for ever it is the steady state.

    Args:
        signal: `[..., samples]`, more than the extension.
        extension: Samples reflected.

    Returns:
        `[..., _REACH + samples]`.
    """
    reflected = 2.0 * signal[..., :1] - signal[..., extension:0:-1]
    ahead = np.concatenate([reflected, signal], axis=-1)
    steady = np.repeat(ahead[..., :1], _REACH - extension, axis=-1)
    return np.concatenate([steady, ahead], axis=-1)


def _both_ways(signal: Float64Array, out: Float64Array) -> None:
    """Filter pairs of blocks forward and backward, away from the ends of the signal.

    Args:
        signal: `[..., 2 * _HOP * pairs + 2 * _REACH]`.
        out: `[..., 2 * _HOP * pairs]`, contiguous along its last axis.
    """
    count = out.shape[-1] // (2 * _HOP)
    pairs = np.empty((*signal.shape[:-1], count, _BLOCK), np.complex128)
    for index in range(count):
        pair = signal[..., 2 * _HOP * index :][..., :_PAIR]
        pairs.real[..., index, :], pairs.imag[..., index, :] = pair[..., :_BLOCK], pair[..., _HOP:]
    spectrum = np.fft.fft(pairs)
    # Real by complex, number for number: numpy would make the factor complex first.
    spectrum.view(np.float64)[...] *= _power()
    filtered = np.fft.ifft(spectrum)[..., _REACH:-_REACH]  # into the edges another end wraps
    halves = out.reshape(*pairs.shape[:-1], 2, _HOP)
    halves[..., 0, :], halves[..., 1, :] = filtered.real, filtered.imag


def _end(held: Float64Array, extension: int) -> Float64Array:
    """Filter the last stretch, one way after the other.

    The way back starts from the steady state of the forward filter's last value, which no
    continuation of the input itself would give.

    Args:
        held: `[..., _REACH + samples]`, fewer than _PAIR in all.
        extension: Samples to reflect at the end.

    Returns:
        `[..., samples]`.
    """
    samples = held.shape[-1] - _REACH
    # Not [-2:-2 - extension:-1], which for an extension of the whole signal would wrap around.
    turn = held.shape[-1] - 1
    reflected = 2.0 * held[..., -1:] - held[..., turn - extension : turn][..., ::-1]
    ahead = np.concatenate([held, reflected], axis=-1)

    size = 2 * _BLOCK
    spectrum = _response(size)
    forward = np.fft.irfft(np.fft.rfft(ahead, size) * spectrum, size)
    forward = forward[..., _REACH : ahead.shape[-1]]
    steady = np.repeat(forward[..., -1:], _REACH, axis=-1)
    forward = np.concatenate([forward, steady], axis=-1)
    # The conjugate spectrum is the impulse response reversed in time.
    backward: Float64Array = np.fft.irfft(np.fft.rfft(forward, size) * spectrum.conj(), size)
    return backward[..., :samples]


@cache
def _power() -> Float64Array:
    """Return the squared magnitude of the response at a block's frequencies, `[2 * _BLOCK]`.

    Each stands twice, for the real and the imaginary part of a spectrum.
    """
    half = np.abs(_response(_BLOCK)) ** 2
    return np.concatenate([half, half[-2:0:-1]]).repeat(2)


@cache
def _response(size: int) -> Complex128Array:
    """Return the filter's frequency response.

    The analogue poles are w * exp(j pi (2k + N + 1) / 2N), k = 0..N-1, with the cut-off prewarped,
    w = tan(pi f / rate); the bilinear transform z = (1 + s) / (1 - s) takes them inside the unit
    circle and gives N zeros at z = -1 (Oppenheim and Schafer, Discrete-Time Signal Processing,
    sections 7.2 and 7.3). The product form is exact to rounding, where a polynomial's coefficients
    or a long recursion would not be.

    Args:
        size: Length of the transform; 0.907^size must be nothing in float64.

    Returns:
        `[size // 2 + 1]`, of the impulse response cut off after _REACH samples.
    """
    k = np.arange(ORDER)
    warped = math.tan(math.pi * CUTOFF_HZ / SAMPLE_RATE_HZ)
    analogue = warped * np.exp(1j * np.pi * (2 * k + ORDER + 1) / (2 * ORDER))
    poles = (1.0 + analogue) / (1.0 - analogue)

    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones_like(delay)
    for pole in poles:
        # Each factor is 1 at zero frequency.
        response *= (1.0 + delay) / 2.0 * (1.0 - pole) / (1.0 - pole * delay)
    impulse = np.fft.irfft(response, size)[:_REACH]
    spectrum: Complex128Array = np.fft.rfft(impulse / impulse.sum(), size)
    return spectrum
