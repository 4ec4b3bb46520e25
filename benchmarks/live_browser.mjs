// `node benchmarks/live_browser.mjs ARTIFACT...`: live playing in headless Chromium, as benchmarks/live.py
// measures it in Python: how soon hands are heard, and whether the sound ever runs dry.
//
// All that the audio thread played is kept, and compared with the recording, sample by sample: a move is
// timed from the call in the page to the block that holds its first changed sample. Options: --messages
// (a page that is not isolated), --seconds N, --moves N.

import { basename, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { open } from '../tests/hosts/js/browser/chromium.js';
import { find, numbers } from '../tests/hosts/js/browser/heard.js';
import { serve } from '../tests/hosts/js/browser/server.js';

const BLOCK = 128;
const SLIDERS = 8;

/** Positions that no two moves share. */
function hands(count, pauseMs) {
  return Array.from({ length: count }, (_, move) => [
    pauseMs(move),
    Array.from({ length: SLIDERS }, (_, i) => Number((4 * Math.sin(1 + move * (i + 1.37))).toFixed(3))),
  ]);
}

/** Play moves in a fresh browser, and return what became of each. */
async function play(path, { isIsolated, moves, seconds }) {
  const artifact = basename(path);
  const server = await serve({ files: { [artifact]: resolve(path) }, isIsolated });
  const { page, complaints, close } = await open(`${server.address}/page/index.html`);
  try {
    const options = { artifact, seconds: seconds + 10, seed: 1, drift: 0.3, keepS: seconds + 10 };
    const started = await page.evaluate((how) => globalThis.start(how), options);
    await page.evaluate(() => globalThis.move([[1000, [0, 0, 0, 0, 0, 0, 0, 0]]]));
    const loads = [];
    const asked = [];
    // In pieces, so that the load is seen meanwhile.
    for (let i = 0; i < moves.length; i += 100) {
      asked.push(...(await page.evaluate((m) => globalThis.move(m), moves.slice(i, i + 100))));
      loads.push((await page.evaluate(() => globalThis.state())).load);
    }
    await page.evaluate(() => globalThis.move([[1000, [0, 0, 0, 0, 0, 0, 0, 0]]]));
    const result = await page.evaluate(() => globalThis.finish());
    if (complaints.length) throw new Error(complaints.join('\n'));
    return { ...result, ...started, asked, loads };
  } finally {
    await close();
    server.close();
  }
}

/** Milliseconds from each move to its first changed sample; those that were merged are left out. */
function delays(result, moves) {
  const recorded = result.recorded.map((row) => numbers(row));
  const { at } = find(result.heard.map((row) => numbers(row)), recorded);
  const times = numbers(result.times, Float64Array);
  const { begin, moves: answers } = JSON.parse(result.recipe).performance;
  const asked = new Map(moves.map(([, positions], i) => [String(positions), result.asked[i]]));
  return answers
    .filter((answer) => asked.has(String(answer.sliders)))
    .map((answer) => times[Math.floor(at[answer.at - begin] / BLOCK)] - asked.get(String(answer.sliders)));
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      messages: { type: 'boolean', default: false },
      moves: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const isIsolated = !values.messages;
  const seconds = Number(values.seconds);
  for (const path of positionals) {
    console.log(`${basename(path)}, ${isIsolated ? 'shared memory' : 'messages'}`);
    const single = hands(Number(values.moves), (move) => 250 + ((move * 137) % 100));
    const answered = await play(path, { isIsolated, moves: single, seconds: single.length * 0.4 + 5 });
    const ms = delays(answered, single);
    console.log(
      `  ${ms.length} of ${single.length} moves, from a move to the changed sample: median ` +
        `${quantile(ms, 0.5).toFixed(0)}, 99 % ${quantile(ms, 0.99).toFixed(0)}, worst ` +
        `${Math.max(...ms).toFixed(0)} ms; underruns ${answered.underruns} (${answered.missed} samples); ` +
        `started in ${answered.startedInMs.toFixed(0)} ms`,
    );
    const restless = hands(seconds * 50, () => 20);
    const played = await play(path, { isIsolated, moves: restless, seconds: seconds * 1.3 + 10 });
    const restlessMs = delays(played, restless);
    console.log(
      `  50 moves a second for ${seconds} s: underruns ${played.underruns} (${played.missed} samples), ` +
        `${restlessMs.length} answers, median ${quantile(restlessMs, 0.5).toFixed(0)}, worst ` +
        `${Math.max(...restlessMs).toFixed(0)} ms, load ${quantile(played.loads, 0.5).toFixed(2)}`,
    );
  }
}

await main();
