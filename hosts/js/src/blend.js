/**
 * What plays: one artifact, or up to four of them blended into one sound.
 *
 * *Latent* blending averages the vectors at which the models' sliders stand and plays the result on
 * the first model. *Audio* blending lets every model make its own finished sound and averages
 * those. Either starts from sliders: where none is set they all stand at 0. A single artifact may
 * also walk between random anchors. A model of weight 0 takes no part.
 *
 * Controls move every model along its own direction of that name; a model without it stays where it
 * is. A latent blend moves by the average. Nearness pulls every model that renders towards its own
 * recordings, and a model that does not know where they lie stays where it is.
 */

import { brief, isFinite } from './checks.js';
import { controlShift, resolveControls, unionControls } from './controls.js';
import { RequestError } from './errors.js';
import { Pull } from './nearness.js';
import { checkPositions, latentVector } from './sliders.js';

/** @typedef {import('./artifact.js').Artifact} Artifact */
/** @typedef {import('./metadata-types.js').Slider} Slider */

export const MAX_MODELS = 4;

/** One to four artifacts that sound together. */
export class Blend {
  /**
   * @param {readonly Artifact[]} artifacts One to four. The first with a weight above 0 plays a
   *   latent blend.
   * @param {{weights?: readonly number[], mode?: 'latent' | 'audio'}} [options]
   *   `weights`: one for each artifact, in any unit; all 0, or left out, means equal.
   * @throws {RequestError} There are too few or too many artifacts, a weight or the mode is not
   *   one, or the models' latent vectors are of different sizes and cannot be averaged.
   */
  constructor(artifacts, { weights = artifacts.map(() => 1), mode = 'latent' } = {}) {
    if (artifacts.length < 1 || artifacts.length > MAX_MODELS) {
      throw new RequestError(
        `there are ${artifacts.length} models to blend, expected 1 to ${MAX_MODELS}`,
      );
    }
    if (weights.length !== artifacts.length) {
      throw new RequestError(
        `there are ${weights.length} weights for ${artifacts.length} models, expected one each`,
      );
    }
    if (mode !== 'latent' && mode !== 'audio') {
      throw new RequestError(`the blend mode is ${brief(mode)}, expected latent or audio`);
    }
    const shares = normalizedWeights(weights);
    this.artifacts = [...artifacts];
    this.weights = [...weights];
    this.mode = mode;
    /** The artifacts that take part. */
    this.parts = artifacts.filter((_, i) => shares[i] > 0);
    /** One for each part; their sum is 1. */
    this.shares = shares.filter((share) => share > 0);
    if (mode === 'latent') for (const other of this.parts) checkSameSize(this.parts[0], other);
    /** The union of the parts' sliders. */
    this.sliders = unionSliders(this.parts.map((part) => part.sliders));
    /** The union of the parts' controls. */
    this.controls = unionControls(this.parts.map((part) => part.controls));
    /** What draws each renderer's latent vectors to its recordings; null where it knows none. */
    this.pulls = this.renderers.map(({ landmarks }) => landmarks && new Pull(landmarks));
  }

  /**
   * A blend as it is, and an artifact as the blend of one.
   *
   * @param {Artifact | Blend} source
   */
  static of(source) {
    return source instanceof Blend ? source : new Blend([source]);
  }

  /** Whether it is one artifact, which may walk without sliders. */
  get isSingle() {
    return this.artifacts.length === 1;
  }

  /** Whether several finished sounds are made and averaged. */
  get mixesSounds() {
    return this.mode === 'audio' && !this.isSingle;
  }

  /** The artifacts that render: all parts of an audio blend, else the first. */
  get renderers() {
    return this.mixesSounds ? this.parts : this.parts.slice(0, 1);
  }

  /** The landmarks of the first renderer that has some, whose nearness is the default. */
  get landmarks() {
    return this.renderers.find(({ landmarks }) => landmarks)?.landmarks ?? null;
  }

  /** What errors call it: the file's name of the first renderer. */
  get name() {
    return this.renderers[0].name;
  }

  /**
   * Where the path of a request starts, on each of the renderers.
   *
   * @param {import('./request.js').Request} request Whose sliders, if it has some, are positions.
   * @returns {(Float32Array | null)[]} `[latent_dim]` for each renderer; null for a walk between
   *   random anchors.
   * @throws {RequestError} The positions are not right for the sliders, or the latent vector is of
   *   another size than a renderer's.
   */
  startVectors(request) {
    const { latentVector: vector } = request;
    if (vector !== null) return this.renderers.map((renderer) => renderer.checkVector(vector));
    if (request.sliders === null && this.isSingle) return [null];
    const vectors = this.#sliderVectors(request.sliders);
    return this.mixesSounds ? vectors : [average(vectors, this.shares)];
  }

