// The page for those who do not see it, see it small, or see it dark.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';

import { closeBrowser, environment, follow, open, ready } from './opened.js';

const require = createRequire(new URL('../../../hosts/js/package.json', import.meta.url));
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const SETTINGS = Object.freeze({
  model: 'ambience_int8.onnx',
  seed: '7',
  seconds: '1',
  sliders: '2 10 -10 10',
  stereo: 'mid-side 1 0.5',
});

/** Nothing that axe-core finds, and nothing beyond the window's edge. */
async function sound(page, name) {
  const found = await page.evaluate(async (source) => {
    if (!globalThis.axe) (0, eval)(source);
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`);
  }, AXE);
  assert.deepEqual(found, [], name);
  const [needed, there] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  assert.ok(needed <= there, `${name}: ${needed} pixels in ${there}`);
}

after(closeBrowser);

for (const [colorScheme, width] of [
  ['light', 1600],
  ['dark', 360],
]) {
  test(`both views are sound in ${colorScheme}, ${width} pixels wide`, async () => {
    const viewport = { width, height: 900 };
    const { page, close } = await open(environment.page, { viewport, colorScheme });
    try {
      await ready(page);
      await sound(page, 'library');
      await follow(page, environment.page, SETTINGS);
      await page.click('#live');
      await page.waitForFunction(() => document.querySelector('#live').textContent === 'Stop');
      await page.selectOption('[aria-label="Blend with another model"]', { index: 1 });
      await sound(page, 'play');
      await page.click('text=Keep as preset');
      await sound(page, 'a window');
      await page.click('dialog .primary');
      await page.waitForSelector('.preset-name');
      await sound(page, 'presets and a message');
    } finally {
      await close();
    }
  });
}

test('everything is reached by the keyboard, in the order that it is seen', async () => {
  const { page, close } = await open(environment.page);
  try {
    await follow(page, environment.page, SETTINGS);
    const reached = [];
    for (let i = 0; i < 16; i += 1) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(() => {
          const { activeElement: element } = document;
          return element.getAttribute('aria-label') ?? element.textContent.trim();
        }),
      );
    }
    const wanted = ['Skip to the content', 'Library', 'Position in the sound', 'Generate', 'Play'];
    assert.deepEqual(
      reached.filter((name) => wanted.includes(name)),
      wanted,
    );
  } finally {
    await close();
  }
});

test('nothing moves for those who asked for less motion', async () => {
  const { page, close } = await open(environment.page, { reducedMotion: 'reduce' });
  try {
    await follow(page, environment.page, SETTINGS);
    await page.click('#live');
    await page.waitForFunction(() => document.querySelector('#live').textContent === 'Stop');
    await page.waitForTimeout(300);
    const moving = await page.evaluate(() => {
      const canvas = document.querySelector('.scope');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const { transitionDuration } = getComputedStyle(document.querySelector('#generate'));
      return [data.some(Boolean), transitionDuration];
    });
    assert.deepEqual(moving, [false, '0s']);
  } finally {
    await close();
  }
});
