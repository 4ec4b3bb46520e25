/** A worker that holds an artifact, as a page sees it. */

import { brief } from '../checks.js';
import { BackendError, RequestError } from '../errors.js';
import { untold } from './messages.js';

/** @typedef {import('../metadata-types.js').ArtifactMetadata} ArtifactMetadata */

/**
 * What plays live sounds for a page: `LiveEngine`, or a worker of the page's own that calls
 * `serveLive` for each port that it gets.
 *
 * @typedef {object} Engine
 * @property {ArtifactMetadata} metadata Of what plays.
 * @property {() => MessagePort} connect A port whose other end `serveLive` has got.
 */

/**
 * @typedef {object} EngineOptions
 * @property {string | URL} [ort] The address of onnxruntime-web's `ort.wasm.bundle.min.mjs`; to be
 *   left out if the worker's script has it.
 * @property {object} [wasm] For onnxruntime's `env.wasm`: `wasmPaths`, or `wasmBinary`. One thread
 *   unless told otherwise: more gain nothing.
 * @property {object} [session] onnxruntime's own options.
 * @property {string} [name] The artifact's file name, for recipes.
 * @property {Worker | string | URL} [worker] A worker, or the address of its script; by default
 *   `worker.js` beside this file. A page in one file has it in a data: address.
 */

/** @implements {Engine} */
export class LiveEngine {
  #worker;
  /** @type {(error: Error) => void} */
  #fail = () => {};

  /**
   * See `load`.
   *
   * @param {Worker} worker
   */
  constructor(worker) {
    this.#worker = worker;
    /** @type {ArtifactMetadata} */
    this.metadata = /** @type {any} */ (null);
    /** The artifact's file name. */
    this.name = '';
  }

  /**
   * Start a worker and load an artifact there.
   *
   * @param {ArrayBuffer | Uint8Array} artifactBytes The whole file.
   * @param {EngineOptions} [options]
   * @returns {Promise<LiveEngine>}
   * @throws {import('../errors.js').ArtifactError} It is not an artifact that this version plays.
   * @throws {BackendError} The worker or onnxruntime does not start.
   */
  static async load(artifactBytes, options = {}) {
    const { ort, wasm = {}, session = {}, name, worker } = options;
    if (!(artifactBytes instanceof ArrayBuffer || artifactBytes instanceof Uint8Array)) {
      throw new RequestError(
        `artifactBytes is ${brief(artifactBytes)}, expected an ArrayBuffer or a Uint8Array`,
      );
    }
    const engine = new LiveEngine(workerOf(worker));
    await engine.#load({
      type: 'load',
      bytes: artifactBytes,
      name,
      ort: ort === undefined ? null : String(new URL(ort, globalThis.document?.baseURI)),
      wasm,
      session,
    });
    return engine;
  }

  /** @param {object} message */
  async #load(message) {
    try {
      await new Promise((resolve, reject) => {
        this.#fail = reject;
        this.#worker.onerror = (event) => {
          const reason = event.message || 'its script cannot be loaded';
          this.#fail(new BackendError(`the worker does not start (${reason})`));
        };
        this.#worker.onmessage = ({ data }) => {
          if (data.type === 'failed') reject(untold(data.error));
          else {
            this.metadata = data.metadata;
            this.name = data.name;
            resolve(undefined);
          }
        };
        this.#worker.postMessage(message);
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A port to a session of its own. */
  connect() {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: 'connect', port: port2 }, [port2]);
    return port1;
  }

  /** End the worker, and what it plays. */
  close() {
    this.#worker.terminate();
  }
}

/** @param {Worker | string | URL} [worker] */
function workerOf(worker) {
  if (worker === undefined) {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  }
  const isAddress = typeof worker === 'string' || worker instanceof URL;
  return isAddress ? new Worker(worker, { type: 'module' }) : worker;
}
