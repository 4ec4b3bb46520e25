/**
 * What plays a live sound on the audio thread: it only copies.
 *
 * The samples lie in a ring, each position at the rest of its division by the ring's capacity. The
 * ring is shared with the worker that renders, where the page is isolated, and the worker writes
 * into it; or it is the audio thread's own, and the worker sends what is to be written. This file
 * imports nothing, so that a page can also load it from a data: address.
 *
 * The numbers of the control block (`CONTROL` in player.js): 0 is the next position that is read
 * and 1 the first that is not written, both modulo 2^32; 2 counts blocks that were not ready, 3 the
 * samples that they lacked; 4 has the bits of the largest magnitude since it was set to 0.
 */

// The audio thread has names that a page does not know.
const { AudioWorkletProcessor, registerProcessor } = /** @type {any} */ (globalThis);

const REPORT_BLOCKS = 8; // between two reports of a ring that is not shared: 21 ms

class LiveProcessor extends AudioWorkletProcessor {
  /** @param {{processorOptions: import('./player.js').ProcessorOptions}} options */
  constructor({ processorOptions: { memory, channels, capacity, position } }) {
    super();
    this.control = new Int32Array(memory?.control ?? new ArrayBuffer(4 * 8));
    /** @type {Float32Array[]} */
    this.rings = memory
      ? memory.rings.map((ring) => new Float32Array(ring))
      : Array.from({ length: channels }, () => new Float32Array(capacity));
    this.capacity = capacity;
    this.position = position;
    this.isBegun = false;
    this.isOver = false;
    /** @type {MessagePort | null} */
    this.writer = null;
    this.blocks = 0;
    this.peak = new Float32Array(1);
    this.peakBits = new Int32Array(this.peak.buffer);
    if (!memory) {
      Atomics.store(this.control, 0, position | 0);
      Atomics.store(this.control, 1, position | 0);
    }
    /** @param {{data: {writer?: MessagePort}}} message */
    this.port.onmessage = ({ data }) => {
      if (data.writer) this.follow(data.writer);
      else this.isOver = true;
    };
  }

  /**
   * Let somebody write into the ring by messages.
   *
   * @param {MessagePort} writer
   */
  follow(writer) {
    this.writer = writer;
    writer.onmessage = ({ data: { at, rows } }) => {
      const isInTime = at >= this.position;
      if (isInTime) {
        rows.forEach((/** @type {Float32Array} */ row, /** @type {number} */ i) => {
          const begin = at % this.capacity;
          const over = Math.max(0, begin + row.length - this.capacity);
          this.rings[i].set(row.subarray(0, row.length - over), begin);
          this.rings[i].set(row.subarray(row.length - over), 0);
        });
        Atomics.store(this.control, 1, (at + rows[0].length) | 0);
      }
      this.report(isInTime);
    };
  }

  /** @param {boolean | null} isInTime The answer to a message, null if this is none. */
  report(isInTime) {
    const [, , underruns, missed, peak] = this.control;
    this.writer?.postMessage({ isInTime, position: this.position, underruns, missed, peak });
    this.control[4] = 0;
  }

  /**
   * @param {unknown} _
   * @param {[Float32Array[]]} outputs
   */
  process(_, [output]) {
    if (this.isOver) return false;
    const wanted = output[0].length;
    const ready = Math.min(wanted, (Atomics.load(this.control, 1) - (this.position | 0)) | 0);
    const begin = this.position % this.capacity;
    for (let channel = 0; channel < output.length; channel += 1) {
      const ring = this.rings[channel];
      const out = output[channel];
      for (let i = 0; i < ready; i += 1) out[i] = ring[(begin + i) % this.capacity];
    }
    this.position += ready;
    Atomics.store(this.control, 0, this.position | 0);
    this.isBegun ||= ready > 0;
    if (ready < wanted && this.isBegun) {
      Atomics.add(this.control, 2, 1);
      Atomics.add(this.control, 3, wanted - ready);
    }
    this.measure(output);
    this.blocks += 1;
    if (this.writer && this.blocks % REPORT_BLOCKS === 0) this.report(null);
    return true;
  }

  /** @param {Float32Array[]} output */
  measure(output) {
    let most = 0;
    for (let channel = 0; channel < output.length; channel += 1) {
      const out = output[channel];
      for (let i = 0; i < out.length; i += 1) most = Math.max(most, Math.abs(out[i]));
    }
    this.peak[0] = most;
    // The bits of numbers above 0 are ordered as the numbers are.
    if (this.peakBits[0] > Atomics.load(this.control, 4)) {
      Atomics.store(this.control, 4, this.peakBits[0]);
    }
  }
}

registerProcessor('distill-live', LiveProcessor);
