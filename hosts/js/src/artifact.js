/** A loaded artifact: latent vectors and a state in, audio and the next state out. */

import { splitSteps } from './blocks.js';
import { brief, isFinite, isWhole } from './checks.js';
import { AUDIO, FINISH, LATENTS, NEXT_STATE, STATE, STEP_SAMPLES } from './contract.js';
import { ArtifactError, BackendError, RequestError } from './errors.js';
import { inspect } from './inspection.js';
import { failure, openSession, threadsOf, versionOf } from './onnxruntime.js';
import { sha256OfBytes } from './sha256.js';
import { checkVector } from './trajectory.js';

/** @typedef {import('./metadata-types.js').ArtifactMetadata} ArtifactMetadata */
/** @typedef {import('./onnxruntime.js').Ort} Ort */
/** @typedef {import('./onnxruntime.js').OrtSession} OrtSession */

/**
 * What a call yields.
 *
 * @typedef {object} StepResult
 * @property {Float32Array[]} audio A row of samples for each row of the batch: 24,064 for each step
 *   and, with `finish`, 24,064 and the latency more.
 * @property {Float32Array} state The next state; zeros after `finish`.
 */

/**
 * An artifact in onnxruntime, ready to play.
 *
 * It holds no stream's state, so any number of streams may share it; their calls run one after the
 * other.
 */
export class Artifact {
  #ort;
  #session;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  #isDisposed = false;

  /**
   * @param {object} parts See `load`.
   * @param {ArtifactMetadata} parts.metadata
   * @param {string} parts.name
   * @param {string} parts.sha256
   * @param {number} parts.sizeBytes
   * @param {Ort} parts.ort
   * @param {OrtSession} parts.session
   * @param {number} parts.threads
   */
  constructor({ metadata, name, sha256, sizeBytes, ort, session, threads }) {
    this.#ort = ort;
    this.#session = session;
    /** What the artifact says of itself. */
    this.metadata = metadata;
    /** The file's name, without its folder. */
    this.name = name;
    /** Of the whole file. */
    this.sha256 = sha256;
    this.sizeBytes = sizeBytes;
    /** How many threads share an operator's work. */
    this.threads = threads;
    /** Version of onnxruntime. */
    this.onnxruntime = versionOf(ort);
  }

  /**
   * Check an artifact and load it.
   *
   * @param {ArrayBuffer | Uint8Array} bytes The whole file.
   * @param {Ort} ort The module of onnxruntime-web/wasm or onnxruntime-node.
   * @param {{name?: string, session?: {[option: string]: any}}} [options]
   *   `name`: the file's name, for recipes; by default the model's. `session`: onnxruntime's own
   *   options.
   * @returns {Promise<Artifact>}
   * @throws {ArtifactError} It is not an artifact that this version plays.
   * @throws {BackendError} onnxruntime does not start.
   */
  static async load(bytes, ort, { name, session: options = {} } = {}) {
    const data = bytesOf(bytes);
    const metadata = inspect(data);
    const sha256 = await sha256OfBytes(data);
    const session = await openSession(ort, data, options);
    return new Artifact({
      metadata,
      name: name === undefined ? fileName(metadata) : checkName(name),
      sha256,
      sizeBytes: data.length,
      ort,
      session,
      threads: threadsOf(ort, options),
    });
  }

  /**
   * Check a file and return what it says of itself, without loading it.
   *
   * @param {ArrayBuffer | Uint8Array} bytes The whole file.
   * @returns {ArtifactMetadata}
   * @throws {ArtifactError} It is not an artifact that this version plays.
   */
  static inspect(bytes) {
    return inspect(bytesOf(bytes));
  }

  /** Length of a latent vector. */
  get latentDim() {
    return this.metadata.latent_dim;
  }

  /** Samples of silence that every stream starts with. */
  get latencySamples() {
    return this.metadata.latency_samples;
  }

  /** Sampling rate of the audio. */
  get sampleRateHz() {
    return this.metadata.audio.sample_rate_hz;
  }

