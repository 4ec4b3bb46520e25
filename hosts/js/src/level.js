/** The level of a finished sound: its peak, and the one gain that brings it to the target. */

export const TARGET_PEAK = 0.891; // 1 dB below full scale

const HEADROOM = 1 - TARGET_PEAK;

// -160 dB of full scale. What is quieter is rounding noise, and normalising it would make it heard.
const SILENCE_PEAK = 1e-8;

/**
 * The largest magnitude over all channels, 0 of no samples.
 *
 * @param {readonly ArrayLike<number>[]} channels
 */
export function peak(channels) {
  let most = 0;
  for (const channel of channels) {
    for (let i = 0; i < channel.length; i += 1) {
      const size = Math.abs(channel[i]);
      if (size > most) most = size;
    }
  }
  return most;
}

/**
 * The factor that brings a peak to 0.891, the same for every channel; 1 for silence.
 *
 * @param {number} largest
 */
export function normalizationGain(largest) {
  return isSilent(largest) ? 1 : TARGET_PEAK / largest;
}

/**
 * Keep samples within full scale, in place, in float32 as Python does.
 *
 * Up to the target nothing is changed. What exceeds it by e is led towards full scale along
 * h e / (h + e), h being the room that is left: the slope is 1 where it begins.
 *
 * @param {Float32Array} samples
 */
export function softLimit(samples) {
  const f = Math.fround;
  for (let i = 0; i < samples.length; i += 1) {
    const over = f(Math.abs(samples[i]) - f(TARGET_PEAK));
    if (over <= 0) continue;
    const more = f(f(f(HEADROOM) * over) / f(f(HEADROOM) + over));
    samples[i] = Math.sign(samples[i]) * f(f(TARGET_PEAK) + more);
  }
}

/**
 * By how many decibels the limit lowers a peak; 0 up to the target.
 *
 * @param {number} largest
 */
export function limitedByDb(largest) {
  const over = largest - TARGET_PEAK;
  if (over <= 0) return 0;
  return 20 * Math.log10(largest / (TARGET_PEAK + (HEADROOM * over) / (HEADROOM + over)));
}

/**
 * Whether a sound with this peak counts as silence.
 *
 * @param {number} largest
 */
export function isSilent(largest) {
  return largest < SILENCE_PEAK;
}

/**
 * Multiply samples, in place, in float32 as Python does.
 *
 * @param {Float32Array} samples
 * @param {number} gain
 */
export function amplify(samples, gain) {
  const factor = Math.fround(gain);
  for (let i = 0; i < samples.length; i += 1) samples[i] *= factor;
}
