"""The random numbers behind a seed: torch's CPU `randn` stream, without torch.

A seed must give the same sound as in Distill, whose latents come from
`torch.randn(1, n, generator=torch.Generator().manual_seed(seed))`. For 16 values and more that is
an MT19937 whose draws go through Box and Muller's transform in blocks of 16
(torch, `aten/src/ATen/native/cpu/DistributionTemplates.h`, `normal_fill_AVX2`). The logarithm, sine
and cosine there are the single-precision ones of S. Moshier's Cephes library, compiled to fused
multiply-adds; the same polynomials are written out here, in the same order. So the stream is
torch's bit for bit on any x86 with AVX2, and, unlike torch's own, the same on every other machine
(without AVX2 torch itself is up to 2e-6 away).
"""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, whole

SEED_LIMIT = 2**32
MIN_VALUES = 16


_BLOCK = 16
_F = np.float32
TWO_PI = _F(2.0 * np.pi)

# Cephes logf.c: the minimax polynomial of log(1 + x) on [sqrt(1/2) - 1, sqrt(2) - 1],
# and ln 2 as the sum of two floats of which the larger has few bits.
SQRT_HALF = _F(0.707106781186547524)
LOG_TERMS = (
    _F(7.0376836292e-2),
    _F(-1.1514610310e-1),
    _F(1.1676998740e-1),
    _F(-1.2420140846e-1),
    _F(1.4249322787e-1),
    _F(-1.6668057665e-1),
    _F(2.0000714765e-1),
    _F(-2.4999993993e-1),
    _F(3.3333331174e-1),
)
LN2_HIGH, LN2_LOW = _F(0.693359375), _F(-2.12194440e-4)

# Cephes sinf.c: pi / 4 in three parts, and the polynomials of sin and cos on [-pi / 4, pi / 4].
FOUR_OVER_PI = _F(1.27323954473516)
QUARTER_PI_PARTS = (
    _F(0.78515625),
    _F(2.4187564849853515625e-4),
    _F(3.77489497744594108e-8),
)
SIN_TERMS = (_F(-1.9515295891e-4), _F(8.3321608736e-3), _F(-1.6666654611e-1))
COS_TERMS = (_F(2.443315711809948e-5), _F(-1.388731625493765e-3), _F(4.166664568298827e-2))


class TorchGenerator:
    """The stream of `torch.randn(1, n, generator=...)` on the CPU for one seed.

    Args:
        seed: An integer, 0..2^32-1.

    Raises:
        RequestError: The seed is not such an integer.
    """

    def __init__(self, seed: int) -> None:
        # numpy's legacy seeding of MT19937 is the one torch uses (Matsumoto's init_genrand).
        self._draws = np.random.RandomState(check_seed(seed))

    def randn(self, n: int) -> Float32Array:
        """Draw the next standard normal values.

        Args:
            n: How many, at least 16: for fewer torch takes another road.

        Returns:
            `[n]`.

        Raises:
            RequestError: n is below 16.
        """
        values: Float32Array = self.randn_rows(1, n)[0]
        return values

    def randn_rows(self, rows: int, n: int) -> Float32Array:
        """Draw what as many calls of `randn` would return, in the time of one.

        Args:
            rows: How many calls.
            n: How many values each, at least 16.

        Returns:
            `[rows, n]`.

        Raises:
            RequestError: n is below 16.
        """
        self.check_size(n)
        whole = n - n % _BLOCK
        # Of a last block that is not whole, its values are drawn, and then 16 afresh.
        uniforms = self._uniforms(rows, n if n == whole else n + _BLOCK)
        values = np.empty((rows, n), dtype=np.float32)
        values[:, :whole] = _box_muller(uniforms[:, :whole])
        if whole < n:
            # They end where the row ends, over some that the blocks already hold.
            values[:, -_BLOCK:] = _box_muller(uniforms[:, n:])
        return values

    @staticmethod
    def check_size(n: int) -> None:
        """Refuse to draw fewer than 16 values at once.

        Raises:
            RequestError: n is below 16.
        """
        if n < MIN_VALUES:
            raise RequestError(
                f"cannot draw {n} random values the way torch does, at least {MIN_VALUES} are "
                "needed: give the latent vectors yourself"
            )

    def _uniforms(self, rows: int, n: int) -> Float32Array:
        """Draw uniform values `[rows, n]` in [0, 1), the low 24 bits of a draw each."""
        bits = self._draws.randint(0, 2**32, size=(rows, n), dtype=np.uint32)
        return (bits & np.uint32(2**24 - 1)).astype(np.float32) * _F(2.0**-24)


