/** All models that the page knows: those of its folder, the one inside it, and dropped files. */

import { sha256OfBytes } from '../../../src/sha256.js';
import { bytesFromText, embeddedModel } from './embedded.js';
import { Model } from './model.js';

/** A failure to reach the server, in words for the page. */
export class UnreachableError extends Error {
  isOurs = true;
}

/** Models by their key. */
export class Shelf {
  #engine;
  #loaded = new Set();
  /** @type {Promise<void>} */
  #last = Promise.resolve();

  /** @param {import('../engine/engine.js').Engine} engine */
  constructor(engine) {
    this.#engine = engine;
    /** @type {Model[]} */
    this.models = [];
    engine.onStop = () => this.#loaded.clear();
  }

  /**
   * The models of the folder that the page was opened from, or the one inside it.
   *
   * @throws {UnreachableError}
   */
  async open() {
    const element = embeddedModel();
    if (element) this.#add(await this.#fromElement(element));
    else for (const entry of await readList()) this.#add(fromEntry(entry));
  }

  /**
   * Check a file that was dropped, and take it in.
   *
   * @param {File} file
   * @returns {Promise<Model>}
   */
  async take(file) {
    const read = async () => new Uint8Array(await file.arrayBuffer());
    const model = await this.#fromBytes(file.name, await read(), { read, isDropped: true });
    return this.#add(model);
  }

  /** @param {string} key */
  find(key) {
    return this.models.find((model) => model.key === key);
  }

  /**
   * Make models ready to play, and free the memory of all others.
   *
   * @param {readonly Model[]} models
   * @param {(fraction: number) => void} [onProgress] Of what has to be fetched.
   */
  ready(models, onProgress) {
    this.#last = this.#last.catch(() => {}).then(() => this.#ready(models, onProgress));
    return this.#last;
  }

  async #ready(models, onProgress) {
    const keys = models.map((model) => model.key);
    for (const key of [...this.#loaded]) if (!keys.includes(key)) this.#loaded.delete(key);
    for (const model of this.models) if (!keys.includes(model.key)) model.forget();
    await this.#engine.keep(keys);
    for (const model of models) {
      if (this.#loaded.has(model.key)) continue;
      const bytes = await model.read(onProgress);
      const { metadata, sha256 } = await this.#engine.load(model.key, bytes, model.file);
      if (sha256 !== model.sha256) {
        throw new UnreachableError(`“${model.file}” has changed meanwhile: reload the page.`);
      }
      model.metadata = metadata;
      this.#loaded.add(model.key);
    }
  }

  /** @param {Model} model */
  isReady(model) {
    return this.#loaded.has(model.key);
  }

  /** @param {Model} model */
  #add(model) {
    const known = this.find(model.key);
    if (known) return known;
    this.models.push(model);
    return model;
  }

  /** @param {Element} element */
  async #fromElement(element) {
    const read = () => bytesFromText(element);
    return this.#fromBytes(element.dataset.name || 'model.onnx', await read(), { read });
  }

  async #fromBytes(file, bytes, more) {
    const metadata = await this.#engine.inspect(bytes);
    const sha256 = await sha256OfBytes(bytes);
    return new Model({ file, sizeBytes: bytes.length, sha256, metadata, ...more });
  }
}

async function readList() {
  const response = await reach(new URL('artifacts.json', document.baseURI));
  const { artifacts } = await response.json();
  return artifacts;
}

/** @param {{file: string, bytes: number, sha256: string, metadata: any}} entry */
function fromEntry({ file, bytes: sizeBytes, sha256, metadata }) {
  const address = new URL(`artifacts/${encodeURIComponent(file)}`, document.baseURI);
  const read = async (onProgress) => wholeBody(await reach(address), sizeBytes, onProgress);
  return new Model({ file, sizeBytes, sha256, metadata, read });
}

/** @param {URL} address */
async function reach(address) {
  let response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new UnreachableError(
      'The server does not answer any more. What is loaded keeps playing; for more, start it again ' +
        '(distill-run serve) and reload the page.',
      { cause },
    );
  }
  if (response.ok) return response;
  throw new UnreachableError(
    `The server answers “${response.status} ${response.statusText}” for ${address.pathname}: was the file ` +
      'moved? Reload the page to see what is there now.',
  );
}

/**
 * @param {Response} response
 * @param {number} sizeBytes
 * @param {(fraction: number) => void} [onProgress]
 */
async function wholeBody(response, sizeBytes, onProgress) {
  const parts = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw new UnreachableError('The connection to the server broke off: try again.', { cause });
    });
    if (done) break;
    parts.push(value);
    length += value.length;
    onProgress?.(Math.min(1, length / sizeBytes));
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
