/**
 * The latent vectors of a place, step after step, without an end.
 *
 * A sound that `generate` makes has its anchors spread over its duration. One without an end has
 * them at the spacing that they have in sounds of some seconds, so that the first minute of a
 * seed's walk is what `generate` plays for a minute of it.
 */

import { controlShift } from '../controls.js';
import { Pull } from '../nearness.js';
import { TorchGenerator } from '../seeds.js';
import { slerp } from '../slerp.js';
import { centre, walks } from './place.js';

/** @typedef {import('./place.js').Place} Place */

const STEPS_PER_ANCHOR = 2; // of a walk: an anchor a second
const STEPS_PER_DRIFT = 3; // of a drift: one in a second and a half
const KEPT_ANCHORS = 64;

// After so many steps, six days, a seed's walk begins anew: its anchors have to be drawn in order.
export const MAX_PHASE = 2 ** 20;

/** The latent vectors of places on one model. */
export class Path {
  #metadata;
  #pull;
  /** @type {Map<number, Anchors>} */
  #anchors = new Map();

  /**
   * @param {import('../metadata-types.js').ArtifactMetadata} metadata Of what plays.
   * @param {number} rows Voices: row i takes the i-th seed from the place's on.
   */
  constructor(metadata, rows) {
    this.#metadata = metadata;
    this.#pull = metadata.landmarks && new Pull(metadata.landmarks);
    this.rows = rows;
  }

  /**
   * The latent vectors of some steps.
   *
   * @param {Place} place A place on the model.
   * @param {readonly number[]} phases For each step, how many steps the wandering has come, 0 at
   *   its beginning.
   * @returns {Float32Array} `[rows, steps, latent_dim]`
   */
  latents(place, phases) {
    const seeds = Array.from({ length: this.rows }, (_, row) => place.seed + row);
    const size = this.#metadata.latent_dim;
    this.#anchors = new Map(
      seeds.map((seed) => [seed, this.#anchors.get(seed) ?? new Anchors(seed, size)]),
    );
    const all = new Float32Array(this.rows * phases.length * size);
    seeds.forEach((seed, row) => {
      phases.forEach((phase, step) => {
        all.set(this.#voice(place, seed, phase), (row * phases.length + step) * size);
      });
    });
    const pulled = this.#pull ? this.#pull.move(all, place.nearness) : all;
    this.#shift(pulled, place);
    return pulled;
  }

  /**
   * Add what the controls add to every latent vector.
   *
   * @param {Float32Array} latents
   * @param {Place} place
   */
  #shift(latents, { controls }) {
    if (!controls.length) return;
    const shift = controlShift(this.#metadata.controls, Object.fromEntries(controls));
    for (let i = 0; i < latents.length; i += 1) latents[i] += shift[i % shift.length];
  }

  /**
   * @param {Place} place
   * @param {number} seed
   * @param {number} phase
   */
  #voice(place, seed, phase) {
    const anchors = /** @type {Anchors} */ (this.#anchors.get(seed));
    if (walks(place)) {
      const index = Math.floor(phase / STEPS_PER_ANCHOR);
      const part = (phase % STEPS_PER_ANCHOR) / STEPS_PER_ANCHOR;
      return slerp(anchors.at(index), anchors.at(index + 1), part);
    }
    const vector = centre(place, this.#metadata);
    if (place.drift === 0) return vector;
    /** @param {number} anchor */
    const around = (anchor) =>
      anchor === 0 ? vector : slerp(vector, anchors.at(anchor - 1), place.drift);
    const index = Math.floor(phase / STEPS_PER_DRIFT);
    return slerp(around(index), around(index + 1), (phase % STEPS_PER_DRIFT) / STEPS_PER_DRIFT);
  }
}

/** The random vectors of a seed, drawn when they are needed; some of the last are kept. */
class Anchors {
  #seed;
  #size;
  #generator;
  /** @type {Float32Array[]} */
  #kept = [];
  #first = 0;

  /**
   * @param {number} seed
   * @param {number} size
   */
  constructor(seed, size) {
    this.#seed = seed;
    this.#size = size;
    this.#generator = new TorchGenerator(seed);
  }

  /**
   * @param {number} index
   * @returns {Float32Array}
   */
  at(index) {
    if (index < this.#first) {
      this.#generator = new TorchGenerator(this.#seed);
      this.#kept = [];
      this.#first = 0;
    }
    while (index >= this.#first + this.#kept.length) {
      this.#kept.push(this.#generator.randn(this.#size));
      if (this.#kept.length > KEPT_ANCHORS) {
        this.#kept.shift();
        this.#first += 1;
      }
    }
    return this.#kept[index - this.#first];
  }
}
