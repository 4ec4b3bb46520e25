/** The level of a finished sound: its peak, and the one gain that brings it to the target. */

export const TARGET_PEAK = 0.891; // 1 dB below full scale

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
