// Playing: sliders, sounds, links, presets, two to compare, a history.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  closeBrowser,
  environment,
  follow,
  generate,
  open,
  save,
  slider,
  soundOf,
  told,
} from './opened.js';

const SETTINGS = Object.freeze({
  model: 'ambience_int8.onnx',
  seed: '7',
  seconds: '4',
  path: 'sliders',
  evolution: '0.5',
  sliders: '2 -3.5 0 0 0 0 0 1',
  stereo: 'mid-side 1 0.5',
});

let opened;
let page;

before(async () => {
  opened = await open('about:blank');
  ({ page } = opened);
});

after(async () => {
  await closeBrowser();
});

const press = (name) => page.getByRole('button', { name, exact: true }).click();
const out = (name) => join(environment.out, name);
const field = (index) => page.locator('.slider-panel .fader-field').nth(index).inputValue();

test('a link reopens its settings and their sound', async () => {
  await follow(page, environment.page, SETTINGS);
  assert.equal(await field(0), '2');
  assert.equal(await field(1), '-3.5');
  assert.equal(await page.inputValue('.seed'), '7');
  assert.equal(await page.isChecked('text=wide'), true);
  assert.match(await page.textContent('.time'), /^0:00\.0 \/ 0:04\.0$/);
  assert.equal(await page.locator('.history-item').count(), 0); // it was only looked at
});

test('the finished sound is downloaded with its recipe', async () => {
  assert.equal(await save(page, '#download', out('finished.wav')), 'ambience_int8_seed7.wav');
});

test('a slider moves by the keyboard, and the sound is another', async () => {
  await slider(page, 0).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal(await field(0), '2.6');
  assert.equal(await slider(page, 0).getAttribute('aria-valuetext'), '2.6 steps');
  await page.waitForFunction(() => location.hash.includes('sliders=2.6+'));
  await page.getByLabel('Brightness', { exact: true }).fill('3');
  await page.uncheck('text=Finish as in a file');
  await generate(page);
  await save(page, '#download', out('unfinished.wav'));
  assert.equal(await page.locator('.history-item').count(), 1);
});

test('it plays, pauses, and goes to a place', async () => {
  await page.waitForFunction(
    () => !document.querySelector('.time').textContent.startsWith('0:00.0'),
  );
  await page.click('#play');
  assert.equal(await page.getAttribute('#play', 'aria-label'), 'Play');
  await page.locator('.seek').fill('2');
  assert.match(await page.textContent('.time'), /^0:02\.0/);
  await page.locator('.seek').focus();
  await page.keyboard.press('Home');
  assert.match(await page.textContent('.time'), /^0:00\.0/);
});

test('ranges are said, where a slider leaves them', async () => {
  await slider(page, 1).focus();
  await page.keyboard.press('Home');
  const fader = page.locator('.slider-panel .fader').nth(1);
  assert.equal(await fader.getAttribute('data-zone'), 'warning');
  assert.match(
    await fader.locator('.fader-note').textContent(),
    /^Outside -8 to 10, where it is safe/,
  );
});

test('what is locked stays where it is', async () => {
  await page.click('.slider-panel [aria-label^="Lock "] >> nth=0');
  await press('Randomise');
  assert.equal(await field(0), '2.6');
  await press('Reset');
  assert.deepEqual([await field(0), await field(1)], ['2.6', '0']);
  await page.click('.slider-panel [aria-label^="Unlock "] >> nth=0');
  await press('Reset');
  assert.equal(await field(0), '0');
});

test('A and B keep their settings and their sounds', async () => {
  await slider(page, 2).fill('4');
  await generate(page);
  await page.click('#slot-B');
  assert.equal(await page.isDisabled('#download'), true);
  await slider(page, 2).fill('-4');
  await generate(page);
  await page.click('#slot-A');
  assert.equal(await field(2), '4');
  assert.equal(await page.isDisabled('#download'), false);
  await page.click('#slot-B');
  assert.equal(await field(2), '-4');
});

test('a preset is kept, renamed, put into a folder, exported and used', async () => {
  await press('Keep as preset');
  await page.fill('dialog input >> nth=0', 'Dawn');
  await page.click('dialog .primary');
  await page.click('[aria-label="Rename or move Dawn"]');
  await page.fill('dialog input >> nth=1', 'Night');
  await page.click('dialog .primary');
  assert.equal(await page.textContent('.preset-folder'), 'Night');
  assert.equal(await save(page, '[aria-label="Export Dawn"]', out('dawn.json')), 'Dawn.json');
  await save(page, 'text=Export all for Distill', out('presets.json'));
  await press('Reset');
  await page.click('.preset-name');
  await page.waitForFunction(() => location.hash.includes('sliders=0+0+-4'));
});

test('presets come back from files, and those of another model do not', async () => {
  await page.setInputFiles('.presets-panel input[type=file]', out('presets.json'));
  await told(page, '“Dawn” is among the presets now.');
  const theirs = JSON.parse(readFileSync(out('dawn.json'), 'utf8'));
  theirs.model.slider_fingerprint = '0'.repeat(64);
  theirs.model.name = 'sea';
  const buffer = Buffer.from(JSON.stringify(theirs));
  const file = { name: 'sea.json', mimeType: 'application/json', buffer };
  await page.setInputFiles('.presets-panel input[type=file]', file);
  assert.match(await told(page, 'belongs to the model "sea"'), /^The preset belongs to the model/);
  assert.equal(await page.locator('.preset-name').count(), 2);
});

