/** Where a live sound is to be: a point of the latent space, and how it wanders from there. */

import { brief, isFinite } from '../checks.js';
import { MAX_STEP } from '../contract.js';
import { controlShift } from '../controls.js';
import { RequestError } from '../errors.js';
import { checkNearness, resolveNearness } from '../nearness.js';
import { Float } from '../python-json.js';
import { checkSeed, SEED_LIMIT } from '../seeds.js';
import { latentVector } from '../sliders.js';
import { checkVector } from '../trajectory.js';

/** @typedef {import('../metadata-types.js').ArtifactMetadata} ArtifactMetadata */

/**
 * What the hands ask for, at one moment.
 *
 * @typedef {object} Place
 * @property {number} seed Of the random anchors, 0..2^32-1.
 * @property {readonly number[] | null} sliders A position for each slider, in steps; null if it is
 *   not sliders that say where.
 * @property {readonly number[] | null} vector `[latent_dim]`, where nothing else says where.
 *   Without either, the sound walks from anchor to anchor, as `generate` does.
 * @property {readonly (readonly [name: string, steps: number])[]} controls Steps of named controls,
 *   which move all of it; those at 0 are left out.
 * @property {number} drift How far it wanders from the place, 0..1.
 * @property {boolean} hold Whether the wandering stands still.
 * @property {number} nearness How far all of it is pulled to where the recordings lie, 0..1.
 */

/**
 * A whole and checked place.
 *
 * @param {{seed: number} & Partial<Place>} parts
 * @returns {Place}
 * @throws {RequestError} The seed, the drift, the nearness or the steps of a control are not such.
 */
export function makePlace({
  seed,
  sliders = null,
  vector = null,
  controls = [],
  drift = 0,
  hold = false,
  nearness = 0,
}) {
  return Object.freeze({
    seed: checkSeed(seed),
    sliders: sliders && sliders.map((position) => position + 0),
    vector,
    controls: checkedControls(controls),
    drift: checkedShare('drift', drift),
    hold,
    nearness: checkNearness(nearness),
  });
}

/**
 * Whether it goes from anchor to anchor, and stays nowhere.
 *
 * @param {Place} place
 */
export function walks({ sliders, vector }) {
  return sliders === null && vector === null;
}

/**
 * The point `[latent_dim]` that a place which does not walk wanders around.
 *
 * @param {Place} place
 * @param {ArtifactMetadata} metadata
 * @returns {Float32Array}
 */
export function centre({ sliders, vector }, metadata) {
  if (vector !== null) return Float32Array.from(vector);
  return latentVector(
    /** @type {import('../metadata-types.js').SliderBank} */ (metadata.sliders),
    /** @type {readonly number[]} */ (sliders),
  );
}

/**
 * See that a model can be there.
 *
 * @param {Place} place
 * @param {ArtifactMetadata} metadata
 * @throws {RequestError} The sliders, the vector or a control do not fit the model, or it does not
 *   know where its recordings lie.
 */
export function checkPlace(place, metadata) {
  const { latent_dim: latentDim, model } = metadata;
  if (place.vector !== null && checkVector(place.vector).length !== latentDim) {
    throw new RequestError(
      `the latent vector has ${place.vector.length} values, expected ${latentDim} for ` +
        brief(model.name),
    );
  }
  if (place.vector === null && place.sliders !== null && !metadata.sliders) {
    throw new RequestError('this model has no sliders: move to a latent vector instead');
  }
  if (!walks(place)) centre(place, metadata);
  if (place.controls.length) controlShift(metadata.controls, Object.fromEntries(place.controls));
  resolveNearness(place.nearness, metadata.landmarks, model.name);
}

/**
 * Whether two places are one.
 *
 * @param {Place} a
 * @param {Place} b
 */
export function samePlace(a, b) {
  return !Object.keys(changesFrom(a, b)).length;
}

/**
 * What JSON has to say so that the reader of the other place knows this one.
 *
 * @param {Place} place
 * @param {Place | null} other
 * @returns {Record<string, any>}
 */
export function changesFrom(place, other) {
  /** @type {(keyof Place)[]} */
  const keys = ['seed', 'sliders', 'vector', 'controls', 'drift', 'hold', 'nearness'];
  const changed = keys.filter(
    (key) =>
      other
        ? JSON.stringify(place[key]) !== JSON.stringify(other[key])
        : key !== 'nearness' || place.nearness !== 0, // programs of before know none
  );
  return Object.fromEntries(changed.map((key) => [key, written(place, key)]));
}

/**
 * @param {Place} place
 * @param {keyof Place} key
 */
function written(place, key) {
  switch (key) {
    case 'vector':
      return place.vector && place.vector.map((value) => new Float(value));
    case 'controls':
      return Object.fromEntries(place.controls);
    case 'drift':
    case 'nearness':
      return new Float(place[key]);
    default:
      return place[key];
  }
}

/**
 * Read a place, or what it changes of another.
 *
 * @param {import('../json-fields.js').JsonFields} fields
 * @param {Place | null} other
 * @returns {Place}
 * @throws {import('../errors.js').DistillError} A field is missing, of the wrong type or out of
 *   range.
 */
export function placeFrom(fields, other) {
  /** @param {string} key */
  const isThere = (key) => !other || fields.has(key);
  /** @param {'sliders' | 'vector'} key */
  const numbers = (key) => fields.optional(key, (name) => fields.numbers(name));
  /** @type {Partial<Place>} */
  const changes = {};
  if (isThere('seed')) Object.assign(changes, { seed: fields.integer('seed', 0, SEED_LIMIT - 1) });
  if (isThere('sliders')) Object.assign(changes, { sliders: numbers('sliders') });
  if (isThere('vector')) Object.assign(changes, { vector: numbers('vector') });
  if (isThere('controls')) {
    Object.assign(changes, { controls: Object.entries(fields.allNumbers('controls')) });
  }
  if (isThere('drift')) Object.assign(changes, { drift: fields.number('drift') });
  if (isThere('hold')) Object.assign(changes, { hold: fields.flag('hold') });
  if (fields.has('nearness')) Object.assign(changes, { nearness: fields.number('nearness') });
  return fields.about(() => makePlace(/** @type {Place} */ ({ ...other, ...changes })));
}

/**
 * @param {Place['controls']} controls
 * @returns {Place['controls']} Without those at 0.
 */
function checkedControls(controls) {
  const names = controls.map(([name]) => name.trim().toLowerCase());
  controls.forEach(([name, steps], i) => {
    if (names.indexOf(names[i]) < i) {
      throw new RequestError(`control ${brief(name)} is set twice, expected once`);
    }
    if (!isFinite(steps) || Math.abs(steps) > MAX_STEP) {
      throw new RequestError(
        `control ${brief(name)} is set to ${brief(steps)}, expected a number of steps from ` +
          `${-MAX_STEP} to ${MAX_STEP}`,
      );
    }
  });
  return controls.filter(([, steps]) => steps !== 0);
}

/**
 * @param {string} name
 * @param {unknown} share
 */
function checkedShare(name, share) {
  if (isFinite(share) && share >= 0 && share <= 1) return share;
  throw new RequestError(`the ${name} is ${brief(share)}, expected a number from 0 to 1`, {
    setting: name,
  });
}
