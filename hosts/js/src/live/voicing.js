/**
 * Voices on their way to a player: made into what is heard from the very sample on that they
 * replace.
 */

import { MEMORY_SAMPLES, Output } from './output.js';

/** @typedef {import('./answers.js').Player} Player */

/**
 * A player that takes voices, for one that takes channels.
 *
 * @implements {Player}
 */
export class Voicing {
  #player;
  #stereo;
  #gain;
  #timeline;

  /**
   * @param {import('./player.js').SharedPlayer | import('./player.js').SendingPlayer} player
   * @param {import('../stereo.js').StereoSettings} stereo
   * @param {number} gain
   * @param {import('./timeline.js').Timeline} timeline Whose voices they are.
   */
  constructor(player, stereo, gain, timeline) {
    this.#player = player;
    this.#stereo = stereo;
    this.#gain = gain;
    this.#timeline = timeline;
  }

  position() {
    return this.#player.position();
  }

  reach() {
    return this.#player.reach();
  }

  /**
   * @param {number} at
   * @param {readonly Float32Array[]} rows
   */
  write(at, rows) {
    const output = new Output(this.#stereo, this.#gain);
    const timeline = this.#timeline;
    // What is still heard of what was before, in the delays.
    const before = Math.max(at - MEMORY_SAMPLES, timeline.firstPosition);
    if (before < at) output.push(timeline.held(before, at - before));
    const skipped = Math.max(0, timeline.firstPosition - at); // the latency
    const channels = output.push(rows.map((row) => row.subarray(skipped)));
    return this.#player.write(at + skipped, channels);
  }
}
