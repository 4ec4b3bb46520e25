/**
 * Sounds that can be played round and round.
 *
 * The walk is closed, so that the timbre at the end is that at the beginning; it is rendered with a
 * lead, the end of the round before; and the sound's end cross-fades into that lead. As in
 * `distill_runtime/generation/loop_plan.py`, where it was measured.
 */

import { SAMPLE_RATE_HZ, STEP_SAMPLES } from './contract.js';
import { roundHalfToEven } from './rounding.js';
import { slerp } from './slerp.js';

const CROSSFADE_SAMPLES = SAMPLE_RATE_HZ / 4;

// Below this, sounds would so nearly cancel that what is left must not be amplified to their level.
const LEAST_CORRELATION = -0.5;

/**
 * The lengths that a loop is made of.
 *
 * @param {number} durationS
 * @returns {{periodSteps: number, leadSteps: number, overlap: number, lead: number}}
 *   `periodSteps`: of the walk in a round; `leadSteps`: that are rendered before it, in samples
 *   `lead`; `overlap`: of the cross-fade, in samples.
 */
export function loopPlan(durationS) {
  const samples = roundHalfToEven(durationS * SAMPLE_RATE_HZ);
  // At most half of a short loop, so that there is something else in it, too.
  const overlap = Math.min(CROSSFADE_SAMPLES, Math.floor(samples / 2));
  // One step more: a stream's first one rises from nothing.
  const leadSteps = 1 + Math.ceil(overlap / STEP_SAMPLES);
  return {
    periodSteps: Math.max(1, roundHalfToEven((durationS * SAMPLE_RATE_HZ) / STEP_SAMPLES)),
    leadSteps,
    overlap,
    lead: leadSteps * STEP_SAMPLES,
  };
}

/**
 * One round of a walk, with the end of the round before it and the next round's first step.
 *
 * A walk with more steps than a round has is cut short. One with fewer is followed by steps on the
 * arc from its last vector back to its first.
 *
 * @param {Float32Array} walk `[steps, latent_dim]`
 * @param {number} latentDim
 * @param {{periodSteps: number, leadSteps: number}} plan
 * @returns {Float32Array} `[leadSteps + periodSteps + 1, latent_dim]`
 */
export function closedWalk(walk, latentDim, { periodSteps, leadSteps }) {
  const steps = walk.length / latentDim;
  const kept = Math.min(steps, periodSteps);
  const missing = periodSteps - kept;
  /** @param {number} step */
  const at = (step) => walk.subarray(step * latentDim, (step + 1) * latentDim);
  /** @param {number} step Of a round. */
  const inRound = (step) =>
    step < kept ? at(step) : slerp(at(kept - 1), at(0), (step - kept + 1) / (missing + 1));
  const closed = new Float32Array((leadSteps + periodSteps + 1) * latentDim);
  for (let step = -leadSteps; step <= periodSteps; step += 1) {
    const place = ((step % periodSteps) + periodSteps) % periodSteps;
    closed.set(inRound(place), (step + leadSteps) * latentDim);
  }
  return closed;
}

/**
 * Cross-fade the end of a loop, in place, into what comes before its beginning.
 *
 * The two are weighted by `cos` and `sin` of an angle from 0 to pi/2, whose squares add up to 1: right
 * for sounds that have nothing to do with each other. As far as they are correlated their sum would be
 * louder (or softer) than both, by the correlation that is measured over the cross-fade, and it is
 * divided by that.
 *
 * @param {readonly Float32Array[]} end Rows of samples.
 * @param {readonly Float32Array[]} lead As many of the same length.
 */
export function joinLoop(end, lead) {
  const { length } = end[0];
  const powerOut = mean(end, end);
  const powerIn = mean(lead, lead);
  const both = Math.max(mean(end, lead), LEAST_CORRELATION * Math.sqrt(powerOut * powerIn));
  for (let i = 0; i < length; i += 1) {
    // The angle starts and ends level, too, so the weights have no corner.
    const rise = Math.sin(((Math.PI / 2) * (i + 1)) / (length + 1));
    const angle = (Math.PI / 2) * (rise * rise);
    const [leaving, coming] = [Math.cos(angle), Math.sin(angle)];
    const wanted = leaving * leaving * powerOut + coming * coming * powerIn;
    const found = wanted + 2 * leaving * coming * both;
    const gain = Math.sqrt(found > 0 ? wanted / found : 1); // of silence there is nothing to divide
    end.forEach((row, r) => {
      row[i] = gain * (leaving * row[i] + coming * lead[r][i]);
    });
  }
}

/**
 * The mean product of samples.
 *
 * @param {readonly Float32Array[]} a
 * @param {readonly Float32Array[]} b
 */
function mean(a, b) {
  let sum = 0;
  a.forEach((row, r) => {
    for (let i = 0; i < row.length; i += 1) sum += row[i] * b[r][i];
  });
  const count = a.length * a[0].length;
  return count ? sum / count : 0;
}
