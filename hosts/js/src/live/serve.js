/**
 * The worker's side of a live sound: renders what the page's hands ask for, and tells how it goes.
 */

import { Artifact } from '../artifact.js';
import { DistillError } from '../errors.js';
import { inputChannels } from '../stereo.js';
import { Answers } from './answers.js';
import { Journal } from './journal.js';
import { told } from './messages.js';
import { fileGain } from './output.js';
import { SendingPlayer, SharedPlayer } from './player.js';
import { recorded } from './recording.js';
import { Renderer } from './renderer.js';
import { Timeline } from './timeline.js';
import { Voicing } from './voicing.js';

/** @typedef {import('./messages.js').Begin} Begin */

const TELL_EVERY_MS = 100;

/**
 * Play live sounds on an artifact for a page, in the worker that holds it.
 *
 * For a worker of your own; `worker.js` is one that does nothing else. What else the worker does on
 * the artifact makes the sound wait, so let that be short: one step a call.
 *
 * @param {Artifact} artifact
 * @param {MessagePort} port Of which a `LiveInstrument` has the other end (`connect` of its
 *   engine).
 */
export function serveLive(artifact, port) {
  /** @type {Session | null} */
  let session = null;
  port.onmessage = async ({ data }) => {
    try {
      if (data.type === 'begin') {
        session = await Session.begin(artifact, port, data);
        await session.run();
      } else if (data.type === 'ask') session?.ask(data);
      else if (data.type === 'record') session?.record(data);
      else if (data.type === 'end') session?.end();
    } catch (error) {
      port.postMessage({ type: 'failed', error: told(error) });
      session?.end();
      if (!(error instanceof DistillError)) throw error;
    }
  };
}

/**
 * Be a worker that loads an artifact and plays live sounds on it (`LiveEngine.load` is the page's
 * side).
 *
 * @param {import('../onnxruntime.js').Ort | null} [ort] onnxruntime-web/wasm; by default the page
 *   names the address of it. A page in one file has it in the worker's script.
 */
export function serveWorker(ort = null) {
  const scope = /** @type {any} */ (globalThis);
  /** @type {Promise<Artifact>} */
  let loading;
  scope.onmessage = async (/** @type {MessageEvent} */ { data }) => {
    try {
      if (data.type === 'load') {
        loading = load(
          ort ?? (await import(/* webpackIgnore: true */ /* @vite-ignore */ data.ort)),
          data,
        );
        const { metadata, name } = await loading;
        scope.postMessage({ type: 'loaded', metadata, name });
      } else serveLive(await loading, data.port);
    } catch (error) {
      scope.postMessage({ type: 'failed', error: told(error) });
    }
  };
}

/**
 * @param {import('../onnxruntime.js').Ort} ort
 * @param {import('./messages.js').Load} message
 */
async function load(ort, { bytes, name, wasm, session }) {
  if (ort.env) Object.assign((ort.env.wasm ??= {}), { numThreads: 1, ...wasm });
  const artifact = await Artifact.load(bytes, ort, { name, session });
  await artifact.warmUp();
  return artifact;
}

/** One live sound. */
class Session {
  #port;
  #player;
  #stereo;
  #timeline;
  #journal;
  #answers;
  #renderer;
  #toldAt = 0;

  /**
   * @param {Artifact} artifact
   * @param {MessagePort} port
   * @param {Begin & {gain: number}} begin
   */
  constructor(artifact, port, { place, stereo, gain, kept, memory, writer, position }) {
    this.#port = port;
    this.#stereo = stereo;
    this.#timeline = new Timeline(artifact, place, {
      rows: inputChannels(stereo),
      keptSamples: kept,
    });
    this.#player = memory
      ? new SharedPlayer(memory, position)
      : new SendingPlayer(/** @type {MessagePort} */ (writer), position);
    const voicing = new Voicing(this.#player, stereo, gain, this.#timeline);
    this.#journal = new Journal(this.#timeline, gain);
    this.#answers = new Answers(this.#timeline, this.#journal, voicing);
    this.#renderer = new Renderer(
      this.#answers,
      () => this.#player.reach(),
      () => this.#tell(),
    );
  }

  /**
   * @param {Artifact} artifact
   * @param {MessagePort} port
   * @param {Begin} begin
   */
  static async begin(artifact, port, begin) {
    const gain = begin.gain ?? (await fileGain(artifact, begin.place, begin.stereo));
    const session = new Session(artifact, port, { ...begin, gain });
    port.postMessage({ type: 'begun', gain });
    await session.#renderer.begin();
    return session;
  }

  async run() {
    try {
      await this.#renderer.run();
    } finally {
      this.#player.close();
    }
    this.#port.postMessage({ type: 'ended' });
    this.#port.close();
  }

  /** @param {{place: import('./place.js').Place, restart: boolean}} move */
  ask({ place, restart }) {
    this.#answers.ask(place, restart);
    this.#renderer.wake();
  }

  /** @param {{id: number, seconds: number | null}} request */
  record({ id, seconds }) {
    try {
      this.#answers.look();
      const { channels, recipe } = recorded(this.#timeline, this.#journal, this.#stereo, seconds);
      const whole = channels.map((channel) => channel.slice());
      this.#port.postMessage(
        { type: 'recorded', id, channels: whole, recipe },
        whole.map(({ buffer }) => buffer),
      );
    } catch (error) {
      this.#port.postMessage({ type: 'recorded', id, error: told(error) });
    }
  }

  end() {
    this.#renderer.close();
  }

  #tell() {
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    const { load } = this.#renderer;
    this.#port.postMessage({ type: 'playing', load, ...this.#player.playing() });
  }
}
