/** A limit that bends instead of clipping, for a sound whose peak nobody knows beforehand. */

import { TARGET_PEAK } from '../level.js';

const HEADROOM = 1 - TARGET_PEAK;

/**
 * Keep a sample within full scale.
 *
 * Up to the level that a finished file has, nothing is changed. What exceeds it by e is led towards
 * full scale along `h e / (h + e)`, h being the room that is left: the slope is 1 where it begins,
 * so the curve has no corner.
 *
 * @param {number} x
 */
export function softLimit(x) {
  const over = Math.abs(x) - TARGET_PEAK;
  if (!(over > 0)) return x;
  const limited = TARGET_PEAK + (HEADROOM * over) / (HEADROOM + over);
  return x < 0 ? -limited : limited;
}
