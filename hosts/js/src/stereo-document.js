/** Stereo settings as recipes and presets hold them: of a binaural sound its place, too. */

import { brief, withoutUndefined } from './checks.js';
import { RequestError } from './errors.js';
import { Float } from './python-json.js';

/** @typedef {import('./json-fields.js').JsonFields} JsonFields */
/** @typedef {import('./stereo.js').StereoSettings} StereoSettings */

const PLACE = Object.freeze({
  azimuth_deg: 'azimuthDeg',
  elevation_deg: 'elevationDeg',
  distance_m: 'distanceM',
});
const PLACE_NAMES = /** @type {(keyof typeof PLACE)[]} */ (Object.keys(PLACE));

// Of a preset's settings, those that are numbers; "stereo" is the mode.
export const STEREO_NUMBERS = Object.freeze(['width', 'depth', ...PLACE_NAMES]);

/**
 * What a preset holds of stereo.
 *
 * @param {StereoSettings} stereo
 * @returns {Record<string, string | number>}
 */
export function presetSettings(stereo) {
  const { mode, width, depth } = stereo;
  return { stereo: mode, width, depth, ...placeOf(stereo, (value) => value) };
}

/**
 * What a recipe holds.
 *
 * @param {StereoSettings} stereo
 */
export function stereoDocument(stereo) {
  const { mode, width, depth } = stereo;
  return {
    mode,
    width: new Float(width),
    depth: new Float(depth),
    ...placeOf(stereo, (value) => new Float(value)),
  };
}

/**
 * Read what a preset holds among other settings.
 *
 * @param {Readonly<Record<string, string | number | boolean>>} settings
 * @returns {Partial<StereoSettings>}
 */
export function stereoFromSettings({ stereo, width, depth, ...others }) {
  const place = PLACE_NAMES.map((name) => [PLACE[name], others[name]]);
  return withoutUndefined({ mode: stereo, width, depth, ...Object.fromEntries(place) });
}

/**
 * Read what a recipe holds.
 *
 * @param {JsonFields} fields
 * @returns {Partial<StereoSettings>}
 * @throws {RequestError} A field is missing or not right, or the head is of a SOFA file.
 */
export function stereoFromDocument(fields) {
  if (fields.has('sofa')) throw refusedSofa('the recipe', fields.section('sofa').text('name'));
  const place = PLACE_NAMES.filter((name) => fields.has(name));
  return {
    mode: /** @type {StereoSettings['mode']} */ (fields.text('mode')),
    width: fields.number('width'),
    depth: fields.number('depth'),
    ...Object.fromEntries(place.map((name) => [PLACE[name], fields.number(name)])),
  };
}

/**
 * What to say of a measured head.
 *
 * @param {string} document
 * @param {string} name
 */
export function refusedSofa(document, name) {
  return new RequestError(
    `${document} has the head of the SOFA file ${brief(name)}, which is not read here: distill-run does`,
  );
}

/**
 * @template T
 * @param {StereoSettings} stereo
 * @param {(value: number) => T} kept
 * @returns {Record<string, T>}
 */
function placeOf(stereo, kept) {
  const given = PLACE_NAMES.flatMap((name) => {
    const value = stereo[/** @type {'azimuthDeg' | 'elevationDeg' | 'distanceM'} */ (PLACE[name])];
    return value === undefined ? [] : [[name, kept(value)]];
  });
  return Object.fromEntries(given);
}
