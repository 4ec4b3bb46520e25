/** Spherical interpolation between latent vectors. */

const PARALLEL_COSINE = 0.9995; // above it the angle is too small to divide by its sine

/**
 * Interpolate along the arc between two vectors (Shoemake, 1985).
 *
 * The angle is taken between the directions, the weights act on the vectors themselves, so the
 * length goes from one's to the other's. Vectors that are nearly parallel, or opposite, or of which
 * one is zero, are joined by a straight line.
 *
 * @param {Float32Array} a `[latent_dim]`, where t is 0.
 * @param {Float32Array} b `[latent_dim]`, where t is 1.
 * @param {number} t 0..1
 * @returns {Float32Array} `[latent_dim]`
 */
export function slerp(a, b, t) {
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < a.length; i += 1) {
    dot += a[i] * b[i];
    squareA += a[i] * a[i];
    squareB += b[i] * b[i];
  }
  const lengths = Math.sqrt(squareA) * Math.sqrt(squareB);
  const cosine = lengths > 0 ? dot / lengths : 1;
  let fromA = 1 - t;
  let fromB = t;
  if (Math.abs(cosine) <= PARALLEL_COSINE) {
    const angle = Math.acos(cosine);
    fromA = Math.sin((1 - t) * angle) / Math.sin(angle);
    fromB = Math.sin(t * angle) / Math.sin(angle);
  }
  // Float32 from here on, as in Distill. The weights come from float64 so that the order in which
  // the products were added up cannot show.
  fromA = Math.fround(fromA);
  fromB = Math.fround(fromB);
  return a.map((value, i) => Math.fround(fromA * value) + Math.fround(fromB * b[i]));
}
