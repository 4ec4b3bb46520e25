// The library: what is there, finding it, opening it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { closeBrowser, artifact, drop, environment, open, ready, soundOf } from './opened.js';

let opened;
let page;

before(async () => {
  opened = await open(environment.page);
  ({ page } = opened);
  await ready(page);
});

after(async () => {
  await closeBrowser();
});

const names = () => page.locator('.card h2').allTextContents();

test('every model has a card with what it says of itself', async () => {
  assert.equal((await names()).length, 3);
  assert.equal(await page.textContent('.count'), '3 models');
  const card = page.locator('.card', { hasText: 'ambience_int8.onnx' });
  const text = await card.textContent();
  for (const said of ['learned', 'int8', '15 recordings', '150 epochs', 'Sliders8', 'MB']) {
    assert.ok(text.includes(said), `${said} in ${text}`);
  }
});

test('a picture of its sound is drawn on each card', async () => {
  await page.waitForFunction(() => document.querySelectorAll('.has-picture').length === 3);
  const colours = await page.evaluate(() => {
    const canvas = document.querySelector('.card-picture');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  assert.ok(colours > 50, `${colours} colours`);
});

test('a search finds by any word, and an order orders', async () => {
  await page.fill('[type=search]', 'REFINED');
  assert.equal(await page.textContent('.count'), '1 of 3 models');
  await page.fill('[type=search]', 'ambience nothing-like-it');
  assert.equal(await page.textContent('.empty-library'), 'Nothing here is called that.');
  await page.fill('[type=search]', '');
  await page.selectOption('.library select', 'size');
  assert.match(await page.locator('.card').first().textContent(), /int8/);
});

test('hearing a card opens its model and makes a sound', async () => {
  await page.click('.card-hear >> nth=0');
  await soundOf(page);
  assert.match(page.url(), /#model=ambience_int8\.onnx&sha=[0-9a-f]{12}&seed=\d+&seconds=10/);
  assert.equal(await page.title(), 'ambience – Distill');
  assert.equal(await page.locator('.history-item').count(), 1);
  await page.goBack();
  assert.equal(await page.isVisible('.library'), true);
  await page.goForward();
  assert.equal(await page.isVisible('.play'), true);
  await page.click('#to-library');
});

test('a file that is dropped anywhere is played and listed', async () => {
  await drop(page, 'from elsewhere.onnx', artifact('float32.onnx'));
  await page.waitForSelector('.play:not([hidden])');
  assert.match(page.url(), /model=from\+elsewhere\.onnx/);
  await page.click('#to-library');
  assert.equal(await page.textContent('.count'), '4 models');
  assert.match(await page.textContent('.cards'), /dropped here/);
});

test('nothing was complained of, and nothing was fetched from elsewhere', () => {
  assert.deepEqual(opened.complaints, []);
  for (const address of opened.requests) assert.ok(address.startsWith(environment.page), address);
});
