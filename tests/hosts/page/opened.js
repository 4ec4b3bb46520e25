// A page in a browser of its own, and what a test does there again and again.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { CHROMIUM, FLAGS, chromium, complaintsOf } from '../js/browser/chromium.js';

const LONG_MS = 120_000; // for what takes a second or two when nothing else runs

/** The folder and the addresses that Python names. */
export const environment = Object.freeze({
  page: process.env.DISTILL_PAGE,
  bare: process.env.DISTILL_BARE_PAGE,
  artifacts: process.env.DISTILL_ARTIFACTS,
  player: process.env.DISTILL_PLAYER,
  out: process.env.DISTILL_OUT,
});

/** @type {Promise<import('playwright-core').Browser> | null} */
let launched = null;

/** Open the page, with nothing kept by others. `before` runs in it before any script of its own. */
export async function open(address, { before = null, ...options } = {}) {
  launched ??= chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
    chromiumSandbox: false,
  });
  const browser = await launched;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(LONG_MS);
  const complaints = complaintsOf(page);
  const requests = [];
  context.on('request', (request) => requests.push(request.url()));
  if (before) await page.addInitScript(before);
  await page.goto(address);
  return { page, context, complaints, requests, close: () => context.close() };
}

/** End the browser. */
export async function closeBrowser() {
  await (await launched)?.close();
}

/** Wait until the page has read what there is. */
export function ready(page) {
  return page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
}

/** Go to settings, as a link does, and wait for their sound. */
export async function follow(page, address, settings) {
  await page.goto('about:blank');
  await page.goto(`${address}#${new URLSearchParams(settings)}`);
  await soundOf(page);
}

/** Wait until there is a sound. */
export async function soundOf(page) {
  await page.waitForFunction(
    () =>
      document.querySelector('#generate').textContent === 'Generate' &&
      !document.querySelector('#download').disabled,
  );
}

/** Make a sound. */
export async function generate(page) {
  await page.waitForSelector('#generate:not([disabled])');
  await page.click('#generate');
  await soundOf(page);
}

/** Save what a button downloads; returns its name. */
export async function save(page, button, path) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  await download.saveAs(path);
  return download.suggestedFilename();
}

/** Drop a file onto the page. */
export async function drop(page, name, bytes) {
  const base64 = Buffer.from(bytes).toString('base64');
  const transfer = await page.evaluateHandle(
    ([called, text]) => {
      const content = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([content], called));
      return files;
    },
    [name, base64],
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

/** An artifact's bytes. */
export function artifact(name) {
  return readFileSync(join(environment.artifacts, name));
}

/** Wait for a sentence of the page's that has these words in it. */
export async function told(page, words) {
  const notice = page.locator('.notice', { hasText: words }).first();
  await notice.waitFor();
  return notice.locator('p').textContent();
}

/** The slider with this index, counted from 0. */
export function slider(page, index) {
  return page.locator('.slider-panel input[type=range]').nth(index);
}
