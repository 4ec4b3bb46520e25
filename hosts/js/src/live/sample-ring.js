/** Rows of samples in a ring: a position is never out of it, only overwritten in time. */

export class SampleRing {
  #rows;
  #capacity;

  /**
   * @param {number} rows
   * @param {number} capacity In samples, of each row.
   */
  constructor(rows, capacity) {
    this.#rows = Array.from({ length: rows }, () => new Float32Array(capacity));
    this.#capacity = capacity;
  }

  /**
   * As many rows of silence.
   *
   * @param {number} samples
   */
  blank(samples) {
    return this.#rows.map(() => new Float32Array(samples));
  }

  /**
   * A copy of what lies at a position.
   *
   * @param {number} position
   * @param {number} samples
   */
  read(position, samples) {
    const begin = position % this.#capacity;
    const over = Math.max(0, begin + samples - this.#capacity);
    const copies = this.blank(samples);
    copies.forEach((copy, r) => {
      copy.set(this.#rows[r].subarray(begin, begin + samples - over));
      copy.set(this.#rows[r].subarray(0, over), samples - over);
    });
    return copies;
  }

  /**
   * @param {number} position
   * @param {readonly Float32Array[]} audio
   */
  write(position, audio) {
    const begin = position % this.#capacity;
    const samples = audio[0].length;
    const over = Math.max(0, begin + samples - this.#capacity);
    audio.forEach((row, r) => {
      this.#rows[r].set(row.subarray(0, samples - over), begin);
      this.#rows[r].set(row.subarray(samples - over), 0);
    });
  }
}
