/** How a sound ends: fades, which rise from zero and sink to it, or a loop, which goes on. */

import { brief, isFinite } from './checks.js';
import { SAMPLE_RATE_HZ } from './contract.js';
import { RequestError } from './errors.js';
import { roundHalfToEven } from './rounding.js';

/**
 * @typedef {object} Ends
 * @property {number} fadeInS Seconds over which the sound rises from zero; 0 for none.
 * @property {number} fadeOutS Seconds over which it sinks to zero at its end.
 * @property {boolean} loop Whether it can be played round and round.
 */

/**
 * The ends that a request asks for.
 *
 * @param {Partial<Ends>} options
 * @param {number} durationS Checked.
 * @returns {Ends}
 * @throws {RequestError} A fade is none, they are longer than the sound, or there is a loop, too.
 */
export function endsOf({ fadeInS = 0, fadeOutS = 0, loop = false }, durationS) {
  for (const [setting, seconds] of Object.entries({ fadeInS, fadeOutS })) {
    if (isFinite(seconds) && seconds >= 0) continue;
    throw new RequestError(`${setting} is ${brief(seconds)}, expected seconds, 0 or more`, {
      setting,
    });
  }
  if (typeof loop !== 'boolean') {
    throw new RequestError(`loop is ${brief(loop)}, expected true or false`, { setting: 'loop' });
  }
  if (loop && (fadeInS || fadeOutS)) {
    throw new RequestError('a loop goes on where it ends: leave out loop, or the fades');
  }
  const { fadeIn, fadeOut } = fadeSamples({ fadeInS, fadeOutS });
  const samples = roundHalfToEven(durationS * SAMPLE_RATE_HZ);
  if (Math.max(fadeInS, fadeOutS) > durationS || fadeIn + fadeOut > samples) {
    throw new RequestError(
      `the fades take ${fadeInS + fadeOutS} s and the sound has ${durationS}: shorten them`,
    );
  }
  return { fadeInS, fadeOutS, loop };
}

/**
 * Lengths of the fades in samples of one channel.
 *
 * @param {Pick<Ends, 'fadeInS' | 'fadeOutS'>} ends
 */
export function fadeSamples({ fadeInS, fadeOutS }) {
  return {
    fadeIn: roundHalfToEven(fadeInS * SAMPLE_RATE_HZ),
    fadeOut: roundHalfToEven(fadeOutS * SAMPLE_RATE_HZ),
  };
}

/**
 * Fade samples of a sound, in place.
 *
 * A fade follows half a period of a raised cosine, `sin(pi/2 * n/length)^2`: the sound's first sample
 * becomes 0 and so does its last; between the fades nothing is changed.
 *
 * @param {Float32Array} samples Of one channel.
 * @param {number} begin Position of the first of them in the sound.
 * @param {{samples: number, fadeIn: number, fadeOut: number}} lengths Of the whole sound and its fades.
 */
export function fade(samples, begin, { samples: whole, fadeIn, fadeOut }) {
  const end = begin + samples.length;
  for (let n = begin; n < Math.min(end, fadeIn); n += 1) {
    samples[n - begin] *= raisedCosine(n, fadeIn);
  }
  for (let n = Math.max(begin, whole - fadeOut); n < end; n += 1) {
    samples[n - begin] *= raisedCosine(whole - 1 - n, fadeOut);
  }
}

/**
 * @param {number} n
 * @param {number} length
 */
function raisedCosine(n, length) {
  const root = Math.sin(((Math.PI / 2) * n) / length);
  return Math.fround(root * root);
}
