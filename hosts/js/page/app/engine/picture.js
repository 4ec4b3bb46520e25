/**
 * The picture of a sound, column by column as it arrives: its spectrum and its outline.
 *
 * Levels are bytes of half a decibel or so, so that a picture is small enough to keep, and colours are chosen
 * when it is drawn.
 */

import { Fft } from '../../../src/fft.js';

const SIZE = 2048;
const RATE_HZ = 48_000;
const LOWEST_HZ = 45;
const HIGHEST_HZ = 20_000;

export const ROWS = 96;
export const FLOOR_DB = -120; // byte 0; byte 255 is 0 dB

/**
 * Columns of a picture.
 *
 * @typedef {object} Strip
 * @property {number} first Index of the first of them.
 * @property {number} columns How many the whole picture has.
 * @property {number} count
 * @property {Uint8Array} spectrum `[count, ROWS]`, from the lowest frequency up.
 * @property {Float32Array} low Smallest sample of each column, over all channels.
 * @property {Float32Array} high Largest.
 */

/** Draws one sound of a known length. */
export class Picture {
  #fft = new Fft(SIZE);
  #window = Float64Array.from(
    { length: SIZE },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE),
  );
  #bands = bands();
  #next = 0;
  /** @type {Strip[]} */
  #strips = [];

  /**
   * @param {number} length Of the sound, in samples.
   * @param {number} columns
   */
  constructor(length, columns) {
    this.length = length;
    this.columns = Math.max(1, Math.min(columns, length));
    /** How many samples it has been shown. */
    this.samples = 0;
  }

  /**
   * Take the sound as far as it is there, and return the columns that are new.
   *
   * @param {readonly Float32Array[]} channels
   * @param {number} samples
   * @returns {Strip}
   */
  push(channels, samples) {
    this.samples = samples;
    const first = this.#next;
    const spectra = [];
    const low = [];
    const high = [];
    for (; this.#next < this.columns; this.#next += 1) {
      const begin = this.#sampleAt(this.#next);
      const end = Math.max(begin + 1, this.#sampleAt(this.#next + 1));
      const centre = (begin + end) >> 1;
      if (samples < this.length && Math.max(end, centre + SIZE / 2) > samples) break;
      const [least, most] = outline(channels, begin, end);
      low.push(least);
      high.push(most);
      spectra.push(this.#levels(channels, centre));
    }
    const spectrum = new Uint8Array(spectra.length * ROWS);
    spectra.forEach((levels, i) => spectrum.set(levels, i * ROWS));
    const strip = {
      first,
      columns: this.columns,
      count: spectra.length,
      spectrum,
      low: Float32Array.from(low),
      high: Float32Array.from(high),
    };
    this.#strips.push(strip);
    return strip;
  }

  /**
   * All columns, of the sound times a gain.
   *
   * @param {number} gain
   * @returns {Strip}
   */
  whole(gain) {
    const [spectrum, low, high] = [Uint8Array, Float32Array, Float32Array].map((Type, i) =>
      joined(
        Type,
        this.#strips.map((strip) => [strip.spectrum, strip.low, strip.high][i]),
      ),
    );
    const shift = (-20 * Math.log10(gain) * 255) / FLOOR_DB;
    return {
      first: 0,
      columns: this.columns,
      count: low.length,
      // What lies on the floor may lie anywhere below it.
      spectrum: spectrum.map(
        (level) => level && Math.min(255, Math.max(0, Math.round(level + shift))),
      ),
      low: low.map((sample) => sample * gain),
      high: high.map((sample) => sample * gain),
    };
  }

  /** @param {number} column */
  #sampleAt(column) {
    return Math.round((column * this.length) / this.columns);
  }

  /**
   * @param {readonly Float32Array[]} channels
   * @param {number} centre
   */
  #levels(channels, centre) {
    const real = new Float64Array(SIZE);
    const imaginary = new Float64Array(SIZE);
    for (let i = 0; i < SIZE; i += 1) {
      const at = centre - SIZE / 2 + i;
      let sum = 0;
      if (at >= 0 && at < this.length) for (const channel of channels) sum += channel[at];
      real[i] = (sum / channels.length) * this.#window[i];
    }
    this.#fft.forward(real, imaginary);
    return this.#bands.map(([from, to]) => {
      let most = 0;
      for (let bin = from; bin < to; bin += 1) {
        most = Math.max(most, real[bin] ** 2 + imaginary[bin] ** 2);
      }
      const level = 10 * Math.log10(most + 1e-30) - 20 * Math.log10(SIZE / 4);
      return Math.min(255, Math.max(0, Math.round((1 - level / FLOOR_DB) * 255)));
    });
  }
}

/**
 * The picture of a sound that is there.
 *
 * @param {readonly Float32Array[]} channels
 * @param {number} columns
 * @returns {Strip}
 */
export function pictureOf(channels, columns) {
  return new Picture(channels[0].length, columns).push(channels, channels[0].length);
}

/**
 * @template {Uint8Array | Float32Array} T
 * @param {new (length: number) => T} Type
 * @param {readonly T[]} arrays
 * @returns {T}
 */
function joined(Type, arrays) {
  const all = new Type(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

/** The bins `[from, to)` of each row, evenly spaced in pitch. */
function bands() {
  const ratio = (HIGHEST_HZ / LOWEST_HZ) ** (1 / ROWS);
  const binOf = (row) => (LOWEST_HZ * ratio ** row * SIZE) / RATE_HZ;
  return Array.from({ length: ROWS }, (_, row) => {
    const from = Math.round(binOf(row));
    return [from, Math.max(from + 1, Math.round(binOf(row + 1)))];
  });
}

/**
 * @param {readonly Float32Array[]} channels
 * @param {number} begin
 * @param {number} end
 */
function outline(channels, begin, end) {
  let least = Infinity;
  let most = -Infinity;
  for (const channel of channels) {
    for (let i = begin; i < end; i += 1) {
      if (channel[i] < least) least = channel[i];
      if (channel[i] > most) most = channel[i];
    }
  }
  return [least, most];
}
