/**
 * Settings of controls: finding a control by its name, and the shift that its steps make.
 *
 * A control moves the latent vector along one direction, wherever it is: at a slider's place, on a
 * random walk. It is called by its name, in upper or lower case, and set in steps, of which
 * fractions will do.
 */

import { brief, isFinite, isObject } from './checks.js';
import { MAX_STEP } from './contract.js';
import { RequestError } from './errors.js';

/** @typedef {import('./metadata-types.js').Control} Control */

/**
 * What is asked of controls: name -> steps; those that are not named are not moved.
 *
 * @typedef {Readonly<Record<string, number>>} ControlSteps
 */

/**
 * The control that is called so, in upper or lower case.
 *
 * @param {readonly Control[]} controls
 * @param {string} name
 * @throws {RequestError} There is no such control, or the model has none at all.
 */
export function resolveControl(controls, name) {
  const found = controls.find((control) => same(control.name) === same(name));
  if (found) return found;
  throw new RequestError(
    controls.length
      ? `there is no control ${brief(name)}, expected one of ` +
          controls.map((control) => control.name).join(', ')
      : `there is no control ${brief(name)}: this artifact has none, export its model again`,
    { setting: 'controls' },
  );
}

/**
 * What is asked of a model's controls, by its own names and in its order; none is 0.
 *
 * @param {readonly Control[]} controls
 * @param {ControlSteps} setting
 * @returns {Record<string, number>}
 * @throws {RequestError} A control is unknown or set twice, or its steps are not a number or beyond
 *   any control's.
 */
export function resolveControls(controls, setting) {
  if (!isObject(setting)) {
    throw new RequestError(
      `the controls are ${brief(setting)}, expected an object from names to steps, as in ` +
        '{Brightness: 3}',
      { setting: 'controls' },
    );
  }
  /** @type {Map<Control, number>} */
  const asked = new Map();
  for (const [name, steps] of Object.entries(setting)) {
    if (!isFinite(steps) || Math.abs(steps) > MAX_STEP) {
      throw new RequestError(
        `control ${brief(name)} is set to ${brief(steps)}, expected a number of steps from ` +
          `${-MAX_STEP} to ${MAX_STEP}`,
        { setting: 'controls' },
      );
    }
    const control = resolveControl(controls, name);
    if (asked.has(control)) {
      throw new RequestError(`control ${brief(name)} is set twice, expected once`, {
        setting: 'controls',
      });
    }
    asked.set(control, steps);
  }
  return Object.fromEntries(
    controls.flatMap((control) => {
      const steps = asked.get(control);
      return steps ? [[control.name, steps]] : [];
    }),
  );
}

/**
 * What controls add to every latent vector of a sound: `steps * step_size * direction`.
 *
 * @param {readonly Control[]} controls A model's, at least one.
 * @param {ControlSteps} setting
 * @returns {Float32Array} `[latent_dim]`; the shift of two settings together is the sum of theirs.
 * @throws {RequestError} The setting is not right for the controls, or they lead beyond float32.
 */
export function controlShift(controls, setting) {
  if (!controls.length) {
    throw new RequestError('this artifact has no controls: export its model again', {
      setting: 'controls',
    });
  }
  const steps = resolveControls(controls, setting);
  const shift = new Float64Array(controls[0].direction.length);
  for (const { name, step_size: stepSize, direction } of controls) {
    if (!Object.hasOwn(steps, name)) continue;
    const distance = steps[name] * stepSize;
    for (let i = 0; i < shift.length; i += 1) shift[i] += distance * direction[i];
  }
  const moved = Float32Array.from(shift);
  if (!moved.every(isFinite)) {
    throw new RequestError('the controls lead beyond float32: set them nearer to 0', {
      setting: 'controls',
    });
  }
  return moved;
}

/**
 * The controls that several models have between them, by name: each is that of the first model that
 * has it, with the safe range of all that have it. Each model moves along its own direction.
 *
 * @param {readonly (readonly Control[])[]} models
 * @returns {Control[]}
 */
export function unionControls(models) {
  /** @type {Map<string, Control>} */
  const union = new Map();
  for (const control of models.flat()) {
    const known = union.get(same(control.name)) ?? control;
    union.set(same(control.name), {
      ...known,
      safe_min_step: Math.max(known.safe_min_step, control.safe_min_step),
      safe_max_step: Math.min(known.safe_max_step, control.safe_max_step),
    });
  }
  return [...union.values()];
}

/**
 * A line for each control that is set outside its safe range.
 *
 * @param {readonly Control[]} controls
 * @param {ControlSteps} steps By the model's own names.
 */
export function controlWarnings(controls, steps) {
  return controls.flatMap(({ name, safe_min_step: low, safe_max_step: high }) => {
    const at = steps[name] ?? 0;
    if (at >= low && at <= high) return [];
    const signed = at > 0 ? `+${at}` : at;
    return [
      `control ${name} at ${signed} is outside its safe range, ${low} to ${high}: the sound may ` +
        'lose its character',
    ];
  });
}

/** @param {string} name */
function same(name) {
  return name.trim().toLowerCase();
}
