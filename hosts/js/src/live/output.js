/** From the voices of a live sound to what is heard: stereo, level and a soft limit. */

import { normalizationGain, peak } from '../level.js';
import { inputChannels, SpatialProcessor } from '../stereo.js';
import { Path } from './path.js';
import { softLimit } from './soft-limit.js';

/** @typedef {import('../stereo.js').StereoSettings} StereoSettings */

// What went before and is still heard, of the stereo delays, 15 and 40 ms.
export const MEMORY_SAMPLES = 2640;

const LEVEL_STEPS = 8; // four seconds
const MAX_GAIN = 100; // 40 dB: a place that is all but silent is not made to roar

/** Takes the voices in blocks; how they are cut changes nothing. */
export class Output {
  #spatial;
  #gain;

  /**
   * @param {StereoSettings} stereo
   * @param {number} gain
   */
  constructor(stereo, gain) {
    this.#spatial = new SpatialProcessor(stereo);
    this.#gain = gain;
  }

  /**
   * @param {readonly Float32Array[]} rows
   * @returns {Float32Array[]} What is heard, a row for each channel, within full scale.
   */
  push(rows) {
    const channels = this.#spatial.push(rows.map((row) => Float64Array.from(row)));
    return channels.map((channel) =>
      Float32Array.from(channel, (sample) => softLimit(sample * this.#gain)),
    );
  }
}

/**
 * The gain that a finished file of the first seconds at a place would have. As in a file, a control of
 * the level does not count: it is to be heard.
 *
 * @param {import('../artifact.js').Artifact} artifact
 * @param {import('./place.js').Place} place
 * @param {StereoSettings} stereo
 */
export async function fileGain(artifact, place, stereo) {
  const rows = inputChannels(stereo);
  const phases = Array.from({ length: LEVEL_STEPS }, (_, step) => (place.hold ? 0 : step));
  const isLevel = new Set(
    artifact.controls.filter((control) => control.is_level).map(({ name }) => name.toLowerCase()),
  );
  const controls = place.controls.filter(([name]) => !isLevel.has(name.trim().toLowerCase()));
  const latents = new Path(artifact.metadata, rows).latents({ ...place, controls }, phases);
  const { audio } = await artifact.step(latents, artifact.initialState(rows));
  const heard = new SpatialProcessor(stereo).push(
    audio.map((row) => Float64Array.from(row.subarray(artifact.latencySamples))),
  );
  return Math.min(normalizationGain(peak(heard)), MAX_GAIN);
}
