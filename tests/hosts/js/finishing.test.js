import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limitedByDb, normalizationGain, peak, softLimit } from '../../../hosts/js/src/level.js';
import { ZeroPhaseLowpass } from '../../../hosts/js/src/lowpass.js';
import { roundHalfToEven } from '../../../hosts/js/src/rounding.js';
import { SpatialProcessor, stereoSettings } from '../../../hosts/js/src/stereo.js';
import { answers, float32, float64, missing, rowsOf } from './answers.js';
import { assertEqual, assertNear } from './nearness.js';

const CUTS = [1, 26, 3, 0, 7000, 9001, 20000];

/** Yield an array in pieces of odd lengths. */
function* pieces(array) {
  for (let start = 0, i = 0; start < array.length; i += 1) {
    const length = CUTS[i % CUTS.length];
    yield array.subarray(start, start + length);
    start += length;
  }
}

test('the low-pass is that of Python, however the signal is cut', { skip: missing }, () => {
  const noise = float64('noise');
  for (const length of answers.lowpass) {
    const signal = noise.subarray(0, length);
    const inPieces = new ZeroPhaseLowpass();
    const found = [...pieces(signal)].flatMap((piece) => [...inPieces.push(piece)]);
    found.push(...inPieces.finish());
    assertNear(found, float64(`lowpass-${length}`), 1e-13, `${length} samples`);

    const atOnce = new ZeroPhaseLowpass();
    assertEqual([...atOnce.push(signal), ...atOnce.finish()], found, `${length} samples`);
  }
});

test('nothing stays nothing', () => {
  assert.equal(new ZeroPhaseLowpass().finish().length, 0);
});

test('stereo is that of Python, however the sound is cut', { skip: missing }, () => {
  const noise = float64('noise');
  for (const [index, settings] of answers.stereo.entries()) {
    const inputs = settings.mode.endsWith('dual-seed') ? 2 : 1;
    const rows = rowsOf(noise.subarray(0, 30_000 * inputs), inputs);
    const processor = new SpatialProcessor(stereoSettings(settings));
    const cut = rows.map((row) => [...pieces(row)]);
    const blocks = cut[0].map((_, i) => processor.push(cut.map((row) => row[i])));
    const expected = float64(`stereo-${index}`);
    const channels = rowsOf(expected, settings.mode === 'mono' ? 1 : 2);
    channels.forEach((channel, i) => {
      assertNear(
        blocks.flatMap((block) => [...block[i]]),
        channel,
        settings.mode.startsWith('binaural') ? 1e-12 : 1e-15,
        settings.mode,
      );
    });
  }
});

test("Distill's names of stereo modes are known, and what is no setting is refused", () => {
  assert.deepEqual(stereoSettings(), { mode: 'mono', width: 0.7, depth: 0.3 });
  assert.equal(stereoSettings('mid_side').mode, 'mid-side');
  assert.equal(stereoSettings({ mode: 'dual_seed' }).mode, 'dual-seed');
  assert.deepEqual(stereoSettings({ mode: 'binaural', elevationDeg: 10 }), {
    mode: 'binaural',
    width: 0.7,
    depth: 0.3,
    azimuthDeg: 30,
    elevationDeg: 10,
    distanceM: 1,
  });
  const places = [{ azimuthDeg: 181 }, { elevationDeg: '5' }, { distanceM: 0.1 }];
  for (const place of places) {
    assert.throws(() => stereoSettings({ mode: 'binaural', ...place }), { name: 'RequestError' });
  }
  for (const wrong of [{ mode: 'wide' }, { width: 1.6 }, { depth: NaN }, 7, { mode: null }]) {
    assert.throws(() => stereoSettings(wrong), { name: 'RequestError' });
  }
});

test('the level is 0.891, and silence stays silence', () => {
  assert.equal(peak([Float32Array.of(0.25, -0.5), Float32Array.of(0)]), 0.5);
  assert.equal(normalizationGain(0.5), 1.782);
  assert.equal(normalizationGain(9e-9), 1);
});

test('what is too loud is bent as in Python, bit for bit', { skip: missing }, () => {
  const samples = float32('loud');
  softLimit(samples);
  assertEqual(samples, float32('limited'));
  for (const [largest, db] of answers.limited_by_db) {
    assert.ok(Math.abs(limitedByDb(largest) - db) < 1e-12);
  }
});

test('the middle is rounded to the even neighbour', () => {
  const values = [0.5, 1.5, 2.5, -0.5, -1.5, 0.49, -0.51, 3];
  assertEqual(values.map(roundHalfToEven), [0, 2, 2, 0, -2, 0, -1, 3]);
});
