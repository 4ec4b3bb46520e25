/**
 * The anti-alias filter: a zero-phase Butterworth low-pass, order 8, 20 kHz at 48 kHz.
 *
 * The result is that of scipy's `sosfiltfilt(butter(8, 20000, fs=48000, output="sos"), x)`: the
 * signal is continued by an odd reflection at both ends, filtered forward from the steady state of
 * its first value, then backward from the steady state of what came last. The impulse response is
 * below 1e-16 after 384 samples, so the recursive filter is, to float64's own rounding, a finite
 * one: forward and backward together multiply the spectrum by |H|^2, by overlap-save, two blocks at
 * a time as the real and the imaginary part of one transform. `distill_runtime/audio/lowpass.py` is
 * the same.
 */

import { SAMPLE_RATE_HZ } from './contract.js';
import { Fft } from './fft.js';

const ORDER = 8;
const CUTOFF_HZ = 20_000;
const EXTENSION = 27; // scipy's default for four second-order sections
const REACH = 384; // beyond it the impulse response is below float64's rounding
const BLOCK = 8192;
const HOP = BLOCK - 2 * REACH;
const PAIR = HOP + BLOCK; // samples that two blocks take

/**
 * The filter of one channel, fed block by block. However the signal is cut, the joined outputs are
 * the same and as long as the input; at most 15,615 samples are held back.
 */
export class ZeroPhaseLowpass {
  // Before the first 28 samples are there: the signal itself. From then on: what the next outputs
  // depend on, starting REACH samples before the first of them.
  /** @type {Float64Array} */
  #held = new Float64Array(0);
  #started = false;

