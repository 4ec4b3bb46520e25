/**
 * The WAV container: the header in front of the samples, and the tags in it.
 *
 * Texts are in a LIST chunk of kind INFO, as UTF-8; the comment holds the recipe. The bytes in
 * front of the samples are those that `distill_runtime/audio_file/wav.py` writes.
 */

import { brief, isText } from './checks.js';
import { RequestError } from './errors.js';
import { checkBitDepth, quantize } from './quantize.js';

const LIMIT_BYTES = 2 ** 32 - 4096; // sizes are 32 bits wide; beyond it RF64 would be needed
const PCM = 1;
const IEEE_FLOAT = 3;
const MAX_TAG_BYTES = 1_000_000;

const INFO_NAMES = Object.freeze({ title: 'INAM', artist: 'IART', album: 'IPRD', comment: 'ICMT' });

/** @typedef {Partial<Record<'title' | 'artist' | 'album' | 'comment', string>>} Tags */

/**
 * A WAV file in memory.
 *
 * @param {readonly Float32Array[]} channels Of one length, full scale being 1.
 * @param {object} options
 * @param {number} options.sampleRateHz
 * @param {16 | 24 | 32} [options.bitDepth] 24 by default; 32 is floats.
 * @param {Tags} [options.tags]
 * @param {number | null} [options.ditherSeed] For 16 bits; null: no dither.
 * @param {boolean} [options.loop] Whether all of it is a loop, for samplers to know.
 * @returns {Uint8Array}
 * @throws {RequestError} A setting is out of bounds, or the sound is too long for a WAV.
 */
export function encodeWav(channels, options) {
  const { sampleRateHz, bitDepth = 24, tags = {}, ditherSeed = null, loop = false } = options;
  const header = wavHeader({
    frames: channels[0].length,
    channels: channels.length,
    sampleRateHz,
    bitDepth,
    tags,
    loop,
  });
  const samples = quantize(channels, { bitDepth, ditherSeed });
  return concatenated([header, samples, new Uint8Array(samples.length % 2)]);
}

/**
 * Everything in front of the samples.
 *
 * @param {object} options
 * @param {number} options.frames How many will follow.
 * @param {number} options.channels Samples in a frame.
 * @param {number} options.sampleRateHz
 * @param {16 | 24 | 32} options.bitDepth
 * @param {Tags} [options.tags]
 * @param {boolean} [options.loop]
 * @returns {Uint8Array}
 * @throws {RequestError} A setting is out of bounds, or the sound is too long for a WAV.
 */
export function wavHeader({ frames, channels, sampleRateHz, bitDepth, tags = {}, loop = false }) {
  checkBitDepth(bitDepth);
  const frameBytes = (channels * bitDepth) / 8;
  const floats = bitDepth === 32;
  const layout = new DataView(new ArrayBuffer(floats ? 18 : 16));
  layout.setUint16(0, floats ? IEEE_FLOAT : PCM, true);
  layout.setUint16(2, channels, true);
  layout.setUint32(4, sampleRateHz, true);
  layout.setUint32(8, sampleRateHz * frameBytes, true);
  layout.setUint16(12, frameBytes, true);
  layout.setUint16(14, bitDepth, true);
  // What is not PCM has an extension, if an empty one, and a chunk that counts its frames.
  const chunks = concatenated([
    chunk('fmt ', new Uint8Array(layout.buffer)),
    floats ? chunk('fact', uint32(frames)) : new Uint8Array(0),
    loop ? samplerChunk(frames, sampleRateHz) : new Uint8Array(0),
    infoChunk(tags),
  ]);
  const dataBytes = frames * frameBytes;
  const riffBytes = 4 + chunks.length + 8 + dataBytes + (dataBytes % 2);
  if (riffBytes > LIMIT_BYTES) {
    throw new RequestError('the sound is too long for a WAV of 4 GB: make a shorter one');
  }
  return concatenated([
    ascii('RIFF'),
    uint32(riffBytes),
    ascii('WAVE'),
    chunks,
    ascii('data'),
    uint32(dataBytes),
  ]);
}

