// What Python answered (tests/hosts/answers.py), in the folder that $DISTILL_ANSWERS names.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const folder = process.env.DISTILL_ANSWERS ?? '';

/** Why tests that need the answers are skipped, or false. */
export const missing =
  existsSync(join(folder, 'answers.json')) ? false : 'needs Python: run pytest tests/hosts';

/** The document of all answers that are no arrays. */
export const answers = missing ? {} : JSON.parse(readFileSync(join(folder, 'answers.json')));

export function float32(name) {
  return new Float32Array(contentOf(`${name}.f32`));
}

export function float64(name) {
  return new Float64Array(contentOf(`${name}.f64`));
}

export function bytes(name) {
  return new Uint8Array(contentOf(`${name}.bin`));
}

/** Cut an array into rows of equal length. */
export function rowsOf(array, count) {
  const length = array.length / count;
  return Array.from({ length: count }, (_, i) => array.subarray(i * length, (i + 1) * length));
}

function contentOf(name) {
  const { buffer, byteOffset, length } = readFileSync(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + length);
}
