/** Drawing a sound's picture on a canvas, whole or as far as it has arrived. */

import { FLOOR_DB, ROWS } from '../engine/picture.js';
import { palette } from './palette.js';

const DARKEST_DB = -96; // what is quieter has the ground's colour
const BRIGHTEST_DB = -18;

/** @typedef {import('../engine/picture.js').Strip} Strip */

/** A picture that grows strip by strip. */
export class GrowingPicture {
  /** @param {number} columns */
  constructor(columns) {
    this.columns = columns;
    this.count = 0;
    this.spectrum = new Uint8Array(columns * ROWS);
    this.low = new Float32Array(columns);
    this.high = new Float32Array(columns);
  }

  /** @param {Strip} strip */
  static whole(strip) {
    const picture = new GrowingPicture(strip.columns);
    picture.add(strip);
    return picture;
  }

  /** @param {Strip} strip */
  add({ first, count, spectrum, low, high }) {
    this.spectrum.set(spectrum, first * ROWS);
    this.low.set(low, first);
    this.high.set(high, first);
    this.count = first + count;
  }

  /** Largest magnitude so far. */
  get peak() {
    let most = 0;
    for (let i = 0; i < this.count; i += 1) {
      most = Math.max(most, this.high[i], -this.low[i]);
    }
    return most;
  }

  /**
   * The same in fewer columns, to be kept.
   *
   * @param {number} columns
   * @returns {Strip}
   */
  smaller(columns) {
    const count = Math.min(columns, this.count);
    const spectrum = new Uint8Array(count * ROWS);
    const low = new Float32Array(count);
    const high = new Float32Array(count);
    for (let column = 0; column < count; column += 1) {
      const from = Math.floor((column * this.count) / count);
      const to = Math.max(from + 1, Math.floor(((column + 1) * this.count) / count));
      for (let i = from; i < to; i += 1) {
        low[column] = Math.min(low[column], this.low[i]);
        high[column] = Math.max(high[column], this.high[i]);
        for (let row = 0; row < ROWS; row += 1) {
          const at = column * ROWS + row;
          spectrum[at] = Math.max(spectrum[at], this.spectrum[i * ROWS + row]);
        }
      }
    }
    return { first: 0, columns: count, count, spectrum, low, high };
  }
}

/**
 * Draw a spectrum, stretched over the canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {GrowingPicture} picture
 * @param {{gainDb?: number}} [options] `gainDb`: how much louder than drawn it will be.
 */
export function drawSpectrum(canvas, picture, { gainDb = 0 } = {}) {
  const context = fitted(canvas);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!picture.count) return;
  const colours = palette();
  const image = new ImageData(picture.count, ROWS);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < picture.count; column += 1) {
    for (let row = 0; row < ROWS; row += 1) {
      const level = picture.spectrum[column * ROWS + row];
      // Higher pitches are weaker in nearly all sounds: 3 dB an octave makes them seen.
      const tilt = (row / ROWS) * 8.8 * 3 - 12;
      const db = FLOOR_DB * (1 - level / 255) + gainDb + tilt;
      const share = (db - DARKEST_DB) / (BRIGHTEST_DB - DARKEST_DB);
      const shade = Math.min(255, Math.max(0, Math.round(share * 255)));
      pixels[(ROWS - 1 - row) * picture.count + column] = colours[level ? shade : 0];
    }
  }
  const small = new OffscreenCanvas(picture.count, ROWS);
  small.getContext('2d').putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  const width = (canvas.width * picture.count) / picture.columns;
  context.drawImage(small, 0, 0, width, canvas.height);
}

/**
 * Draw an outline around the canvas's middle.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {GrowingPicture} picture
 * @param {{gain?: number}} [options]
 */
export function drawOutline(canvas, picture, { gain = 1 } = {}) {
  const context = fitted(canvas);
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const middle = height / 2;
  context.fillStyle = style.getPropertyValue('--line');
  context.fillRect(0, Math.floor(middle), width, 1);
  context.fillStyle = style.getPropertyValue('--wave');
  const step = width / picture.columns;
  context.beginPath();
  for (let i = 0; i < picture.count; i += 1) {
    context.lineTo(i * step, middle - Math.min(1, picture.high[i] * gain) * (middle - 1));
  }
  for (let i = picture.count - 1; i >= 0; i -= 1) {
    context.lineTo(i * step, middle - Math.max(-1, picture.low[i] * gain) * (middle - 1) + 1);
  }
  context.closePath();
  context.fill();
}

/**
 * The canvas's context, with as many pixels as it has on the screen.
 *
 * @param {HTMLCanvasElement} canvas
 */
function fitted(canvas) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return canvas.getContext('2d');
}
