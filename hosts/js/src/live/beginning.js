/** Where a live sound begins. */

import { brief, isFinite, isWhole } from '../checks.js';
import { resolveControls } from '../controls.js';
import { RequestError } from '../errors.js';
import { resolveNearness } from '../nearness.js';
import { drawSeed, SEED_LIMIT } from '../seeds.js';
import { resolvePositions } from '../sliders.js';
import { inputChannels } from '../stereo.js';
import { checkVector } from '../trajectory.js';
import { checkPlace, makePlace } from './place.js';

/** @typedef {import('../stereo.js').StereoSettings} StereoSettings */

/**
 * Where a live sound begins; all may be left out.
 *
 * @typedef {object} Beginning
 * @property {ArrayLike<number> | null} [latentVector] `[latent_dim]`
 * @property {import('../sliders.js').SliderPositions | null} [sliders] Where sliders stand instead.
 * @property {import('../controls.js').ControlSteps | null} [controls] Steps of named controls, which
 *   move all of it.
 * @property {number | null} [seed] Of the walk between random anchors, as `generate` walks, if
 *   there is neither a vector nor sliders nor a drift; else of the drift. Without one, one is
 *   drawn, and the sound begins where all sliders stand at 0 (of a model without sliders, where the
 *   latent vector is 0).
 * @property {number} [drift] How far the sound wanders from where the sliders lead, 0..1; 0 by
 *   default.
 * @property {number | null} [nearness] How far all of it is pulled to where the recordings lie,
 *   0..1; by default as the model has it.
 */

/**
 * The place that this is.
 *
 * @param {import('../metadata-types.js').ArtifactMetadata} metadata Of what plays.
 * @param {StereoSettings} stereo
 * @param {Beginning} beginning
 * @returns {import('./place.js').Place}
 * @throws {RequestError} A value is out of bounds or does not fit the model.
 */
export function firstPlace(metadata, stereo, beginning) {
  const { latentVector, sliders, controls, seed, drift = 0, nearness } = beginning;
  if (latentVector != null && sliders != null) {
    throw new RequestError('there are sliders and a latent vector: give one of them');
  }
  const parts = {
    seed: seed == null ? drawSeed(inputChannels(stereo)) : checkedSeed(seed, stereo),
    drift,
    nearness: resolveNearness(nearness, metadata.landmarks, metadata.model.name) ?? 0,
    controls: Object.entries(resolveControls(metadata.controls, controls ?? {})),
  };
  const place = makePlace({ ...parts, ...pointOf() });
  checkPlace(place, metadata);
  return place;

  function pointOf() {
    if (latentVector != null) return { vector: Array.from(checkVector(latentVector)) };
    if (sliders == null && seed != null && drift === 0) return {};
    const bank = metadata.sliders?.sliders ?? [];
    if (bank.length) return { sliders: resolvePositions(bank, sliders ?? bank.map(() => 0)) };
    if (sliders != null) {
      throw new RequestError('this model has no sliders: start from a latent vector instead');
    }
    return { vector: Array.from({ length: metadata.latent_dim }, () => 0) };
  }
}

/**
 * A seed, if it and those of the other voices exist.
 *
 * @param {unknown} seed
 * @param {StereoSettings} stereo
 */
export function checkedSeed(seed, stereo) {
  const last = SEED_LIMIT - inputChannels(stereo);
  if (isWhole(seed, 0, last)) return seed;
  throw new RequestError(`the seed is ${brief(seed)}, expected a whole number from 0 to ${last}`);
}

/**
 * A gain that was asked for.
 *
 * @param {unknown} gain
 */
export function checkedGain(gain) {
  if (isFinite(gain) && gain >= 0) return gain;
  throw new RequestError(`the gain is ${brief(gain)}, expected a finite number, 0 or more`);
}

/**
 * How much of what was heard is to be kept, in samples.
 *
 * @param {unknown} keepS
 * @param {number} rateHz
 */
export function keptSamples(keepS, rateHz) {
  if (isFinite(keepS) && keepS >= 0 && keepS <= 3600) return Math.round(keepS * rateHz);
  throw new RequestError(`keepS is ${brief(keepS)}, expected seconds from 0 to 3600`);
}