  /**
   * Take the next samples and return what is certain by now.
   *
   * @param {ArrayLike<number>} block Any number of samples.
   * @returns {Float64Array}
   */
  push(block) {
    /** @type {Float64Array} */
    let held = joined(this.#held, block);
    if (!this.#started && held.length > EXTENSION) {
      held = withHead(held, EXTENSION);
      this.#started = true;
    }
    // Pairs start at multiples of two hops, wherever the input was cut.
    const pairs = this.#started ? Math.max(0, 1 + Math.floor((held.length - PAIR) / (2 * HOP))) : 0;
    const done = new Float64Array(2 * HOP * pairs);
    for (let start = 0; start < done.length; start += 2 * HOP) {
      bothWays(held.subarray(start, start + PAIR), done.subarray(start, start + 2 * HOP));
    }
    this.#held = held.slice(done.length);
    return done;
  }

  /**
   * End the signal.
   *
   * @returns {Float64Array} All that was held back.
   */
  finish() {
    let held = this.#held;
    if (held.length === 0) return held;
    let extension = EXTENSION;
    if (!this.#started) {
      extension = held.length - 1; // reflected as far as it goes
      held = withHead(held, extension);
    }
    return end(held, extension);
  }
}

/**
 * Put in front of a signal what the filter takes to have been there: the odd reflection about the
 * first sample, and before it the reflection's first value, which held for ever is the steady
 * state.
 *
 * @param {Float64Array} signal More samples than the extension.
 * @param {number} extension Samples reflected.
 * @returns {Float64Array} `[REACH + samples]`
 */
function withHead(signal, extension) {
  const out = new Float64Array(REACH + signal.length);
  out.fill(2 * signal[0] - signal[extension], 0, REACH - extension);
  for (let i = 1; i <= extension; i += 1) out[REACH - i] = 2 * signal[0] - signal[i];
  out.set(signal, REACH);
  return out;
}

/**
 * Filter a pair of blocks forward and backward, away from the ends of the signal.
 *
 * @param {Float64Array} pair `[PAIR]`
 * @param {Float64Array} out `[2 * HOP]`
 */
function bothWays(pair, out) {
  const { fft, power } = responseOf(BLOCK);
  const real = pair.slice(0, BLOCK);
  const imaginary = pair.slice(HOP);
  fft.forward(real, imaginary);
  for (let k = 0; k < BLOCK; k += 1) {
    real[k] *= power[k];
    imaginary[k] *= power[k];
  }
  fft.inverse(real, imaginary);
  // Into the edges another end wraps.
  out.set(real.subarray(REACH, BLOCK - REACH));
  out.set(imaginary.subarray(REACH, BLOCK - REACH), HOP);
}

/**
 * Filter the last stretch, one way after the other: the way back starts from the steady state of
 * the forward filter's last value, which no continuation of the input itself would give.
 *
 * @param {Float64Array} held `[REACH + samples]`, fewer than PAIR in all.
 * @param {number} extension Samples to reflect at the end.
 * @returns {Float64Array} `[samples]`
 */
function end(held, extension) {
  const size = 2 * BLOCK;
  const turn = held.length - 1;
  const real = new Float64Array(size);
  real.set(held);
  for (let i = 1; i <= extension; i += 1) real[turn + i] = 2 * held[turn] - held[turn - i];
  const length = held.length + extension;
  filterOneWay(real, 1);

  const forward = new Float64Array(size);
  forward.set(real.subarray(REACH, length));
  forward.fill(real[length - 1], length - REACH, length);
  filterOneWay(forward, -1);
  return forward.slice(0, held.length - REACH);
}

/**
 * Multiply a real signal's spectrum by the response, or by its conjugate, which is the impulse
 * response reversed in time.
 *
 * @param {Float64Array} signal Filtered in place.
 * @param {1 | -1} direction
 */
function filterOneWay(signal, direction) {
  const { fft, real: responseReal, imaginary: responseImaginary } = responseOf(signal.length);
  const imaginary = new Float64Array(signal.length);
  fft.forward(signal, imaginary);
  for (let k = 0; k < signal.length; k += 1) {
    const a = signal[k];
    const b = imaginary[k];
    const c = responseReal[k];
    const d = direction * responseImaginary[k];
    signal[k] = a * c - b * d;
    imaginary[k] = a * d + b * c;
  }
  fft.inverse(signal, imaginary);
}

/**
 * @typedef {object} Response
 * @property {Fft} fft
 * @property {Float64Array} real `[size]`
 * @property {Float64Array} imaginary `[size]`
 * @property {Float64Array} power `[size]`, the squared magnitude.
 */

/** @type {Map<number, Response>} */
const responses = new Map();

/** @param {number} size */
function responseOf(size) {
  let response = responses.get(size);
  if (!response) {
    response = makeResponse(size);
    responses.set(size, response);
  }
  return response;
}

/**
 * The filter's frequency response, of the impulse response cut off after REACH samples.
 *
 * The analogue poles are w exp(j pi (2k + N + 1) / 2N), k = 0..N-1, with the cut-off prewarped,
 * w = tan(pi f / rate); the bilinear transform z = (1 + s) / (1 - s) takes them inside the unit
 * circle and gives N zeros at z = -1 (Oppenheim and Schafer, Discrete-Time Signal Processing,
 * sections 7.2 and
 * 7.3).
 *
 * @param {number} size Length of the transform.
 * @returns {Response}
 */
function makeResponse(size) {
  const fft = new Fft(size);
  const real = new Float64Array(size).fill(1);
  const imaginary = new Float64Array(size);
  const all = poles();
  for (let k = 0; k < size; k += 1) {
    const delay = complex(Math.cos((2 * Math.PI * k) / size), -Math.sin((2 * Math.PI * k) / size));
    let product = complex(1, 0);
    for (const pole of all) {
      // Each factor is 1 at zero frequency: (1 + d) / 2 * (1 - p) / (1 - p d).
      const zero = times(complex((1 + delay.re) / 2, delay.im / 2), complex(1 - pole.re, -pole.im));
      const turned = times(pole, delay);
      product = times(product, over(zero, complex(1 - turned.re, -turned.im)));
    }
    real[k] = product.re;
    imaginary[k] = product.im;
  }
  fft.inverse(real, imaginary);
  real.fill(0, REACH);
  imaginary.fill(0);
  const sum = real.reduce((total, value) => total + value, 0);
  for (let i = 0; i < REACH; i += 1) real[i] /= sum;
  fft.forward(real, imaginary);
  const power = real.map((value, k) => value * value + imaginary[k] * imaginary[k]);
  return { fft, real, imaginary, power };
}

/** @returns {Complex[]} */
function poles() {
  const warped = Math.tan((Math.PI * CUTOFF_HZ) / SAMPLE_RATE_HZ);
  return Array.from({ length: ORDER }, (_, k) => {
    const angle = (Math.PI * (2 * k + ORDER + 1)) / (2 * ORDER);
    const analogue = complex(warped * Math.cos(angle), warped * Math.sin(angle));
    return over(complex(1 + analogue.re, analogue.im), complex(1 - analogue.re, -analogue.im));
  });
}

/** @typedef {{re: number, im: number}} Complex */

/**
 * @param {number} re
 * @param {number} im
 * @returns {Complex}
 */
function complex(re, im) {
  return { re, im };
}

/**
 * @param {Complex} a
 * @param {Complex} b
 */
function times(a, b) {
  return complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
}

/**
 * @param {Complex} a
 * @param {Complex} b
 */
function over(a, b) {
  const square = b.re * b.re + b.im * b.im;
  return complex((a.re * b.re + a.im * b.im) / square, (a.im * b.re - a.re * b.im) / square);
}

/**
 * @param {Float64Array} first
 * @param {ArrayLike<number>} second
 * @returns {Float64Array}
 */
function joined(first, second) {
  const both = new Float64Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
