/** From a request to a finished sound. */

import { splitSteps } from './blocks.js';
import { average, Blend } from './blend.js';
import { STEP_SAMPLES } from './contract.js';
import { CancelledError } from './errors.js';
import { Finisher } from './finishing.js';
import { amplify, isSilent, limitedByDb, normalizationGain, peak, softLimit } from './level.js';
import { recipeOf } from './recipe.js';
import { prepareRequest } from './request.js';
import { Sound } from './sound.js';
import { voices } from './voices.js';

/** @typedef {import('./artifact.js').Artifact} Artifact */
/** @typedef {import('./request.js').Request} Request */
/** @typedef {import('./request.js').RequestOptions} RequestOptions */

/**
 * What is finished of a sound while it is generated.
 *
 * @typedef {object} Progress
 * @property {number} fraction How much is rendered, 0..1.
 * @property {readonly Float32Array[]} channels The sound before its level is set, whose peaks lie
 *   near
 *   0.15: the first `samples` of each channel are there, zeros behind them. Of an audio blend, the
 *   model that is being rendered.
 * @property {number} samples
 */

/**
 * Generate a finished sound of exactly `durationS`, normalised to a peak of 0.891.
 *
 * @param {Artifact | Blend} source What plays.
 * @param {RequestOptions} [options] What to generate.
 * @param {object} [how]
 * @param {boolean} [how.filter] Whether to filter against aliases, as the finished file of
 *   `distill-run` is: true by default. Without, it is somewhat faster, and 74 dB or so from that
 *   file.
 * @param {number} [how.stepsPerCall] Half seconds that are rendered at once; by default as many as
 *   are efficient. Fewer tell the progress more often.
 * @param {(progress: Progress) => void} [how.onProgress]
 * @param {AbortSignal} [how.signal] To give the sound up, between two calls of the graph.
 * @returns {Promise<Sound>}
 * @throws {import('./errors.js').RequestError} The request is not one, or does not fit the models.
 * @throws {import('./errors.js').BackendError} onnxruntime failed.
 * @throws {CancelledError} `signal` was aborted.
 */
export async function generate(source, options = {}, how = {}) {
  const blend = Blend.of(source);
  const request = prepareRequest(options, blend);
  blend.startVectors(request);
  // A control of the level has to be heard, and normalising would take it back: such a sound gets the
  // gain of the same sound without it, which is rendered for its peaks alone.
  const unmoved = blend.withoutLevel(request);
  const passes = blend.renderers.length * (unmoved ? 2 : 1);
  let pass = 0;
  /**
   * @param {Request} what
   * @param {Finisher[]} shown What progress shows in the place of it.
   */
  const renderAll = async (what, shown = []) => {
    const parts = [];
    for (const index of blend.renderers.keys()) {
      /** @param {Progress} progress */
      const onProgress = ({ fraction, channels, samples }) =>
        how.onProgress?.({
          fraction: (pass + fraction) / passes,
          channels: shown[index]?.channels ?? channels,
          samples: shown[index]?.samples ?? samples,
        });
      parts.push(await render(blend, what, index, { ...how, onProgress }));
      pass += 1;
    }
    return parts;
  };
  const parts = await renderAll(request);
  const levels = (unmoved ? await renderAll(unmoved, parts) : parts).map(
    ({ peak: kept, renderedPeak }) => ({ kept, renderedPeak }),
  );
  const isMix = blend.mixesSounds;
  const channels = isMix ? mixed(parts, levels, blend.shares) : parts[0].channels;
  const gain = isMix ? 1 : normalizationGain(levels[0].kept);
  const largest = peak(channels); // after fades, which no gain is set by
  if (gain !== 1) for (const channel of channels) amplify(channel, gain);
  const limitedDb = unmoved ? limitedByDb(largest * gain) : 0;
  if (limitedDb) for (const channel of channels) softLimit(channel);
  const recipe = recipeOf(blend, request);
  return new Sound({ channels, gain, limitedDb, recipe, silent: isSilent(largest) });
}

/**
 * Average sounds, each at the level that Distill gives it before it cuts it.
 *
 * @param {readonly Finisher[]} parts
 * @param {readonly {renderedPeak: number}[]} levels What stands for each one's level.
 * @param {readonly number[]} shares
 */
function mixed(parts, levels, shares) {
  parts.forEach(({ channels }, i) => {
    const gain = normalizationGain(levels[i].renderedPeak);
    for (const channel of channels) amplify(channel, gain);
  });
  return parts[0].channels.map((_, i) =>
    average(
      parts.map(({ channels }) => channels[i]),
      shares,
    ),
  );
}

/**
 * Render a request on one of a blend's renderers.
 *
 * @param {Blend} blend
 * @param {Request} request
 * @param {number} index
 * @param {{filter?: boolean, stepsPerCall?: number, onProgress: (progress: Progress) => void,
 *   signal?: AbortSignal}} how
 */
async function render(blend, request, index, { filter, stepsPerCall, onProgress, signal }) {
  const artifact = blend.renderers[index];
  const finisher = new Finisher(request, artifact, { filter });
  const { latents, batch } = voices(blend, request, index);
  const blocks = splitSteps(latents, {
    batch,
    latentDim: artifact.latentDim,
    steps: stepsPerCall,
  });
  const steps = latents.length / batch / artifact.latentDim;
  const whole = STEP_SAMPLES * (steps + 1) + artifact.latencySamples;
  let rendered = 0;
  checkSignal(signal);
  for await (const rows of artifact.stream(blocks, { batch })) {
    checkSignal(signal);
    finisher.push(rows);
    rendered += rows[0].length;
    const { channels, samples } = finisher;
    if (rendered < whole) onProgress({ fraction: rendered / whole, channels, samples });
  }
  finisher.finish();
  onProgress({ fraction: 1, channels: finisher.channels, samples: finisher.samples });
  return finisher;
}

/** @param {AbortSignal} [signal] */
function checkSignal(signal) {
  if (signal?.aborted) throw new CancelledError('the sound was given up before it was whole');
}
