/** From one sound into another that replaces it, without a click and without a dip. */

import { roundHalfToEven } from '../rounding.js';

export const FADE_SAMPLES = 960; // 20 ms at 48 kHz

// The correlation counts in so many parts, so that the last bits of a sum, which no two programs
// add up alike, decide nothing.
const PARTS = 16;

/**
 * Go from one sound to the other within their common length.
 *
 * The weights rise as 6t^5 - 15t^4 + 10t^3 (Perlin, "Improving noise", 2002), whose slope and
 * curvature vanish at both ends. They are divided by the root of the power that two signals of this
 * correlation would have under them, so that neither alike nor unlike sounds change in level; for
 * sounds that are alike that is 1.
 *
 * @param {readonly Float32Array[]} before Rows of samples, what is heard at the beginning.
 * @param {readonly Float32Array[]} after As many rows of the same length, what is heard at the end.
 * @returns {Float32Array[]}
 */
export function crossfade(before, after) {
  const twiceAlike = 2 * correlation(before, after);
  const samples = before[0].length;
  const faded = before.map(() => new Float32Array(samples));
  for (let i = 0; i < samples; i += 1) {
    const t = (i + 0.5) / samples;
    const rise = t * t * t * (t * (t * 6 - 15) + 10);
    const fall = 1 - rise;
    const root = Math.sqrt(rise * rise + fall * fall + twiceAlike * rise * fall);
    faded.forEach((row, r) => {
      row[i] = (fall * before[r][i] + rise * after[r][i]) / root;
    });
  }
  return faded;
}

/**
 * How alike two sounds are, 0 (or opposite) to 1.
 *
 * @param {readonly Float32Array[]} a
 * @param {readonly Float32Array[]} b
 */
function correlation(a, b) {
  const energy = Math.sqrt(product(a, a) * product(b, b));
  if (energy === 0) return 1; // one of them is silence: its weight is right as it is
  return Math.min(1, Math.max(0, roundHalfToEven((product(a, b) / energy) * PARTS) / PARTS));
}

/**
 * @param {readonly Float32Array[]} a
 * @param {readonly Float32Array[]} b
 */
function product(a, b) {
  let sum = 0;
  a.forEach((row, r) => {
    for (let i = 0; i < row.length; i += 1) sum += row[i] * b[r][i];
  });
  return sum;
}