def check_seed(seed: object) -> int:
    """Return the seed as a plain int.

    Raises:
        RequestError: It is not an integer (a bool is not one), or outside 0..2^32-1.
    """
    expected = f"expected an integer from 0 to {SEED_LIMIT - 1}"
    number = whole(seed)
    if number is None or not 0 <= number < SEED_LIMIT:
        found = brief(seed if number is None else number)
        raise RequestError(f"seed is {found}, {expected}", setting="seed")
    return number


def _box_muller(uniforms: Float32Array) -> Float32Array:
    """Turn uniform values into normal ones in blocks of 16 (Box and Muller, 1958).

    Args:
        uniforms: `[rows, 16 * blocks]` in [0, 1).

    Returns:
        `[rows, 16 * blocks]`: of each block, eight radii times the cosine, then times the sine.
    """
    rows, n = uniforms.shape
    pairs = uniforms.reshape(rows, n // _BLOCK, 2, _BLOCK // 2)
    radius = np.sqrt(_F(-2.0) * _log(_F(1.0) - pairs[:, :, 0]))
    sine, cosine = _sin_cos(TWO_PI * pairs[:, :, 1])
    return np.concatenate([radius * cosine, radius * sine], axis=2).reshape(rows, n)


def _log(x: Float32Array) -> Float32Array:
    """Natural logarithm of normal positive floats, rounded as Cephes' logf rounds."""
    fraction, exponent = np.frexp(x)
    low = fraction < SQRT_HALF
    # Doubling the fraction is exact, and leaves it in [sqrt(1/2), sqrt(2)).
    r = np.where(low, fraction + fraction, fraction) - _F(1.0)
    e = (exponent - low).astype(np.float32)

    square = r * r
    y = _polynomial(LOG_TERMS, r) * r
    y = _fused(y, square, e * LN2_LOW)
    y = _fused(square, _F(-0.5), y)
    return _fused(e, LN2_HIGH, r + y)


def _sin_cos(x: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Sine and cosine of angles in [0, 2 pi], rounded as Cephes' sinf and cosf round."""
    octant = (x * FOUR_OVER_PI).astype(np.int32)
    # Up to an even octant, which leaves a remainder in [-pi / 4, pi / 4].
    octant += octant & 1
    r = x
    for part in QUARTER_PI_PARTS:
        r = _fused(octant.astype(np.float32), -part, r)

    square = r * r
    even = _polynomial(COS_TERMS, square) * square
    even = _fused(even, square, square * _F(-0.5)) + _F(1.0)
    odd = _fused(_polynomial(SIN_TERMS, square) * square, r, r)

    swapped = (octant & 2) != 0
    sine = np.where(swapped, even, odd)
    cosine = np.where(swapped, odd, even)
    return (
        np.where(octant & 4, -sine, sine),
        np.where((octant + 2) & 4, -cosine, cosine),
    )


def _polynomial(terms: tuple[np.float32, ...], x: Float32Array) -> Float32Array:
    """Evaluate by Horner's rule, highest power first, one rounding a term."""
    y = np.full_like(x, terms[0])
    for term in terms[1:]:
        y = _fused(y, x, term)
    return y


def _fused(
    a: Float32Array, b: Float32Array | np.float32, c: Float32Array | np.float32
) -> Float32Array:
    """Return a * b + c, rounded to float32 once.

    The product of two floats is exact in float64; that the sum is rounded there too, before it is
    rounded to float32, matters in one case of 2^29 or so.
    """
    return (a.astype(np.float64) * b + c).astype(np.float32)