  /**
   * What controls add to a request's latent vectors, on each of the renderers.
   *
   * @param {import('./request.js').Request} request With the names of this blend's controls.
   * @returns {(Float32Array | null)[]} `[latent_dim]` for each renderer; null: nothing is moved.
   * @throws {RequestError} No part has a control of that name, or they lead beyond float32.
   */
  shifts({ controls }) {
    if (controls === null) return this.renderers.map(() => null);
    const asked = Object.entries(resolveControls(this.controls, controls));
    const shifts = this.parts.map((artifact) => {
      const own = new Set(artifact.controls.map(({ name }) => name.toLowerCase()));
      const steps = asked.filter(([name]) => own.has(name.toLowerCase()));
      return steps.length
        ? controlShift(artifact.controls, Object.fromEntries(steps))
        : new Float32Array(artifact.latentDim);
    });
    return this.mixesSounds ? shifts : [average(shifts, this.shares)];
  }

  /**
   * A request without the controls that change the level; null if it sets none.
   *
   * @template {import('./request.js').Request} R
   * @param {R} request
   * @returns {R | null}
   */
  withoutLevel(request) {
    const levels = new Set(this.controls.filter((c) => c.is_level).map(({ name }) => name));
    const asked = Object.entries(request.controls ?? {});
    const rest = asked.filter(([name]) => !levels.has(name));
    if (rest.length === asked.length) return null;
    return { ...request, controls: rest.length ? Object.fromEntries(rest) : null };
  }

  /**
   * The vector at which each part's own sliders stand, zeros without sliders.
   *
   * @param {readonly number[] | null} positions
   */
  #sliderVectors(positions) {
    const checked = checkPositions(this.sliders, positions ?? this.sliders.map(() => 0));
    return this.parts.map((artifact) => {
      const bank = artifact.metadata.sliders;
      if (bank === null) return new Float32Array(artifact.latentDim);
      return latentVector(bank, checked.slice(0, bank.sliders.length));
    });
  }
}

/**
 * Weights whose sum is 1, in the same proportions.
 *
 * @param {readonly number[]} weights At least one, each 0 or more; all 0 means equal.
 * @throws {RequestError} One is negative, NaN, infinite or not a number.
 */
export function normalizedWeights(weights) {
  for (const weight of weights) {
    if (!isFinite(weight) || weight < 0) {
      throw new RequestError(
        `the blend weight is ${brief(weight)}, expected a finite number, 0 or more`,
      );
    }
  }
  // Relative to the largest first: the sum of large weights could be infinite.
  const largest = Math.max(...weights);
  const relative = weights.map((weight) => (largest ? weight / largest : 1));
  const total = relative.reduce((sum, weight) => sum + weight, 0);
  return relative.map((weight) => weight / total);
}

/**
 * The sliders that move several models at once, by index: called as in the first model that has
 * one, their ranges those in which every model's slider is allowed, safe or tolerable.
 *
 * @param {readonly (readonly Slider[])[]} models The sliders of each model.
 * @returns {Slider[]}
 */
export function unionSliders(models) {
  const count = Math.max(0, ...models.map((sliders) => sliders.length));
  return Array.from({ length: count }, (_, index) => {
    const same = models
      .filter((sliders) => index < sliders.length)
      .map((sliders) => sliders[index]);
    /** @param {'min_step' | 'safe_min_step' | 'warning_min_step'} key */
    const least = (key) => Math.max(...same.map((slider) => slider[key]));
    /** @param {'max_step' | 'safe_max_step' | 'warning_max_step'} key */
    const most = (key) => Math.min(...same.map((slider) => slider[key]));
    return {
      ...same[0],
      min_step: least('min_step'),
      max_step: most('max_step'),
      safe_min_step: least('safe_min_step'),
      safe_max_step: most('safe_max_step'),
      warning_min_step: least('warning_min_step'),
      warning_max_step: most('warning_max_step'),
    };
  });
}

/**
 * The weighted mean of arrays of one length; the shares' sum is 1.
 *
 * @param {readonly Float32Array[]} arrays
 * @param {readonly number[]} shares
 */
export function average(arrays, shares) {
  // In float64, so that a model blended with itself is itself to the last bit.
  return arrays[0].map((_, i) => arrays.reduce((sum, array, j) => sum + shares[j] * array[i], 0));
}

/**
 * @param {Artifact} first
 * @param {Artifact} other
 */
function checkSameSize(first, other) {
  if (first.latentDim === other.latentDim) return;
  const [a, b] = [first, other].map(
    (artifact) => `${brief(artifact.name)} (latent vectors of ${artifact.latentDim} values)`,
  );
  throw new RequestError(`${a} and ${b} cannot be averaged: blend them in audio mode`);
}
