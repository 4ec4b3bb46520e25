// What Python answered (tests/hosts/answers.py, sounds.py), in folders that the environment names.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';

/** The answers in the folder that a variable names; `missing` says why tests are skipped, or is false. */
export function answersIn(variable) {
  const folder = process.env[variable] ?? '';
  const path = join(folder, 'answers.json');
  const missing = existsSync(path) ? false : 'needs Python: run pytest tests/hosts';
  const contentOf = (name) => {
    const { buffer, byteOffset, length } = readFileSync(resolve(folder, name));
    return buffer.slice(byteOffset, byteOffset + length);
  };
  return {
    missing,
    /** The document of all answers that are no arrays. */
    answers: missing ? {} : JSON.parse(readFileSync(path, 'utf8')),
    float32: (name) => new Float32Array(contentOf(`${name}.f32`)),
    float64: (name) => new Float64Array(contentOf(`${name}.f64`)),
    bytes: (name) => new Uint8Array(contentOf(`${name}.bin`)),
    /** The bytes of a file among the answers, or of one that they name. */
    fileOf: (name) => new Uint8Array(contentOf(name)),
  };
}

export const { missing, answers, float32, float64, bytes, fileOf } = answersIn('DISTILL_ANSWERS');

/** Cut an array into rows of equal length. */
export function rowsOf(array, count) {
  const length = array.length / count;
  return Array.from({ length: count }, (_, i) => array.subarray(i * length, (i + 1) * length));
}
