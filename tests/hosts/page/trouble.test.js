// What the page says when something is wrong, and that nothing is lost by it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  closeBrowser,
  artifact,
  drop,
  environment,
  follow,
  generate,
  open,
  ready,
  told,
} from './opened.js';

const SETTINGS = Object.freeze({ model: 'ambience_int8.onnx', seed: '7', seconds: '1' });

/** A page for one test. */
async function visited(work, options = {}) {
  const opened = await open('about:blank', options);
  try {
    await work(opened.page, opened);
  } finally {
    await opened.close();
  }
}

after(closeBrowser);

test('files that are no artifacts are refused, each in a sentence', async () => {
  await visited(async (page, { complaints }) => {
    await page.goto(environment.page);
    await ready(page);
    const whole = artifact('ambience_int8.onnx');
    const newer = Buffer.from(
      whole.toString('latin1').replace('"version":1,', '"version":2,'),
      'latin1',
    );
    for (const [name, bytes, words] of [
      ['model.distill', Buffer.from('PK\x03\x04 and so on'), 'make an .onnx of the model'],
      ['text.onnx', Buffer.from('hello'), 'it is not an ONNX model'],
      ['half.onnx', whole.subarray(0, 1_000_000), 'truncated or damaged'],
      ['newer.onnx', newer, 'contract version 2'],
    ]) {
      await drop(page, name, bytes);
      const sentence = await told(page, words);
      assert.ok(sentence.startsWith(`“${name}” cannot be played: `), sentence);
    }
    assert.equal(await page.textContent('.count'), '3 models');
    assert.deepEqual(complaints, []);
  });
});

test('a link to what is not here says so, and the library stays', async () => {
  await visited(async (page) => {
    await page.goto(`${environment.page}#model=sea.onnx&seed=3`);
    assert.match(await told(page, '“sea.onnx” is not here'), /drop it onto the page/);
    assert.equal(await page.isVisible('.library'), true);
  });
});

test('a link with nonsense in it is read as far as it makes sense', async () => {
  await visited(async (page, { complaints }) => {
    const settings = {
      ...SETTINGS,
      seed: '-3',
      sliders: '99 x NaN 1e999',
      evolution: '<b>',
      stereo: 'wide? 9 9',
      blend: 'x y z',
      controls: '{"a":',
    };
    await follow(page, environment.page, settings);
    assert.equal(await page.inputValue('.seed'), '0');
    assert.equal(await page.locator('.slider-panel .fader-field').first().inputValue(), '10');
    assert.deepEqual(complaints, []);
  });
});

test('without WebAssembly it says what is missing', async () => {
  const before = () => {
    delete globalThis.WebAssembly;
  };
  await visited(
    async (page) => {
      await page.goto(environment.page);
      assert.match(await page.textContent('main'), /WebAssembly is switched off or not there/);
    },
    { before },
  );
});

test('where storage is forbidden it plays, and says that nothing is kept', async () => {
  const before = () => {
    indexedDB.open = () => {
      throw new DOMException('no', 'SecurityError');
    };
  };
  await visited(
    async (page) => {
      await follow(page, environment.page, SETTINGS);
      assert.match(await told(page, 'lets the page keep nothing'), /Export what you want to keep/);
      await generate(page);
      assert.equal(await page.locator('.history-item').count(), 1);
    },
    { before },
  );
});

test('where storage is full it plays, and says so', async () => {
  const before = () => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('no', 'QuotaExceededError');
    };
  };
  await visited(
    async (page) => {
      await follow(page, environment.page, SETTINGS);
      await generate(page);
      assert.match(await told(page, 'storage is full'), /delete sounds from the history/);
    },
    { before },
  );
});

test('when the server is gone, what is loaded plays on', async () => {
  await visited(async (page, { context }) => {
    await follow(page, environment.page, SETTINGS);
    await context.route('**/*', (route) => route.abort());
    await generate(page);
    await page.click('#to-library');
    await page.locator('.card h2 a', { hasText: 'ambience' }).last().click();
    assert.match(await told(page, 'server does not answer'), /What is loaded keeps playing/);
    await context.unroute('**/*');
    await generate(page);
  });
});

test('a sound that does not fit into memory is a sentence', async () => {
  const before = () => {
    globalThis.AudioBuffer = class {
      constructor() {
        throw new DOMException('createBuffer failed: out of memory', 'NotSupportedError');
      }
    };
  };
  await visited(
    async (page) => {
      await page.goto(`${environment.page}#${new URLSearchParams(SETTINGS)}`);
      assert.match(await told(page, 'not enough memory'), /choose a shorter sound/);
    },
    { before },
  );
});

test('a page that is not isolated plays, live too, and says what is different', async () => {
  await visited(async (page, { complaints }) => {
    await follow(page, environment.bare, SETTINGS);
    assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), false);
    await page.click('#live');
    await page.waitForFunction(() => document.querySelector('#live').textContent === 'Stop');
    assert.match(
      await page.textContent('#live-state'),
      /not isolated, so it plays through messages/,
    );
    assert.deepEqual(complaints, []);
  });
});
