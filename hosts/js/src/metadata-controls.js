/** The controls in the metadata: directions of the latent space, named by what is heard. */

import { brief } from './checks.js';
import { MAX_STEP } from './contract.js';
import { ArtifactError } from './errors.js';

/** @typedef {import('./json-fields.js').JsonFields} JsonFields */
/** @typedef {import('./metadata-types.js').Control} Control */

const MAX_CONTROLS = 64;
const MAX_NAME = 40;
const UNIT_LENGTH = 1e-3; // how far the written length of a direction may be from 1

/**
 * Read the list "controls".
 *
 * @param {readonly JsonFields[]} sections
 * @param {number} latentDim
 * @returns {Control[]}
 * @throws {ArtifactError} There are too many, two have the same name, or one is not as it should be.
 */
export function readControls(sections, latentDim) {
  if (sections.length > MAX_CONTROLS) {
    throw new ArtifactError(
      `its metadata has ${sections.length} controls, expected at most ${MAX_CONTROLS}`,
    );
  }
  const controls = sections.map((fields) => readControl(fields, latentDim));
  const names = controls.map(({ name }) => name.toLowerCase());
  const twice = controls.find((_, i) => names.indexOf(names[i]) !== names.lastIndexOf(names[i]));
  if (twice) {
    throw new ArtifactError(
      `its metadata has several controls called ${brief(twice.name)}, expected one`,
    );
  }
  return controls;
}

/**
 * @param {JsonFields} fields
 * @param {number} latentDim
 * @returns {Control}
 */
function readControl(fields, latentDim) {
  const control = {
    name: fields.text('name'),
    direction: fields.numbers('direction', latentDim),
    step_size: fields.numberWithin('step_size', 0, Infinity),
    safe_min_step: fields.integer('safe_min_step', -MAX_STEP, 0),
    safe_max_step: fields.integer('safe_max_step', 0, MAX_STEP),
    unit: fields.text('unit'),
    change_per_step: fields.number('change_per_step'),
    correlation: fields.numberWithin('correlation', -1, 1),
    leak: fields.numberWithin('leak', 0, Infinity),
    leaks_into: fields.optional('leaks_into', (key) => fields.text(key)),
    places: fields.integer('places', 1, 2 ** 31),
    is_level: fields.flag('is_level'),
  };
  fields.about(() => check(control));
  return control;
}

/** @param {Control} control */
function check({ name, step_size: stepSize, direction }) {
  const { length } = [...name];
  if (/[^ \P{Z}]|\p{C}/u.test(name) || name !== name.trim() || length < 1 || length > MAX_NAME) {
    throw new ArtifactError(
      `a control is called ${brief(name)}, expected 1 to ${MAX_NAME} printable characters`,
    );
  }
  if (name.includes(':')) {
    throw new ArtifactError(`a control is called ${brief(name)}, expected a name without colon`);
  }
  if (stepSize <= 0) {
    throw new ArtifactError(`control ${brief(name)} has the step_size 0, expected one above 0`);
  }
  const size = Math.hypot(...direction);
  if (!(Math.abs(size - 1) <= UNIT_LENGTH)) {
    throw new ArtifactError(
      `control ${brief(name)} has a direction of length ${size.toPrecision(4)}, expected 1`,
    );
  }
}
