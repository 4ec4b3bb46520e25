"""From samples to the integers that a file holds: rounding, dither, clipping."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import FloatArray
from distill_runtime.latents.seeds import check_seed

Quantized = npt.NDArray[np.float32] | npt.NDArray[np.signedinteger[Any]]

_INTEGERS: dict[int, type[np.signedinteger[Any]]] = {16: np.int16, 24: np.int32}


class Quantizer:
    """Turns blocks of samples into what is stored of them.

    16 bits get triangular dither, two steps wide (Lipshitz, Wannamaker and Vanderkooy,
    "Quantization and Dither", 1992), 24 bits are rounded to the nearest; both are clipped at full
    scale. Floats stay as they are. However the sound is cut, the joined outputs are the same.

    Args:
        bit_depth: 16, 24 or 32; None is floats too.
        seed_for_dither: 0 to 2^32 - 1, or None to round 16 bits without dither, so that digital
            silence stays digital silence.

    Raises:
        RequestError: The seed is not such an integer.
    """

    def __init__(self, bit_depth: int | None, seed_for_dither: int | None) -> None:
        self.bit_depth = bit_depth
        self._noise = (
            None if seed_for_dither is None else np.random.default_rng(check_seed(seed_for_dither))
        )

    def push(self, block: FloatArray) -> Quantized:
        """Quantise the next samples.

        Args:
            block: `[channels, samples]`, full scale being 1.

        Returns:
            `[samples, channels]`, interleaved as files hold them; 24 bits in the upper bits of 32.
        """
        frames = block.T
        if self.bit_depth in (None, 32):
            return np.ascontiguousarray(frames, dtype=np.float32)
        full_scale = 2.0 ** (self.bit_depth - 1)
        scaled = frames.astype(np.float64) * full_scale
        if self.bit_depth == 16 and self._noise is not None:
            # Frame after frame, so that the cut between blocks does not show.
            first, second = np.moveaxis(self._noise.random((*frames.shape, 2)), -1, 0)
            scaled += first - second
        clipped = np.clip(np.rint(scaled), -full_scale, full_scale - 1.0)
        integers = np.ascontiguousarray(clipped, dtype=_INTEGERS[self.bit_depth])
        return integers << 8 if self.bit_depth == 24 else integers


def to_bytes(samples: Quantized, bit_depth: int) -> bytes:
    """Return quantised samples as little-endian bytes, 24 bits in three.

    Args:
        samples: `[samples, channels]`, as `Quantizer.push` gives them.
        bit_depth: 16, 24 or 32.
    """
    little = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    if bit_depth != 24:
        return little.tobytes()
    return little.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
