/** What was played by hand, as a recipe holds it: where it began, and every move since. */

import { isFinite } from '../checks.js';
import { STEP_SAMPLES } from '../contract.js';
import { RequestError } from '../errors.js';
import { Float } from '../python-json.js';
import { FADE_SAMPLES } from './crossfade.js';
import { MAX_PHASE } from './path.js';
import { changesFrom, placeFrom } from './place.js';

/** @typedef {import('./place.js').Place} Place */
/** @typedef {import('./timeline.js').Start} Start */

export const STEPS_BACK = 2; // that an answer renders anew before the step that plays

const MOST = 2 ** 53 - 1;
const MAX_STEPS_BEFORE = 64; // that are played unheard
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * An answer to the hands.
 *
 * @typedef {object} Move
 * @property {number} at Position of the first sample that is other than it would have been, counted
 *   from the start of the stream.
 * @property {number} first Index of the first step that was rendered anew.
 * @property {number} fade Over how many samples the answer was faded in.
 * @property {boolean} restart Whether the wandering began anew.
 * @property {Place} place Where the sound is from then on.
 */

/**
 * A stretch of a live sound.
 *
 * @typedef {object} Performance
 * @property {Start} start Of a timeline, some steps before the stretch.
 * @property {Place} place Where the sound was then.
 * @property {readonly Move[]} moves Those since, in their order.
 * @property {number} begin Position of the stretch's first sample.
 * @property {number} gain What the model's own sound was multiplied by.
 */

/**
 * A performance as a recipe's JSON has it; of places, what a move changes.
 *
 * @param {Performance} performance
 * @param {number} rows Voices.
 */
export function performanceDocument({ start, place, moves, begin, gain }, rows) {
  let before = place;
  const document = {
    step: start.step,
    phase: start.phase,
    place: changesFrom(place, null),
    moves: moves.map((move) => {
      const changes = changesFrom(move.place, before);
      before = move.place;
      return {
        at: move.at,
        first: move.first,
        ...(move.fade !== FADE_SAMPLES && { fade: move.fade }),
        ...(move.restart && { restart: true }),
        ...changes,
      };
    }),
    begin,
    gain: new Float(gain),
  };
  return start.state ? { ...document, states: encoded(start.state, rows) } : document;
}

/**
 * Read a recipe's object "performance".
 *
 * @param {import('../json-fields.js').JsonFields} fields
 * @returns {Performance}
 * @throws {import('../errors.js').DistillError} A field is missing, of the wrong type or out of
 *   range, or a move is not where one can be.
 */
export function performanceFrom(fields) {
  const step = fields.integer('step', 0, MOST);
  const start = {
    step,
    phase: fields.integer('phase', 0, MAX_PHASE - 1),
    state: stateFrom(fields),
  };
  const firstPlace = placeFrom(fields.section('place'), null);
  let place = firstPlace;
  let earliest = 0;
  /** @type {Move[]} */
  const moves = [];
  for (const move of fields.sections('moves')) {
    const at = move.integer('at', earliest, MOST);
    const playing = Math.floor(at / STEP_SAMPLES);
    place = placeFrom(move, place);
    earliest = at;
    moves.push({
      at,
      first: move.integer('first', Math.max(step, playing - STEPS_BACK), playing),
      fade: move.has('fade') ? move.integer('fade', 0, FADE_SAMPLES) : FADE_SAMPLES,
      restart: move.has('restart') && move.flag('restart'),
      place,
    });
  }
  const least = step * STEP_SAMPLES;
  return {
    start,
    place: firstPlace,
    moves,
    begin: fields.integer('begin', least, least + MAX_STEPS_BEFORE * STEP_SAMPLES),
    gain: fields.number('gain'),
  };
}

/**
 * @param {Float32Array} state `[rows, state_size]`
 * @param {number} rows
 */
function encoded(state, rows) {
  const size = state.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const { buffer, byteOffset, byteLength } = state.subarray(row * size, (row + 1) * size);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
}

/**
 * Whether the state fits an artifact is for it to say.
 *
 * @param {import('../json-fields.js').JsonFields} fields
 */
function stateFrom(fields) {
  if (!fields.has('states')) return null;
  const rows = fields.texts('states').map(decoded);
  return fields.about(() => {
    if (
      !rows.length ||
      rows.some((row) => row?.length !== rows[0]?.length || !row?.every(isFinite))
    ) {
      throw new RequestError('its state is not rows of finite float32 in base64');
    }
    const whole = /** @type {Float32Array[]} */ (rows);
    const state = new Float32Array(whole.length * whole[0].length);
    whole.forEach((row, i) => state.set(row, i * row.length));
    return state;
  });
}

/** @param {string} text */
function decoded(text) {
  if (!BASE64.test(text)) return null;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return bytes.length % 4 ? null : new Float32Array(bytes.buffer);
}
