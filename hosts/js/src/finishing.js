/**
 * From the graph's audio to a finished sound, short of its level: what follows the graph, in order.
 *
 * The latency is dropped, the anti-alias filter runs over everything that was rendered, then
 * stereo, then the exact length (of a loop, by a cross-fade), then fades.
 */

import { HOP_LENGTH, STEP_SAMPLES } from './contract.js';
import { fade, fadeSamples } from './ends.js';
import { peak } from './level.js';
import { joinLoop, loopPlan } from './loop.js';
import { ZeroPhaseLowpass } from './lowpass.js';
import { samplesOf, stepsOf } from './request.js';
import { inputChannels, outputChannels, SpatialProcessor } from './stereo.js';

/** Takes one sound's audio block by block. */
export class Finisher {
  #filters;
  #spatial;
  #latency;
  #unheard;
  #fades;
  /** @type {Float32Array[]} What comes before a loop, into which its end cross-fades. */
  #lead;
  #missing; // of it
  #overlap;
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
    const { lead, overlap } = request.loop ? loopPlan(request.durationS) : { lead: 0, overlap: 0 };
    const samples = samplesOf(request);
    /** @param {number} length */
    const room = (length) =>
      Array.from({ length: outputChannels(request.stereo) }, () => new Float32Array(length));
    this.#lead = room(lead);
    this.#missing = lead;
    this.#overlap = overlap;
    this.#fades = { samples, ...fadeSamples(request) };
    /** The sound, as far as it is finished; `samples` of each channel are. */
    this.channels = room(samples);
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
    if (!this.#overlap) return;
    joinLoop(
      this.channels.map((channel) => channel.subarray(channel.length - this.#overlap)),
      this.#lead.map((channel) => channel.subarray(channel.length - this.#overlap)),
    );
    this.peak = peak(this.channels);
    this.renderedPeak = peak(this.channels.map((channel) => channel.subarray(0, this.#unheard)));
  }

  /** @param {Float64Array[]} rows */
  #write(rows) {
    // Rounded to what a finished sound has, before anything is measured.
    const rounded = this.#spatial.push(rows).map((channel) => Float32Array.from(channel));
    const block = this.#withoutLead(rounded);
    const heard = Math.max(0, this.#unheard - this.#done);
    this.renderedPeak = Math.max(
      this.renderedPeak,
      peak(block.map((channel) => channel.subarray(0, heard))),
    );
    const begin = this.samples;
    const kept = block.map((channel) => channel.subarray(0, this.#fades.samples - begin));
    this.peak = Math.max(this.peak, peak(kept));
    kept.forEach((channel, i) => {
      fade(channel, begin, this.#fades); // which no level is set by
      this.channels[i].set(channel, begin);
    });
    this.#done += block[0].length;
  }

  /**
   * Put aside what comes before a loop.
   *
   * @param {Float32Array[]} block
   */
  #withoutLead(block) {
    const taken = Math.min(this.#missing, block[0].length);
    block.forEach((channel, i) => {
      const lead = this.#lead[i];
      lead.set(channel.subarray(0, taken), lead.length - this.#missing);
    });
    this.#missing -= taken;
    return block.map((channel) => channel.subarray(taken));
  }
}
