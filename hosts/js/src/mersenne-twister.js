/**
 * MT19937, 32 bits (Matsumoto and Nishimura, "Mersenne Twister", 1998), seeded by `init_genrand`.
 *
 * It is what torch's CPU generator and numpy's legacy `RandomState` draw from.
 */

const SIZE = 624;
const SHIFT = 397;
const TWIST = 0x9908b0df;
const UPPER = 0x80000000;
const LOWER = 0x7fffffff;

/** The generator of one seed. */
export class MersenneTwister {
  #state = new Uint32Array(SIZE);
  #index = SIZE;

  /** @param {number} seed 0..2^32-1 */
  constructor(seed) {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < SIZE; i += 1) {
      const before = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = Math.imul(1812433253, before) + i;
    }
  }

  /** The next 32 bits, 0..2^32-1. */
  next() {
    if (this.#index === SIZE) this.#twist();
    let y = this.#state[this.#index];
    this.#index += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #twist() {
    const state = this.#state;
    for (let i = 0; i < SIZE; i += 1) {
      const y = (state[i] & UPPER) | (state[(i + 1) % SIZE] & LOWER);
      state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ (y & 1 ? TWIST : 0);
    }
    this.#index = 0;
  }
}
