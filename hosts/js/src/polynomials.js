/**
 * Logarithm, sine and cosine in single precision, rounded as S. Moshier's Cephes library rounds.
 *
 * The same polynomials in the same order as in `distill_runtime/latents/seeds.py`, every step
 * rounded to float32: `Math.log` and `Math.cos` are more exact, and so miss torch's values by up to
 * 1.4e-6.
 */

const f = Math.fround;

// Cephes logf.c: the minimax polynomial of log(1 + x) on [sqrt(1/2) - 1, sqrt(2) - 1], and ln 2 as
// the sum of two floats of which the larger has few bits.
const SQRT_HALF = f(0.707106781186547524);
const LOG_TERMS = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
const LN2_HIGH = f(0.693359375);
const LN2_LOW = f(-2.1219444e-4);

// Cephes sinf.c: pi / 4 in three parts, and the polynomials of sin and cos on [-pi / 4, pi / 4].
const FOUR_OVER_PI = f(1.27323954473516);
const QUARTER_PI_PARTS = Float32Array.of(
  0.78515625,
  2.4187564849853515625e-4,
  3.77489497744594108e-8,
);
const SIN_TERMS = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const COS_TERMS = Float32Array.of(
  2.443315711809948e-5,
  -1.388731625493765e-3,
  4.166664568298827e-2,
);

// To take a float apart: there is no frexp here.
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * Natural logarithm of a normal positive float.
 *
 * @param {number} x
 */
export function log(x) {
  float[0] = x;
  // x = fraction * 2^exponent, the fraction in [1/2, 1).
  let exponent = ((bits[0] >>> 23) & 0xff) - 126;
  bits[0] = (bits[0] & 0x807fffff) | 0x3f000000;
  let fraction = float[0];
  if (fraction < SQRT_HALF) {
    fraction += fraction; // exact, and in [sqrt(1/2), sqrt(2)) afterwards
    exponent -= 1;
  }
  const r = f(fraction - 1);
  const square = f(r * r);
  let y = f(polynomial(LOG_TERMS, r) * r);
  y = fused(y, square, f(exponent * LN2_LOW));
  y = fused(square, -0.5, y);
  return fused(exponent, LN2_HIGH, f(r + y));
}

/**
 * Sine and cosine of an angle in [0, 2 pi].
 *
 * @param {number} x
 * @returns {[number, number]}
 */
export function sinCos(x) {
  let octant = Math.trunc(f(x * FOUR_OVER_PI));
  octant += octant & 1; // up to an even one, which leaves a remainder in [-pi / 4, pi / 4]
  let r = x;
  for (const part of QUARTER_PI_PARTS) r = fused(octant, -part, r);

  const square = f(r * r);
  let even = f(polynomial(COS_TERMS, square) * square);
  even = f(fused(even, square, f(square * -0.5)) + 1);
  const odd = fused(f(polynomial(SIN_TERMS, square) * square), r, r);

  const swapped = (octant & 2) !== 0;
  const sine = swapped ? even : odd;
  const cosine = swapped ? odd : even;
  return [octant & 4 ? -sine : sine, (octant + 2) & 4 ? -cosine : cosine];
}

/**
 * Evaluate by Horner's rule, highest power first, one rounding a term.
 *
 * @param {Float32Array} terms
 * @param {number} x
 */
function polynomial(terms, x) {
  let y = terms[0];
  for (let i = 1; i < terms.length; i += 1) y = fused(y, x, terms[i]);
  return y;
}

/**
 * a * b + c, rounded to float32 once. The product of two floats is exact in float64; that the sum
 * is rounded there too, before it is rounded to float32, matters in one case of 2^29 or so.
 *
 * @param {number} a
 * @param {number} b
 * @param {number} c
 */
function fused(a, b, c) {
  return f(a * b + c);
}
