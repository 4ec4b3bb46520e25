/** Cutting trajectories into the calls that an artifact is played by. */

// The first layers read all their weights for every call, so a call wants many steps; the last ones
// fill the cache, so not too many (docs/performance.md).
const ROWS_PER_CALL = 12;

/**
 * Cut trajectories into blocks for `Artifact.stream`.
 *
 * @param {Float32Array} latents `[batch, all steps, latent_dim]`
 * @param {{latentDim: number, batch?: number, steps?: number}} options
 *   `steps`: in a block; by default as many as make a call efficient.
 * @returns {Generator<Float32Array>}
 */
export function* splitSteps(latents, { latentDim, batch = 1, steps = stepsPerCall(batch) }) {
  const row = latents.length / batch;
  for (let start = 0; start < row; start += steps * latentDim) {
    const length = Math.min(steps * latentDim, row - start);
    const block = new Float32Array(batch * length);
    for (let i = 0; i < batch; i += 1) {
      block.set(latents.subarray(i * row + start, i * row + start + length), i * length);
    }
    yield block;
  }
}

/**
 * How many steps of so many rows make a call efficient.
 *
 * @param {number} batch
 */
export function stepsPerCall(batch) {
  return Math.max(1, Math.floor(ROWS_PER_CALL / batch));
}
