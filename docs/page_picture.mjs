// Takes the picture of the page that docs/generate_page.py writes.
//
//   node docs/page_picture.mjs ADDRESS PICTURE

import process from 'node:process';

import { closeBrowser, follow, open } from '../tests/hosts/page/opened.js';

const SETTINGS = Object.freeze({
  model: 'ambience.onnx',
  seed: '7',
  seconds: '10',
  path: 'sliders',
  evolution: '0.6',
  sliders: '2 -3.5 4 0 0 -6 1 9.5',
  controls: '{"Brightness":3,"Movement":-4}',
  stereo: 'mid-side 1.1 0.3',
});

const [address, picture] = process.argv.slice(2);
const { page } = await open('about:blank', {
  viewport: { width: 1400, height: 960 },
  colorScheme: 'light',
});
await follow(page, address, SETTINGS);
await page.click('#generate');
await page.waitForSelector('.history-item');
await page.click('#play');
await page.locator('.seek').fill('4.2');
await page.screenshot({ path: picture });
await closeBrowser();
