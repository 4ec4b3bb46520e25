/**
 * Stereo: mid/side width from a short delay, depth from a quiet echo, places, block by block.
 *
 * With x the mono sound, d its copy 15 ms later, w the width:
 *
 *     mid  = (x + d) / 2        left  = mid + side
 *     side = w (x - d) / 2      right = mid - side
 *
 * and with p the depth, each channel y of the result, or of two sounds from two seeds, becomes
 *
 *     y[n] + 0.15 p y[n - int(40 ms p)]
 *
 * but a depth under 0.01 leaves everything as it is. Places are for headphones, and come from a filter
 * for each ear (`binaural.js`).
 */

import { EarFilter, headResponses } from './binaural.js';
import { brief, isFinite, isObject, isText } from './checks.js';
import { SAMPLE_RATE_HZ } from './contract.js';
import { RequestError } from './errors.js';

export const STEREO_MODES = Object.freeze(
  /** @type {const} */ (['mono', 'mid-side', 'dual-seed', 'binaural', 'binaural-dual-seed']),
);
export const MAX_WIDTH = 1.5;
export const MAX_DEPTH = 1;

// Of a place around the head: where it is by default, and its bounds.
const PLACE = Object.freeze({
  azimuthDeg: { usual: 30, least: -180, most: 180, unit: 'degrees' },
  elevationDeg: { usual: 0, least: -90, most: 90, unit: 'degrees' },
  distanceM: { usual: 1, least: 0.2, most: 100, unit: 'metres' },
});

const MIN_DEPTH = 0.01; // what is less does nothing
const SIDE_DELAY = 0.015 * SAMPLE_RATE_HZ;
const DEPTH_DELAY_MS = 40;
const DEPTH_GAIN = 0.15;

// Distill's own names, older and newer. Its "stereo" is mid/side with a depth of one's choice.
const LEGACY_NAMES = new Map([
  ['mid_side', 'mid-side'],
  ['dual_seed', 'dual-seed'],
  ['stereo', 'mid-side'],
]);

/**
 * How a sound is spread over two channels.
 *
 * @typedef {object} StereoSettings
 * @property {(typeof STEREO_MODES)[number]} mode Dual seed is left and right from two seeds; binaural,
 *   for headphones, a sound at a place around the head, or two seeds at two places, the first at that on
 *   the other side.
 * @property {number} width How far mid/side spreads, 0..1.5.
 * @property {number} depth How late, and how loud, every channel's own echo is, 0..1, of mid/side and
 *   dual seed.
 * @property {number} [azimuthDeg] Where a binaural sound is, and of no other: -180..180, 0 in front, 90
 *   on the right, -90 on the left; 30 by default.
 * @property {number} [elevationDeg] -90 (below) to 90 (above).
 * @property {number} [distanceM] 0.2 to 100.
 */

/**
 * Fill in and check settings; a mode alone will do.
 *
 * @param {unknown} [settings]
 * @returns {StereoSettings}
 * @throws {RequestError} There is no such mode, or a value is out of bounds.
 */
export function stereoSettings(settings = {}) {
  const given = isText(settings) ? { mode: settings } : settings;
  if (!isObject(given)) {
    throw new RequestError(`stereo is ${brief(settings)}, expected a mode or an object`, {
      setting: 'stereo',
    });
  }
  const { mode: name = 'mono', width = 0.7, depth = 0.3 } = given;
  const mode = isText(name) ? (LEGACY_NAMES.get(name) ?? name) : name;
  const known = STEREO_MODES.find((choice) => choice === mode);
  if (!known) {
    throw new RequestError(
      `stereo.mode is ${brief(name)}, expected one of ${STEREO_MODES.join(', ')}`,
      { setting: 'stereo.mode' },
    );
  }
  return {
    mode: known,
    width: amount('stereo.width', width, MAX_WIDTH),
    depth: amount('stereo.depth', depth, MAX_DEPTH),
    ...(isBinaural(known) && checkedPlace(given)),
  };
}

/** @param {string} mode */
function isBinaural(mode) {
  return mode.startsWith('binaural');
}

