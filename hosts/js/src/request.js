/** What is to be generated: one sound, described completely. */

import { brief } from './checks.js';
import { SAMPLE_RATE_HZ } from './contract.js';
import { resolveControls } from './controls.js';
import { endsOf } from './ends.js';
import { RequestError } from './errors.js';
import { resolveNearness } from './nearness.js';
import { roundHalfToEven } from './rounding.js';
import { checkSeed, drawSeed, SEED_LIMIT } from './seeds.js';
import { resolvePositions } from './sliders.js';
import { inputChannels, stereoSettings } from './stereo.js';
import { checkDuration, checkEvolution, checkVector, stepsForDuration } from './trajectory.js';

/** @typedef {import('./controls.js').ControlSteps} ControlSteps */
/** @typedef {import('./sliders.js').SliderPositions} SliderPositions */
/** @typedef {import('./stereo.js').StereoSettings} StereoSettings */

// Distill has two names for the same thing, and writes the second one with a low line.
export const MODES = Object.freeze(/** @type {const} */ (['crossfade', 'latent-interpolation']));

/**
 * A request as a host writes it; all may be left out.
 *
 * @typedef {object} RequestOptions
 * @property {number} [durationS] Length in seconds, 10 by default. It is part of the path through
 *   latent space: the same seed at another duration is another sound.
 * @property {number | null} [seed] 0..2^32-1; null or left out: one is drawn.
 * @property {string} [mode] "crossfade" or "latent-interpolation", which are the same.
 * @property {SliderPositions | null} [sliders] Where sliders stand, in steps or fractions of them:
 *   by label, name or index, or a position for each. The walk starts from there.
 * @property {ArrayLike<number> | null} [latentVector] `[latent_dim]`, to start from any other
 *   place; not beside `sliders`.
 * @property {number} [evolution] How far the walk drifts from where it starts, 0..1, 0.5 by
 *   default. It needs sliders or a latent vector.
 * @property {ControlSteps | null} [controls] How far controls are moved, by name, in steps or
 *   fractions of them, from wherever the walk is: {Brightness: 3} is the same sound, but brighter.
 * @property {number | null} [nearness] How far all of the path is pulled to where the recordings
 *   lie, 0 (Distill's sound) to 1; by default as the model has it. What controls add comes after.
 * @property {Partial<StereoSettings> | StereoSettings['mode']} [stereo] "mono" by default.
 * @property {number} [fadeInS] Seconds over which the sound rises from zero, 0 by default. The level
 *   is that of the sound without fades.
 * @property {number} [fadeOutS] Seconds over which it sinks to zero at its end.
 * @property {boolean} [loop] Whether to make a sound that can be played round and round: its walk
 *   comes back to where it began, and its end cross-fades into its beginning. It has no fades.
 * @property {number} [sampleRateHz] 48,000, the only rate here.
 */

/**
 * A request as it is generated: whole, with a seed, and with a position for each slider.
 *
 * @typedef {object} Request
 * @property {number} durationS
 * @property {number} seed
 * @property {'crossfade' | 'latent-interpolation'} mode
 * @property {readonly number[] | null} sliders A position for each; null: it walks between random
 *   anchors.
 * @property {Float32Array | null} latentVector
 * @property {number} evolution
 * @property {ControlSteps | null} controls By the model's own names, none at 0; null: none is moved.
 * @property {number | null} nearness null where it is not known where the recordings lie.
 * @property {StereoSettings} stereo
 * @property {number} fadeInS
 * @property {number} fadeOutS
 * @property {boolean} loop
 * @property {number} sampleRateHz
 */

/**
 * What a request is held against.
 *
 * @typedef {object} Source
 * @property {readonly import('./metadata-types.js').Slider[]} sliders
 * @property {readonly import('./metadata-types.js').Control[]} controls
 * @property {import('./metadata-types.js').Landmarks | null} landmarks Of the model whose nearness
 *   is the default; null where none has some.
 * @property {string} name What errors call it.
 */

const OPTIONS = Object.freeze([
  'durationS',
  'seed',
  'mode',
  'sliders',
  'latentVector',
  'evolution',
  'controls',
  'nearness',
  'stereo',
  'fadeInS',
  'fadeOutS',
  'loop',
  'sampleRateHz',
]);

/**
 * Fill in and check a request.
 *
 * @param {RequestOptions} options
 * @param {Source} source What plays: an artifact or a blend.
 * @returns {Request}
 * @throws {RequestError} A value is out of bounds, or two exclude each other, or the sliders are
 *   not those of the model.
 */
export function prepareRequest(options, source) {
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) {
    throw new RequestError(
      `a request has no ${brief(unknown)}, expected some of ${OPTIONS.join(', ')}`,
      { setting: unknown },
    );
  }
  const { sampleRateHz = SAMPLE_RATE_HZ } = options;
  if (sampleRateHz !== SAMPLE_RATE_HZ) {
    throw new RequestError(
      `sampleRateHz is ${brief(sampleRateHz)}, expected ${SAMPLE_RATE_HZ}: there is no resampling here`,
      { setting: 'sampleRateHz' },
    );
  }
  const stereo = stereoSettings(options.stereo ?? undefined);
  const voices = inputChannels(stereo);
  const seed = options.seed == null ? drawSeed(voices) : checkSeed(options.seed);
  if (voices === 2 && seed === SEED_LIMIT - 1) {
    throw new RequestError(
      `seed is ${seed}, the last one: ${stereo.mode} stereo takes the next for its right ` +
        `${stereo.mode === 'dual-seed' ? 'channel' : 'side'}, choose a smaller one`,
      { setting: 'seed' },
    );
  }
  const { sliders: positions = null, latentVector = null } = options;
  if (positions !== null && latentVector !== null) {
    throw new RequestError('there are sliders and a latent vector: give one of them');
  }
  const durationS = checkDuration(options.durationS ?? 10);
  return {
    durationS,
    seed,
    mode: modeOf(options.mode ?? 'crossfade'),
    sliders: positions === null ? null : resolvePositions(source.sliders, positions),
    latentVector: latentVector === null ? null : checkVector(latentVector),
    evolution: checkEvolution(options.evolution ?? 0.5),
    controls: controlsOf(options.controls ?? null, source.controls),
    nearness: resolveNearness(options.nearness, source.landmarks, source.name),
    stereo,
    ...endsOf(options, durationS),
    sampleRateHz,
  };
}

/**
 * Length in samples of one channel.
 *
 * @param {Request} request
 */
export function samplesOf(request) {
  return roundHalfToEven(request.durationS * request.sampleRateHz);
}

/**
 * Latent vectors of its trajectory.
 *
 * @param {Request} request
 */
export function stepsOf(request) {
  return stepsForDuration(request.durationS);
}

/**
 * The seed of each voice that is rendered: two for dual-seed stereo, else one.
 *
 * @param {Request} request
 */
export function rowSeeds(request) {
  return inputChannels(request.stereo) === 2 ? [request.seed, request.seed + 1] : [request.seed];
}

/**
 * @param {ControlSteps | null} setting
 * @param {readonly import('./metadata-types.js').Control[]} controls
 */
function controlsOf(setting, controls) {
  const steps = setting === null ? {} : resolveControls(controls, setting);
  return Object.keys(steps).length ? steps : null;
}

/** @param {string} mode */
function modeOf(mode) {
  const known = MODES.find((choice) => choice === mode.replace?.('_', '-'));
  if (known) return known;
  throw new RequestError(`mode is ${brief(mode)}, expected ${MODES.join(' or ')}`, {
    setting: 'mode',
  });
}
