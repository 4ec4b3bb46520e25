/**
 * The boundary to onnxruntime, whose JavaScript builds (onnxruntime-web, onnxruntime-node) the host
 * hands in: its types, as far as they are used, and its errors in our words.
 */

import { ArtifactError, BackendError } from './errors.js';

/**
 * What is used of `import * as ort from 'onnxruntime-web/wasm'`, or of `onnxruntime-node`.
 *
 * @typedef {object} Ort
 * @property {{create: (model: Uint8Array, options?: any) => Promise<OrtSession>}} InferenceSession
 * @property {new (type: any, data: any, dims: readonly number[]) => OrtTensor} Tensor
 * @property {OrtEnvironment} [env]
 */

/**
 * @typedef {object} OrtEnvironment
 * @property {{readonly common?: string, readonly node?: string, readonly web?: string}} [versions]
 * @property {{numThreads?: number}} [wasm]
 */

/**
 * @typedef {object} OrtSession
 * @property {(feeds: any) => Promise<any>} run
 * @property {() => Promise<void>} release
 */

/**
 * @typedef {object} OrtTensor
 * @property {any} data
 * @property {readonly number[]} dims
 */

const MOST_THREADS = 256;

/**
 * Give onnxruntime a model.
 *
 * @param {Ort} ort
 * @param {Uint8Array} bytes
 * @param {object} options onnxruntime's own.
 * @throws {ArtifactError} onnxruntime cannot load it.
 * @throws {BackendError} There is no onnxruntime, or it does not start.
 */
export async function openSession(ort, bytes, options) {
  if (typeof ort?.InferenceSession?.create !== 'function' || typeof ort.Tensor !== 'function') {
    throw new BackendError(
      'that is no onnxruntime, expected the module of onnxruntime-web/wasm or onnxruntime-node',
    );
  }
  try {
    return await ort.InferenceSession.create(bytes, { logSeverityLevel: 3, ...options });
  } catch (error) {
    const reason = summary(error);
    if (isOutOfMemory(reason)) throw outOfMemory(error);
    if (/not[ _]implemented|could not find an implementation/i.test(reason)) {
      throw new BackendError(
        `this build of onnxruntime lacks an operator or a type (${reason}): take ` +
          'onnxruntime-web/wasm, not its webgpu, webgl or jspi build',
        { cause: error },
      );
    }
    if (/no available backend|wasm|fetch|import/i.test(reason)) {
      throw new BackendError(`onnxruntime does not start (${reason})`, { cause: error });
    }
    throw new ArtifactError(`onnxruntime cannot load it (${reason})`, { cause: error });
  }
}

/**
 * What to throw for an error of onnxruntime's that came while it ran.
 *
 * @param {unknown} error
 */
export function failure(error) {
  const reason = summary(error);
  if (isOutOfMemory(reason)) return outOfMemory(error);
  return new BackendError(`onnxruntime failed (${reason})`, { cause: error });
}

/**
 * Its version, as a recipe names it.
 *
 * @param {Ort} ort
 */
export function versionOf({ env }) {
  const versions = env?.versions;
  return versions?.web ?? versions?.node ?? versions?.common ?? 'unknown';
}

/**
 * How many threads share an operator's work.
 *
 * @param {Ort} ort
 * @param {{intraOpNumThreads?: number}} options onnxruntime's own.
 */
export function threadsOf({ env }, { intraOpNumThreads }) {
  const isWeb = env?.versions?.web !== undefined;
  const threads = isWeb ? env?.wasm?.numThreads : intraOpNumThreads;
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.min(threads || cores, MOST_THREADS);
}

/** @param {unknown} cause */
function outOfMemory(cause) {
  return new BackendError('out of memory: close other models or pages, or take an int8 artifact', {
    cause,
  });
}

/** @param {string} reason */
function isOutOfMemory(reason) {
  return /out of memory|bad_alloc|allocation failed|memory allocation|cannot enlarge/i.test(reason);
}

/** @param {unknown} error */
function summary(error) {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace(/\s+/gu, ' ').trim() || 'no reason given';
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`;
}
