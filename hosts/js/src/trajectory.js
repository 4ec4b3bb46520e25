/**
 * The latent trajectory: the path through latent space that a duration and a seed stand for.
 *
 * The rules are Distill's own (docs/artifact.md). The duration is part of the path: the same seed
 * at another duration is another path.
 */

import { brief, isFinite } from './checks.js';
import { CHUNK_FRAMES, HOP_FRAMES, HOP_LENGTH, SAMPLE_RATE_HZ } from './contract.js';
import { RequestError } from './errors.js';
import { TorchGenerator } from './seeds.js';
import { slerp } from './slerp.js';

export const MAX_DURATION_S = 1e9;

/**
 * Wander between random anchors, one for each second begun.
 *
 * Distill calls this both "crossfade" and "latent_interpolation".
 *
 * @param {{seed: number, durationS: number, latentDim: number}} options
 * @returns {Float32Array} `[steps, latent_dim]`
 * @throws {RequestError} A value is out of bounds.
 */
export function crossfade({ seed, durationS, latentDim }) {
  const count = Math.max(2, wholeSeconds(durationS));
  const generator = new TorchGenerator(seed);
  return walk(() => generator.randn(latentDim), count, stepsForDuration(durationS), latentDim);
}

/**
 * Start from a latent vector (of sliders, of a preset) and drift from it.
 *
 * Each further anchor lies on the way from the vector to a random one, `evolution` of that way.
 *
 * @param {ArrayLike<number>} vector `[latent_dim]`
 * @param {{seed: number, durationS: number, evolution: number}} options
 *   `evolution`: 0 (static: every step is the vector) to 1.
 * @returns {Float32Array} `[steps, latent_dim]`
 * @throws {RequestError} A value is out of bounds.
 */
export function evolve(vector, { seed, durationS, evolution }) {
  const start = checkVector(vector);
  const amount = checkEvolution(evolution);
  const steps = stepsForDuration(durationS);
  const generator = new TorchGenerator(seed);
  if (steps === 1 || amount === 0) {
    const still = new Float32Array(steps * start.length);
    for (let step = 0; step < steps; step += 1) still.set(start, step * start.length);
    return still;
  }
  const count = Math.max(2, Math.floor((2 * wholeSeconds(durationS) + 2) / 3));
  let isFirst = true;
  const anchor = () => {
    if (!isFirst) return slerp(start, generator.randn(start.length), amount);
    isFirst = false;
    return start;
  };
  return walk(anchor, count, steps, start.length);
}

/**
 * How many latent vectors cover a duration, counted in whole seconds begun.
 *
 * @param {number} durationS
 * @throws {RequestError} It is not a duration.
 */
export function stepsForDuration(durationS) {
  const frames = Math.floor((wholeSeconds(durationS) * SAMPLE_RATE_HZ) / HOP_LENGTH) + 1;
  return Math.max(1, Math.ceil((frames - CHUNK_FRAMES) / HOP_FRAMES) + 1);
}

/**
 * @param {unknown} durationS
 * @returns {number} The duration.
 * @throws {RequestError} It is not a positive number, over 30 years, or shorter than one sample.
 */
export function checkDuration(durationS) {
  const setting = { setting: 'durationS' };
  if (!isFinite(durationS) || durationS <= 0) {
    throw new RequestError(
      `durationS is ${brief(durationS)}, expected a number of seconds above 0`,
      setting,
    );
  }
  if (durationS > MAX_DURATION_S) {
    throw new RequestError(
      `durationS is ${durationS}, expected at most ${MAX_DURATION_S}, some 30 years`,
      setting,
    );
  }
  if (durationS * SAMPLE_RATE_HZ <= 0.5) {
    throw new RequestError(
      `durationS is ${durationS}, less than one sample at ${SAMPLE_RATE_HZ} Hz`,
      setting,
    );
  }
  return durationS;
}

/**
 * @param {unknown} evolution
 * @returns {number} The amount of evolution.
 * @throws {RequestError} It is not a number from 0 to 1.
 */
export function checkEvolution(evolution) {
  if (isFinite(evolution) && evolution >= 0 && evolution <= 1) return evolution;
  throw new RequestError(`evolution is ${brief(evolution)}, expected a number from 0 to 1`, {
    setting: 'evolution',
  });
}

/**
 * A latent vector as float32.
 *
 * @param {unknown} vector
 * @returns {Float32Array} `[latent_dim]`, a copy.
 * @throws {RequestError} It is not a row of finite numbers.
 */
export function checkVector(vector) {
  const setting = { setting: 'latentVector' };
  const expected = 'expected a row of finite numbers';
  if (!Array.isArray(vector) && !ArrayBuffer.isView(vector)) {
    throw new RequestError(`latentVector is ${brief(vector)}, ${expected}`, setting);
  }
  const numbers = Array.from(/** @type {ArrayLike<unknown>} */ (/** @type {unknown} */ (vector)));
  const values = Float32Array.from(/** @type {number[]} */ (numbers));
  if (!numbers.length || !numbers.every(isFinite) || !values.every(isFinite)) {
    throw new RequestError(
      `latentVector is empty, or holds what is no number or beyond float32, ${expected}`,
      setting,
    );
  }
  return values;
}

/**
 * Spread steps evenly from the first anchor to the last.
 *
 * @param {() => Float32Array} anchor Gives the next anchor `[latent_dim]`.
 * @param {number} count How many there are, at least two.
 * @param {number} steps How many; a single one is the first anchor.
 * @param {number} latentDim
 */
function walk(anchor, count, steps, latentDim) {
  const path = new Float32Array(steps * latentDim);
  let before = anchor();
  if (steps === 1) return before.slice();
  let after = anchor();
  let index = 0; // of the anchor before
  for (let step = 0; step < steps; step += 1) {
    const position = (step / (steps - 1)) * (count - 1);
    while (index < Math.min(Math.floor(position), count - 2)) {
      [before, after] = [after, anchor()];
      index += 1;
    }
    path.set(slerp(before, after, position - index), step * latentDim);
  }
  return path;
}

/** @param {number} durationS */
function wholeSeconds(durationS) {
  return Math.ceil(checkDuration(durationS));
}
