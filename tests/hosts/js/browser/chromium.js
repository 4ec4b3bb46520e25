// A headless Chromium of its own, with nothing in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** For a browser that is alone with its page. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** What starts it. */
export const { chromium } = createRequire(
  new URL('../../../../hosts/js/package.json', import.meta.url),
)('playwright-core');

/** Where it is installed. */
export const CHROMIUM = process.env.DISTILL_CHROMIUM ?? '/usr/bin/chromium';

/** Return the list that a page's uncaught errors go to, and what its policy refuses. */
export function complaintsOf(page) {
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}

/** Open a page of an address. */
export async function open(address) {
  const profile = mkdtempSync(join(tmpdir(), 'distill-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    chromiumSandbox: false,
  });
  const [page] = browser.pages();
  const complaints = complaintsOf(page);
  await page.goto(address);
  return {
    page,
    /** What the page complained of: uncaught errors, and what its policy refused. */
    complaints,
    close: async () => {
      await browser.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
