/** Answering moves: which steps are rendered anew, and from which sample on they are heard. */

import { SAMPLE_RATE_HZ, STEP_SAMPLES } from '../contract.js';
import { FADE_SAMPLES } from './crossfade.js';
import { STEPS_BACK } from './performance.js';
import { samePlace } from './place.js';

/** @typedef {import('./place.js').Place} Place */

const STEPS = 2; // that sound at any time

/**
 * What plays a timeline in real time, somewhere else.
 *
 * @typedef {object} Player
 * @property {() => number} position Of the sample that is heard next.
 * @property {() => number} reach The first position that can surely still be changed.
 * @property {(at: number, rows: Float32Array[]) => boolean | Promise<boolean>} write Let these
 *   voices be heard from a position on, and nothing that lies behind them; false if that position
 *   has been heard already, and nothing was changed.
 */

/** Takes moves at any time; whoever renders answers them. */
export class Answers {
  #player;
  /** @type {Place | null} */
  #asked = null;
  #restart = false;

  /**
   * @param {import('./timeline.js').Timeline} timeline What is played.
   * @param {import('./journal.js').Journal} journal Keeps what was done.
   * @param {Player | null} [player] Where it plays in real time.
   */
  constructor(timeline, journal, player = null) {
    this.timeline = timeline;
    this.journal = journal;
    this.#player = player;
  }

  /** Whether there is a move to answer. */
  get isAsked() {
    return this.#asked !== null;
  }

  /**
   * Ask for a place. Moves that come before an answer are merged into the last of them.
   *
   * @param {Place} place
   * @param {boolean} [restart] Whether the wandering begins anew there.
   */
  ask(place, restart = false) {
    this.#asked = place;
    this.#restart ||= restart;
  }

  /** Render the next step. */
  async extend() {
    const { timeline } = this;
    const at = timeline.end;
    await timeline.extend();
    await this.#player?.write(at, timeline.held(at, timeline.end - at));
    this.look();
  }

  /** Take note of how far the sound has been heard. */
  look() {
    if (this.#player) this.timeline.position = this.#player.position();
    this.journal.look();
  }

  /**
   * Answer the moves that came, from the first sample on that can be changed.
   *
   * @param {number} [leadS] How long it takes, and to render a step more: if the step that plays
   *   ends before, it and the next one are rendered anew and not the one before it, whose chunk has
   *   all but faded by then.
   */
  async answer(leadS = 0) {
    const { timeline } = this;
    const place = this.#asked;
    const restart = this.#restart;
    this.#asked = null;
    this.#restart = false;
    if (!place || (samePlace(place, timeline.place) && !restart)) return;
    this.look();
    const reach = this.#reach();
    const lead = Math.max(FADE_SAMPLES, Math.round(leadS * SAMPLE_RATE_HZ));
    const playing = Math.floor(reach / STEP_SAMPLES);
    const isEnding = (reach % STEP_SAMPLES) + lead > STEP_SAMPLES;
    const first = Math.min(Math.max(isEnding ? playing : playing - 1, 0), timeline.nextStep);
    const rewrite = await timeline.rewrite(place, first, { steps: STEPS, restart });
    if (!(await this.#settle(rewrite, restart)) && !this.#asked) this.ask(place, restart);
  }

  /**
   * Let a rewrite be heard.
   *
   * @param {import('./timeline.js').Rewrite} rewrite
   * @param {boolean} restart
   * @returns {Promise<boolean>} Whether it was not too late: nobody can begin that far back.
   */
  async #settle(rewrite, restart) {
    const { timeline } = this;
    for (;;) {
      const at = this.#reach();
      if (rewrite.first < Math.floor(at / STEP_SAMPLES) - STEPS_BACK) return false;
      const seam = timeline.seam(rewrite, at);
      if (!seam) await timeline.grow(rewrite);
      else if (!this.#player || (await this.#player.write(at, seam.audio))) {
        timeline.settle(rewrite, seam);
        const { first, place } = rewrite;
        this.journal.moved({ at, first, fade: seam.fade, restart, place });
        return true;
      }
    }
  }

  #reach() {
    const { position, end } = this.timeline;
    return this.#player ? Math.min(this.#player.reach(), end) : position;
  }
}
