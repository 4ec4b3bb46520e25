import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';

import { loadOnnxRuntime } from '../../../hosts/js/examples/onnxruntime.js';
import { Artifact, perform, readRecipe } from '../../../hosts/js/src/index.js';
import { answersIn } from './answers.js';
import { open } from './browser/chromium.js';
import { find, numbers } from './browser/heard.js';
import { serve } from './browser/server.js';
import { assertEqual } from './nearness.js';

const { missing, answers, fileOf } = answersIn('DISTILL_LIVE');

const REST = [0, 0, 0, 0, 0, 0, 0, 0];

const WAYS = {
  'through shared memory': { isIsolated: true, stereo: 'dual-seed' },
  'in messages': { isIsolated: false },
};

for (const [way, { isIsolated, stereo }] of Object.entries(WAYS)) {
  describe(`live in Chromium, ${way}`, { skip: missing }, () => {
    let server;
    let chromium;

    before(async () => {
      const name = basename(answers.artifact);
      server = await serve({ files: { [name]: answers.artifact }, isIsolated });
      chromium = await open(`${server.address}/page/index.html`);
    });

    after(async () => {
      await chromium.close();
      server.close();
    });

    test('what is recorded is what was heard, and moves are in it', async (t) => {
      const { page, complaints } = chromium;
      const artifact = basename(answers.artifact);
      const options = { artifact, seconds: 60, seed: 1, drift: 0.3, stereo };
      const started = await page.evaluate((how) => globalThis.start(how), options);
      assert.equal(started.isShared, isIsolated);
      const moves = Array.from({ length: 12 }, (_, i) => [
        i ? 120 : 600,
        [i % 5, 3 - (i % 4), (i % 3) - 1, 0, 0, 0, 0, 0.5],
      ]);
      await page.evaluate((hands) => globalThis.move(hands), moves);
      // What is ahead has been played by then, however slow the machine is, and the rest answered.
      const enough = (await page.evaluate(() => globalThis.state())).position + 4 * 24_064;
      let state = {};
      for (let turn = 0; turn < 60 && !(state.position > enough); turn++) {
        await page.evaluate((hands) => globalThis.move(hands), [[600, REST]]);
        state = await page.evaluate(() => globalThis.state());
      }
      const { peak, load, position } = state;
      assert.ok(peak > 0.1 && peak <= 1, `the peak is ${peak}`);
      assert.ok(load > 0 && load <= 1 && position > 24_064);

      const result = await page.evaluate(() => globalThis.finish());
      const recorded = result.recorded.map((row) => numbers(row));
      const heard = result.heard.map((row) => numbers(row));
      const found = find(heard, recorded);
      t.diagnostic(`${found.gaps} gaps of ${found.missed} samples, ${result.missed} counted`);
      // More may have been missed after the recording; and what was, was in blocks of 128.
      assert.ok(result.missed >= found.missed && result.missed <= 128 * result.underruns);

      const { performance } = JSON.parse(result.recipe);
      assert.ok(performance.moves.length >= 1 && performance.moves.length <= 13);
      // Moves that came before an answer were merged into the last of them.
      const asked = [...moves.map(([, positions]) => String(positions)), String(REST)];
      const answered = performance.moves.map(({ sliders }) => asked.indexOf(String(sliders)));
      assert.ok(
        answered.every((move, i) => move > (answered[i - 1] ?? -1)),
        String(answered),
      );
      assert.equal(answered.at(-1), moves.length);
      const { request, recipe } = readRecipe(result.recipe);
      assert.ok(recipe.performance.moves.every(({ place }) => place.sliders.length === 8));

      const inNode = await Artifact.load(fileOf(answers.artifact), await loadOnnxRuntime('web'));
      const again = await perform(inNode, { ...recipe, request });
      again.channels.forEach((row, i) => assertEqual(row, recorded[i], 'played again'));
      assert.deepEqual(complaints, []);
      // For Python to play.
      const file = join(process.env.DISTILL_LIVE, `browser-${isIsolated ? 'shared' : 'sent'}`);
      writeFileSync(`${file}.json`, result.recipe);
      writeFileSync(
        `${file}.out`,
        Buffer.concat(recorded.map(({ buffer }) => Buffer.from(buffer))),
      );
    });
  });
}
