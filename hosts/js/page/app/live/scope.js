/** The live sound as it passes: a spectrum that runs from right to left. */

import { onThemeChange, palette } from '../sound/palette.js';

const SIZE = 2048;
const RATE_HZ = 48_000;
const LOWEST_HZ = 45;
const HIGHEST_HZ = 20_000;
const STEP = 2; // pixels to the left with every frame

/** Draws what a node plays. */
export class Scope {
  #canvas;
  #analyser = null;
  #frame = 0;
  #colours = palette();

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    onThemeChange(() => {
      this.#colours = palette();
      this.clear();
    });
  }

  /** @param {AudioNode} node */
  start(node) {
    this.stop();
    this.clear();
    this.#analyser = new AnalyserNode(node.context, {
      fftSize: SIZE,
      smoothingTimeConstant: 0.2,
      minDecibels: -100,
      maxDecibels: -25,
    });
    node.connect(this.#analyser);
    const levels = new Uint8Array(SIZE / 2);
    const draw = () => {
      this.#frame = requestAnimationFrame(draw);
      this.#analyser.getByteFrequencyData(levels);
      this.#column(levels);
    };
    // Nothing runs for those who asked for less motion.
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) draw();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#analyser?.disconnect();
    this.#analyser = null;
  }

  clear() {
    const canvas = this.#canvas;
    const width = Math.max(1, canvas.clientWidth);
    const height = Math.max(1, canvas.clientHeight);
    Object.assign(canvas, { width, height });
  }

  /** @param {Uint8Array} levels */
  #column(levels) {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext('2d');
    context.drawImage(this.#canvas, -STEP, 0);
    const image = context.createImageData(STEP, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let y = 0; y < height; y += 1) {
      const pitch = 1 - y / height;
      const hertz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** pitch;
      const level = levels[Math.min(levels.length - 1, Math.round((hertz * SIZE) / RATE_HZ))];
      pixels.fill(this.#colours[level], y * STEP, (y + 1) * STEP);
    }
    context.putImageData(image, width - STEP, 0);
  }
}
