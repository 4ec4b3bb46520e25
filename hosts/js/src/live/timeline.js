/**
 * The sound of a place, rendered step by step, of which the last steps can be rendered anew.
 *
 * An artifact's state is a value, so a step that plays already can be rendered again from the state
 * before it, with other latent vectors, and cross-faded in from a sample that plays soon. Two
 * chunks sound at any time, the one of this step and the one of the step before, which fades out;
 * both are made anew, or a move would only be half heard at first.
 */

import { STEP_SAMPLES } from '../contract.js';
import { crossfade, FADE_SAMPLES } from './crossfade.js';
import { MAX_PHASE, Path } from './path.js';
import { SampleRing } from './sample-ring.js';

/** @typedef {import('./place.js').Place} Place */

const KEPT_STEPS = 6; // whose states are at hand: what plays, what is ahead, and what came before both

/**
 * Where a timeline starts.
 *
 * @typedef {object} Start
 * @property {number} step Index of the first step.
 * @property {number} phase How far its wandering has come.
 * @property {Float32Array | null} state `[rows, state_size]`, what the step before left; null for
 *   the beginning.
 */

/** @type {Start} */
const BEGINNING = Object.freeze({ step: 0, phase: 0, state: null });

/**
 * Steps that were rendered anew and are not yet heard.
 *
 * @typedef {object} Rewrite
 * @property {number} first Index of the first of them.
 * @property {Place} place What they were rendered for.
 * @property {Float32Array[]} states `[rows, state_size]` before each of them, and after the last.
 * @property {number[]} phases Of each of them, and of the step after the last.
 * @property {Float32Array[][]} audio Rows of samples for each.
 */

/**
 * A rewrite as it will be heard.
 *
 * @typedef {object} Seam
 * @property {number} at Position of the first sample that is other than before.
 * @property {number} fade Over how many samples it is faded in.
 * @property {Float32Array[]} audio Rows of samples, from there to the rewrite's end.
 */

/**
 * Rendered steps, one after the other, in a ring that holds the last seconds of them.
 *
 * Positions count samples from the start of the stream, its latency included.
 */
export class Timeline {
  /** @type {Map<number, Float32Array>} */
  #states;
  /** @type {Map<number, number>} */
  #phases;
  #ring;
  #keptSamples;

  /**
   * @param {import('../artifact.js').Artifact} artifact What plays.
   * @param {Place} place Where the sound begins to be.
   * @param {{rows: number, keptSamples?: number, start?: Start}} options
   *   `rows`: voices. `keptSamples`: how much of what was heard is kept.
   */
  constructor(artifact, place, { rows, keptSamples = 0, start = BEGINNING }) {
    this.artifact = artifact;
    /** What the next step will be rendered for. */
    this.place = place;
    this.path = new Path(artifact.metadata, rows);
    this.#states = new Map([[start.step, start.state ?? artifact.initialState(rows)]]);
    this.#phases = new Map([[start.step, start.phase]]);
    this.#keptSamples = keptSamples;
    this.#ring = new SampleRing(rows, keptSamples + (KEPT_STEPS + 1) * STEP_SAMPLES);
    /** Index of the first step that is not rendered. */
    this.nextStep = start.step;
    /** The first position of all, after the latency. */
    this.firstPosition =
      start.step * STEP_SAMPLES + (start.step === 0 ? artifact.latencySamples : 0);
    /** Of the sample that is heard next. */
    this.position = this.firstPosition;
  }

  /** Position of the first sample that is not rendered. */
  get end() {
    return this.nextStep * STEP_SAMPLES;
  }

