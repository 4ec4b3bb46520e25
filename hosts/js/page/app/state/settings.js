/** What a sound is made from, as the page holds it, and the library's request for it. */

import { drawSeed } from '../../../src/seeds.js';
import { normalizedWeights, unionSliders } from '../../../src/blend.js';

/**
 * @typedef {object} Settings
 * @property {number} seed
 * @property {number} durationS
 * @property {'sliders' | 'walk'} path Whether it starts where the sliders stand, or walks between places
 *   that the seed draws.
 * @property {'crossfade' | 'latent-interpolation'} mode
 * @property {number} evolution
 * @property {number[]} positions A position for each slider.
 * @property {Record<string, number>} controls Name -> steps; those at 0 are left out.
 * @property {number | null} nearness How far it is pulled to where the recordings lie; null: as far as the
 *   model has it, or not where it knows no such places.
 * @property {{mode: 'mono' | 'mid-side' | 'dual-seed', width: number, depth: number}} stereo
 * @property {{mode: 'latent' | 'audio', weight: number, others: {key: string, weight: number}[]}} blend
 * @property {number} fadeInS Seconds; with `loop`, neither fade is made.
 * @property {number} fadeOutS
 * @property {boolean} loop Whether it can be played round and round.
 * @property {boolean} filter Whether the sound is finished as distill-run's files are.
 */

export const MAX_DURATION_S = 600; // an hour of sound would not fit into the memory of most pages
export const LAST_SEED = 2 ** 32 - 1;

/**
 * Settings to begin with.
 *
 * @param {import('../models/model.js').Model} model
 * @returns {Settings}
 */
export function initialSettings(model) {
  return {
    seed: rolledSeed(),
    durationS: 10,
    path: model.sliders.length ? 'sliders' : 'walk',
    mode: 'crossfade',
    evolution: 0.5,
    positions: model.sliders.map(() => 0),
    controls: {},
    nearness: null,
    stereo: { mode: 'mono', width: 0.7, depth: 0.3 },
    blend: { mode: 'latent', weight: 50, others: [] },
    fadeInS: 0,
    fadeOutS: 0,
    loop: false,
    filter: true,
  };
}

/** A seed as dice give it. */
export function rolledSeed() {
  return drawSeed(2); // dual-seed stereo takes the next one, too
}

/**
 * The library's request.
 *
 * @param {Settings} settings
 */
export function requestOf({
  seed,
  durationS,
  path,
  mode,
  evolution,
  positions,
  controls,
  nearness,
  stereo,
  blend,
  fadeInS,
  fadeOutS,
  loop,
}) {
  // A blend starts from sliders, whatever is asked for.
  const fromSliders = positions.length > 0 && (path === 'sliders' || blend.others.length > 0);
  return {
    seed,
    durationS,
    mode,
    evolution,
    stereo,
    sliders: fromSliders ? positions : null,
    ...(Object.keys(controls).length ? { controls } : {}),
    ...(nearness === null ? {} : { nearness }),
    ...(loop ? { loop } : { fadeInS, fadeOutS }),
  };
}

/**
 * The artifacts that play, and their weights.
 *
 * @param {import('../models/model.js').Model} model
 * @param {Settings} settings
 */
export function partsOf(model, { blend }) {
  return [{ key: model.key, weight: blend.others.length ? blend.weight : 1 }, ...blend.others];
}

/**
 * The sliders that a blend has.
 *
 * @param {readonly import('../models/model.js').Model[]} models
 */
export function slidersOf(models) {
  return unionSliders(models.map((model) => model.sliders));
}

/**
 * Fades that fit the duration; settings that were kept before there were any have none.
 *
 * @param {Partial<Settings> & {durationS: number}} settings
 */
export function fittedEnds({ durationS, fadeInS = 0, fadeOutS = 0, loop = false }) {
  const half = Math.floor(500 * durationS) / 1000;
  const fits = fadeInS + fadeOutS <= durationS;
  return {
    fadeInS: fits ? fadeInS : Math.min(fadeInS, half),
    fadeOutS: fits ? fadeOutS : Math.min(fadeOutS, half),
    loop,
  };
}

/**
 * Where the recordings lie of the first model that renders and knows it; null where none does.
 *
 * @param {readonly import('../models/model.js').Model[]} models The open one first.
 * @param {Settings['blend']} blend
 */
export function landmarksOf(models, { mode, weight, others }) {
  const shares = normalizedWeights([weight, ...others.map((other) => other.weight)]);
  const parts = models.length > 1 ? models.filter((_, i) => shares[i] > 0) : models;
  const renderers = mode === 'audio' ? parts : parts.slice(0, 1);
  return renderers.find(({ landmarks }) => landmarks)?.landmarks ?? null;
}

/**
 * As many positions as there are sliders, within their ranges.
 *
 * @param {readonly number[]} positions
 * @param {readonly import('../../../src/metadata-types.js').Slider[]} sliders
 */
export function fittedPositions(positions, sliders) {
  return sliders.map(({ min_step: least, max_step: most }, i) =>
    Math.min(most, Math.max(least, positions[i] ?? 0)),
  );
}
