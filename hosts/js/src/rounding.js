/** Rounding as Python and numpy round: what lies in the middle goes to the even neighbour. */

/** @param {number} x */
export function roundHalfToEven(x) {
  const below = Math.floor(x);
  const part = x - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