  /** The model's sliders, in the order of their indices; empty if it has none. */
  get sliders() {
    return this.metadata.sliders?.sliders ?? [];
  }

  /** The directions that are named by what is heard; empty where none was found or sought. */
  get controls() {
    return this.metadata.controls;
  }

  /** Where the model's own recordings lie in its latent space; null where that is not known. */
  get landmarks() {
    return this.metadata.landmarks;
  }

  /**
   * The state that starts a stream in every row: zeros.
   *
   * @param {number} [batch]
   * @returns {Float32Array} `[batch, state_size]`
   */
  initialState(batch = 1) {
    if (!isWhole(batch, 1, 2 ** 16)) {
      throw new RequestError(`batch is ${brief(batch)}, expected a whole number, at least 1`);
    }
    return new Float32Array(batch * this.metadata.state_size);
  }

  /**
   * Play the next steps of every row's trajectory.
   *
   * @param {Float32Array} latents `[batch, steps, latent_dim]`, finite, at least one step.
   * @param {Float32Array} state `[batch, state_size]`: `initialState`, or what the call before
   *   returned.
   * @param {{finish?: boolean}} [options] `finish`: whether every row's stream ends here, so that
   *   its tail is to be flushed.
   * @returns {Promise<StepResult>}
   * @throws {RequestError} A size or a value is not as above.
   * @throws {ArtifactError} The graph does not keep the contract's sizes.
   * @throws {BackendError} onnxruntime failed, or the audio is not finite.
   */
  async step(latents, state, { finish = false } = {}) {
    const { latent_dim: latentDim, state_size: stateSize } = this.metadata;
    const batch = rowsOf('state', state, stateSize);
    const steps = rowsOf('latents', latents, latentDim) / batch;
    if (!Number.isInteger(steps)) {
      throw new RequestError(
        `there are ${steps * batch} latent vectors and ${batch} rows of the state: as many steps are ` +
          'needed for each row',
      );
    }
    const { Tensor } = this.#ort;
    const feeds = {
      [LATENTS]: new Tensor('float32', latents, [batch, steps, latentDim]),
      [STATE]: new Tensor('float32', state, [batch, stateSize]),
      [FINISH]: new Tensor('bool', [Boolean(finish)], []),
    };
    const results = await this.#run(feeds);
    const audio = results[AUDIO].data;
    const nextState = results[NEXT_STATE].data;
    const samples = STEP_SAMPLES * steps + (finish ? STEP_SAMPLES + this.latencySamples : 0);
    if (audio.length !== batch * samples || nextState.length !== state.length) {
      throw new ArtifactError(
        `it answers with ${audio.length} samples and a state of ${nextState.length} numbers, not with ` +
          `${batch * samples} and ${state.length}`,
      );
    }
    if (!audio.every(isFinite)) {
      throw new BackendError(
        'it plays NaN or infinite samples: the file may be damaged, or the latent vectors far too large',
      );
    }
    const rows = Array.from({ length: batch }, (_, row) =>
      audio.subarray(row * samples, (row + 1) * samples),
    );
    return { audio: rows, state: nextState };
  }

  /**
   * Play a trajectory as it arrives, block by block.
   *
   * The audio is the graph's own: not filtered, not normalised, not cut. Its first `latencySamples`
   * are silence. How the trajectory is cut into blocks changes nothing but the blocks.
   *
   * @param {Iterable<Float32Array> | AsyncIterable<Float32Array>} blocks `[batch, steps,
   *   latent_dim]` each. The last one is recognised by the end, so a block is played when the next
   *   arrives.
   * @param {{batch?: number}} [options]
   * @returns {AsyncGenerator<Float32Array[]>} Rows of samples for each block, the last with the
   *   tail.
   * @throws {RequestError} There is no block, or one is not of the size above.
   */
  async *stream(blocks, { batch = 1 } = {}) {
    let state = this.initialState(batch);
    /** @type {Float32Array | null} */
    let block = null;
    for await (const following of blocks) {
      if (block) {
        const result = await this.step(block, state);
        state = result.state;
        yield result.audio;
      }
      block = following;
    }
    if (!block) throw new RequestError('there is no latent vector to play: one step is the least');
    yield (await this.step(block, state, { finish: true })).audio;
  }

