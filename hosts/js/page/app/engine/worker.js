/** The thread that makes all sound: it holds the artifacts and answers one message after the other. */

import * as onnxruntime from 'onnxruntime-web/wasm';

import { Artifact, Blend, Sound, generate } from '../../../src/index.js';
import { breathing } from './breathing.js';
import { plainError } from './errors.js';
import { Picture, pictureOf } from './picture.js';

/** @type {Map<string, Artifact>} By the key that the page gave them. */
const artifacts = new Map();
/** @type {Map<number, AbortController>} */
const running = new Map();
const ort = breathing(onnxruntime);

const STEPS_PER_CALL = 4; // two seconds of sound: as fast as more, and something to see meanwhile

const answers = {
  /** Say where onnxruntime's WebAssembly is: an address, or its bytes. */
  start({ wasm }) {
    const { wasm: settings } = onnxruntime.env;
    // A second thread makes nothing faster here, and without one a page needs no isolation.
    settings.numThreads = 1;
    if (typeof wasm === 'string') settings.wasmPaths = { wasm };
    else settings.wasmBinary = wasm;
    // No model, but onnxruntime starts before it sees that: the first model is then ready sooner.
    onnxruntime.InferenceSession.create(new Uint8Array(1), { logSeverityLevel: 4 }).catch(() => {});
  },

  inspect({ bytes }) {
    return Artifact.inspect(bytes);
  },

  async load({ key, bytes, name }) {
    const known = artifacts.get(key);
    if (known) return description(known);
    const artifact = await Artifact.load(bytes, ort, { name });
    try {
      await artifact.warmUp();
    } catch (error) {
      await artifact.dispose();
      throw error;
    }
    artifacts.set(key, artifact);
    return description(artifact);
  },

  /** Give back the memory of all artifacts but some. */
  async keep({ keys }) {
    for (const [key, artifact] of [...artifacts]) {
      if (keys.includes(key)) continue;
      artifacts.delete(key);
      await artifact.dispose();
    }
  },

  async generate({ id, parts, blendMode, request, filter, columns }, post) {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const source = sourceOf(parts, blendMode);
      let picture = null;
      const onProgress = ({ fraction, channels, samples }) => {
        // An audio blend shows each of its models in turn.
        if (!picture || samples < picture.samples)
          picture = new Picture(channels[0].length, columns);
        post({ fraction, strip: picture.push(channels, samples) });
      };
      const { channels, recipe, gain, silent, limitedDb } = await generate(source, request, {
        filter,
        stepsPerCall: STEPS_PER_CALL,
        onProgress,
        signal: controller.signal,
      });
      const strip = parts.length > 1 && blendMode === 'audio' ? pictureOf(channels, columns) : null;
      return { channels, recipe, gain, silent, limitedDb, picture: strip ?? picture.whole(gain) };
    } finally {
      running.delete(id);
    }
  },

  cancel({ id }) {
    running.get(id)?.abort();
  },

  wav({ bitDepth, tags, ...sound }) {
    return new Sound(sound).toWav({ bitDepth, tags });
  },
};

/** @param {Artifact} artifact */
function description({ metadata, sha256, sizeBytes }) {
  return { metadata, sha256, sizeBytes };
}

/**
 * @param {{key: string, weight: number}[]} parts
 * @param {'latent' | 'audio'} mode
 */
function sourceOf(parts, mode) {
  const found = parts.map(({ key }) => artifacts.get(key));
  if (found.length === 1) return found[0];
  return new Blend(found, { weights: parts.map(({ weight }) => weight), mode });
}

/** The buffers of an answer, which are handed over and not copied. */
function buffersOf(answer) {
  if (answer instanceof Uint8Array) return [answer.buffer];
  return answer?.channels ? answer.channels.map((channel) => channel.buffer) : [];
}

self.addEventListener('message', async ({ data: { call, kind, ...message } }) => {
  const post = (progress) => self.postMessage({ call, progress });
  try {
    const answer = await answers[kind](message, post);
    self.postMessage({ call, answer }, buffersOf(answer));
  } catch (error) {
    self.postMessage({ call, error: plainError(error) });
  }
});
