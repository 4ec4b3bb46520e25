/** The test sound that every artifact carries: does it sound here as it did when it was exported? */

import { TorchGenerator } from './seeds.js';
import { snrDb } from './snr.js';

/**
 * Play an artifact's test sound.
 *
 * @param {import('./artifact.js').Artifact} artifact
 * @returns {Promise<{passed: boolean, snrDb: number, toleranceDb: number}>} The signal-to-noise
 *   ratio that was found, and that is needed.
 * @throws {import('./errors.js').FailureError} onnxruntime failed.
 */
export async function playTestVector(artifact) {
  const { seed, steps, start, audio, tolerance_db: toleranceDb } = artifact.metadata.test_vector;
  const { latentDim } = artifact;
  const generator = new TorchGenerator(seed);
  const latents = new Float32Array(steps * latentDim);
  for (let step = 0; step < steps; step += 1)
    latents.set(generator.randn(latentDim), step * latentDim);
  const result = await artifact.step(latents, artifact.initialState(), { finish: true });
  const found = result.audio[0].subarray(start, start + audio.length);
  const ratio = found.length === audio.length ? snrDb(Float32Array.from(audio), found) : -Infinity;
  return { passed: ratio >= toleranceDb, snrDb: ratio, toleranceDb };
}
