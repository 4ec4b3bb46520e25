/**
 * From the graph's audio to a finished sound, short of its level: what follows the graph, in order.
 *
 * The latency is dropped, the anti-alias filter runs over everything that was rendered, then
 * stereo, then the exact length.
 */

import { HOP_LENGTH, STEP_SAMPLES } from './contract.js';
import { peak } from './level.js';
import { ZeroPhaseLowpass } from './lowpass.js';
import { samplesOf, stepsOf } from './request.js';
import { inputChannels, outputChannels, SpatialProcessor } from './stereo.js';

/** Takes one sound's audio block by block. */
export class Finisher {
  #filters;
  #spatial;
  #latency;
  #unheard;
  #done = 0;

  /**
   * @param {import('./request.js').Request} request
   * @param {import('./artifact.js').Artifact} artifact
   * @param {{filter?: boolean}} [options] `filter`: whether to filter against aliases.
   */
  constructor(request, artifact, { filter = true } = {}) {
    const rows = inputChannels(request.stereo);
    this.#filters = filter ? Array.from({ length: rows }, () => new ZeroPhaseLowpass()) : null;
    this.#spatial = new SpatialProcessor(request.stereo);
    this.#latency = artifact.latencySamples;
    // The original's centred inverse transform ends a hop before ours.
    this.#unheard = STEP_SAMPLES * (stepsOf(request) + 1) - HOP_LENGTH;
    /** The sound, as far as it is finished; `samples` of each channel are. */
    this.channels = Array.from(
      { length: outputChannels(request.stereo) },
      () => new Float32Array(samplesOf(request)),
    );
    /** Largest magnitude of all that the original would have rendered, beyond the sound's end too. */
    this.renderedPeak = 0;
    /** Largest magnitude of the sound. */
    this.peak = 0;
  }

  /** How many samples of each channel are finished. */
  get samples() {
    return Math.min(this.#done, this.channels[0].length);
  }

  /**
   * Take the graph's next rows.
   *
   * @param {readonly Float32Array[]} rows
   */
  push(rows) {
    const skipped = Math.min(this.#latency, rows[0].length);
    this.#latency -= skipped;
    const heard = rows.map((row) => row.subarray(skipped));
    const filters = this.#filters;
    this.#write(heard.map((row, i) => (filters ? filters[i].push(row) : Float64Array.from(row))));
  }

  /** End the sound. */
  finish() {
    if (this.#filters) this.#write(this.#filters.map((filter) => filter.finish()));
  }

  /** @param {Float64Array[]} rows */
  #write(rows) {
    // Rounded to what a finished sound has, before anything is measured.
    const block = this.#spatial.push(rows).map((channel) => Float32Array.from(channel));
    const heard = Math.max(0, this.#unheard - this.#done);
    this.renderedPeak = Math.max(
      this.renderedPeak,
      peak(block.map((channel) => channel.subarray(0, heard))),
    );
    const room = Math.max(0, this.channels[0].length - this.#done);
    block.forEach((channel, i) => {
      this.channels[i].set(
        channel.subarray(0, room),
        Math.min(this.#done, this.channels[i].length),
      );
    });
    this.peak = Math.max(this.peak, peak(block.map((channel) => channel.subarray(0, room))));
    this.#done += block[0].length;
  }
}
