import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { readRecipe, RequestError } from '../../../hosts/js/src/index.js';
import { crossfade, FADE_SAMPLES } from '../../../hosts/js/src/live/crossfade.js';
import { firstPlace } from '../../../hosts/js/src/live/beginning.js';
import { Hands } from '../../../hosts/js/src/live/hands.js';
import { Path } from '../../../hosts/js/src/live/path.js';
import { changesFrom, makePlace, samePlace } from '../../../hosts/js/src/live/place.js';
import { Pull } from '../../../hosts/js/src/nearness.js';
import { softLimit } from '../../../hosts/js/src/live/soft-limit.js';
import { TorchGenerator } from '../../../hosts/js/src/seeds.js';
import { crossfade as walk } from '../../../hosts/js/src/trajectory.js';
import { stereoSettings } from '../../../hosts/js/src/stereo.js';
import { answersIn } from './answers.js';
import { assertEqual, assertNear } from './nearness.js';

const { missing, answers } = answersIn('DISTILL_ANSWERS');
const live = answersIn('DISTILL_LIVE');

const STEP = 24_064;
const MONO = stereoSettings('mono');

const noise = (seed, samples = FADE_SAMPLES) => new TorchGenerator(seed).randn(samples);

function power(samples) {
  return samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
}

describe('a cross-fade', () => {
  test('of a sound into itself is the sound', () => {
    for (const rows of [[noise(1)], [noise(2), noise(3)]]) {
      crossfade(rows, rows).forEach((row, i) => assertEqual(row, rows[i]));
    }
  });

  test('starts as one sound and ends as the other', () => {
    const [faded] = crossfade([noise(1)], [noise(2)]);
    assertNear(faded.subarray(0, 96), noise(1).subarray(0, 96), 0.04);
    assertNear(faded.subarray(-96), noise(2).subarray(-96), 0.04);
  });

  test('keeps the level, however alike the sounds are', () => {
    const [one, other] = [noise(3, 2 ** 16), noise(4, 2 ** 16)];
    for (const alike of [0, 0.5, 0.9, 1]) {
      const mixed = one.map((x, i) => alike * x + Math.sqrt(1 - alike ** 2) * other[i]);
      const [faded] = crossfade([one], [mixed]);
      for (let part = 0; part < faded.length; part += 1024) {
        const level = 10 * Math.log10(power(faded.subarray(part, part + 1024)));
        assert.ok(Math.abs(level) < 0.8, `${level} dB at ${part}`);
      }
    }
  });

  test('into silence, out of it and into the opposite is finite', () => {
    const sound = noise(5);
    for (const [a, b] of [
      [sound, new Float32Array(FADE_SAMPLES)],
      [new Float32Array(FADE_SAMPLES), sound],
      [sound, sound.map((x) => -x)],
    ]) {
      assert.ok(crossfade([a], [b])[0].every(Number.isFinite));
    }
  });
});

test('a soft limit leaves what is quiet, and keeps the rest within full scale', () => {
  for (const x of [0, -0, 0.5, -0.891, 0.891]) assert.ok(Object.is(softLimit(x), x));
  let before = -1;
  for (let x = -50; x <= 50; x += 0.01) {
    const limited = softLimit(x);
    assert.ok(limited >= before && Math.abs(limited) <= 1 && limited === -softLimit(-x));
    before = limited;
  }
});

