/** SHA-256 (FIPS 180-4). */

const ROUND_CONSTANTS = new Uint32Array(64);
const INITIAL = new Uint32Array(8);

// The first 32 bits of the fractional parts: of the cube roots of the first 64 primes, and of the
// square roots of the first 8. A double holds them with room to spare.
for (let n = 2, count = 0; count < 64; n += 1) {
  if (isPrime(n)) {
    if (count < 8) INITIAL[count] = fraction(Math.sqrt(n));
    ROUND_CONSTANTS[count] = fraction(Math.cbrt(n));
    count += 1;
  }
}

/**
 * The hash of bytes: by the platform where it has one (a browser only in a secure context), else
 * here, which takes ten times as long.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<string>} In hexadecimal digits.
 */
export async function sha256OfBytes(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return sha256(bytes);
  const digest = await subtle.digest('SHA-256', /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  return hex(new Uint8Array(digest));
}

/**
 * The hash of bytes, or of a text in UTF-8.
 *
 * @param {Uint8Array | string} message
 * @returns {string} In hexadecimal digits.
 */
export function sha256(message) {
  const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message;
  const state = INITIAL.slice();
  const whole = bytes.length - (bytes.length % 64);
  const words = new Uint32Array(64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start < whole; start += 64) compress(state, words, view, start);

  // The rest, a bit, zeros, and the length in bits.
  const rest = new Uint8Array(bytes.length - whole + 9 <= 64 ? 64 : 128);
  rest.set(bytes.subarray(whole));
  rest[bytes.length - whole] = 0x80;
  const last = new DataView(rest.buffer);
  last.setBigUint64(rest.length - 8, BigInt(bytes.length) * 8n);
  for (let start = 0; start < rest.length; start += 64) compress(state, words, last, start);

  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setUint32(4 * i, word));
  return hex(new Uint8Array(digest.buffer));
}

/**
 * @param {Uint32Array} state
 * @param {Uint32Array} words Room for 64.
 * @param {DataView} view
 * @param {number} start
 */
function compress(state, words, view, start) {
  for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(start + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const sigma0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const sigma1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    words[i] = words[i - 16] + sigma0 + words[i - 7] + sigma1;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + ROUND_CONSTANTS[i] + words[i]) | 0;
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] += value;
}

/**
 * @param {number} x
 * @param {number} count
 */
function rotated(x, count) {
  return (x >>> count) | (x << (32 - count));
}

/** @param {number} root */
function fraction(root) {
  return Math.floor((root % 1) * 2 ** 32);
}

/** @param {number} n */
function isPrime(n) {
  for (let i = 2; i * i <= n; i += 1) if (n % i === 0) return false;
  return true;
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
