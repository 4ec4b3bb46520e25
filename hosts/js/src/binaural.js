/**
 * A sound at a place around the head, for headphones: a filter for each ear of a built-in head.
 *
 * The head is a rigid sphere with an ear at either end of its left-right axis. At the angle theta
 * between the source and an ear's axis, with a its radius and c the speed of sound, the ear hears a
 * source at the distance r through
 *
 *     a delay     the way round the sphere, whose difference between the ears is far away
 *                 Woodworth's a / c (phi + sin phi)
 *     a shadow    (alpha s + beta) / (s + beta), beta = 2 c / a,
 *                 alpha = 1.05 + 0.95 cos(180 theta / 150)      (Brown and Duda 1998)
 *     a gain      1 / r  sum over m of (2 m + 1) / (m + 1) (a / r)^m P_m(cos theta)
 *
 * as `distill_runtime/audio/binaural` has it, where the sources of the formulas are.
 */

import { SAMPLE_RATE_HZ } from './contract.js';

const HEAD_RADIUS_M = 0.0875;
const SPEED_OF_SOUND_M_S = 343;
const MIN_ALPHA = 0.1;
const MIN_ALPHA_DEG = 150;
const HALF_LENGTH = 24; // of the delay's kernel, in samples
const KAISER_BETA = 12;
const SHADOW_TAPS = 128;
const TAPS = 2 * HALF_LENGTH + SHADOW_TAPS + 36;
const TERMS = 48; // of the sum

/**
 * Where a source is: azimuth 0 in front, 90 on the right, elevation 90 above, metres from the middle
 * of the head.
 *
 * @typedef {object} SourcePosition
 * @property {number} azimuthDeg
 * @property {number} elevationDeg
 * @property {number} distanceM
 */

/**
 * The impulse responses at 48 kHz of the left and the right ear.
 *
 * @param {SourcePosition} position
 * @returns {[Float64Array, Float64Array]}
 */
export function headResponses({ azimuthDeg, elevationDeg, distanceM }) {
  // Exactly 0 in the median plane, also behind, where the sine of pi is not.
  const sine = azimuthDeg % 180 === 0 ? 0 : Math.sin(radians(azimuthDeg));
  const lateral = sine * Math.cos(radians(elevationDeg));
  return [earResponse(Math.acos(-lateral), distanceM), earResponse(Math.acos(lateral), distanceM)];
}

/**
 * One or several sounds through a pair of filters each, summed at the two ears. As many samples come
 * out of every call as go in, and however the sounds are cut, the joined outputs are the same.
 */
export class EarFilter {
  #held;
  #responses;

  /** @param {readonly (readonly [Float64Array, Float64Array])[]} responses A pair for each sound. */
  constructor(responses) {
    this.#responses = responses;
    this.#held = responses.map(([left]) => new Float64Array(left.length - 1));
  }

  /**
   * @param {readonly Float64Array[]} sounds Of one length.
   * @returns {[Float64Array, Float64Array]} Left and right, as long.
   */
  push(sounds) {
    const samples = sounds[0].length;
    /** @type {[Float64Array, Float64Array]} */
    const heard = [new Float64Array(samples), new Float64Array(samples)];
    this.#held = sounds.map((sound, i) => {
      const past = this.#held[i];
      const all = new Float64Array(past.length + samples);
      all.set(past);
      all.set(sound, past.length);
      heard.forEach((ear, side) => addFiltered(ear, all, this.#responses[i][side]));
      return all.slice(samples);
    });
    return heard;
  }
}

/**
 * @param {Float64Array} ear What is added to.
 * @param {Float64Array} sound With as many samples before it as the response has, less one.
 * @param {Float64Array} response
 */
function addFiltered(ear, sound, response) {
  const last = response.length - 1;
  for (let i = 0; i < ear.length; i += 1) {
    let sum = 0;
    for (let k = 0; k <= last; k += 1) sum += response[k] * sound[i + last - k];
    ear[i] += sum;
  }
}

/**
 * @param {number} angle Of incidence.
 * @param {number} distanceM
 */
function earResponse(angle, distanceM) {
  const way = path(angle, distanceM) - (distanceM - HEAD_RADIUS_M);
  const delay = delayKernel(Math.max(0, (way / SPEED_OF_SOUND_M_S) * SAMPLE_RATE_HZ));
  const shadowed = shadow(angle);
  const gain = lowFrequencyGain(angle, distanceM);
  const response = new Float64Array(TAPS);
  delay.forEach((value, i) => {
    shadowed.forEach((other, k) => {
      response[i + k] += gain * value * other;
    });
  });
  return response;
}

/**
 * How far it is from a source to an ear, round the head where that is in the way.
 *
 * @param {number} angle
 * @param {number} distanceM
 */
function path(angle, distanceM) {
  const a = HEAD_RADIUS_M;
  if (Math.cos(angle) >= a / distanceM) {
    return Math.sqrt(distanceM ** 2 + a ** 2 - 2 * distanceM * a * Math.cos(angle));
  }
  return Math.sqrt(distanceM ** 2 - a ** 2) + a * (angle - Math.acos(a / distanceM));
}

/** @param {number} angle */
function shadow(angle) {
  const turn = (Math.PI * angle) / radians(MIN_ALPHA_DEG);
  const alpha = 1 + MIN_ALPHA / 2 + (1 - MIN_ALPHA / 2) * Math.cos(turn);
  const twiceRate = 2 * SAMPLE_RATE_HZ;
  const beta = (2 * SPEED_OF_SOUND_M_S) / HEAD_RADIUS_M;
  const pole = (twiceRate - beta) / (twiceRate + beta);
  const first = (alpha * twiceRate + beta) / (twiceRate + beta);
  const second = (beta - alpha * twiceRate) / (twiceRate + beta);
  return Float64Array.from({ length: SHADOW_TAPS }, (_, i) =>
    i ? (second + pole * first) * pole ** (i - 1) : first,
  );
}

/**
 * @param {number} angle
 * @param {number} distanceM
 */
function lowFrequencyGain(angle, distanceM) {
  const cosine = Math.cos(angle);
  let [sum, factor, before, legendre] = [0, 1, 0, 1];
  for (let m = 0; m < TERMS; m += 1) {
    sum += ((2 * m + 1) / (m + 1)) * factor * legendre;
    factor *= HEAD_RADIUS_M / distanceM;
    [before, legendre] = [legendre, ((2 * m + 1) * cosine * legendre - m * before) / (m + 1)];
  }
  return sum / distanceM;
}

/**
 * A delay by `HALF_LENGTH` samples and so many more, as a sinc under Kaiser's window.
 *
 * @param {number} delay
 */
function delayKernel(delay) {
  const whole = Math.trunc(delay);
  return Float64Array.from({ length: whole + 2 * HALF_LENGTH + 1 }, (_, i) => {
    const offset = i - whole - HALF_LENGTH - (delay - whole);
    if (i < whole || Math.abs(offset) > HALF_LENGTH) return 0;
    const inside = Math.sqrt(1 - (offset / HALF_LENGTH) ** 2);
    return (sinc(offset) * bessel(KAISER_BETA * inside)) / bessel(KAISER_BETA);
  });
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * The modified Bessel function of order 0.
 *
 * @param {number} x
 */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-18 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** @param {number} degrees */
function radians(degrees) {
  return (degrees * Math.PI) / 180;
}
