/** The page's side of the thread that makes sound: calls that return promises. */

import { EngineError } from './errors.js';

/** @typedef {import('./picture.js').Strip} Strip */

/** One worker, which is started when it is first needed. */
export class Engine {
  #assets;
  #worker = null;
  #calls = new Map();
  #count = 0;
  #sounds = 0;

  /** @param {import('../models/assets.js').Assets} assets */
  constructor(assets) {
    this.#assets = assets;
    /** Called when the thread has stopped and all that it had loaded is gone. */
    this.onStop = () => {};
  }

  /** Start the thread before there is something for it to do. */
  async warmUp() {
    await this.#started();
  }

  /**
   * Check a file and return what it says of itself.
   *
   * @param {Uint8Array} bytes
   */
  inspect(bytes) {
    return this.#call('inspect', { bytes });
  }

  /**
   * Make an artifact ready to play.
   *
   * @param {string} key What it will be called by.
   * @param {Uint8Array} bytes They are handed over: the page cannot read them any more.
   * @param {string} name Of the file.
   */
  load(key, bytes, name) {
    return this.#call('load', { key, bytes, name }, { transfer: [bytes.buffer] });
  }

  /**
   * Give back the memory of all artifacts but these.
   *
   * @param {readonly string[]} keys
   */
  keep(keys) {
    return this.#call('keep', { keys });
  }

  /**
   * Generate a finished sound.
   *
   * @param {object} what
   * @param {{key: string, weight: number}[]} what.parts What plays.
   * @param {'latent' | 'audio'} what.blendMode
   * @param {object} what.request The library's own options.
   * @param {boolean} what.filter
   * @param {number} what.columns Of its picture.
   * @param {(progress: {fraction: number, strip: Strip}) => void} onProgress
   * @param {AbortSignal} [signal]
   */
  generate(what, onProgress, signal) {
    const id = this.#sounds;
    this.#sounds += 1;
    signal?.addEventListener('abort', () => this.#call('cancel', { id }), { once: true });
    return this.#call('generate', { id, ...what }, { onProgress });
  }

  /**
   * The bytes of a WAV file with its recipe in it.
   *
   * @param {{channels: Float32Array[], recipe: object, gain: number, silent: boolean,
   *   limitedDb: number, bitDepth: number,
   *   tags?: object}} sound
   */
  wav(sound) {
    return this.#call('wav', sound);
  }

  async #call(kind, message, { transfer = [], onProgress = null } = {}) {
    const worker = await this.#started();
    const call = this.#count;
    this.#count += 1;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject, onProgress });
      worker.postMessage({ call, kind, ...message }, transfer);
    });
  }

  #started() {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  async #start() {
    const { workerUrl, wasm } = await this.#assets.engine();
    const worker = new Worker(workerUrl, { type: 'module' });
    worker.addEventListener('message', ({ data }) => this.#answer(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      const message = `the thread that makes sound stopped (${event.message || 'it did not start'})`;
      this.#fail(new EngineError({ name: 'BackendError', message, isOurs: true }));
    });
    worker.postMessage({ call: -1, kind: 'start', wasm });
    return worker;
  }

  #answer({ call, progress, answer, error }) {
    const waiting = this.#calls.get(call);
    if (!waiting) return;
    if (progress) {
      waiting.onProgress?.(progress);
      return;
    }
    this.#calls.delete(call);
    if (error) waiting.reject(new EngineError(error));
    else waiting.resolve(answer);
  }

  /** @param {EngineError} error */
  #fail(error) {
    this.#worker = null;
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    this.onStop();
  }
}
