/**
 * numpy's `default_rng(seed)`: PCG64 (O'Neill, "PCG", 2014; XSL-RR, 128 bits of state), seeded by
 * numpy's SeedSequence.
 *
 * It draws slider positions and dither as `distill_runtime` draws them, bit for bit.
 */

import { checkSeed } from './seeds.js';

// SeedSequence: hashes of the seed are mixed into a pool of four words.
const POOL_SIZE = 4;
const INIT_A = 0x43b0d7e5;
const MULT_A = 0x931e8875;
const INIT_B = 0x8b51f9dd;
const MULT_B = 0x58f38ded;
const MIX_LEFT = 0xca01f9dd;
const MIX_RIGHT = 0x4973f715;

// PCG64's multiplier, 0x2360ED051FC65DA44385DF649FCCF645, in words of 16 bits, the lowest first:
// sums of products of such words are exact in a double, where a BigInt for every draw takes twenty
// times as long.
const WORDS = 8;
const MULTIPLIER = Float64Array.of(0xf645, 0x9fcc, 0xdf64, 0x4385, 0x5da4, 0x1fc6, 0xed05, 0x2360);

/** The generator of one seed. */
export class Pcg64 {
  #state = new Float64Array(WORDS);
  #next = new Float64Array(WORDS);
  #increment = new Float64Array(WORDS);
  #low = 0;
  #high = 0;
  /** @type {number | null} The half of the last draw that no `next32` has taken. */
  #kept = null;

  /**
   * @param {number} seed 0..2^32-1
   * @throws {import('./errors.js').RequestError} The seed is not such an integer.
   */
  constructor(seed) {
    // Four numbers of 64 bits, the low halves first: initial state and sequence, high before low.
    const words = seedSequence(checkSeed(seed), 8);
    const initial = shorts([words[2], words[3], words[0], words[1]]);
    const sequence = shorts([words[6], words[7], words[4], words[5]]);
    this.#increment = sum(sequence, sequence, 1);
    this.#step();
    this.#state = sum(this.#state, initial, 0);
    this.#step();
  }

  /** A double in [0, 1), of 53 random bits. */
  random() {
    this.#next64();
    return (this.#high * 0x200000 + (this.#low >>> 11)) / 2 ** 53;
  }

  /**
   * A whole number, each as likely (Lemire, "Fast Random Integer Generation in an Interval", 2019).
   *
   * @param {number} low The least.
   * @param {number} high The largest, less than 2^32 - 1 above it.
   */
  integer(low, high) {
    const count = high - low + 1;
    if (count === 1) return low; // without a draw
    let product = BigInt(this.#next32()) * BigInt(count);
    const threshold = BigInt((2 ** 32 - count) % count);
    while (BigInt.asUintN(32, product) < threshold) {
      product = BigInt(this.#next32()) * BigInt(count);
    }
    return low + Number(product >> 32n);
  }

  /** 32 bits: the low half of a draw, and the next time its high half. */
  #next32() {
    if (this.#kept !== null) {
      const kept = this.#kept;
      this.#kept = null;
      return kept;
    }
    this.#next64();
    this.#kept = this.#high;
    return this.#low;
  }

  /** Draw 64 bits into `#high` and `#low`. */
  #next64() {
    this.#step();
    const state = this.#state;
    // The halves of the state, xored, rotated to the right by its six highest bits.
    const low = ((state[0] ^ state[4]) | ((state[1] ^ state[5]) << 16)) >>> 0;
    const high = ((state[2] ^ state[6]) | ((state[3] ^ state[7]) << 16)) >>> 0;
    const rotation = state[7] >>> 10;
    const [a, b] = rotation & 32 ? [high, low] : [low, high];
    const shift = rotation & 31;
    this.#low = shift ? ((a >>> shift) | (b << (32 - shift))) >>> 0 : a;
    this.#high = shift ? ((b >>> shift) | (a << (32 - shift))) >>> 0 : b;
  }

  /** state = state * multiplier + increment, modulo 2^128. */
  #step() {
    const state = this.#state;
    const next = this.#next;
    let carry = 0;
    for (let i = 0; i < WORDS; i += 1) {
      let sum = this.#increment[i] + carry;
      for (let j = 0; j <= i; j += 1) sum += state[j] * MULTIPLIER[i - j];
      carry = Math.floor(sum / 0x10000);
      next[i] = sum - carry * 0x10000;
    }
    this.#state = next;
    this.#next = state;
  }
}

/**
 * numpy's `SeedSequence(seed).generate_state(count, uint32)`.
 *
 * @param {number} seed
 * @param {number} count
 */
function seedSequence(seed, count) {
  const pool = new Uint32Array(POOL_SIZE);
  let constant = INIT_A;
  /** @param {number} value */
  const hash = (value) => {
    let mixed = value ^ constant;
    constant = Math.imul(constant, MULT_A);
    mixed = Math.imul(mixed, constant);
    return mixed ^ (mixed >>> 16);
  };
  for (let i = 0; i < POOL_SIZE; i += 1) pool[i] = hash(i === 0 ? seed : 0);
  for (let from = 0; from < POOL_SIZE; from += 1) {
    for (let to = 0; to < POOL_SIZE; to += 1) {
      if (from === to) continue;
      const mixed = Math.imul(MIX_LEFT, pool[to]) - Math.imul(MIX_RIGHT, hash(pool[from]));
      pool[to] = mixed ^ ((mixed >>> 0) >>> 16);
    }
  }
  const state = new Uint32Array(count);
  constant = INIT_B;
  for (let i = 0; i < count; i += 1) {
    let value = pool[i % POOL_SIZE] ^ constant;
    constant = Math.imul(constant, MULT_B);
    value = Math.imul(value, constant);
    state[i] = value ^ (value >>> 16);
  }
  return state;
}

/**
 * a + b + carry, modulo 2^128.
 *
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @param {number} carry
 */
function sum(a, b, carry) {
  const total = new Float64Array(WORDS);
  for (let i = 0; i < WORDS; i += 1) {
    const word = a[i] + b[i] + carry;
    total[i] = word & 0xffff;
    carry = word >>> 16;
  }
  return total;
}

/**
 * @param {number[]} words Of 32 bits.
 * @returns {number[]} Of 16 bits, the low half of each before its high half.
 */
function shorts(words) {
  return words.flatMap((word) => [word & 0xffff, word >>> 16]);
}
