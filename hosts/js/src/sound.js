/** A finished sound: its samples, and the ways to keep it. */

import { recipeJson } from './recipe.js';
import { encodeWav } from './wav.js';

/** @typedef {import('./recipe.js').Recipe} Recipe */

/**
 * A finished sound, peak 0.891 unless silent, or moved by a control of the level.
 *
 * Such a control (`is_level`, "Loudness") is heard: the gain is then the one that brings the same sound
 * without it to 0.891. What goes beyond that is limited softly, below full scale.
 */
export class Sound {
  /**
   * @param {object} parts
   * @param {Float32Array[]} parts.channels
   * @param {Recipe} parts.recipe
   * @param {number} parts.gain
   * @param {boolean} parts.silent
   * @param {number} parts.limitedDb
   */
  constructor({ channels, recipe, gain, silent, limitedDb }) {
    /** One or two, of one length, full scale being 1. */
    this.channels = channels;
    /** How to make it again. */
    this.recipe = recipe;
    /** What the model's own sound was multiplied by, before any limit. */
    this.gain = gain;
    /** Whether the model produced nothing that could be heard. */
    this.silent = silent;
    /** By how much the soft limit lowers the loudest peak; 0 where nothing is limited. */
    this.limitedDb = limitedDb;
  }

  /** The request, with its seed and with a position for each slider. */
  get request() {
    return this.recipe.request;
  }

  /** The seed it was made from. */
  get seed() {
    return this.request.seed;
  }

  get sampleRateHz() {
    return this.request.sampleRateHz;
  }

  /** Length of a channel. */
  get samples() {
    return this.channels[0].length;
  }

  get durationS() {
    return this.samples / this.sampleRateHz;
  }

  /**
   * The sound as a WAV file with its recipe in it, which `distill-run reproduce` reads.
   *
   * @param {{bitDepth?: 16 | 24 | 32, tags?: {title?: string, artist?: string, album?: string}}}
   *   [options] `bitDepth`: 24 by default; 16 is dithered, 32 is floats.
   * @returns {Uint8Array}
   * @throws {import('./errors.js').RequestError} There is no such bit depth, or a tag is not a
   *   text.
   */
  toWav({ bitDepth = 24, tags = {} } = {}) {
    const recipe = { ...this.recipe, audioFormat: { container: 'wav', bitDepth } };
    return encodeWav(this.channels, {
      sampleRateHz: this.sampleRateHz,
      bitDepth,
      tags: { ...tags, comment: recipeJson(recipe) },
      ditherSeed: this.silent ? null : this.seed,
      loop: this.request.loop,
    });
  }
}
