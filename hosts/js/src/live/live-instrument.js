/** A live sound in a page's audio: it follows hands in real time. */

import { brief, isFinite } from '../checks.js';
import { SAMPLE_RATE_HZ } from '../contract.js';
import { BackendError, RequestError } from '../errors.js';
import { isSilent, peak } from '../level.js';
import { Sound } from '../sound.js';
import { outputChannels, stereoSettings } from '../stereo.js';
import { checkedGain, firstPlace, keptSamples } from './beginning.js';
import { LiveEngine } from './engine.js';
import { Hands } from './hands.js';
import { untold } from './messages.js';
import { processorOptions } from './player.js';

/**
 * How a live sound is played; all may be left out but what plays it, `artifactBytes` with `ort`, or
 * `engine`.
 *
 * @typedef {import('./live-stream.js').LiveOptions & import('./engine.js').EngineOptions & {
 *   artifactBytes?: ArrayBuffer | Uint8Array,
 *   engine?: import('./engine.js').Engine,
 *   worklet?: string | URL,
 *   volume?: number,
 *   destination?: AudioNode | null,
 *   isShared?: boolean,
 *   onPlaying?: (playing: import('./player.js').Playing & {load: number}) => void,
 *   onFailure?: (error: Error) => void,
 * }} InstrumentOptions
 *   `artifactBytes`: a worker is made for it, and ends with the sound. `engine`: what plays
 *   instead, and stays. `worklet`: the address of `worklet.js`, by default beside this file.
 *   `volume`: what to multiply the sound by after all, 1 by default; recordings have none of it.
 *   `destination`: where it is heard, by default the context's own; null for nowhere yet.
 *   `isShared`: whether to share memory with the audio thread, by default if the page is isolated;
 *   else it is sent messages. `onPlaying`: told ten times a second how it goes. `onFailure`: told
 *   when the model fails and the sound ends.
 */

const RAMP_S = 0.02;

/** @type {WeakMap<BaseAudioContext, Map<string, Promise<void>>>} */
const worklets = new WeakMap();

/** An endless sound that follows hands while it plays. */
export class LiveInstrument {
  #hands;
  #port;
  #node;
  #volume;
  #ownEngine;
  /** @type {Map<number, {resolve: (sound: Sound) => void, reject: (error: Error) => void}>} */
  #recordings = new Map();
  #nextRecording = 0;
  #peak = 0;
  #isOver = false;
  /** @type {() => void} */
  #ended = () => {};

  /**
   * See `start`.
   *
   * @param {object} parts
   * @param {Hands} parts.hands
   * @param {MessagePort} parts.port
   * @param {AudioWorkletNode} parts.node
   * @param {GainNode} parts.volume
   * @param {number} parts.gain
   * @param {boolean} parts.isShared
   * @param {LiveEngine | null} parts.ownEngine
   * @param {InstrumentOptions} parts.options
   */
  constructor({ hands, port, node, volume, gain, isShared, ownEngine, options }) {
    this.#hands = hands;
    this.#port = port;
    this.#node = node;
    this.#volume = volume;
    this.#ownEngine = ownEngine;
    /** What the model's own sound is multiplied by. */
    this.gain = gain;
    /** Whether the audio thread shares memory with the worker; else it is sent messages. */
    this.isShared = isShared;
    /** How it went when this was last told: see `onPlaying`. */
    this.playing = { position: 0, underruns: 0, missed: 0, load: 0 };
    /** @type {Error | null} Why it has stopped, if the model failed. */
    this.failure = null;
    port.onmessage = ({ data }) => this.#told(data, options);
  }

  /**
   * Begin a sound in an audio context.
   *
   * @param {AudioContext} context At 48,000 Hz. It is heard once the context runs, which browsers
   *   allow after a click or a key: `context.resume()` then.
   * @param {InstrumentOptions} options
   * @returns {Promise<LiveInstrument>} Once the model is loaded and its level is known.
   * @throws {RequestError} A value is out of bounds or does not fit the model.
   * @throws {import('../errors.js').ArtifactError} It is not an artifact that this version plays.
   * @throws {BackendError} The browser cannot, or onnxruntime failed.
   */
  static async start(context, options) {
    checkContext(context);
    const stereo = stereoSettings(options.stereo ?? undefined);
    const kept = keptSamples(options.keepS ?? 120, SAMPLE_RATE_HZ);
    const askedGain = options.gain == null ? null : checkedGain(options.gain);
    const startVolume = checkedVolume(options.volume ?? 1);
    const isShared = options.isShared ?? globalThis.crossOriginIsolated === true;
    const ownEngine = options.engine ? null : await engineOf(options);
    const engine = options.engine ?? /** @type {LiveEngine} */ (ownEngine);
    try {
      await addWorklet(
        context,
        String(options.worklet ?? new URL('./worklet.js', import.meta.url)),
      );
      const { metadata } = engine;
      const place = firstPlace(metadata, stereo, options);
      const channels = outputChannels(stereo);
      const processor = processorOptions({
        channels,
        position: metadata.latency_samples,
        isShared,
      });
      const node = new AudioWorkletNode(context, 'distill-live', {
        numberOfInputs: 0,
        outputChannelCount: [channels],
        processorOptions: processor,
      });
      const volume = new GainNode(context, { gain: startVolume });
      node.connect(volume);
      const port = engine.connect();
      const { memory, position } = processor;
      const writer = memory ? null : writerTo(node);
      /** @type {import('./messages.js').Begin} */
      const begin = { place, stereo, gain: askedGain, kept, memory, writer, position };
      port.postMessage({ type: 'begin', ...begin }, writer ? [writer] : []);
      const gain = await begun(port);
      const hands = new Hands(metadata, stereo, place, (to, restart) =>
        port.postMessage({ type: 'ask', place: to, restart }),
      );
      const parts = { hands, port, node, volume, gain, isShared, ownEngine, options };
      const instrument = new LiveInstrument(parts);
      const { destination = context.destination } = options;
      if (destination) volume.connect(destination);
      return instrument;
    } catch (error) {
      ownEngine?.close();
      throw error;
    }
  }