/**
 * The tags of a WAV, wherever in the file they are; what is damaged counts as not being there.
 *
 * @param {Uint8Array} bytes The file.
 * @returns {Tags}
 * @throws {RequestError} It is not a WAV.
 */
export function readWavTags(bytes) {
  const start = latin1(bytes.subarray(0, 12));
  if (!/^(RIFF|RF64)[^]{4}WAVE$/.test(start)) throw new RequestError('it is no WAV file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let dataBytes = 2 ** 32 - 1;
  let position = 12;
  while (position + 8 <= bytes.length) {
    const name = latin1(bytes.subarray(position, position + 4));
    let size = view.getUint32(position + 4, true);
    const content = bytes.subarray(position + 8, position + 8 + size);
    if (name === 'ds64' && content.length >= 16) {
      dataBytes = Number(view.getBigUint64(position + 16, true));
    } else if (name === 'LIST' && latin1(content.subarray(0, 4)) === 'INFO') {
      return parseInfo(content.subarray(4));
    } else if (name === 'data' && size === 2 ** 32 - 1) size = dataBytes;
    position += 8 + size + (size % 2);
  }
  return {};
}

/**
 * @param {Uint8Array} content From after the list's kind.
 * @returns {Tags}
 */
function parseInfo(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  /** @type {Tags} */
  const tags = {};
  let position = 0;
  while (position + 8 <= content.length) {
    const name = latin1(content.subarray(position, position + 4));
    const size = view.getUint32(position + 4, true);
    const bytes = content.subarray(position + 8, position + 8 + size);
    const end = bytes.indexOf(0);
    for (const [tag, code] of Object.entries(INFO_NAMES)) {
      if (code === name) {
        tags[/** @type {keyof Tags} */ (tag)] = decoded(end < 0 ? bytes : bytes.subarray(0, end));
      }
    }
    position += 8 + size + (size % 2);
  }
  return tags;
}

/**
 * The smpl chunk: one loop from the first frame to the last, played forward for ever.
 *
 * Of Microsoft's "Multimedia Data Standards Update" (1994): nine numbers, among them the length of a
 * frame in nanoseconds and the key, middle C, at which it sounds as recorded; then six for each loop.
 * Its end is a frame that is still played.
 *
 * @param {number} frames
 * @param {number} sampleRateHz
 */
function samplerChunk(frames, sampleRateHz) {
  const [middleC, loops] = [60, 1];
  const aboutAll = [0, 0, Math.round(1e9 / sampleRateHz), middleC, 0, 0, 0, loops, 0];
  const theLoop = [0, 0, 0, Math.max(0, frames - 1), 0, 0];
  return chunk('smpl', concatenated([...aboutAll, ...theLoop].map(uint32)));
}

/** @param {Tags} tags */
function infoChunk(tags) {
  const texts = Object.entries(INFO_NAMES).flatMap(([tag, code]) => {
    const text = tags[/** @type {keyof Tags} */ (tag)] ?? '';
    return text === '' ? [] : [chunk(code, concatenated([tagBytes(tag, text), new Uint8Array(1)]))];
  });
  return texts.length ? chunk('LIST', concatenated([ascii('INFO'), ...texts])) : new Uint8Array(0);
}

/**
 * @param {string} tag
 * @param {unknown} text
 */
function tagBytes(tag, text) {
  const setting = { setting: tag };
  if (!isText(text) || text.includes('\0')) {
    throw new RequestError(
      `${tag} is ${brief(text)}, expected a text without a zero character`,
      setting,
    );
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_TAG_BYTES) {
    throw new RequestError(
      `${tag} is ${bytes.length} bytes long, expected at most ${MAX_TAG_BYTES}`,
      setting,
    );
  }
  return bytes;
}

/**
 * @param {string} name
 * @param {Uint8Array} content
 */
function chunk(name, content) {
  const padding = new Uint8Array(content.length % 2);
  return concatenated([ascii(name), uint32(content.length), content, padding]);
}

/** @param {number} value */
function uint32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** @param {string} text */
function ascii(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** @param {Uint8Array} bytes */
function decoded(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** @param {readonly Uint8Array[]} parts */
function concatenated(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
