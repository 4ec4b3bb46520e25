/** A sound as the graph plays it, step by step, for a host that plays it as it comes. */

import { splitSteps } from './blocks.js';
import { Blend } from './blend.js';
import { STEP_SAMPLES } from './contract.js';
import { RequestError } from './errors.js';
import { amplify } from './level.js';
import { prepareRequest, stepsOf } from './request.js';
import { voices } from './voices.js';

/** Near enough to the level of a finished sound: raw peaks lie near 0.15 (docs/javascript.md). */
export const PLAYBACK_GAIN = 4;

/**
 * A sound that is rendered while it is iterated over.
 *
 * It yields rows of samples, one, or two for dual-seed stereo. This is the graph's own audio times
 * a constant: it is neither filtered nor normalised nor cut to the duration, and its first
 * `latencySamples` are silence. Every block but the last has `blockSamples`, the last has
 * `lastBlockSamples`.
 *
 * @implements {AsyncIterable<Float32Array[]>}
 */
export class SoundStream {
  #artifact;
  #gain;
  #voices;

  /**
   * @param {import('./artifact.js').Artifact | Blend} source What plays; not an audio blend.
   * @param {import('./request.js').RequestOptions} [options] What to generate.
   * @param {{gain?: number}} [how] `gain`: what to multiply the audio by, 4 by default;
   *   `Sound.gain` of the same request gives its level.
   * @throws {RequestError} The request cannot be streamed.
   */
  constructor(source, options = {}, { gain = PLAYBACK_GAIN } = {}) {
    const blend = Blend.of(source);
    if (blend.mixesSounds) {
      throw new RequestError('an audio blend cannot be streamed: it mixes finished sounds');
    }
    const [artifact] = blend.renderers;
    this.#artifact = artifact;
    this.#gain = gain;
    /** The request, with its seed and with a position for each slider. */
    this.request = prepareRequest(options, blend);
    const { loop, fadeInS, fadeOutS } = this.request;
    if (loop || fadeInS || fadeOutS) {
      throw new RequestError(
        'loops and fades are made of finished sounds, and a stream plays what the graph does: generate has ' +
          'them',
      );
    }
    this.#voices = voices(blend, this.request);
    /** Voices: 1, or 2 for dual-seed stereo. */
    this.rows = this.#voices.batch;
    /** Of silence, with which the stream begins. */
    this.latencySamples = artifact.latencySamples;
    this.blockSamples = STEP_SAMPLES;
    this.lastBlockSamples = 2 * STEP_SAMPLES + artifact.latencySamples;
    /** Length of all blocks together; the sound itself is `durationS` of it, after the latency. */
    this.samples = STEP_SAMPLES * (stepsOf(this.request) - 1) + this.lastBlockSamples;
  }

  async *[Symbol.asyncIterator]() {
    const { latents, batch } = this.#voices;
    const { latentDim } = this.#artifact;
    const blocks = splitSteps(latents, { batch, latentDim, steps: 1 });
    for await (const rows of this.#artifact.stream(blocks, { batch })) {
      for (const row of rows) amplify(row, this.#gain);
      yield rows;
    }
  }
}