describe('places', { skip: missing }, () => {
  const [slider] = answers.metadata?.sliders.sliders ?? [];
  const metadata = {
    ...answers.metadata,
    sliders: {
      ...answers.metadata?.sliders,
      sliders: ['one', 'two', 'three'].map((name) => ({ ...slider, name, label: name })),
    },
  };
  const size = metadata.latent_dim;
  metadata.controls = ['Brightness', 'Noise'].map((name, i) => ({
    name,
    direction: Array.from({ length: size }, (_, k) => Number(k === i)),
    step_size: 0.5,
  }));

  test('a walk is the one of a minute', () => {
    const steps = walk({ seed: 7, durationS: 60, latentDim: size });
    const path = new Path(metadata, 1);
    const phases = Array.from({ length: 100 }, (_, i) => i);
    const found = path.latents(makePlace({ seed: 7 }), phases);
    assertEqual(found, steps.subarray(0, found.length));
  });

  test('the anchors of long ago are the same when they come again', () => {
    const path = new Path(metadata, 2);
    const place = makePlace({ seed: 9 });
    const first = path.latents(place, [3]);
    path.latents(place, [1000]);
    assertEqual(path.latents(place, [3]), first);
    assertEqual(first.subarray(size), new Path(metadata, 1).latents(makePlace({ seed: 10 }), [3]));
  });

  test('a control shifts every step', () => {
    const places = [makePlace({ seed: 7 }), makePlace({ seed: 7, sliders: [1, 0, 0], drift: 0.4 })];
    for (const place of places) {
      const path = new Path(metadata, 2);
      const rested = path.latents(place, [0, 5]);
      const moved = path.latents(makePlace({ ...place, controls: [['Noise', 2.5]] }), [0, 5]);
      const expected = rested.map((value, i) => value + (i % size === 1 ? 1.25 : 0));
      assertEqual(moved, expected);
    }
  });

  test('every step is pulled to where the recordings lie, before controls shift it', () => {
    const places = [makePlace({ seed: 7 }), makePlace({ seed: 7, sliders: [1, 0, 0], drift: 0.4 })];
    for (const place of places) {
      const path = new Path(metadata, 2);
      const still = path.latents(place, [0, 5]);
      const pulled = path.latents(makePlace({ ...place, nearness: 0.7 }), [0, 5]);
      assertEqual(pulled, new Pull(metadata.landmarks).move(still, 0.7));
      const controls = [['Noise', 2.5]];
      const moved = path.latents(makePlace({ ...place, nearness: 0.7, controls }), [0, 5]);
      const expected = pulled.map((value, i) => value + (i % size === 1 ? 1.25 : 0));
      assertEqual(moved, expected);
    }
  });

  test('nearness begins as the model has it, and is none where it knows no recordings', () => {
    const bare = { ...metadata, landmarks: null };
    assert.equal(firstPlace(metadata, MONO, {}).nearness, 0.5);
    assert.equal(firstPlace(metadata, MONO, { nearness: 0 }).nearness, 0);
    assert.equal(firstPlace(bare, MONO, {}).nearness, 0);
    assert.throws(() => firstPlace(bare, MONO, { nearness: 0.1 }), /--recordings FOLDER/);
    const hands = new Hands(bare, MONO, firstPlace(bare, MONO, {}), () => {});
    assert.throws(() => hands.nearness(0.1), /--recordings FOLDER/);
    assert.equal(hands.place.nearness, 0);
  });

  test('they begin where they are said to', () => {
    const begin = (options) => firstPlace(metadata, MONO, options);
    const zeros = [0, 0, 0];
    assert.equal(begin({ seed: 5 }).sliders, null);
    assert.deepEqual(begin({}).sliders, zeros);
    assert.deepEqual(begin({ controls: { noise: 2 } }).controls, [['Noise', 2]]);
    assert.deepEqual(begin({ seed: 5, drift: 0.5 }).sliders, zeros);
    assert.deepEqual(begin({ sliders: { 0: 2 } }).sliders, [2, 0, 0]);
    const vector = Array.from({ length: size }, () => 0.5);
    assert.deepEqual(begin({ latentVector: vector }).vector, vector);
    const bare = { ...metadata, sliders: null };
    assert.deepEqual(firstPlace(bare, MONO, {}).vector, Array(size).fill(0));
    for (const wrong of [
      { seed: -1 },
      { seed: 2 ** 32 },
      { drift: 1.5 },
      { nearness: 1.5 },
      { controls: { Nothing: 1 } },
      { sliders: [1] },
      { latentVector: [1, 2] },
      { latentVector: vector, sliders: zeros },
    ]) {
      assert.throws(() => begin(wrong), RequestError);
    }
    assert.throws(() => firstPlace(bare, MONO, { sliders: [] }), /no sliders/);
    assert.throws(
      () => firstPlace(metadata, stereoSettings('dual-seed'), { seed: 2 ** 32 - 1 }),
      /expected a whole number from 0 to 4294967294/,
    );
  });

  test('hands ask for places, and for nothing that the model cannot be', () => {
    const asked = [];
    const hands = new Hands(
      metadata,
      MONO,
      firstPlace(metadata, MONO, { seed: 1, drift: 0.2 }),
      (place, restart) => asked.push([place, restart]),
    );
    hands.moveSlider(0, 1.5);
    hands.moveSlider('three', -1);
    hands.hold(true);
    hands.drift(0.7);
    assert.deepEqual(hands.place, {
      seed: 1,
      sliders: [1.5, 0, -1],
      vector: null,
      controls: [],
      drift: 0.7,
      hold: true,
      nearness: 0.5,
    });
    hands.nearness(0.25);
    assert.equal(asked.at(-1)[0].nearness, 0.25);
    hands.moveControl('noise', 2);
    hands.moveControl('Brightness', -1.5);
    assert.deepEqual(hands.place.controls, [
      ['Brightness', -1.5],
      ['Noise', 2],
    ]);
    hands.setControls({ Noise: 1 });
    assert.deepEqual(hands.place.controls, [['Noise', 1]]);
    hands.walk(12);
    assert.equal(hands.latentVector, null);
    assert.deepEqual(asked.at(-1), [hands.place, true]);
    hands.moveTo(new Float32Array(size).fill(0.25));
    assert.ok(hands.latentVector.every((value) => value === 0.25));
    const { length } = asked;
    for (const wrong of [
      () => hands.setSliders([1]),
      () => hands.setSliders('x'),
      () => hands.moveSlider('nothing', 1),
      () => hands.moveSlider(0, 1e6),
      () => hands.moveSlider(0, NaN),
      () => hands.moveTo([1]),
      () => hands.moveTo(Array(size).fill(1e300)),
      () => hands.walk(-1),
      () => hands.drift(2),
      () => hands.nearness(-1),
      () => hands.nearness('1'),
      () => hands.setControls({ Nothing: 1 }),
      () => hands.moveControl('Noise', NaN),
    ]) {
      assert.throws(wrong, RequestError);
    }
    assert.equal(asked.length, length);
  });

  test('of a place, what is told is what has changed', () => {
    const place = makePlace({ seed: 1, sliders: [1, 2], drift: 0.5 });
    assert.deepEqual(makePlace({ seed: 1, controls: [['a', 0]] }).controls, []);
    assert.throws(
      () => makePlace({ seed: 1, controls: Object.entries({ a: 1, A: 2 }) }),
      RequestError,
    );
    assert.deepEqual(changesFrom(place, place), {});
    assert.ok(samePlace(place, makePlace({ seed: 1, sliders: [1, 2], drift: 0.5 })));
    assert.deepEqual(changesFrom(makePlace({ ...place, sliders: [1, 3] }), place), {
      sliders: [1, 3],
    });
    const near = makePlace({ ...place, nearness: 0.5 });
    assert.equal('nearness' in changesFrom(place, null), false); // programs of before know none
    assert.equal(changesFrom(near, null).nearness.value, 0.5);
    assert.equal(changesFrom(near, place).nearness.value, 0.5);
    assert.equal(changesFrom(place, near).nearness.value, 0);
    assert.deepEqual(changesFrom(near, near), {});
  });
});

