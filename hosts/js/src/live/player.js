/** The way of rendered samples to the audio thread: through shared memory, or in messages. */

import { SAMPLE_RATE_HZ } from '../contract.js';

// The numbers of the control block: see worklet.js, which can import nothing.
const CONTROL = Object.freeze({ read: 0, end: 1, underruns: 2, missed: 3, peak: 4 });
const CONTROL_NUMBERS = 8;

// Longer than all that is ever rendered ahead: three steps.
const CAPACITY = 2 ** 17;

// How far from what is read next a write begins, so that it is whole before it is read. A block of
// a device is read at one go, so time alone is no measure.
const SHARED_MARGIN = 512;
const SENT_MARGIN = 1024;
const GUARD = 128;
const MOST_UNREPORTED_S = 0.25; // of sound, after which it is taken to stand still

/**
 * What the audio thread is told at its start.
 *
 * @typedef {object} ProcessorOptions
 * @property {SharedMemory | null} memory null: the ring is its own.
 * @property {number} channels
 * @property {number} capacity Of the ring, in samples.
 * @property {number} position Of the sample that is played first.
 */

/** @typedef {{control: SharedArrayBuffer, rings: SharedArrayBuffer[]}} SharedMemory */

/**
 * How it went so far.
 *
 * @typedef {object} Playing
 * @property {number} position Of the sample that is played next.
 * @property {number} underruns Blocks that were not ready.
 * @property {number} missed Samples that they lacked.
 * @property {number} peak The largest magnitude since this was last asked.
 */

/**
 * The options of the worklet's processor.
 *
 * @param {{channels: number, position: number, isShared: boolean}} options
 * @returns {ProcessorOptions}
 */
export function processorOptions({ channels, position, isShared }) {
  const memory = isShared
    ? {
        control: new SharedArrayBuffer(4 * CONTROL_NUMBERS),
        rings: Array.from({ length: channels }, () => new SharedArrayBuffer(4 * CAPACITY)),
      }
    : null;
  if (memory) {
    const control = new Int32Array(memory.control);
    control[CONTROL.read] = control[CONTROL.end] = position | 0;
  }
  return { memory, channels, capacity: CAPACITY, position };
}

/** Writes into a ring that the audio thread reads at the same time. */
export class SharedPlayer {
  #control;
  #rings;
  #position;

  /**
   * @param {SharedMemory} memory
   * @param {number} position Of the sample that is played first.
   */
  constructor({ control, rings }, position) {
    this.#control = new Int32Array(control);
    this.#rings = rings.map((ring) => new Float32Array(ring));
    this.#position = position;
    /** Writes that the audio thread overtook, because this thread was stopped in their midst. */
    this.overtaken = 0;
  }

  position() {
    const read = Atomics.load(this.#control, CONTROL.read);
    this.#position += (read - (this.#position | 0)) | 0;
    return this.#position;
  }

  reach() {
    return this.position() + SHARED_MARGIN;
  }

  /**
   * Let these channels be heard from a position on.
   *
   * @param {number} at
   * @param {readonly Float32Array[]} channels
   * @returns {boolean} Whether it was in time; if not, nothing is changed.
   */
  write(at, channels) {
    const isAppended = ((at | 0) ^ Atomics.load(this.#control, CONTROL.end)) === 0;
    if (!isAppended && at < this.position() + GUARD) return false;
    const begin = at % CAPACITY;
    const over = Math.max(0, begin + channels[0].length - CAPACITY);
    channels.forEach((row, i) => {
      this.#rings[i].set(row.subarray(0, row.length - over), begin);
      this.#rings[i].set(row.subarray(row.length - over), 0);
    });
    if (!isAppended && this.position() > at) this.overtaken += 1;
    Atomics.store(this.#control, CONTROL.end, (at + channels[0].length) | 0);
    return true;
  }

  /** @returns {Playing} */
  playing() {
    return {
      position: this.position(),
      underruns: Atomics.load(this.#control, CONTROL.underruns),
      missed: Atomics.load(this.#control, CONTROL.missed),
      peak: floatOf(Atomics.exchange(this.#control, CONTROL.peak, 0)),
    };
  }

  close() {}
}

/** Sends what is to be written into the ring that is the audio thread's own. */
export class SendingPlayer {
  #port;
  #reported = { position: 0, underruns: 0, missed: 0 };
  #peak = 0;
  #reportedAt = -Infinity;
  /** @type {((isInTime: boolean) => void) | null} */
  #answered = null;

  /**
   * @param {MessagePort} port Of which the audio thread has the other end.
   * @param {number} position Of the sample that is played first.
   */
  constructor(port, position) {
    this.#port = port;
    this.#reported.position = position;
    port.onmessage = ({ data: { isInTime, peak, ...reported } }) => {
      // A sound that has not begun, or is paused, reports nothing new.
      if (reported.position > this.#reported.position) this.#reportedAt = performance.now();
      this.#reported = reported;
      this.#peak = Math.max(this.#peak, floatOf(peak));
      if (isInTime !== null) this.#answered?.(isInTime);
    };
  }

  position() {
    return this.#reported.position;
  }

  reach() {
    const passedS = (performance.now() - this.#reportedAt) / 1000;
    const unreported = passedS < MOST_UNREPORTED_S ? Math.ceil(passedS * SAMPLE_RATE_HZ) : 0;
    return this.#reported.position + unreported + SENT_MARGIN;
  }

  /**
   * Let these channels be heard from a position on. One call at a time: await each.
   *
   * @param {number} at
   * @param {readonly Float32Array[]} channels
   * @returns {Promise<boolean>} Whether it was in time; if not, nothing is changed.
   */
  write(at, channels) {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#port.postMessage(
        { at, rows: channels },
        channels.map(({ buffer }) => buffer),
      );
    });
  }

  /** @returns {Playing} */
  playing() {
    const peak = this.#peak;
    this.#peak = 0;
    return { ...this.#reported, peak };
  }

  close() {
    this.#answered?.(true);
    this.#port.close();
  }
}

/** @param {number} bits */
function floatOf(bits) {
  return new Float32Array(Int32Array.of(bits).buffer)[0];
}
