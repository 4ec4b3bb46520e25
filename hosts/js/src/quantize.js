/** From samples to the bytes that a file holds: rounding, dither, clipping. */

import { brief } from './checks.js';
import { RequestError } from './errors.js';
import { Pcg64 } from './pcg64.js';
import { roundHalfToEven } from './rounding.js';

export const BIT_DEPTHS = Object.freeze(/** @type {const} */ ([16, 24, 32]));

/**
 * Samples as little-endian bytes, frame after frame.
 *
 * 16 bits get triangular dither, two steps wide (Lipshitz, Wannamaker and Vanderkooy, "Quantization
 * and Dither", 1992), the same as Python's for the same seed; 24 bits are rounded to the nearest;
 * both are clipped at full scale. 32 bits are floats and stay as they are.
 *
 * @param {readonly Float32Array[]} channels Of one length, full scale being 1.
 * @param {{bitDepth: 16 | 24 | 32, ditherSeed?: number | null}} options
 *   `ditherSeed`: null to round 16 bits without dither, so that silence stays silence.
 * @returns {Uint8Array}
 * @throws {RequestError} There is no such bit depth.
 */
export function quantize(channels, { bitDepth, ditherSeed = null }) {
  checkBitDepth(bitDepth);
  const frames = channels[0].length;
  const bytesEach = bitDepth / 8;
  const bytes = new Uint8Array(frames * channels.length * bytesEach);
  const view = new DataView(bytes.buffer);
  const fullScale = 2 ** (bitDepth - 1);
  const noise = bitDepth === 16 && ditherSeed !== null ? new Pcg64(ditherSeed) : null;
  let at = 0;
  for (let i = 0; i < frames; i += 1) {
    for (const channel of channels) {
      if (bitDepth === 32) view.setFloat32(at, channel[i], true);
      else {
        let scaled = channel[i] * fullScale;
        if (noise) scaled += noise.random() - noise.random();
        const value = Math.min(Math.max(roundHalfToEven(scaled), -fullScale), fullScale - 1);
        view.setInt16(at, value & 0xffff, true);
        if (bitDepth === 24) view.setInt8(at + 2, value >> 16);
      }
      at += bytesEach;
    }
  }
  return bytes;
}

/**
 * @param {unknown} bitDepth
 * @throws {RequestError} It is not 16, 24 or 32.
 */
export function checkBitDepth(bitDepth) {
  if (BIT_DEPTHS.some((depth) => depth === bitDepth)) return;
  throw new RequestError(
    `bitDepth is ${brief(bitDepth)}, expected one of ${BIT_DEPTHS.join(', ')} (which is floats)`,
    { setting: 'bitDepth' },
  );
}
