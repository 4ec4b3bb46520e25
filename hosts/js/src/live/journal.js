/** What is needed to play the last minutes of a live sound again, while it goes on. */

import { STEP_SAMPLES } from '../contract.js';

/** @typedef {import('./performance.js').Move} Move */
/** @typedef {import('./performance.js').Performance} Performance */

const STEPS_BETWEEN = 8; // of two marks, each of which holds a state

/**
 * A step from which on a sound can be played again.
 *
 * @typedef {object} Mark
 * @property {import('./timeline.js').Start} start Of a timeline, at the step before: no later move
 *   renders an earlier one anew.
 * @property {import('./place.js').Place} place For which that step was rendered, and all after it
 *   up to the next move.
 * @property {number} moves How many moves there were before.
 * @property {number} begin Position from which on a timeline from there is the sound that was
 *   heard.
 */

/** Keeps marks and moves of a timeline, as far back as the timeline keeps its samples. */
export class Journal {
  #timeline;
  #gain;
  /** @type {Move[]} */
  #moves = [];
  #forgotten = 0; // moves that are no longer kept
  /** @type {Mark[]} */
  #marks;
  #nextMark = STEPS_BETWEEN;

  /**
   * @param {import('./timeline.js').Timeline} timeline What is played.
   * @param {number} gain What its sound is multiplied by.
   */
  constructor(timeline, gain) {
    this.#timeline = timeline;
    this.#gain = gain;
    const { place, position } = timeline;
    this.#marks = [{ start: timeline.startAt(0), place, moves: 0, begin: position }];
  }

  /** How many marks and moves are kept. */
  get sizes() {
    return { marks: this.#marks.length, moves: this.#moves.length };
  }

  /** Set a mark if the sound has come far enough, and forget what is too old. */
  look() {
    const timeline = this.#timeline;
    const playing = Math.floor(timeline.position / STEP_SAMPLES);
    const step = playing - 1;
    const last = this.#moves.at(-1);
    // What the last move has not rendered anew is of another place than that of now.
    if (playing < this.#nextMark || timeline.nextStep <= step || (last && last.first > step))
      return;
    this.#nextMark = playing + STEPS_BETWEEN;
    this.#marks.push({
      start: timeline.startAt(step),
      place: timeline.place,
      moves: this.#forgotten + this.#moves.length,
      // The chunk of the step before has faded by then; so has to have what the last move replaced.
      begin: Math.max((playing + 1) * STEP_SAMPLES, last ? last.at + last.fade : 0),
    });
    while (this.#marks.length > 1 && this.#marks[0].begin < timeline.oldest) this.#marks.shift();
    const surplus = this.#marks[0].moves - this.#forgotten;
    this.#moves.splice(0, surplus);
    this.#forgotten += surplus;
  }

  /**
   * Keep a move.
   *
   * @param {Move} move
   */
  moved(move) {
    while (this.#marks.length > 1 && this.#marks[this.#marks.length - 1].start.step > move.first) {
      // It came so late that it renders anew what the mark takes for settled.
      this.#nextMark = 0;
      this.#marks.pop();
    }
    this.#moves.push(move);
  }

  /**
   * What plays the sound again from a position on, or from the first it still can.
   *
   * @param {number} begin
   * @returns {Performance}
   */
  performance(begin) {
    const mark = this.#marks.findLast((candidate) => candidate.begin <= begin) ?? this.#marks[0];
    return {
      start: mark.start,
      place: mark.place,
      moves: this.#moves.slice(mark.moves - this.#forgotten),
      begin: Math.max(mark.begin, begin),
      gain: this.#gain,
    };
  }
}