describe('performances', { skip: live.missing }, () => {
  const recipe = () => JSON.parse(live.answers.styles.drift.recipe);

  const WRONG = {
    'begin before it': ['begin', -1],
    'begin far': ['begin', 2 ** 50],
    step: ['step', 1.5],
    phase: ['phase', 2 ** 40],
    gain: ['gain', '1'],
    place: ['place', []],
    'states of two lengths': ['states', ['AAAA', 'AAAAAAAA']],
    'states not base64': ['states', ['*']],
    'states of odd length': ['states', ['AAA=']],
    'states not finite': ['states', ['AADAfw==']],
    'no states': ['states', []],
    moves: ['moves', {}],
    'moves before the step': ['moves', [{ at: 0, first: 0 }]],
    'moves out of order': [
      'moves',
      [
        { at: STEP * 30, first: 29 },
        { at: 9, first: 29 },
      ],
    ],
    'moves without a step': ['moves', [{ at: STEP * 30 }]],
    'moves too far back': ['moves', [{ at: STEP * 30, first: 20 }]],
    'moves to nowhere': ['moves', [{ at: STEP * 30, first: 29, sliders: ['a'] }]],
    'moves too near': ['moves', [{ at: STEP * 30, first: 29, nearness: 1.5 }]],
    'moves held by a word': ['moves', [{ at: STEP * 30, first: 29, hold: 'yes' }]],
  };

  for (const [name, [key, value]] of Object.entries(WRONG)) {
    test(`one with wrong ${name} is refused`, () => {
      const document = recipe();
      document.performance.step = Math.max(1, document.performance.step);
      document.performance[key] = value;
      assert.throws(() => readRecipe(JSON.stringify(document)), RequestError);
    });
  }

  test('one on two artifacts is refused', () => {
    const document = recipe();
    document.artifacts.push(document.artifacts[0]);
    assert.throws(() => readRecipe(JSON.stringify(document)), /played on 2 artifacts/);
  });

  test('a recipe without one has none', () => {
    const document = recipe();
    delete document.performance;
    assert.equal(readRecipe(JSON.stringify(document)).recipe.performance, null);
  });
});