/**
 * @param {Record<string, unknown>} given
 * @returns {import('./binaural.js').SourcePosition}
 */
function checkedPlace(given) {
  const values = Object.entries(PLACE).map(([name, { usual, least, most, unit }]) => {
    const value = given[name] ?? usual;
    if (isFinite(value) && value >= least && value <= most) return [name, value];
    throw new RequestError(
      `stereo.${name} is ${brief(value)}, expected ${unit} from ${least} to ${most}`,
      { setting: `stereo.${name}` },
    );
  });
  return Object.fromEntries(values);
}

/**
 * How many sounds are needed: 2 for two seeds, else 1.
 *
 * @param {StereoSettings} settings
 */
export function inputChannels({ mode }) {
  return mode === 'dual-seed' || mode === 'binaural-dual-seed' ? 2 : 1;
}

/** @param {StereoSettings} settings */
function earsFor(settings) {
  const place = checkedPlace({ ...settings });
  const { azimuthDeg } = place;
  const azimuths = inputChannels(settings) === 2 ? [-azimuthDeg, azimuthDeg] : [azimuthDeg];
  return new EarFilter(azimuths.map((azimuth) => headResponses({ ...place, azimuthDeg: azimuth })));
}

/** @param {StereoSettings} settings */
export function outputChannels(settings) {
  return settings.mode === 'mono' ? 1 : 2;
}

/**
 * The settings applied to a sound, block by block. As many samples come out of every call as go in,
 * and however the sound is cut, the joined outputs are the same.
 */
export class SpatialProcessor {
  /** @param {StereoSettings} settings */
  constructor(settings) {
    this.settings = settings;
    this.ears = isBinaural(settings.mode) ? earsFor(settings) : null;
    this.depth = settings.depth >= MIN_DEPTH ? settings.depth : 0;
    // Down to a whole sample, as Distill does. In milliseconds, so that 0.35 of them are exact.
    const delay = Math.trunc((this.depth * DEPTH_DELAY_MS * SAMPLE_RATE_HZ) / 1000);
    this.side = new DelayLine(SIDE_DELAY);
    this.echoes = [new DelayLine(delay), new DelayLine(delay)];
  }

  /**
   * @param {readonly Float64Array[]} rows Of one length; two for two seeds, else one.
   * @returns {Float64Array[]} A row for each channel.
   */
  push(rows) {
    if (this.ears) return this.ears.push(rows);
    if (this.settings.mode === 'mono') return [...rows];
    const channels = this.settings.mode === 'mid-side' ? this.#midSide(rows[0]) : rows;
    const gain = DEPTH_GAIN * this.depth;
    return channels.map((channel, index) => {
      const echo = this.echoes[index].push(channel);
      return channel.map((sample, i) => sample + gain * echo[i]);
    });
  }

  /** @param {Float64Array} sound */
  #midSide(sound) {
    const delayed = this.side.push(sound);
    const { width } = this.settings;
    const left = new Float64Array(sound.length);
    const right = new Float64Array(sound.length);
    for (let i = 0; i < sound.length; i += 1) {
      const mid = (sound[i] + delayed[i]) / 2;
      const side = width * ((sound[i] - delayed[i]) / 2);
      left[i] = mid + side;
      right[i] = mid - side;
    }
    return [left, right];
  }
}

/** A signal, a number of samples later. */
class DelayLine {
  /** @param {number} delay */
  constructor(delay) {
    this.held = new Float64Array(delay);
  }

  /**
   * @param {Float64Array} block
   * @returns {Float64Array} As many samples, from `delay` samples before.
   */
  push(block) {
    const all = new Float64Array(this.held.length + block.length);
    all.set(this.held);
    all.set(block, this.held.length);
    this.held = all.slice(block.length);
    return all.subarray(0, block.length);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} most
 */
function amount(name, value, most) {
  if (isFinite(value) && value >= 0 && value <= most) return value;
  throw new RequestError(`${name} is ${brief(value)}, expected a number from 0 to ${most}`, {
    setting: name,
  });
}
