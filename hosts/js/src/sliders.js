/**
 * Positions of sliders: finding a slider, setting it, and the latent vector that results.
 *
 * A slider is called by its index, which counts from 0 as in Distill, by its label ("Brightness +",
 * or the training program's own, "PC1 (Texture)"), its name ("PC1"), or the word in a label. It
 * stands at a position in steps, of which fractions will do.
 */

import { brief, isFinite, isObject } from './checks.js';
import { RequestError } from './errors.js';
import { Pcg64 } from './pcg64.js';

/** @typedef {import('./metadata-types.js').Slider} Slider */
/** @typedef {import('./metadata-types.js').SliderBank} SliderBank */

/**
 * Where sliders are asked to stand: a position for each of a model's, or for those that are named.
 *
 * @typedef {readonly number[] | Readonly<Record<string, number>>} SliderPositions
 */

const INDEX = /^[+-]?[0-9]{1,6}$/;
const WORD = /\(([^()]*)\)\s*$/;
const SIGN = /\s+[+-]$/;

/**
 * The index of the slider that is meant.
 *
 * @param {readonly Slider[]} sliders All sliders of a model.
 * @param {string | number} nameOrIndex Upper and lower case are the same.
 * @throws {RequestError} There is no such slider, there are several, or the model has none at all.
 */
export function resolveSlider(sliders, nameOrIndex) {
  checkAny(sliders);
  const text = String(nameOrIndex).trim();
  if (INDEX.test(text)) {
    const index = Number(text);
    if (index >= 0 && index < sliders.length) return index;
    throw new RequestError(`there is no slider ${index}, expected one of ${titles(sliders)}`);
  }
  const wanted = text.toLowerCase();
  // A whole label is never ambiguous because the name or the word of another slider is the same.
  for (const called of [
    distinctLabels(sliders),
    sliders.map(({ label }) => label),
    originalLabels(sliders),
    sliders.map(firstLabel),
    sliders.map(({ name }) => name),
    sliders.map(({ label }) => word(label)),
    sliders.map(({ label }) => (word(label) || label).replace(SIGN, '')),
    sliders.map((slider) => word(firstLabel(slider))),
  ]) {
    const fitting = [...called.keys()].filter((i) => wanted && called[i].toLowerCase() === wanted);
    if (fitting.length === 1) return fitting[0];
    if (fitting.length) {
      throw new RequestError(
        `${brief(nameOrIndex)} fits ${fitting.length} sliders, ${titles(sliders, fitting)}: ` +
          'give the index of one',
      );
    }
  }
  throw new RequestError(
    `there is no slider ${brief(nameOrIndex)}, expected one of ${titles(sliders)}`,
  );
}

/**
 * Where all sliders of a model stand for what was asked of some.
 *
 * @param {readonly Slider[]} sliders All sliders of a model.
 * @param {SliderPositions} setting A position for each, or by name or index: the others stand at 0.
 * @returns {number[]}
 * @throws {RequestError} A slider is unknown, ambiguous or set twice, there are more or fewer
 *   positions than sliders, or one is outside its slider's range.
 */
export function resolvePositions(sliders, setting) {
  if (Array.isArray(setting) || ArrayBuffer.isView(setting)) {
    return checkPositions(sliders, Array.from(/** @type {ArrayLike<number>} */ (setting)));
  }
  if (!isObject(setting)) {
    throw new RequestError(
      `the sliders are ${brief(setting)}, expected a position for each or an object from labels or ` +
        'indices to positions, as in {Brightness: 3, 1: -2.5}',
      { setting: 'sliders' },
    );
  }
  const positions = sliders.map(() => 0);
  const assigned = new Set();
  for (const [name, position] of Object.entries(setting)) {
    const index = resolveSlider(sliders, name);
    if (assigned.has(index)) {
      throw new RequestError(`slider ${titles(sliders, [index])} is set twice, expected once`);
    }
    assigned.add(index);
    positions[index] = /** @type {number} */ (position);
  }
  return checkPositions(sliders, positions);
}

/**
 * The same positions, if they are right for the sliders; 0 is always allowed.
 *
 * @param {readonly Slider[]} sliders
 * @param {readonly number[]} positions In steps, one for each slider.
 * @throws {RequestError} There are more or fewer positions than sliders, or one is not a number or
 *   outside its slider's range.
 */
export function checkPositions(sliders, positions) {
  if (positions.length) checkAny(sliders);
  if (positions.length !== sliders.length) {
    throw new RequestError(
      `there are ${positions.length} slider positions, expected one for each of the ` +
        `${sliders.length} sliders`,
      { setting: 'sliders' },
    );
  }
  return positions.map((position, i) => {
    const { min_step: least, max_step: most } = sliders[i];
    if (!isFinite(position) || (position !== 0 && !(position >= least && position <= most))) {
      throw new RequestError(
        `slider ${titles(sliders, [i])} is set to ${brief(position)}, expected a number from ` +
          `${least} to ${most}`,
        { setting: 'sliders' },
      );
    }
    return position + 0; // not -0, which no file keeps
  });
}