  /** Moves the sound. */
  get hands() {
    return this.#hands;
  }

  /** The node that sounds: to be connected to an analyser, or to another destination. */
  get output() {
    return this.#volume;
  }

  /** What the sound is multiplied by after all; it can be set. */
  get volume() {
    return this.#volume.gain.value;
  }

  set volume(volume) {
    const { gain, context } = this.#volume;
    gain.setTargetAtTime(checkedVolume(volume), context.currentTime, RAMP_S / 3);
  }

  /** The largest magnitude since this was last asked, before the volume. */
  takePeak() {
    const most = this.#peak;
    this.#peak = 0;
    return most;
  }

  /**
   * What was heard last, with a recipe that plays it again; to be asked for before `stop`.
   *
   * @param {number | null} [seconds] How much; by default as much as is kept. What was silent
   *   because it was not ready is left out.
   * @returns {Promise<Sound>}
   * @throws {RequestError} It is not a number above 0, or nothing was heard yet.
   */
  record(seconds = null) {
    if (this.failure) return Promise.reject(this.failure);
    const id = this.#nextRecording;
    this.#nextRecording += 1;
    return new Promise((resolve, reject) => {
      this.#recordings.set(id, { resolve, reject });
      this.#port.postMessage({ type: 'record', id, seconds });
    });
  }

  /** End the sound, in 20 ms, and the worker, if it was made for it. */
  async stop() {
    if (this.#isOver) return;
    this.#isOver = true;
    const { gain, context } = this.#volume;
    if (context.state === 'running') {
      gain.setTargetAtTime(0, context.currentTime, RAMP_S / 3);
      await new Promise((resolve) => setTimeout(resolve, 2000 * RAMP_S));
    }
    if (!this.failure) {
      const ended = new Promise((resolve) => {
        this.#ended = () => resolve(undefined);
      });
      this.#port.postMessage({ type: 'end' });
      await ended;
    }
    this.#release();
  }

  #release() {
    this.#isOver = true;
    this.#node.port.postMessage({});
    this.#node.disconnect();
    this.#volume.disconnect();
    this.#port.close();
    this.#ownEngine?.close();
    for (const { reject } of this.#recordings.values()) {
      reject(this.failure ?? new RequestError('the sound was stopped: record before that'));
    }
    this.#recordings.clear();
  }

  /**
   * @param {any} message
   * @param {InstrumentOptions} options
   */
  #told(message, { onPlaying, onFailure }) {
    const { type, ...told } = message;
    if (type === 'playing') {
      this.playing = told;
      this.#peak = Math.max(this.#peak, told.peak);
      onPlaying?.(told);
    } else if (type === 'recorded') {
      const recording = this.#recordings.get(told.id);
      this.#recordings.delete(told.id);
      if (told.error) recording?.reject(untold(told.error));
      else recording?.resolve(soundOf(told));
    } else if (type === 'ended') this.#ended();
    else if (type === 'failed') {
      this.failure = untold(told.error);
      this.#ended();
      this.#release();
      onFailure?.(this.failure);
    }
  }
}

/** @param {{channels: Float32Array[], recipe: import('../recipe.js').Recipe}} told */
function soundOf({ channels, recipe }) {
  return new Sound({ channels, recipe, gain: 1, silent: isSilent(peak(channels)), limitedDb: 0 });
}

/** @param {InstrumentOptions} options */
function engineOf({ artifactBytes, ...options }) {
  if (artifactBytes === undefined) {
    throw new RequestError('there is nothing to play: give artifactBytes or an engine');
  }
  return LiveEngine.load(artifactBytes, options);
}

/** @param {AudioContext} context */
function checkContext(context) {
  if (!context?.audioWorklet) {
    throw new BackendError(
      'there is no AudioWorklet: a page from https, from localhost or from a file has it, in a browser of ' +
        'these years',
    );
  }
  if (context.sampleRate !== SAMPLE_RATE_HZ) {
    throw new RequestError(
      `the audio context plays ${context.sampleRate} samples a second, expected ${SAMPLE_RATE_HZ}: new ` +
        `AudioContext({ sampleRate: ${SAMPLE_RATE_HZ} })`,
    );
  }
}

/**
 * Load the worklet, once a context.
 *
 * @param {AudioContext} context
 * @param {string} address
 */
async function addWorklet(context, address) {
  const known = worklets.get(context) ?? new Map();
  worklets.set(context, known);
  if (!known.has(address)) known.set(address, context.audioWorklet.addModule(address));
  try {
    await known.get(address);
  } catch (error) {
    known.delete(address);
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(`the audio worklet does not start (${reason})`, { cause: error });
  }
}

/**
 * The end that a worker gets of a line to the audio thread.
 *
 * @param {AudioWorkletNode} node
 */
function writerTo(node) {
  const { port1, port2 } = new MessageChannel();
  node.port.postMessage({ writer: port2 }, [port2]);
  return port1;
}

/**
 * @param {MessagePort} port
 * @returns {Promise<number>} The gain.
 */
function begun(port) {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }) => {
      if (data.type === 'begun') resolve(data.gain);
      else if (data.type === 'failed') reject(untold(data.error));
    };
  });
}

/** @param {unknown} volume */
function checkedVolume(volume) {
  if (isFinite(volume) && volume >= 0 && volume <= 100) return volume;
  throw new RequestError(`volume is ${brief(volume)}, expected a number from 0 to 100`);
}
