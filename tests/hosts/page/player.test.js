// The page of one file, opened from the disk.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { closeBrowser, environment, generate, open, ready, save, slider } from './opened.js';

after(closeBrowser);

test('it plays from the disk, live too, and fetches nothing', async () => {
  const address = pathToFileURL(environment.player).href;
  const { page, complaints, requests, close } = await open(address);
  try {
    await ready(page);
    assert.equal(await page.isVisible('.library'), false);
    assert.equal(await page.isVisible('#to-library'), false);
    await slider(page, 0).fill('3');
    await page.locator('.seed').fill('11');
    await page.locator('.short').fill('2');
    await generate(page);
    const wav = join(environment.out, 'player.wav');
    assert.equal(await save(page, '#download', wav), 'ambience_int8_seed11.wav');
    await page.click('#live');
    await page.waitForFunction(() => document.querySelector('#live').textContent === 'Stop');
    await page.waitForTimeout(300);
    assert.deepEqual(complaints, []);
    // A data: address is the page's own, and nothing else was asked for.
    assert.deepEqual(
      requests.filter((url) => !url.startsWith('data:')),
      [address],
    );
  } finally {
    await close();
  }
});