/**
 * Draw a position within the safe range of every slider, as Distill does for a seed.
 *
 * A slider without any safe position stays at 0.
 *
 * @param {readonly Slider[]} sliders
 * @param {number} seed
 * @returns {number[]}
 * @throws {RequestError} The seed is not one, or the model has no sliders.
 */
export function randomPositions(sliders, seed) {
  checkAny(sliders);
  const generator = new Pcg64(seed);
  return sliders.map((slider) => {
    const low = Math.max(slider.safe_min_step, slider.min_step);
    const high = Math.min(slider.safe_max_step, slider.max_step);
    return low <= high ? generator.integer(low, high) : 0;
  });
}

/**
 * A line for each slider that stands outside its safe range.
 *
 * @param {readonly Slider[]} sliders
 * @param {readonly number[]} positions One for each.
 */
export function sliderWarnings(sliders, positions) {
  return sliders.flatMap((slider, i) => {
    const zone = rangeOf(slider, positions[i]);
    if (zone === 'safe') return [];
    const at = `slider ${titles(sliders, [i])} at ${positions[i]} is`;
    const safe = `${slider.safe_min_step} to ${slider.safe_max_step}`;
    if (zone === 'warning') {
      return [`${at} outside its safe range, ${safe}: the sound may lose its character`];
    }
    const most = `${slider.warning_min_step} to ${slider.warning_max_step}`;
    return [
      `${at} far outside what the model has learned (safe: ${safe}, at the very most ${most}): ` +
        'expect noise or silence',
    ];
  });
}

/**
 * In which of its slider's ranges a position lies.
 *
 * @param {Slider} slider
 * @param {number} position
 * @returns {'safe' | 'warning' | 'beyond'}
 */
export function rangeOf(slider, position) {
  // At 0 a slider has no say, whatever its ranges are.
  if (!position) return 'safe';
  if (position < slider.warning_min_step || position > slider.warning_max_step) return 'beyond';
  return position < slider.safe_min_step || position > slider.safe_max_step ? 'warning' : 'safe';
}

/**
 * Where the sliders lead: the mean, and from there `position` steps along each.
 *
 * @param {SliderBank} bank A model's sliders.
 * @param {readonly number[]} positions In steps, one for each slider.
 * @returns {Float32Array} `[latent_dim]`
 * @throws {RequestError} The positions are not right for these sliders.
 */
export function latentVector(bank, positions) {
  const vector = Float32Array.from(bank.mean);
  // Float32, one slider after the other, as in Distill: so the vector is its own, bit for bit.
  checkPositions(bank.sliders, positions).forEach((position, index) => {
    const { step_size: stepSize, component } = bank.sliders[index];
    const distance = Math.fround(Math.fround(position) * Math.fround(stepSize));
    for (let i = 0; i < vector.length; i += 1) {
      vector[i] += Math.fround(distance * Math.fround(component[i]));
    }
  });
  if (!vector.every(isFinite)) {
    throw new RequestError('the sliders lead beyond float32: set them nearer to 0', {
      setting: 'sliders',
    });
  }
  return vector;
}

/**
 * A text for each slider that no other has: its label, numbered if some are shared.
 *
 * @param {readonly Slider[]} sliders
 */
export function distinctLabels(sliders) {
  return numbered(sliders.map(({ label }) => label));
}

/**
 * The same of the labels that the training program gave, which are the model's own: what is kept in
 * files is kept by them.
 *
 * @param {readonly Slider[]} sliders
 */
export function originalLabels(sliders) {
  return numbered(sliders.map(firstLabel));
}

/**
 * The label that the training program gave a slider, in whatever artifact of the model.
 *
 * @param {Slider} slider
 */
export function firstLabel(slider) {
  return slider.original_label ?? slider.label;
}

/** @param {string[]} labels */
function numbered(labels) {
  if (new Set(labels).size === labels.length) return labels;
  return labels.map((label, i) => `${i} ${label}`);
}

/**
 * The word in parentheses that ends a label, or an empty text.
 *
 * @param {string} label
 */
function word(label) {
  return WORD.exec(label)?.[1].trim() ?? '';
}

/** @param {readonly Slider[]} sliders */
function checkAny(sliders) {
  if (!sliders.length) {
    throw new RequestError('this model has no sliders: leave the slider settings out', {
      setting: 'sliders',
    });
  }
}

/**
 * @param {readonly Slider[]} sliders
 * @param {readonly number[]} [indices]
 */
function titles(sliders, indices = [...sliders.keys()]) {
  const shown = indices.slice(0, 16).map((i) => `${i} ${brief(sliders[i].label)}`);
  return shown.join(', ') + (indices.length > 16 ? ` and ${indices.length - 16} more` : '');
}
