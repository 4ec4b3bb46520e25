// How near arrays are to each other.

import assert from 'node:assert/strict';

/** Assert that two arrays hold the same numbers, bit for bit; 0 and -0 are the same. */
export function assertEqual(found, expected, what = '') {
  assert.equal(found.length, expected.length, what);
  for (let i = 0; i < found.length; i += 1) {
    if (found[i] !== expected[i]) assert.fail(`${what} [${i}] is ${found[i]}, not ${expected[i]}`);
  }
}

/** Assert that no number is further from its like than the tolerance. */
export function assertNear(found, expected, tolerance, what = '') {
  assert.equal(found.length, expected.length, what);
  for (let i = 0; i < found.length; i += 1) {
    if (!(Math.abs(found[i] - expected[i]) <= tolerance)) {
      assert.fail(`${what} [${i}] is ${found[i]}, not ${expected[i]}`);
    }
  }
}
