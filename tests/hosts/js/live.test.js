import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';

import { loadOnnxRuntime } from '../../../hosts/js/examples/onnxruntime.js';
import {
  Artifact,
  LiveStream,
  perform,
  readRecipe,
  recipeJson,
  RequestError,
} from '../../../hosts/js/src/index.js';
import { snrDb } from '../../../hosts/js/src/snr.js';
import { answersIn, rowsOf } from './answers.js';
import { assertEqual } from './nearness.js';

const { missing, answers, float32, fileOf } = answersIn('DISTILL_LIVE');

// How near a live sound is to Python's. Two builds round the decoder differently.
const FLOORS_DB = { node: 120, web: 80 };

/** What is heard of a stream under hands, a row for each channel. */
async function play(live, moves) {
  const blocks = [];
  for (const [kind, value, samples] of moves) {
    if (Array.isArray(value) && kind.startsWith('move') && kind !== 'moveTo')
      live.hands[kind](...value);
    else live.hands[kind](value);
    blocks.push(await live.read(samples));
  }
  return Array.from({ length: live.channels }, (_, channel) => joined(blocks, channel));
}

/** The ratio to what Python played, over all channels. */
function ratioTo(name, channels) {
  const expected = rowsOf(float32(name), channels.length);
  return Math.min(...expected.map((row, i) => snrDb(row, channels[i])));
}

/** Blocks of one channel, end to end. */
function joined(blocks, channel) {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block[channel].length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block[channel], at);
    at += block[channel].length;
  }
  return whole;
}

function performanceIn(recipe) {
  return JSON.stringify(JSON.parse(recipe).performance);
}

for (const build of ['node', 'web']) {
  describe(`live sounds in onnxruntime-${build}`, { skip: missing }, () => {
    let artifact;

    before(async () => {
      artifact = await Artifact.load(fileOf(answers.artifact), await loadOnnxRuntime(build), {
        name: answers.artifact.split('/').at(-1),
      });
    });

    after(() => artifact.dispose());

    for (const style of build === 'node' ? Object.keys(answers.styles ?? {}) : ['dual-seed']) {
      test(`${style}: moves are heard as in Python, and can be heard again`, async (t) => {
        const { options, moves, gain, recipe } = answers.styles[style];
        const live = await LiveStream.open(artifact, options);
        assert.ok(Math.abs(live.gain / gain - 1) < 1e-3, `${live.gain} is not ${gain}`);
        const heard = await play(live, moves);
        const ratio = ratioTo(`heard-${style}`, heard);
        t.diagnostic(`${ratio.toFixed(1)} dB from Python`);
        assert.ok(ratio >= FLOORS_DB[build], `${ratio} dB`);

        const kept = live.record(1.5);
        assert.ok(ratioTo(`kept-${style}`, kept.channels) >= FLOORS_DB[build]);
        const text = recipeJson(kept.recipe);
        if (live.gain === gain && build === 'node') {
          assert.equal(performanceIn(text), performanceIn(recipe));
        }
        const { request, recipe: read } = readRecipe(text);
        const again = await perform(artifact, { ...read, request });
        again.channels.forEach((row, i) => {
          assertEqual(row, kept.channels[i], 'played again');
          assertEqual(row, heard[i].subarray(heard[i].length - row.length), 'as it was heard');
        });
        assert.equal(recipeJson(again.recipe), text);
        // For Python to play.
        writeFileSync(join(process.env.DISTILL_LIVE, `${build}-${style}.json`), text);
        writeFileSync(
          join(process.env.DISTILL_LIVE, `${build}-${style}.out`),
          Buffer.concat(kept.channels.map((row) => Buffer.from(row.slice().buffer))),
        );
      });

      test(`${style}: a performance of Python's is played again`, async () => {
        const { request, recipe } = readRecipe(answers.styles[style].recipe);
        const again = await perform(artifact, { ...recipe, request });
        assert.ok(ratioTo(`kept-${style}`, again.channels) >= FLOORS_DB[build]);
      });
    }

    test('how it is read changes nothing', async () => {
      const options = { seed: 4, drift: 0.3, stereo: 'mid-side' };
      const whole = await (await LiveStream.open(artifact, options)).read(60_000);
      const live = await LiveStream.open(artifact, options);
      const pieces = [];
      for (const samples of [0, 1, 127, 24_000, 35_000, 872]) pieces.push(await live.read(samples));
      whole.forEach((row, channel) => {
        assertEqual(joined(pieces, channel), row);
      });
    });
  });
}
