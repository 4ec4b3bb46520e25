/**
 * Nearness: a pull of latent vectors towards the places where the recordings lie.
 *
 * A seed draws from the whole normal distribution, and the recordings are a few places in it. The
 * pull moves a latent vector z towards
 *
 *     t(z) = sum_i p_i(z) m_i,   p_i(z) proportional to exp(b_i - |(z - m_i) / w|^2 / 2),
 *
 * with the landmarks m_i, their widths w and potentials b_i (Cuturi 2013, "Sinkhorn distances").
 * Every sum goes value after value in float64, as in `distill_runtime/latents/nearness.py`; only
 * `Math.exp` may miss the last bit of numpy's, which float32 has no place for.
 */

import { brief, isFinite } from './checks.js';
import { RequestError } from './errors.js';

/** @typedef {import('./metadata-types.js').Landmarks} Landmarks */

const setting = 'nearness';

/**
 * @param {unknown} nearness
 * @returns {number} The nearness.
 * @throws {RequestError} It is not a number from 0 to 1.
 */
export function checkNearness(nearness) {
  if (isFinite(nearness) && nearness >= 0 && nearness <= 1) return nearness;
  throw new RequestError(`the nearness is ${brief(nearness)}, expected a number from 0 to 1`, {
    setting,
  });
}

/**
 * The nearness that a sound has: what is asked for, else the model's own.
 *
 * @param {unknown} asked null or undefined: the model's own.
 * @param {Landmarks | null} landmarks What there is to be near to.
 * @param {string} name What an error calls the model, or its artifact.
 * @returns {number | null} null where nothing is asked for and there is nothing to be near to.
 * @throws {RequestError} It is not a number from 0 to 1, or there is nothing to be near to.
 */
export function resolveNearness(asked, landmarks, name) {
  if (asked == null) return landmarks ? landmarks.default : null;
  const nearness = checkNearness(asked);
  if (nearness === 0 || landmarks) return nearness;
  throw new RequestError(
    `${brief(name)} does not know where its recordings lie, which nearness needs: export its model ` +
      'again with --recordings FOLDER',
    { setting },
  );
}

/** Moves latent vectors towards landmarks. */
export class Pull {
  #vectors;
  #potentials;
  #widths;

  /** @param {Landmarks} landmarks A model's. */
  constructor({ vectors, potentials, widths }) {
    this.#vectors = Float64Array.from(vectors); // one landmark after the other
    this.#potentials = potentials;
    this.#widths = widths;
  }

  /**
   * `z + nearness * (t(z) - z)` for each latent vector.
   *
   * @param {Float32Array} latents `[..., latent_dim]`
   * @param {number} nearness 0..1; at 0 they are returned as they are.
   * @returns {Float32Array}
   */
  move(latents, nearness) {
    if (nearness === 0) return latents;
    const size = this.#widths.length;
    const moved = new Float32Array(latents.length);
    for (let start = 0; start < latents.length; start += size) {
      const target = this.#target(latents.subarray(start, start + size));
      for (let i = 0; i < size; i += 1) {
        const value = latents[start + i];
        moved[start + i] = value + nearness * (target[i] - value);
      }
    }
    return moved;
  }

  /** @param {Float32Array} z `[latent_dim]` */
  #target(z) {
    const shares = this.#shares(z);
    const vectors = this.#vectors;
    const target = new Float64Array(z.length);
    for (let landmark = 0, at = 0; landmark < shares.length; landmark += 1) {
      const share = shares[landmark];
      for (let i = 0; i < z.length; i += 1, at += 1) target[i] += share * vectors[at];
    }
    return target;
  }

  /**
   * How much of a vector belongs to each landmark, 1 in all.
   *
   * @param {Float32Array} z
   */
  #shares(z) {
    const vectors = this.#vectors;
    const widths = this.#widths;
    let at = 0;
    const exponents = Float64Array.from(this.#potentials, (potential) => {
      let distance = 0;
      for (let i = 0; i < z.length; i += 1, at += 1) {
        const offset = (z[i] - vectors[at]) / widths[i];
        distance += offset * offset;
      }
      return potential - distance / 2;
    });
    const most = exponents.reduce((a, b) => Math.max(a, b));
    const weights = exponents.map((exponent) => Math.exp(exponent - most));
    const total = weights.reduce((sum, weight) => sum + weight);
    return weights.map((weight) => weight / total);
  }
}