test('two models are blended', async () => {
  const other = page.locator('[aria-label="Blend with another model"]');
  await other.selectOption({ label: 'ambience (learned, float16)' });
  await page.waitForSelector('#generate:not([disabled])');
  await page.click('text=finished sounds');
  await page.check('text=Finish as in a file');
  await generate(page);
  assert.equal(await page.locator('.blend-list .fader').count(), 2);
  await save(page, '#download', out('blend.wav'));
  await page.click('[aria-label="Take ambience out of the blend"]');
});

test('a long sound is given up at once', async () => {
  await page.locator('.short').fill('600');
  await page.keyboard.press('Tab');
  await page.click('#generate');
  await page.waitForFunction(
    () => Number(document.querySelector('.progress').getAttribute('aria-valuenow')) > 0,
  );
  const began = Date.now();
  await page.click('#generate');
  await page.waitForFunction(() => document.querySelector('#generate').textContent === 'Generate');
  await press('4 s');
  await generate(page);
  assert.ok(Date.now() - began < 15_000);
});

test('the history outlives the page, and plays again', async () => {
  const count = await page.locator('.history-item').count();
  await follow(page, environment.page, SETTINGS);
  assert.equal(await page.locator('.history-item').count(), count);
  await page.locator('.history-item').last().click();
  await page.waitForFunction(() => location.hash.includes('sliders=2.6+-3.5'));
  await soundOf(page);
  await page.locator('.history-list .delete').last().click();
  assert.equal(await page.locator('.history-item').count(), count - 1);
  assert.equal(await page.locator('.preset-name').count(), 2);
});

test('nearness is what the model has, until a hand moves it', async () => {
  await follow(page, environment.page, { ...SETTINGS, seconds: '1', stereo: 'mono' });
  const value = page.locator('.nearness .fader-field');
  const near = page.locator('.nearness input[type=range]');
  assert.equal(await value.inputValue(), '0.25');
  await page.locator('.play h1').click();
  await page.keyboard.press('n');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await value.inputValue(), '0.99');
  await near.fill('0.75');
  await page.waitForFunction(() => location.hash.includes('nearness=0.75'));
  await page.click('[aria-label="Lock Nearness"]');
  await page.click('[aria-label="Reset controls"]');
  assert.equal(await value.inputValue(), '0.75');
  await generate(page);
  await save(page, '#download', out('near.wav'));
  await page.click('[aria-label="Unlock Nearness"]');
  await page.click('[aria-label="Reset controls"]');
  assert.equal(await value.inputValue(), '0.25');
  await page.waitForFunction(() => !location.hash.includes('nearness'));
  await near.dblclick({ position: { x: 1, y: 5 } });
  assert.equal(await value.inputValue(), '0.25');
});

test('a preset keeps the nearness', async () => {
  await page.locator('.nearness input[type=range]').fill('0.5');
  await press('Keep as preset');
  await page.fill('dialog input >> nth=0', 'Near');
  await page.click('dialog .primary');
  await page.locator('.nearness input[type=range]').fill('0');
  await page.getByRole('button', { name: 'Near', exact: true }).click();
  await page.waitForFunction(() => location.hash.includes('nearness=0.5'));
});

test('a loop and fades are made, linked and kept', async () => {
  await page.getByLabel('Fade out', { exact: true }).fill('0.5');
  await page.waitForFunction(() => location.hash.includes('fades=0+0.5'));
  await generate(page);
  await save(page, '#download', out('faded.wav'));
  await page.check('text=A loop without a seam');
  assert.equal(await page.getByLabel('Fade out', { exact: true }).isVisible(), false);
  await press('Keep as preset');
  await page.fill('dialog input >> nth=0', 'Round');
  await page.click('dialog .primary');
  await generate(page);
  await save(page, '#download', out('loop.wav'));
  await page.uncheck('text=A loop without a seam');
  await page.getByRole('button', { name: 'Round', exact: true }).click();
  await page.waitForFunction(() => location.hash.includes('loop=yes'));
});

test('there is none where a model does not know its recordings', async () => {
  const other = { ...SETTINGS, model: 'ambience_float16.onnx', seconds: '1', nearness: '0.5' };
  await follow(page, environment.page, other);
  assert.equal(await page.locator('.nearness').count(), 0);
  await page.waitForFunction(() => !location.hash.includes('nearness'));
  await follow(page, environment.page, { ...SETTINGS, seconds: '1' });
});

test('keys do what they say', async () => {
  await page.locator('.play h1').click();
  await page.keyboard.press('3');
  await page.keyboard.press('PageUp');
  assert.notEqual(await field(2), '0');
  await page.keyboard.press('0');
  assert.equal(await field(2), '0');
  const seed = await page.inputValue('.seed');
  await page.keyboard.press('d');
  assert.notEqual(await page.inputValue('.seed'), seed);
  await page.keyboard.press('?');
  await page.waitForSelector('dialog.keys');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog.keys', { state: 'detached' });
});

test('nothing was complained of', () => {
  assert.deepEqual(opened.complaints, []);
});
