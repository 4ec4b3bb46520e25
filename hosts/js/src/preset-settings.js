/** The settings that a preset keeps beside positions and controls, by the names that its file has. */

import { brief, isFinite, isText, withoutUndefined } from './checks.js';
import { RequestError } from './errors.js';
import { presetSettings, STEREO_NUMBERS, stereoFromSettings } from './stereo-document.js';

/** @typedef {import('./request.js').Request} Request */
/** @typedef {import('./request.js').RequestOptions} RequestOptions */
/** @typedef {string | number | boolean} Setting */
/** @typedef {Readonly<Record<string, Setting>>} Settings */

// What a setting may be is for a request to say; a preset knows which are numbers, texts, or true or
// false.
const NUMBERS = Object.freeze([
  ...['duration_s', 'evolution', 'nearness', 'fade_in_s', 'fade_out_s'],
  ...STEREO_NUMBERS,
]);
const TEXTS = Object.freeze(['mode', 'stereo']);
const FLAGS = Object.freeze(['loop']);

export const SETTINGS = Object.freeze([...NUMBERS, ...TEXTS, ...FLAGS]);

/**
 * The settings of a request.
 *
 * @param {Request} request
 * @param {boolean} hasLandmarks Whether there is something to be near to.
 * @returns {Settings}
 */
export function settingsOf(request, hasLandmarks) {
  const { stereo, fadeInS, fadeOutS, loop } = request;
  // Programs of before know no fades and no loop.
  const ends = Object.entries({ fade_in_s: fadeInS, fade_out_s: fadeOutS, loop });
  return {
    duration_s: request.durationS,
    mode: request.mode,
    evolution: request.evolution,
    ...presetSettings(stereo),
    ...Object.fromEntries(ends.filter(([, value]) => value)),
    ...(hasLandmarks && { nearness: /** @type {number} */ (request.nearness) }),
  };
}

/**
 * What a request has of these settings; it says whether they are in bounds.
 *
 * @param {Settings} settings
 * @returns {RequestOptions}
 */
export function optionsOf(settings) {
  const { duration_s: durationS, evolution, nearness, mode } = settings;
  const { fade_in_s: fadeInS, fade_out_s: fadeOutS, loop } = settings;
  return withoutUndefined({
    durationS,
    evolution,
    nearness,
    mode,
    stereo: stereoFromSettings(settings),
    fadeInS,
    fadeOutS,
    loop,
  });
}

/**
 * Read the object "settings".
 *
 * @param {import('./json-fields.js').JsonFields} fields
 * @returns {Settings}
 */
export function settingsFrom(fields) {
  /** @param {string} key */
  const isThere = (key) => fields.has(key);
  return Object.fromEntries([
    ...TEXTS.filter(isThere).map((key) => [key, fields.text(key)]),
    ...NUMBERS.filter(isThere).map((key) => [key, fields.number(key)]),
    ...FLAGS.filter(isThere).map((key) => [key, fields.flag(key)]),
  ]);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @throws {RequestError} There is no such setting, or the value is not of its kind.
 */
export function checkSetting(name, value) {
  if (!SETTINGS.includes(name)) {
    throw new RequestError(
      `a preset has no setting ${brief(name)}, expected one of ${SETTINGS.join(', ')}`,
    );
  }
  const [isRight, expected] = kindOf(name, value);
  if (isRight) return;
  throw new RequestError(`the preset has ${brief(value)} for ${brief(name)}, not ${expected}`);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {[boolean, string]} Whether the value is of the setting's kind, and what that is.
 */
function kindOf(name, value) {
  if (TEXTS.includes(name)) return [isText(value), 'a text'];
  if (FLAGS.includes(name)) return [typeof value === 'boolean', 'true or false'];
  return [isFinite(value), 'a finite number'];
}
