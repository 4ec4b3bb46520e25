import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endsOf, fade } from '../../../hosts/js/src/ends.js';
import { closedWalk, joinLoop, loopPlan } from '../../../hosts/js/src/loop.js';
import { crossfade } from '../../../hosts/js/src/trajectory.js';
import { answers, float32, missing, rowsOf } from './answers.js';
import { assertEqual, assertNear } from './nearness.js';

const LENGTHS = { samples: 5000, fadeIn: 960, fadeOut: 1200 };

test('fades are those of Python, however the sound is cut', { skip: missing }, () => {
  const expected = rowsOf(float32('faded'), 2);
  for (const size of [5000, 1, 700, 4999]) {
    rowsOf(float32('ends-of'), 2).forEach((row, channel) => {
      for (let begin = 0; begin < row.length; begin += size) {
        fade(row.subarray(begin, begin + size), begin, LENGTHS);
      }
      assertEqual(row, expected[channel], `in pieces of ${size}`);
    });
  }
});

test('the end of a loop goes over into its lead as in Python', { skip: missing }, () => {
  for (const name of ['alike', 'opposite', 'silent']) {
    const end = rowsOf(float32('ends-of'), 2);
    joinLoop(end, rowsOf(float32(`joined-${name}-lead`), 2));
    rowsOf(float32(`joined-${name}`), 2).forEach((row, channel) => {
      assertNear(end[channel], row, 1e-6, name); // their sums are added in other orders
    });
  }
});

test('a walk is closed as in Python', { skip: missing }, () => {
  for (const [durationS, seed, periodSteps, leadSteps, overlap] of answers.loops) {
    const plan = loopPlan(durationS);
    assert.deepEqual([plan.periodSteps, plan.leadSteps], [periodSteps, leadSteps]);
    assert.equal(plan.overlap, overlap);
    const walk = crossfade({ seed, durationS, latentDim: 16 });
    assertEqual(closedWalk(walk, 16, plan), float32(`closed-${seed}`), `${durationS} s`);
  }
});

test('what is no end is refused', () => {
  assert.deepEqual(endsOf({}, 1), { fadeInS: 0, fadeOutS: 0, loop: false });
  for (const wrong of [{ fadeInS: -1 }, { fadeOutS: NaN }, { fadeOutS: '1' }, { loop: 'yes' }]) {
    assert.throws(() => endsOf(wrong, 1), { name: 'RequestError', setting: Object.keys(wrong)[0] });
  }
  assert.throws(() => endsOf({ loop: true, fadeInS: 0.1 }, 1), /leave out loop, or the fades/);
  assert.throws(() => endsOf({ fadeInS: 1.1 }, 1), /shorten them/);
  assert.throws(() => endsOf({ fadeInS: 0.6, fadeOutS: 0.6 }, 1), /the fades take 1.2 s/);
});
