/** What a page and the worker that renders tell each other. */

import * as errors from '../errors.js';

/**
 * @typedef {object} Load
 * @property {ArrayBuffer | Uint8Array} bytes Of an artifact.
 * @property {string} [name] The artifact's file name.
 * @property {string | null} ort The address of onnxruntime-web/wasm; null if the worker has it.
 * @property {object} wasm For onnxruntime's `env.wasm`.
 * @property {object} session onnxruntime's own options.
 */

/**
 * @typedef {object} Begin
 * @property {import('./place.js').Place} place
 * @property {import('../stereo.js').StereoSettings} stereo
 * @property {number | null} gain null for that of a finished file.
 * @property {number} kept How many samples that were heard are kept.
 * @property {import('./player.js').SharedMemory | null} memory What the audio thread reads.
 * @property {MessagePort | null} writer To the audio thread, if there is no such memory.
 * @property {number} position Of the sample that is played first.
 */

/**
 * An error as a message holds it.
 *
 * @typedef {{kind: string, message: string, setting: string | null}} Told
 */

/**
 * @param {unknown} error
 * @returns {Told}
 */
export function told(error) {
  if (error instanceof errors.DistillError) {
    return { kind: error.constructor.name, message: error.message, setting: error.setting };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'BackendError', message: `the worker failed (${message})`, setting: null };
}

/**
 * The error that was told.
 *
 * @param {Told} error
 * @returns {errors.DistillError}
 */
export function untold({ kind, message, setting }) {
  const Kind = Object.entries(errors).find(([name]) => name === kind)?.[1] ?? errors.BackendError;
  return new Kind(message, { setting });
}
