/**
 * Protobuf's wire format, as far as an ONNX file needs it
 * (protobuf.dev/programming-guides/encoding).
 *
 * Messages are walked field by field; what is not asked for is skipped by its length, so that the
 * weights of a large file are neither read nor copied.
 */

import { ArtifactError } from './errors.js';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const MAX_VARINT_BYTES = 10;
const MAX_TAG = 2 ** 32; // protobuf cuts off the bits above, which would hide a field from us

/**
 * @typedef {object} Field
 * @property {number} number The field's number.
 * @property {number | null} value Of a varint, else null. Beyond 2^53 it is rounded.
 * @property {Uint8Array | null} bytes A view of a text, of bytes or of a message, else null.
 */

/**
 * Yield the fields of a message in order.
 *
 * @param {Uint8Array} message
 * @returns {Generator<Field>}
 * @throws {ArtifactError} It is not a message.
 */
export function* fields(message) {
  let position = 0;
  while (position < message.length) {
    const tag = readVarint(message, position);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (number === 0) throw damaged(`field number 0 at byte ${position}`);
    if (tag.value >= MAX_TAG) throw damaged(`field number ${number} at byte ${position}`);
    let start = tag.end;
    let end;
    let value = null;
    if (wireType === VARINT) ({ value, end } = readVarint(message, start));
    else if (wireType === FIXED64) end = start + 8;
    else if (wireType === FIXED32) end = start + 4;
    else if (wireType === LENGTH_DELIMITED) {
      const length = readVarint(message, start);
      start = length.end;
      end = start + length.value;
    } else throw damaged(`unknown wire type ${wireType} at byte ${position}`);
    if (end > message.length) throw damaged(`field ${number} at byte ${position} is cut short`);
    const bytes = wireType === LENGTH_DELIMITED ? message.subarray(start, end) : null;
    yield { number, value, bytes };
    position = end;
  }
}

/**
 * The text in a field's bytes.
 *
 * @param {Uint8Array | null} bytes
 * @throws {ArtifactError} It is not one.
 */
export function text(bytes) {
  if (bytes === null) throw damaged('a number in the place of a text');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged('a text that is not UTF-8');
  }
}

/**
 * What to throw for bytes that are not a message.
 *
 * @param {string} what
 */
export function damaged(what) {
  return new ArtifactError(`it is no ONNX model, or it is truncated or damaged (${what})`);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} position
 */
function readVarint(bytes, position) {
  // Multiplying rather than shifting: JavaScript's shifts stop at 32 bits. Beyond 2^53 the value is
  // rounded, which is still longer than any file.
  let value = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
    const byte = bytes[position + i];
    if (byte === undefined) throw damaged(`a number at byte ${position} is cut short`);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: position + i + 1 };
  }
  throw damaged(`a number at byte ${position} is longer than ${MAX_VARINT_BYTES} bytes`);
}
