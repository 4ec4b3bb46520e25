/** The fast Fourier transform of a power of two of complex values (Cooley and Tukey, 1965). */

/** A transform of one size, in place. */
export class Fft {
  /** @param {number} size A power of two. */
  constructor(size) {
    this.size = size;
    this.cosines = new Float64Array(size / 2);
    this.sines = new Float64Array(size / 2);
    for (let i = 0; i < size / 2; i += 1) {
      this.cosines[i] = Math.cos((2 * Math.PI * i) / size);
      this.sines[i] = Math.sin((2 * Math.PI * i) / size);
    }
  }

  /**
   * X[k] = sum over n of x[n] exp(-2 pi i k n / size).
   *
   * @param {Float64Array} real `[size]`
   * @param {Float64Array} imaginary `[size]`
   */
  forward(real, imaginary) {
    this.#reorder(real, imaginary);
    const { size, cosines, sines } = this;
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k += 1) {
          const cosine = cosines[k * stride];
          const sine = sines[k * stride];
          const even = start + k;
          const odd = even + half;
          const a = real[odd] * cosine + imaginary[odd] * sine;
          const b = imaginary[odd] * cosine - real[odd] * sine;
          real[odd] = real[even] - a;
          imaginary[odd] = imaginary[even] - b;
          real[even] += a;
          imaginary[even] += b;
        }
      }
    }
  }

  /**
   * The inverse of `forward`.
   *
   * @param {Float64Array} real
   * @param {Float64Array} imaginary
   */
  inverse(real, imaginary) {
    // With real and imaginary parts exchanged, the forward transform runs the other way round.
    this.forward(imaginary, real);
    for (let i = 0; i < this.size; i += 1) {
      real[i] /= this.size;
      imaginary[i] /= this.size;
    }
  }

  /**
   * Put every value where the reversed bits of its index say.
   *
   * @param {Float64Array} real
   * @param {Float64Array} imaginary
   */
  #reorder(real, imaginary) {
    for (let i = 1, j = 0; i < this.size; i += 1) {
      let bit = this.size >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        [real[i], real[j]] = [real[j], real[i]];
        [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
      }
    }
  }
}