  /**
   * Play whole trajectories.
   *
   * @param {Float32Array} latents `[batch, steps, latent_dim]`
   * @param {{batch?: number}} [options]
   * @returns {Promise<Float32Array[]>} 24,064 * (steps + 1) samples for each row, without the
   *   latency.
   * @throws {RequestError} The size is not as above.
   */
  async render(latents, { batch = 1 } = {}) {
    const steps = rowsOf('latents', latents, this.latentDim) / batch;
    const rows = Array.from({ length: batch }, () => new Float32Array(STEP_SAMPLES * (steps + 1)));
    let position = -this.latencySamples;
    const blocks = splitSteps(latents, { batch, latentDim: this.latentDim });
    for await (const audio of this.stream(blocks, { batch })) {
      const skipped = Math.max(0, -position);
      audio.forEach((samples, row) => rows[row].set(samples.subarray(skipped), position + skipped));
      position += audio[0].length;
    }
    return rows;
  }

  /**
   * Play a step and throw it away: the first one takes longer than those that follow.
   */
  async warmUp() {
    await this.step(new Float32Array(this.latentDim), this.initialState());
  }

  /**
   * A latent vector of this model's size as float32.
   *
   * @param {ArrayLike<number>} vector
   * @returns {Float32Array}
   * @throws {RequestError} It is not a row of finite numbers, or of another length.
   */
  checkVector(vector) {
    const checked = checkVector(vector);
    if (checked.length === this.latentDim) return checked;
    throw new RequestError(
      `latentVector has ${checked.length} values, expected ${this.latentDim} for ${brief(this.name)}`,
      { setting: 'latentVector' },
    );
  }

  /** Give the memory back, after the calls that are under way. The artifact cannot be played any more. */
  async dispose() {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#last.catch(() => {});
    await this.#session.release();
  }

  /**
   * Run the graph once those that asked before have been served: a session takes one call at a
   * time.
   *
   * @param {Record<string, import('./onnxruntime.js').OrtTensor>} feeds
   */
  async #run(feeds) {
    if (this.#isDisposed) throw new RequestError(`${brief(this.name)} was disposed: load it again`);
    const call = this.#last.then(() => this.#session.run(feeds));
    this.#last = call.catch(() => {});
    try {
      return await call;
    } catch (error) {
      throw failure(error);
    }
  }
}

/**
 * @param {string} name
 * @param {Float32Array} values
 * @param {number} size
 */
function rowsOf(name, values, size) {
  const rows = values?.length / size;
  if (!(values instanceof Float32Array) || !(rows >= 1) || !Number.isInteger(rows)) {
    const found = values instanceof Float32Array ? `${values.length} numbers` : brief(values);
    throw new RequestError(
      `${name} must be a Float32Array of rows of ${size} numbers, not ${found}`,
    );
  }
  if (!values.every(isFinite)) {
    throw new RequestError(`${name} must be finite numbers, some are NaN or infinite`);
  }
  return rows;
}

/** @param {ArrayBuffer | Uint8Array} bytes */
function bytesOf(bytes) {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (bytes instanceof Uint8Array) return bytes;
  throw new ArtifactError(`an artifact is an ArrayBuffer or a Uint8Array, not ${brief(bytes)}`);
}

/** @param {unknown} name */
function checkName(name) {
  if (typeof name === 'string' && name !== '' && !/[/\\]/.test(name)) return name;
  throw new ArtifactError(`name is ${brief(name)}, expected a file's name without its folder`);
}

/**
 * What a file of an artifact would be called.
 *
 * @param {ArtifactMetadata} metadata
 */
function fileName({ model }) {
  const name = [...model.name].slice(0, 100).join('');
  const plain = name.replace(/[^\p{L}\p{N}\-_. ]/gu, '_').replace(/^[ .]+|[ .]+$/g, '');
  return `${plain || 'artifact'}.onnx`;
}
