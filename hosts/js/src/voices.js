/** The voices of a request: the latent trajectory of each row that the graph plays. */

import { closedWalk, loopPlan } from './loop.js';
import { rowSeeds } from './request.js';
import { crossfade, evolve } from './trajectory.js';

/**
 * The request's trajectories on one of a blend's renderers.
 *
 * @param {import('./blend.js').Blend} blend
 * @param {import('./request.js').Request} request
 * @param {number} [renderer] Its index.
 * @returns {{latents: Float32Array, batch: number}} `[batch, steps, latent_dim]`; of a loop, with the
 *   steps before its beginning.
 */
export function voices(blend, request, renderer = 0) {
  const start = blend.startVectors(request)[renderer];
  const { durationS, evolution } = request;
  const { latentDim } = blend.renderers[renderer];
  const rows = rowSeeds(request).map((seed) => {
    const walk =
      start === null
        ? crossfade({ seed, durationS, latentDim })
        : evolve(start, { seed, durationS, evolution });
    return request.loop ? closedWalk(walk, latentDim, loopPlan(durationS)) : walk;
  });
  const walked = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => walked.set(row, i * row.length));
  const pull = blend.pulls[renderer];
  const latents = pull ? pull.move(walked, request.nearness ?? 0) : walked;
  const shift = blend.shifts(request)[renderer];
  if (shift) for (let i = 0; i < latents.length; i += 1) latents[i] += shift[i % latentDim];
  return { latents, batch: rows.length };
}
