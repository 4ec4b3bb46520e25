/** The landmarks in the metadata: where a model's own recordings lie in its latent space. */

import { brief } from './checks.js';
import { ArtifactError } from './errors.js';

/** @typedef {import('./json-fields.js').JsonFields} JsonFields */
/** @typedef {import('./metadata-types.js').Landmarks} Landmarks */

const MAX_LANDMARKS = 1024;
const MAX_VALUES = 2 ** 18; // of all vectors together
const MIN_WIDTH = 1e-6; // beside it, any float32 can still be squared
const LARGEST = 3e38; // of float32
const LARGEST_POTENTIAL = 1e9;

/**
 * Read the object "landmarks".
 *
 * @param {JsonFields} fields
 * @param {number} latentDim
 * @returns {Landmarks}
 * @throws {ArtifactError} There are too many, or a number is not there or out of range.
 */
export function readLandmarks(fields, latentDim) {
  const count = fields.integer('count', 1, MAX_LANDMARKS);
  const landmarks = {
    count,
    vectors: fields.numbers('vectors', count * latentDim),
    potentials: fields.numbers('potentials', count),
    widths: fields.numbers('widths', latentDim),
    default: fields.number('default'),
  };
  fields.about(() => check(landmarks));
  return landmarks;
}

/** @param {Landmarks} landmarks */
function check({ count, vectors, potentials, widths, default: nearness }) {
  if (vectors.length > MAX_VALUES) {
    throw new ArtifactError(
      `there are ${count} landmarks of ${widths.length} values, expected 1 to ${MAX_LANDMARKS}, ` +
        `and ${MAX_VALUES} values at most`,
    );
  }
  if (!potentials.every((potential) => Math.abs(potential) <= LARGEST_POTENTIAL)) {
    throw new ArtifactError(
      `the landmarks' potentials are not ${count} numbers within ${LARGEST_POTENTIAL}`,
    );
  }
  if (!vectors.every((value) => Math.abs(value) <= LARGEST)) {
    throw new ArtifactError('a landmark lies beyond float32');
  }
  const wrong = widths.find((width) => !(width >= MIN_WIDTH && width <= LARGEST));
  if (wrong !== undefined) {
    throw new ArtifactError(
      `a landmark has the width ${brief(wrong)}, expected a number from ${MIN_WIDTH} on`,
    );
  }
  if (!(nearness >= 0 && nearness <= 1)) {
    throw new ArtifactError(
      `the default nearness is ${brief(nearness)}, expected a number from 0 to 1`,
    );
  }
}
