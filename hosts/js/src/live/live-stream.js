/**
 * A sound that is played by hand and rendered as it is read, for programs that nobody waits for.
 */

import { brief, isWhole } from '../checks.js';
import { RequestError } from '../errors.js';
import { isSilent, peak } from '../level.js';
import { Sound } from '../sound.js';
import { inputChannels, outputChannels, stereoSettings } from '../stereo.js';
import { Answers } from './answers.js';
import { checkedGain, firstPlace, keptSamples } from './beginning.js';
import { Hands } from './hands.js';
import { Journal } from './journal.js';
import { fileGain, Output } from './output.js';
import { recorded } from './recording.js';
import { Timeline } from './timeline.js';

/** @typedef {import('../artifact.js').Artifact} Artifact */

/**
 * How a live sound begins, and is heard; all may be left out.
 *
 * @typedef {import('./beginning.js').Beginning & {
 *   stereo?: Partial<import('../stereo.js').StereoSettings> |
 *   import('../stereo.js').StereoSettings['mode'], gain?: number | null,
 *   keepS?: number,
 * }} LiveOptions
 *   `stereo`: "mono" by default; "dual-seed" plays two voices, the right one from the next seed.
 *   `gain`: what to multiply the model's own sound by, by default what a finished file of the
 *   beginning would have; what is louder than such a file is limited softly. `keepS`: how many
 *   seconds `record` can go back, 120 by default.
 */

const MAX_BLOCK_SAMPLES = 2 ** 24;

/**
 * An endless sound that follows hands: a move is heard from the very next sample.
 *
 * In a browser's audio, `LiveInstrument` plays the same sound in real time.
 */
export class LiveStream {
  #timeline;
  #answers;
  #journal;
  #output;

  /**
   * See `open`.
   *
   * @param {object} parts
   * @param {Artifact} parts.artifact
   * @param {import('../stereo.js').StereoSettings} parts.stereo
   * @param {import('./place.js').Place} parts.place
   * @param {number} parts.gain
   * @param {number} parts.kept
   */
  constructor({ artifact, stereo, place, gain, kept }) {
    this.artifact = artifact;
    this.stereo = stereo;
    /** What the model's own sound is multiplied by. */
    this.gain = gain;
    this.#timeline = new Timeline(artifact, place, {
      rows: inputChannels(stereo),
      keptSamples: kept,
    });
    this.#journal = new Journal(this.#timeline, gain);
    this.#answers = new Answers(this.#timeline, this.#journal);
    this.#output = new Output(stereo, gain);
    /** Moves the sound. */
    this.hands = new Hands(artifact.metadata, stereo, place, (to, restart) =>
      this.#answers.ask(to, restart),
    );
  }

  /**
   * Begin a sound.
   *
   * @param {Artifact} artifact What plays.
   * @param {LiveOptions} [options]
   * @returns {Promise<LiveStream>}
   * @throws {RequestError} A value is out of bounds or does not fit the model.
   * @throws {import('../errors.js').BackendError} onnxruntime failed.
   */
  static async open(artifact, options = {}) {
    const stereo = stereoSettings(options.stereo ?? undefined);
    const place = firstPlace(artifact.metadata, stereo, options);
    const kept = keptSamples(options.keepS ?? 120, artifact.sampleRateHz);
    const gain =
      options.gain == null ? await fileGain(artifact, place, stereo) : checkedGain(options.gain);
    return new LiveStream({ artifact, stereo, place, gain, kept });
  }

  /** 1 or 2. */
  get channels() {
    return outputChannels(this.stereo);
  }

  get sampleRateHz() {
    return this.artifact.sampleRateHz;
  }

  /**
   * The next samples. One call at a time: await each.
   *
   * @param {number} samples How many, 0 or more.
   * @returns {Promise<Float32Array[]>} A row for each channel.
   * @throws {RequestError} It is not such a number.
   * @throws {import('../errors.js').BackendError} onnxruntime failed.
   */
  async read(samples) {
    if (!isWhole(samples, 0, MAX_BLOCK_SAMPLES)) {
      throw new RequestError(
        `the block has ${brief(samples)} samples, expected 0 to ${MAX_BLOCK_SAMPLES}`,
      );
    }
    if (this.#answers.isAsked) await this.#answers.answer();
    const channels = Array.from({ length: this.channels }, () => new Float32Array(samples));
    for (let done = 0; done < samples;) {
      if (this.#timeline.end <= this.#timeline.position) await this.#answers.extend();
      const block = this.#output.push(this.#timeline.read(samples - done));
      const from = done;
      block.forEach((row, i) => channels[i].set(row, from));
      done += block[0].length;
    }
    return channels;
  }

  /**
   * What was heard last, with a recipe that plays it again.
   *
   * @param {number | null} [seconds] How much; by default as much as is kept.
   * @returns {Sound}
   * @throws {RequestError} It is not a number above 0, or nothing was read yet.
   */
  record(seconds = null) {
    const { channels, recipe } = recorded(this.#timeline, this.#journal, this.stereo, seconds);
    return new Sound({ channels, recipe, gain: 1, silent: isSilent(peak(channels)), limitedDb: 0 });
  }

  /** How much is remembered for `record`. */
  get remembered() {
    return this.#journal.sizes;
  }
}
