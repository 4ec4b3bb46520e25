// Finds the artifact's metadata document inside the ONNX file.
//
// ONNX Runtime has no JavaScript API for a model's metadata. An ONNX file is a protobuf message
// though, and its top level has only a handful of fields: the graph, by far the largest, is one of
// them and is skipped by its length. No protobuf library and no copy of the weights is needed.

const METADATA_KEY = 'distill.artifact';
const FORMAT = 'distill.artifact';
const VERSION = 1;

// Field numbers of onnx.proto: ModelProto.metadata_props; StringStringEntryProto.key and .value.
const METADATA_PROPS = 14;
const KEY = 1;
const VALUE = 2;

// Wire types of protobuf.
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Return the artifact's metadata document; `bytes` (a Uint8Array) is the whole ONNX file. */
export function readMetadata(bytes) {
  for (const property of fields(bytes)) {
    if (property.number !== METADATA_PROPS || property.bytes === null) continue;
    const entry = new Map();
    for (const { number, bytes } of fields(property.bytes)) entry.set(number, bytes);
    if (entry.has(KEY) && text(entry.get(KEY)) === METADATA_KEY) {
      return parseDocument(text(entry.get(VALUE)));
    }
  }
  throw new Error('no Distill artifact: the file has no metadata property "distill.artifact"');
}

function parseDocument(json) {
  let document;
  try {
    document = JSON.parse(json);
  } catch (error) {
    throw new Error(`no Distill artifact: its metadata is no JSON (${error.message})`);
  }
  if (document?.format !== FORMAT || document.version !== VERSION) {
    throw new Error(
      `no Distill artifact of version ${VERSION}: ` +
        `found format "${document?.format}", version ${document?.version}`,
    );
  }
  return document;
}

/** Yield the top-level fields of a message; `bytes` is a view, or null where it is a number. */
function* fields(message) {
  let position = 0;
  while (position < message.length) {
    const tag = readVarint(message, position);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    let start = tag.end;
    let end;
    if (wireType === VARINT) end = readVarint(message, start).end;
    else if (wireType === FIXED64) end = start + 8;
    else if (wireType === FIXED32) end = start + 4;
    else if (wireType === LENGTH_DELIMITED) {
      const length = readVarint(message, start);
      start = length.end;
      end = start + length.value;
    } else throw malformed(`unknown wire type ${wireType} at byte ${position}`);
    if (number === 0) throw malformed(`field number 0 at byte ${position}`);
    if (end > message.length) throw malformed(`field ${number} at byte ${position} is cut short`);
    yield { number, bytes: wireType === LENGTH_DELIMITED ? message.subarray(start, end) : null };
    position = end;
  }
}

function readVarint(bytes, position) {
  // Multiplying rather than shifting: JavaScript's shifts stop at 32 bits. Beyond 2^53 the value is
  // rounded, which is still longer than any file.
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[position + i];
    if (byte === undefined) throw malformed(`a number at byte ${position} is cut short`);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: position + i + 1 };
  }
  throw malformed(`a number at byte ${position} is longer than 10 bytes`);
}

function text(bytes) {
  if (!bytes) throw malformed('a metadata property has no text');
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function malformed(what) {
  return new Error(`no ONNX file, or a damaged one: ${what}`);
}
