import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

import { BackendError } from '../../../hosts/js/src/index.js';
import { untold } from '../../../hosts/js/src/live/messages.js';
import { makePlace } from '../../../hosts/js/src/live/place.js';
import {
  processorOptions,
  SendingPlayer,
  SharedPlayer,
} from '../../../hosts/js/src/live/player.js';
import { serveLive } from '../../../hosts/js/src/live/serve.js';
import { TorchGenerator } from '../../../hosts/js/src/seeds.js';
import { stereoSettings } from '../../../hosts/js/src/stereo.js';
import { AudioThread } from './audio-thread.js';
import { answersIn } from './answers.js';
import { find } from './browser/heard.js';
import { assertEqual } from './nearness.js';

const { missing, answers } = answersIn('DISTILL_ANSWERS');

const STEP = 24_064;

/** A thread and its player, by either way, from a position on. */
function connected(isShared, position = 0, channels = 1) {
  const options = processorOptions({ channels, position, isShared });
  const thread = new AudioThread(options);
  const line = isShared ? null : thread.line();
  const player = isShared
    ? new SharedPlayer(options.memory, position)
    : new SendingPlayer(line, position);
  const close = () => {
    player.close();
    thread.end();
  };
  return { thread, player, line, options, close };
}

for (const isShared of [true, false]) {
  describe(`a ring ${isShared ? 'in shared memory' : 'that is sent to'}`, () => {
    // Where counting in 32 bits turns negative, and where it begins anew.
    for (const start of [0, 1024, 2 ** 31 - 5000, 2 ** 32 - 5000, 2 ** 40]) {
      test(`plays what is written, from position ${start} on`, async () => {
        const { thread, player, close } = connected(isShared, start, 2);
        const written = [new Float32Array(400_000), new Float32Array(400_000)];
        const random = new TorchGenerator(1);
        let end = 0;
        for (let round = 0; end < 380_000; round += 1) {
          // By turns what follows, and what replaces some of what is not played yet.
          const at = round % 3 === 2 ? player.reach() - start : end;
          const rows = [random.randn(9000 + 37 * round), random.randn(9000 + 37 * round)];
          if (
            await player.write(
              start + Math.min(at, end),
              rows.map((row) => row.slice()),
            )
          ) {
            written.forEach((row, i) => row.set(rows[i], Math.min(at, end)));
            end = Math.min(at, end) + rows[0].length;
          } else refused += 1;
          const ready = Math.floor((start + end - thread.processor.position) / 128);
          thread.play(Math.max(0, Math.min(ready - 16, 50 + (round % 40))));
          await turn();
        }
        thread.heard.forEach((row, i) => assertEqual(row, written[i].subarray(0, row.length)));
        assert.ok(thread.heard[0].length > 250_000);
        thread.play(8 - (thread.blocks.length % 8)); // every eighth is reported
        await sleep(5);
        const { position, underruns, missed, peak } = player.playing();
        assert.equal(position, thread.processor.position);
        assert.deepEqual([underruns, missed], [0, 0]);
        assert.ok(peak > 2);
        close();
      });
    }

    test('refuses what was played already, and changes nothing', async () => {
      const { thread, player, close } = connected(isShared);
      const sound = new TorchGenerator(2).randn(20_000);
      assert.ok(await player.write(0, [sound.slice()]));
      thread.play(20);
      assert.equal(await player.write(1000, [new Float32Array(9000)]), false);
      assert.ok(player.reach() > 20 * 128);
      thread.play(100);
      assertEqual(thread.heard[0], sound.subarray(0, 120 * 128));
      close();
    });

    test('counts what was not ready, once it has begun', async () => {
      const { thread, player, close } = connected(isShared);
      thread.play(3);
      await player.write(0, [new Float32Array(1000).fill(1)]);
      thread.play(21);
      await sleep(5);
      const { underruns, missed } = player.playing();
      assert.deepEqual([underruns, missed], [14, 21 * 128 - 1000]);
      // What comes late is not lost.
      await player.write(1000, [new Float32Array(500).fill(2)]);
      thread.play(2);
      assert.equal(thread.heard[0].at(-1), 2);
      assert.equal(thread.heard[0].indexOf(1), 3 * 128);
      close();
    });
  });
}

test('an audio thread that is told to ends', () => {
  const { thread, close } = connected(true);
  assert.ok(thread.play());
  close();
  assert.equal(thread.play(), false);
});

/** An artifact whose sound is its latent vectors: a tone for each, and the state a phase. */
class Tones {
  latencySamples = 1024;
  metadata = { ...answers.metadata, latent_dim: 16, state_size: 1, sliders: null, controls: [] };
  name = 'tones.onnx';
  sha256 = '';
  onnxruntime = '';
  threads = 1;
  sliders = [];
  controls = [];
  calls = 0;
  failsAt = Infinity;

