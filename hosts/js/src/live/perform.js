/** Playing a live sound again, from its recipe. */

import { SAMPLE_RATE_HZ } from '../contract.js';
import { RequestError } from '../errors.js';
import { isSilent, peak } from '../level.js';
import { performanceRecipe } from '../recipe.js';
import { prepareRequest, samplesOf } from '../request.js';
import { Sound } from '../sound.js';
import { inputChannels } from '../stereo.js';
import { MEMORY_SAMPLES, Output } from './output.js';
import { checkPlace } from './place.js';
import { Timeline } from './timeline.js';

/** @typedef {import('../artifact.js').Artifact} Artifact */
/** @typedef {import('./performance.js').Performance} Performance */

const BLOCK = 2 ** 14;
const MOVES_PER_S = 1000; // more than any hands, and than any machine answers

/**
 * Play a recorded performance again.
 *
 * @param {Artifact} artifact The one that it was played on: the samples are those that were heard.
 * @param {object} recipe What `readRecipe` reads, or a sound has.
 * @param {import('../request.js').RequestOptions | import('../request.js').Request} recipe.request
 *   Of which only duration and stereo count.
 * @param {Performance | null} [recipe.performance]
 * @returns {Promise<Sound>}
 * @throws {RequestError} The performance is not of this artifact.
 * @throws {import('../errors.js').BackendError} onnxruntime failed.
 */
export async function perform(artifact, recipe) {
  const { performance } = recipe;
  if (!performance) throw new RequestError('the recipe has no performance: generate its request');
  const request = prepareRequest(recipe.request, artifact);
  const samples = samplesOf(request);
  /** @type {Float32Array[][]} */
  const blocks = [];
  for await (const block of play(artifact, performance, request.stereo, samples))
    blocks.push(block);
  const channels = blocks[0].map((_, channel) => {
    const whole = new Float32Array(samples);
    let at = 0;
    for (const block of blocks) {
      whole.set(block[channel], at);
      at += block[channel].length;
    }
    return whole;
  });
  return new Sound({
    channels,
    recipe: performanceRecipe(artifact, request, performance),
    gain: 1,
    silent: isSilent(peak(channels)),
    limitedDb: 0,
  });
}

/**
 * @param {Artifact} artifact
 * @param {Performance} performance
 * @param {import('../stereo.js').StereoSettings} stereo
 * @param {number} samples
 */
async function* play(artifact, performance, stereo, samples) {
  const timeline = timelineOf(artifact, performance, inputChannels(stereo), samples);
  const output = new Output(stereo, performance.gain);
  // Some of what was before is heard in the delays.
  const { begin } = performance;
  const end = begin + samples;
  timeline.position = Math.max(timeline.position, begin - MEMORY_SAMPLES);
  for (const move of performance.moves) {
    if (move.at >= end) break;
    yield* heard(output, timeline, begin, Math.max(move.at, timeline.position));
    await answer(timeline, move);
  }
  yield* heard(output, timeline, begin, end);
}

/**
 * @param {Artifact} artifact
 * @param {Performance} performance
 * @param {number} rows
 * @param {number} samples
 */
function timelineOf(artifact, { start, place, moves }, rows, samples) {
  for (const visited of new Set([place, ...moves.map((move) => move.place)])) {
    checkPlace(visited, artifact.metadata);
  }
  const seconds = samples / SAMPLE_RATE_HZ;
  if (moves.length > MOVES_PER_S * (1 + seconds)) {
    throw new RequestError(
      `the recipe has ${moves.length} moves in ${Number(seconds.toPrecision(3))} s, expected ` +
        `${MOVES_PER_S} a second at most`,
    );
  }
  const expected = rows * artifact.metadata.state_size;
  if (start.state && start.state.length !== expected) {
    throw new RequestError(
      `the recipe has a state of ${start.state.length} numbers, ${artifact.name} expects ${expected}`,
    );
  }
  return new Timeline(artifact, place, { rows, start });
}

/**
 * What is heard up to a position, in blocks, without what is before the beginning.
 *
 * @param {Output} output
 * @param {Timeline} timeline
 * @param {number} begin
 * @param {number} until
 */
async function* heard(output, timeline, begin, until) {
  while (timeline.position < until) {
    while (timeline.end < Math.min(until, timeline.position + BLOCK)) await timeline.extend();
    const at = timeline.position;
    const channels = output.push(timeline.read(Math.min(until - at, BLOCK)));
    const skipped = Math.max(0, begin - at);
    if (skipped < channels[0].length) yield channels.map((channel) => channel.subarray(skipped));
  }
}

/**
 * @param {Timeline} timeline
 * @param {import('./performance.js').Move} move
 */
async function answer(timeline, { at, first, fade, restart, place }) {
  while (timeline.nextStep < first || timeline.end < at + fade) await timeline.extend();
  const rewrite = await timeline.rewrite(place, first, { steps: 1, restart });
  let seam = timeline.seam(rewrite, at, fade);
  while (!seam) {
    await timeline.grow(rewrite);
    seam = timeline.seam(rewrite, at, fade);
  }
  timeline.settle(rewrite, seam);
}
