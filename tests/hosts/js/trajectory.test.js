import assert from 'node:assert/strict';
import { test } from 'node:test';

import { crossfade, evolve, stepsForDuration } from '../../../hosts/js/src/trajectory.js';
import { slerp } from '../../../hosts/js/src/slerp.js';
import { answers, float32, missing } from './answers.js';
import { assertEqual, assertNear } from './nearness.js';

// The last bit of a sine may be another in another library: of a weight, before it is a float32.
const ROUNDING = 5e-7;

test('a walk between random anchors is that of Python', { skip: missing }, () => {
  for (const durationS of answers.durations) {
    const found = crossfade({ seed: 5, durationS, latentDim: 128 });
    assertNear(found, float32(`crossfade-${durationS}`), ROUNDING, `${durationS} s`);
  }
});

test('a walk from a vector is that of Python', { skip: missing }, () => {
  const vector = float32('vector');
  for (const durationS of answers.durations) {
    for (const evolution of [0, 0.3, 1]) {
      const found = evolve(vector, { seed: 6, durationS, evolution });
      const expected = float32(`evolve-${durationS}-${evolution}`);
      assertNear(found, expected, ROUNDING, `${durationS} s, ${evolution}`);
    }
  }
});

test('steps are counted in whole seconds begun', () => {
  const durations = [0.001, 1, 1.001, 2, 4, 10, 60];
  assert.deepEqual(durations.map(stepsForDuration), [1, 1, 3, 3, 7, 19, 119]);
});

test('what is near parallel is joined by a line, and the ends are met', () => {
  const a = Float32Array.of(1, 0, 0);
  const b = Float32Array.of(0, 2, 0);
  assertEqual(slerp(a, b, 0), a);
  assertNear(slerp(a, b, 1), b, 1e-7);
  assertNear(slerp(a, b, 0.5), [Math.SQRT1_2, Math.SQRT2, 0], 1e-6);
  assertEqual(slerp(a, Float32Array.of(3, 0, 0), 0.5), [2, 0, 0]);
  assertEqual(slerp(a, Float32Array.of(-1, 0, 0), 0.5), [0, 0, 0]);
  assertEqual(slerp(new Float32Array(3), b, 0.5), [0, 1, 0]);
});

test('what is out of bounds is refused by its name', () => {
  const vector = new Float32Array(16);
  const bad = [
    [() => crossfade({ seed: 1, durationS: 0, latentDim: 16 }), 'durationS'],
    [() => crossfade({ seed: 1, durationS: NaN, latentDim: 16 }), 'durationS'],
    [() => crossfade({ seed: 1, durationS: 1e10, latentDim: 16 }), 'durationS'],
    [() => crossfade({ seed: 1, durationS: 1e-5, latentDim: 16 }), 'durationS'],
    [() => crossfade({ seed: 1.5, durationS: 1, latentDim: 16 }), 'seed'],
    [() => evolve(vector, { seed: 1, durationS: 1, evolution: 1.1 }), 'evolution'],
    [() => evolve([NaN], { seed: 1, durationS: 1, evolution: 1 }), 'latentVector'],
    [() => evolve([1e39], { seed: 1, durationS: 1, evolution: 1 }), 'latentVector'],
    [() => evolve([], { seed: 1, durationS: 1, evolution: 1 }), 'latentVector'],
    [() => evolve('1', { seed: 1, durationS: 1, evolution: 1 }), 'latentVector'],
  ];
  for (const [call, setting] of bad) assert.throws(call, { name: 'RequestError', setting });
});