  initialState(rows) {
    return new Float32Array(rows);
  }

  async step(latents, state) {
    this.calls += 1;
    if (this.calls > this.failsAt) throw new BackendError('the model gave up');
    const rows = state.length;
    const steps = latents.length / rows / 16;
    const next = state.slice();
    const audio = Array.from(state, (_, row) => {
      const samples = new Float32Array(steps * STEP);
      for (let i = 0; i < samples.length; i += 1) {
        const latent = latents[(row * steps + Math.floor(i / STEP)) * 16];
        next[row] = (next[row] + 0.02 + 0.01 * Math.tanh(latent)) % (2 * Math.PI);
        samples[i] = 0.3 * Math.sin(next[row]) + 0.01;
      }
      return samples;
    });
    return { audio, state: next };
  }
}

/** A live sound on an artifact, whose thread plays a block every few milliseconds. */
async function served(artifact, isShared) {
  const { thread, line, options, close } = connected(isShared, artifact.latencySamples, 2);
  const { port1: page, port2 } = new MessageChannel();
  serveLive(artifact, port2);
  const told = [];
  const waiting = [];
  page.onmessage = ({ data }) => {
    told.push(data);
    waiting.splice(0).forEach((resolve) => resolve());
  };
  const until = async (type) => {
    while (!told.some((message) => message.type === type)) {
      await new Promise((resolve) => waiting.push(resolve));
    }
    return told.find((message) => message.type === type);
  };
  page.postMessage(
    {
      type: 'begin',
      place: makePlace({ seed: 1, vector: Array(16).fill(0), drift: 0.5 }),
      stereo: stereoSettings('dual-seed'),
      gain: null,
      kept: 480_000,
      memory: options.memory,
      position: options.position,
      // The player of `connected` is not used: the session has its own on the same line.
      writer: isShared ? null : line,
    },
    isShared ? [] : [line],
  );
  return {
    thread,
    page,
    told,
    until,
    close: () => {
      page.close();
      if (isShared) close();
      else thread.end();
    },
  };
}

for (const isShared of [true, false]) {
  const way = isShared ? 'shared memory' : 'messages';

  const name = `a session through ${way} plays, answers and records what was heard`;
  test(name, { skip: missing }, async () => {
    const { thread, page, told, until, close } = await served(new Tones(), isShared);
    assert.ok((await until('begun')).gain > 1);
    const moves = 12;
    for (let move = 0; move < moves; move += 1) {
      const vector = Array.from({ length: 16 }, () => (move % 2 ? 1 : -1) * (1 + move));
      for (let burst = 0; burst < 12; burst += 1) {
        thread.play(4);
        await sleep(4);
      }
      page.postMessage({
        type: 'ask',
        place: makePlace({ seed: 1, vector, drift: move === 5 ? 0 : 0.5 }),
        restart: move === 7,
      });
    }
    await sleep(30);
    thread.play(40);
    await sleep(120);
    page.postMessage({ type: 'record', id: 3, seconds: null });
    const { id, channels, recipe, error } = await until('recorded');
    assert.equal(error, undefined);
    assert.equal(id, 3);
    const { missed: silence } = find(thread.heard, channels);
    const state = told.filter(({ type }) => type === 'playing').at(-1);
    assert.ok(silence <= state.missed && state.load >= 0 && state.load <= 1);
    assert.ok(recipe.performance.moves.length >= 1);
    assert.ok(recipe.performance.moves.length <= moves);
    page.postMessage({ type: 'end' });
    await until('ended');
    close();
  });
}

test('a model that fails is told to the page, and ends the sound', { skip: missing }, async () => {
  const artifact = new Tones();
  artifact.failsAt = 4;
  const { thread, page, until, close } = await served(artifact, true);
  await until('begun');
  const playing = setInterval(() => thread.play(8), 2);
  const error = untold((await until('failed')).error);
  assert.ok(error instanceof BackendError && error.message === 'the model gave up');
  clearInterval(playing);
  page.postMessage({ type: 'record', id: 0, seconds: 1 });
  close();
});

test('what is no length, or was not heard yet, is not recorded', { skip: missing }, async () => {
  const { page, until, told, close } = await served(new Tones(), true);
  await until('begun');
  page.postMessage({ type: 'record', id: 0, seconds: -1 });
  const wrong = untold((await until('recorded')).error);
  assert.match(wrong.message, /seconds is -1, expected a number above 0/);
  told.length = 0;
  page.postMessage({ type: 'record', id: 1, seconds: null });
  assert.match(untold((await until('recorded')).error).message, /nothing was played yet/);
  page.postMessage({ type: 'end' });
  await until('ended');
  close();
});
