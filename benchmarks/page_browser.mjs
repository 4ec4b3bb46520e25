// What the page costs in a browser: time, memory, bytes. Prints a JSON document.
//
//   node benchmarks/page.js ADDRESS MODEL...

import { readFileSync } from 'node:fs';
import process from 'node:process';

import { closeBrowser, follow, open, ready } from '../tests/hosts/page/opened.js';

const ROUNDS = 7;
const GENERATIONS = 50;

/** Press Generate and wait for the sound; how long that took, by the page's own clock. */
const generated = (page) =>
  page.evaluate(async () => {
    const button = document.querySelector('#generate');
    const began = performance.now();
    button.click();
    await new Promise((resolve) => {
      const look = () => (button.textContent === 'Generate' ? resolve() : setTimeout(look, 2));
      setTimeout(look, 2);
    });
    return performance.now() - began;
  });

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Memory of the page's process with its threads, in MB. */
async function memory(context) {
  const session = await context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'latin1'))[1] / 1024);
  return Math.round(Math.max(...sizes));
}

async function timesOf(address, model, filter) {
  const { page, close } = await open('about:blank');
  const settings = { model, seed: '7', path: 'sliders', finish: filter ? 'yes' : 'no' };
  const times = {};
  for (const seconds of [10, 60]) {
    await follow(page, address, { ...settings, seconds });
    const rounds = [];
    for (let i = 0; i < ROUNDS; i += 1) rounds.push(await generated(page));
    times[seconds] = median(rounds);
  }
  await close();
  return { ms_for_10_s: times[10], ms_per_s: (times[60] - times[10]) / 50 };
}

/** From a click on a model that nothing is known of to its sound. */
async function firstSound(address, model) {
  const { page, close } = await open('about:blank');
  await page.route('**/artifacts.json', async (route) => {
    const { artifacts } = await (await route.fetch()).json();
    await route.fulfill({ json: { artifacts: artifacts.filter(({ file }) => file === model) } });
  });
  // The pictures of a library are made before a click, or after it; here only the click counts.
  await page.addInitScript(() => {
    globalThis.IntersectionObserver = class {
      observe() {}
      unobserve() {}
      disconnect() {}
    };
  });
  await page.goto(address);
  await ready(page);
  const ms = await page.evaluate(async () => {
    const began = performance.now();
    document.querySelector('.card-hear').click();
    await new Promise((resolve) => {
      const look = () =>
        document.querySelector('#download').disabled ? setTimeout(look, 2) : resolve();
      look();
    });
    return performance.now() - began;
  });
  await close();
  return ms;
}

async function memories(address, model) {
  const { page, context, close } = await open('about:blank');
  await follow(page, address, { model, seed: '7', path: 'sliders', seconds: '10' });
  const sizes = [];
  for (let i = 1; i <= GENERATIONS; i += 1) {
    await page.fill('.seed', String(i));
    await page.keyboard.press('Tab');
    await generated(page);
    if (i === 20 || i === GENERATIONS) sizes.push(await memory(context));
  }
  await close();
  return { mb_after_20: sizes[0], [`mb_after_${GENERATIONS}`]: sizes[1] };
}

const [address, ...models] = process.argv.slice(2);
const found = {};
for (const model of models) {
  found[model] = {
    ...(await timesOf(address, model, true)),
    unfinished: await timesOf(address, model, false),
    first_sound_ms: await firstSound(address, model),
    ...(await memories(address, model)),
  };
}
await closeBrowser();
console.log(JSON.stringify(found, null, 2));
