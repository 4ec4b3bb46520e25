import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pcg64 } from '../../../hosts/js/src/pcg64.js';
import { drawSeed, TorchGenerator } from '../../../hosts/js/src/seeds.js';
import { answers, float32, float64, missing } from './answers.js';
import { assertEqual } from './nearness.js';

test('200,000 values are those of Python, bit for bit', { skip: missing }, () => {
  assertEqual(new TorchGenerator(7).randn(200_000), float32('randn-200000'));
});

test('so are draws of every size, one after another', { skip: missing }, () => {
  for (const [seed, n] of answers.randn) {
    const generator = new TorchGenerator(seed);
    const rows = [0, 1, 2].flatMap(() => [...generator.randn(n)]);
    assertEqual(rows, float32(`randn-${seed}-${n}`), `seed ${seed}, ${n} values`);
  }
});

test('the doubles of default_rng are those of numpy, bit for bit', { skip: missing }, () => {
  for (const seed of new Set(answers.randn.map(([first]) => first))) {
    const generator = new Pcg64(seed);
    const drawn = Array.from({ length: 10_000 }, () => generator.random());
    assertEqual(drawn, float64(`uniform-${seed}`), `seed ${seed}`);
  }
});

test('what is no seed is refused', () => {
  for (const seed of [-1, 2 ** 32, 0.5, NaN, '7', null, undefined, 7n]) {
    assert.throws(() => new TorchGenerator(seed), { name: 'RequestError', setting: 'seed' });
  }
});

test('fewer than 16 values are refused', () => {
  for (const n of [15, 0, -1, 16.5]) {
    assert.throws(() => new TorchGenerator(1).randn(n), /at least 16 are needed/);
  }
});

test('a seed is drawn with room for the next one', () => {
  const seeds = Array.from({ length: 100 }, () => drawSeed(2));
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed <= 2 ** 32 - 2));
  assert.ok(new Set(seeds).size > 90);
});
