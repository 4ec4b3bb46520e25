/**
 * The random numbers behind a seed: torch's CPU `randn` stream, bit for bit, without torch.
 *
 * A seed gives the same sound as in Distill and in `distill_runtime` (its `latents/seeds.py` says
 * where each step comes from): MT19937, the low 24 bits of each draw, and Box and Muller's
 * transform (1958) in blocks of 16.
 */

import { brief, isWhole } from './checks.js';
import { MIN_LATENT_DIM } from './contract.js';
import { RequestError } from './errors.js';
import { MersenneTwister } from './mersenne-twister.js';
import { log, sinCos } from './polynomials.js';

export const SEED_LIMIT = 2 ** 32;

const BLOCK = 16;
const TWO_PI = Math.fround(2 * Math.PI);

/** The stream of `torch.randn(1, n, generator=...)` on the CPU for one seed. */
export class TorchGenerator {
  #draws;

  /**
   * @param {number} seed 0..2^32-1
   * @throws {RequestError} The seed is not such an integer.
   */
  constructor(seed) {
    this.#draws = new MersenneTwister(checkSeed(seed));
  }

  /**
   * Draw the next standard normal values.
   *
   * @param {number} n How many, at least 16: for fewer torch takes another road.
   * @returns {Float32Array} `[n]`
   * @throws {RequestError} n is below 16.
   */
  randn(n) {
    if (!isWhole(n, MIN_LATENT_DIM, 2 ** 30)) {
      throw new RequestError(
        `cannot draw ${brief(n)} random values the way torch does, at least ${MIN_LATENT_DIM} are ` +
          'needed: give the latent vectors yourself',
      );
    }
    const values = this.#uniforms(n);
    const rest = n % BLOCK;
    for (let start = 0; start + BLOCK <= n; start += BLOCK) {
      boxMuller(values.subarray(start, start + BLOCK));
    }
    if (rest) {
      // The last 16 values are drawn afresh, over some that the blocks already hold.
      const last = this.#uniforms(BLOCK);
      boxMuller(last);
      values.set(last, n - BLOCK);
    }
    return values;
  }

  /** @param {number} n */
  #uniforms(n) {
    const uniforms = new Float32Array(n);
    for (let i = 0; i < n; i += 1) uniforms[i] = (this.#draws.next() & 0xffffff) * 2 ** -24;
    return uniforms;
  }
}

/**
 * @param {unknown} seed
 * @returns {number} The seed.
 * @throws {RequestError} It is not an integer from 0 to 2^32-1.
 */
export function checkSeed(seed) {
  if (isWhole(seed, 0, SEED_LIMIT - 1)) return seed;
  throw new RequestError(
    `seed is ${brief(seed)}, expected an integer from 0 to ${SEED_LIMIT - 1}`,
    { setting: 'seed' },
  );
}

/**
 * Draw a seed.
 *
 * @param {number} [room] How many seeds from the drawn one on must exist.
 */
export function drawSeed(room = 1) {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return Math.min(seed, SEED_LIMIT - room);
}

/**
 * Turn 16 uniform values into normal ones, in place: eight radii times the cosine, then the sine.
 *
 * @param {Float32Array} block
 */
function boxMuller(block) {
  const half = BLOCK / 2;
  for (let i = 0; i < half; i += 1) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * log(Math.fround(1 - block[i])))));
    const [sine, cosine] = sinCos(Math.fround(TWO_PI * block[half + i]));
    block[i] = radius * cosine;
    block[half + i] = radius * sine;
  }
}
