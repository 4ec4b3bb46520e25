/** What was heard of a live sound, as a sound with its recipe. */

import { brief, isFinite } from '../checks.js';
import { SAMPLE_RATE_HZ, STEP_SAMPLES } from '../contract.js';
import { RequestError } from '../errors.js';
import { performanceRecipe, recipeJson } from '../recipe.js';
import { prepareRequest } from '../request.js';
import { MEMORY_SAMPLES, Output } from './output.js';

/** @typedef {import('../stereo.js').StereoSettings} StereoSettings */

const MAX_RECIPE_BYTES = 1_000_000 - 4096; // what a tag holds, less what the recipe may yet be told

/**
 * What was heard last, as far as it is kept.
 *
 * @param {import('./timeline.js').Timeline} timeline What is played.
 * @param {import('./journal.js').Journal} journal What was done.
 * @param {StereoSettings} stereo How it is heard.
 * @param {number | null} seconds How much; null for all that is kept. What does not fit a file's
 *   tag with the moves that it took is left out at the beginning.
 * @returns {{channels: Float32Array[], recipe: import('../recipe.js').Recipe}}
 * @throws {RequestError} It is not a number above 0, or nothing was heard yet.
 */
export function recorded(timeline, journal, stereo, seconds) {
  if (seconds !== null && !(isFinite(seconds) && seconds > 0)) {
    throw new RequestError(`seconds is ${brief(seconds)}, expected a number above 0`);
  }
  const end = timeline.position;
  let begin = timeline.oldest;
  if (seconds !== null) begin = Math.max(begin, end - Math.round(seconds * SAMPLE_RATE_HZ));
  for (;;) {
    const performance = journal.performance(begin);
    if (performance.begin >= end) {
      throw new RequestError('nothing was played yet that could be kept');
    }
    const recipe = recipeFor(timeline, performance, stereo, end);
    if (recipeJson(recipe).length <= MAX_RECIPE_BYTES) {
      return { channels: heard(timeline, performance, stereo, end), recipe };
    }
    begin = performance.begin + STEP_SAMPLES;
  }
}

/**
 * @param {import('./timeline.js').Timeline} timeline
 * @param {import('./performance.js').Performance} performance
 * @param {StereoSettings} stereo
 * @param {number} end
 */
function heard(timeline, { begin, gain }, stereo, end) {
  const output = new Output(stereo, gain);
  const before = Math.max(begin - MEMORY_SAMPLES, timeline.firstPosition);
  return output
    .push(timeline.held(before, end - before))
    .map((channel) => channel.subarray(begin - before));
}

/**
 * @param {import('./timeline.js').Timeline} timeline
 * @param {import('./performance.js').Performance} performance
 * @param {StereoSettings} stereo
 * @param {number} end
 */
function recipeFor({ artifact }, performance, stereo, end) {
  const durationS = (end - performance.begin) / SAMPLE_RATE_HZ;
  const { seed } = performance.place;
  const request = prepareRequest({ durationS, seed, stereo }, artifact);
  return performanceRecipe(artifact, request, performance);
}