  /** Position of the first sample that is still held. */
  get oldest() {
    return Math.max(this.firstPosition, this.position - this.#keptSamples);
  }

  /**
   * What it takes to start another timeline with a step, one of the last.
   *
   * @param {number} step
   * @returns {Start}
   */
  startAt(step) {
    return {
      step,
      phase: known(this.#phases, step),
      state: step ? known(this.#states, step) : null,
    };
  }

  /** Render the next step. */
  async extend() {
    const rewrite = this.#begin(this.place, this.nextStep, known(this.#phases, this.nextStep));
    await this.grow(rewrite);
    this.settle(rewrite, { at: this.end, fade: 0, audio: rewrite.audio[0] });
  }

  /**
   * Render steps anew, from one that was rendered, without changing what is there.
   *
   * @param {Place} place What for.
   * @param {number} first Index of the first of them.
   * @param {{steps: number, restart?: boolean}} options
   *   `restart`: whether the wandering begins anew with the first.
   */
  async rewrite(place, first, { steps, restart = false }) {
    const rewrite = this.#begin(place, first, restart ? 0 : known(this.#phases, first));
    for (let step = 0; step < steps; step += 1) await this.grow(rewrite);
    return rewrite;
  }

  /**
   * @param {Place} place
   * @param {number} first
   * @param {number} phase
   * @returns {Rewrite}
   */
  #begin(place, first, phase) {
    return { first, place, states: [known(this.#states, first)], phases: [phase], audio: [] };
  }

  /**
   * Render one step more.
   *
   * @param {Rewrite} rewrite
   */
  async grow(rewrite) {
    const { place, states, phases, audio } = rewrite;
    const phase = phases[audio.length];
    const latents = this.path.latents(place, [phase]);
    const result = await this.artifact.step(latents, states[audio.length]);
    audio.push(result.audio);
    states.push(result.state);
    phases.push(place.hold ? phase : (phase + 1) % MAX_PHASE);
  }

  /**
   * How steps that were rendered anew would be heard, without changing what is there.
   *
   * @param {Rewrite} rewrite
   * @param {number} at The sample from which on they are.
   * @param {number} [fade] Over how many samples to fade them in, at most: fewer if fewer are
   *   rendered.
   * @returns {Seam | null} null if they end before they could be heard whole, and have to grow.
   */
  seam(rewrite, at, fade = FADE_SAMPLES) {
    const end = endOf(rewrite) * STEP_SAMPLES;
    if (at + FADE_SAMPLES > end) return null;
    const audio = this.#ring.blank(end - at);
    rewrite.audio.forEach((rows, step) => {
      const offset = (rewrite.first + step) * STEP_SAMPLES - at;
      const skipped = Math.max(0, -offset);
      if (skipped >= STEP_SAMPLES) return;
      rows.forEach((row, r) => audio[r].set(row.subarray(skipped), offset + skipped));
    });
    const length = Math.min(fade, Math.max(0, this.end - at));
    if (length) {
      const faded = crossfade(
        this.#ring.read(at, length),
        audio.map((row) => row.subarray(0, length)),
      );
      faded.forEach((row, r) => audio[r].set(row));
    }
    return { at, fade: length, audio };
  }

  /**
   * Let steps that were rendered anew be heard.
   *
   * @param {Rewrite} rewrite
   * @param {Seam} seam
   */
  settle(rewrite, { at, audio }) {
    this.#ring.write(at, audio);
    rewrite.states.forEach((state, i) => this.#states.set(rewrite.first + i, state));
    rewrite.phases.forEach((phase, i) => this.#phases.set(rewrite.first + i, phase));
    const end = endOf(rewrite);
    for (const kept of [this.#states, this.#phases]) {
      for (const step of [...kept.keys()]) {
        if (step < end - KEPT_STEPS || step > end) kept.delete(step);
      }
    }
    this.nextStep = end;
    this.place = rewrite.place;
  }

  /**
   * The next samples, as rows, fewer if no more are rendered.
   *
   * @param {number} samples
   */
  read(samples) {
    const rows = this.held(this.position, Math.min(samples, this.end - this.position));
    this.position += rows[0].length;
    return rows;
  }

  /**
   * Samples that were rendered and are still held, as rows.
   *
   * @param {number} begin
   * @param {number} samples
   */
  held(begin, samples) {
    return this.#ring.read(begin, samples);
  }
}

/**
 * Index of the step after a rewrite's last.
 *
 * @param {Rewrite} rewrite
 */
function endOf({ first, audio }) {
  return first + audio.length;
}

/**
 * @template T
 * @param {Map<number, T>} kept
 * @param {number} step
 * @returns {T}
 */
function known(kept, step) {
  const value = kept.get(step);
  if (value === undefined) throw new Error(`step ${step} is not held`);
  return value;
}
