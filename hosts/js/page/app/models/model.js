/** A model that the page can play: what it says of itself, and the way to its bytes. */

/** One artifact, wherever it comes from. */
export class Model {
  #read;
  /** @type {Blob | null} */
  #kept = null;

  /**
   * @param {object} parts
   * @param {string} parts.file Its name.
   * @param {number} parts.sizeBytes
   * @param {string} parts.sha256 Of the file.
   * @param {import('../../../src/metadata-types.js').ArtifactMetadata} parts.metadata Until it is loaded
   *   its vectors may be missing.
   * @param {(onProgress?: (fraction: number) => void) => Promise<Uint8Array>} parts.read The whole file.
   * @param {boolean} [parts.isDropped] Whether it was dropped onto the page, which forgets it.
   */
  constructor({ file, sizeBytes, sha256, metadata, read, isDropped = false }) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.sha256 = sha256;
    this.metadata = metadata;
    this.#read = read;
    this.isDropped = isDropped;
  }

  /**
   * The whole file; while it is open, without asking its server again.
   *
   * @param {(fraction: number) => void} [onProgress]
   * @returns {Promise<Uint8Array>}
   */
  async read(onProgress) {
    if (this.#kept) return new Uint8Array(await this.#kept.arrayBuffer());
    const bytes = await this.#read(onProgress);
    // A blob need not lie in memory.
    this.#kept = new Blob([bytes]);
    return bytes;
  }

  /** Let go of what `read` has kept. */
  forget() {
    this.#kept = null;
  }

  /** What the page and its threads call it by. */
  get key() {
    return this.sha256;
  }

  get id() {
    return this.metadata.model.id;
  }

  get name() {
    return this.metadata.model.name || this.file.replace(/\.onnx$/i, '');
  }

  get sliders() {
    return this.metadata.sliders?.sliders ?? [];
  }

  get controls() {
    return this.metadata.controls ?? [];
  }

  /** Where its recordings lie; null where that is not known. */
  get landmarks() {
    return this.metadata.landmarks ?? null;
  }

  /** How it differs from other artifacts of the same model. */
  get variant() {
    return `${this.metadata.reconstruction}, ${this.metadata.precision}`;
  }
}
