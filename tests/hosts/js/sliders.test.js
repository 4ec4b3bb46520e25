import assert from 'node:assert/strict';
import { test } from 'node:test';

import { average, normalizedWeights, unionSliders } from '../../../hosts/js/src/blend.js';
import { sliderFingerprint } from '../../../hosts/js/src/fingerprint.js';
import {
  latentVector,
  randomPositions,
  rangeOf,
  resolvePositions,
  resolveSlider,
  sliderWarnings,
} from '../../../hosts/js/src/sliders.js';
import { answers, float32, missing, rowsOf } from './answers.js';
import { assertEqual, assertNear } from './nearness.js';

test('random positions are those that numpy draws', { skip: missing }, () => {
  for (const { bank, draws } of answers.sliders) {
    for (const [seed, positions] of draws) {
      assert.deepEqual(randomPositions(bank.sliders, seed), positions, `seed ${seed}`);
    }
  }
});

test('latent vectors are those of Python, bit for bit', { skip: missing }, () => {
  for (const [index, { bank, positions }] of answers.sliders.entries()) {
    assertEqual(latentVector(bank, positions), float32(`slider-vector-${index}`));
  }
});

test('fingerprints are those of Python', { skip: missing }, () => {
  for (const { bank, fingerprint } of answers.sliders) {
    assert.equal(sliderFingerprint(bank), fingerprint);
  }
});

test('settings are resolved, refused and warned of as in Python', { skip: missing }, () => {
  const { sliders } = answers.sliders[0].bank;
  for (const [setting, positions, warnings] of answers.settings) {
    const what = JSON.stringify(setting);
    if (positions === null) {
      assert.throws(() => resolvePositions(sliders, setting), { name: 'RequestError' }, what);
    } else {
      const found = resolvePositions(sliders, setting);
      assert.deepEqual(found, positions, what);
      const told = sliderWarnings(sliders, found).map((line) => line.replaceAll('"', "'"));
      assert.deepEqual(told, warnings, what);
    }
  }
});

test('a slider is found by index, label, name or word, in any case', { skip: missing }, () => {
  const { sliders } = answers.sliders[0].bank;
  for (const name of [1, '1', 'PC2', 'pc2 (model 1)', ' PC2 ']) {
    assert.equal(resolveSlider(sliders, name), 1);
  }
  assert.throws(() => resolveSlider(sliders, 'model 1'), /fits 3 sliders/);
  assert.throws(() => resolveSlider(sliders, 'PC7'), /no slider "PC7", expected one of 0 "PC1/);
  assert.throws(() => resolveSlider([], 0), /this model has no sliders/);
});

test('a position has a range', { skip: missing }, () => {
  const [slider] = answers.sliders[0].bank.sliders;
  assert.deepEqual(
    [0, 8, 8.5, -9, 9.5].map((position) => rangeOf(slider, position)),
    ['safe', 'safe', 'warning', 'warning', 'beyond'],
  );
});

test('positions that are no numbers are refused', { skip: missing }, () => {
  const { sliders } = answers.sliders[0].bank;
  for (const wrong of [NaN, '1', null, Infinity, 10.5]) {
    assert.throws(() => resolvePositions(sliders, [wrong, 0, 0]), { setting: 'sliders' });
  }
});

test('weights are normalised as in Python', { skip: missing }, () => {
  for (const [weights, shares] of answers.weights) {
    assertNear(normalizedWeights(weights), shares, 2 ** -53);
  }
  for (const wrong of [-1, NaN, Infinity, '1']) {
    assert.throws(() => normalizedWeights([wrong]), /blend weight/);
  }
});

test('sliders of several models are united as in Python', { skip: missing }, () => {
  assert.deepEqual(unionSliders(answers.union.models), answers.union.union);
});

test('vectors are averaged as in Python', { skip: missing }, () => {
  const shares = normalizedWeights([1, 2, 3]);
  assertEqual(average(rowsOf(float32('average-of'), 3), shares), float32('average'));
});
