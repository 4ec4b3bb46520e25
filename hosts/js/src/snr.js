/** How near one sound is to another. */

/**
 * The signal-to-noise ratio of a sound against what is expected.
 *
 * @param {ArrayLike<number>} expected
 * @param {ArrayLike<number>} found As many samples.
 * @returns {number} In dB; Infinity where they are equal.
 */
export function snrDb(expected, found) {
  let signal = 0;
  let noise = 0;
  for (let i = 0; i < expected.length; i += 1) {
    signal += expected[i] ** 2;
    noise += (found[i] - expected[i]) ** 2;
  }
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise);
}
