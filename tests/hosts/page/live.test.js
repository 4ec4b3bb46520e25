// The live sound: it plays, follows hands and MIDI, and is kept.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { closeBrowser, environment, follow, open, save, slider } from './opened.js';

let opened;
let page;

/** An instrument that a test plays. */
function standIn() {
  const input = { name: 'Eight knobs', onmidimessage: null };
  globalThis.turn = (controller, value) =>
    input.onmidimessage({ data: Uint8Array.of(0xb0, controller, value) });
  navigator.requestMIDIAccess = async () => ({ inputs: new Map([['1', input]]) });
}

before(async () => {
  opened = await open('about:blank', { before: standIn });
  ({ page } = opened);
  await follow(page, environment.page, {
    model: 'ambience_int8.onnx',
    seed: '7',
    seconds: '1',
    path: 'sliders',
    evolution: '0',
  });
});

after(async () => {
  await closeBrowser();
});

const field = (index) => page.locator('.slider-panel .fader-field').nth(index).inputValue();
/** How bright the newest column of the running picture is, apart from its ground. */
const newest = () =>
  page.evaluate(() => {
    const canvas = document.querySelector('.scope');
    const column = canvas.getContext('2d').getImageData(canvas.width - 1, 0, 1, canvas.height);
    return Array.from(new Uint32Array(column.data.buffer)).join();
  });

test('it plays until it is stopped, without memory being shared or copied in vain', async () => {
  await page.click('#live');
  await page.waitForFunction(() => document.querySelector('#live').textContent === 'Stop');
  assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), true);
  await page.waitForTimeout(500);
  assert.ok(new Set((await newest()).split(',')).size > 5);
});

test('a move is heard', async () => {
  const still = await newest();
  await slider(page, 0).fill('-9');
  await page.waitForFunction((before) => {
    const canvas = document.querySelector('.scope');
    const column = canvas.getContext('2d').getImageData(canvas.width - 1, 0, 1, canvas.height);
    return Array.from(new Uint32Array(column.data.buffer)).join() !== before;
  }, still);
});

test('a MIDI controller that was learned moves its slider', async () => {
  await page.click('#midi');
  await page.click('.slider-panel .learn >> nth=0');
  await page.evaluate(() => globalThis.turn(21, 127));
  assert.equal(await field(0), '10');
  await page.evaluate(() => globalThis.turn(21, 0));
  assert.equal(await field(0), '-10');
  await page.evaluate(() => globalThis.turn(22, 127));
  assert.equal(await field(0), '-10');
});

test('a MIDI controller moves the nearness, and the sound follows', async () => {
  await page.click('.nearness .learn');
  await page.evaluate(() => globalThis.turn(23, 0));
  const value = page.locator('.nearness .fader-field');
  assert.equal(await value.inputValue(), '0');
  const far = await newest();
  await page.evaluate(() => globalThis.turn(23, 127));
  assert.equal(await value.inputValue(), '1');
  await page.waitForFunction((before) => {
    const canvas = document.querySelector('.scope');
    const column = canvas.getContext('2d').getImageData(canvas.width - 1, 0, 1, canvas.height);
    return Array.from(new Uint32Array(column.data.buffer)).join() !== before;
  }, far);
  await page.waitForTimeout(700);
});

test('what was played is saved with a recipe', async () => {
  const name = await save(page, '#live-save', join(environment.out, 'live.wav'));
  assert.equal(name, 'ambience_int8_live.wav');
});

test('a finished sound ends it', async () => {
  await page.click('#play');
  assert.equal(await page.textContent('#live'), 'Play live');
  assert.deepEqual(opened.complaints, []);
});
