import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Blend, prepareRequest } from '../../../hosts/js/src/index.js';
import { Pull, resolveNearness } from '../../../hosts/js/src/nearness.js';
import { stepsOf } from '../../../hosts/js/src/request.js';
import { voices } from '../../../hosts/js/src/voices.js';
import { answers, float32, missing } from './answers.js';
import { assertEqual } from './nearness.js';

const SIZE = 16;

/** What of an artifact a path is made from. */
function artifactWith(landmarks, name = 'rain.onnx') {
  const metadata = { landmarks, sliders: null };
  return { name, latentDim: SIZE, sliders: [], controls: [], landmarks, metadata };
}

function landmarksAt(value, nearness = 0.25) {
  const vectors = Array(SIZE).fill(value);
  return { count: 1, vectors, potentials: [0], widths: Array(SIZE).fill(1), default: nearness };
}

function latentsOf(source, options, renderer = 0) {
  const blend = Blend.of(source);
  const request = prepareRequest({ durationS: 3, seed: 7, ...options }, blend);
  const { latents } = voices(blend, request, renderer);
  assert.equal(latents.length, stepsOf(request) * SIZE);
  return latents;
}

test('latent vectors are pulled as in Python, to the last bit', { skip: missing }, () => {
  const { cases, nearnesses } = answers.landmarks;
  for (const [index, landmarks] of cases.entries()) {
    const pull = new Pull(landmarks);
    const latents = float32(`near-of-${index}`);
    for (const nearness of nearnesses) {
      const what = `case ${index}, nearness ${nearness}`;
      assertEqual(pull.move(latents, nearness), float32(`near-${index}-${nearness}`), what);
    }
  }
});

test('blocks of any size are pulled alike, and nothing asked is nothing done', () => {
  const pull = new Pull(landmarksAt(0.5));
  const latents = Float32Array.from({ length: 3 * SIZE }, (_, i) => Math.sin(i));
  assert.equal(pull.move(latents, 0), latents);
  const whole = pull.move(latents, 0.7);
  assertEqual(pull.move(latents.subarray(SIZE, 2 * SIZE), 0.7), whole.subarray(SIZE, 2 * SIZE));
});

test("a request has what is asked for, else the model's own, else none", () => {
  const [near, far] = [landmarksAt(1), null];
  assert.equal(resolveNearness(null, near, 'rain'), 0.25);
  assert.equal(resolveNearness(undefined, near, 'rain'), 0.25);
  assert.equal(resolveNearness(0, near, 'rain'), 0);
  assert.equal(resolveNearness(1, near, 'rain'), 1);
  assert.equal(resolveNearness(null, far, 'rain'), null);
  assert.equal(resolveNearness(0, far, 'rain'), 0);
  assert.throws(() => resolveNearness(0.1, far, 'rain.onnx'), {
    name: 'RequestError',
    setting: 'nearness',
    message:
      '"rain.onnx" does not know where its recordings lie, which nearness needs: export its model ' +
      'again with --recordings FOLDER',
  });
  for (const wrong of [-0.01, 1.01, NaN, '0.5', true, [0.5], {}]) {
    assert.throws(() => resolveNearness(wrong, near, 'rain'), /expected a number from 0 to 1/);
  }
});

test('the whole path is pulled, and controls move it from there', () => {
  const control = { name: 'Noise', direction: [1, ...Array(SIZE - 1).fill(0)], step_size: 0.5 };
  const artifact = { ...artifactWith(landmarksAt(2)), controls: [control] };
  const still = latentsOf(artifact, { nearness: 0 });
  const whole = latentsOf(artifact, { nearness: 1 });
  assertEqual(
    whole,
    Float32Array.from(still, () => 2),
  );
  const moved = latentsOf(artifact, { nearness: 1, controls: { Noise: 3 } });
  assertEqual(
    moved,
    Float32Array.from(still, (_, i) => (i % SIZE ? 2 : 3.5)),
  );
  assertEqual(latentsOf(artifact, {}), new Pull(landmarksAt(2)).move(still, 0.25));
  assertEqual(latentsOf(artifactWith(null), {}), still);
});

test('in a blend whoever renders is pulled to its own', () => {
  const [far, near] = [artifactWith(null, 'far'), artifactWith(landmarksAt(1), 'near')];
  const other = artifactWith(landmarksAt(-1, 0.75), 'other');
  const audio = new Blend([far, near, other], { mode: 'audio' });
  assert.equal(prepareRequest({}, audio).nearness, 0.25);
  assert.equal(prepareRequest({}, new Blend([other, near])).nearness, 0.75);
  assertEqual(latentsOf(audio, { nearness: 1 }, 0), latentsOf(audio, { nearness: 0 }, 0));
  assertEqual(latentsOf(audio, { nearness: 1 }, 1), filled(1));
  assertEqual(latentsOf(audio, { nearness: 1 }, 2), filled(-1));
  assert.throws(() => prepareRequest({ nearness: 1 }, new Blend([far, near])), /"far" does not/);
  assert.equal(prepareRequest({}, new Blend([far, near])).nearness, null);
});

function filled(value) {
  return latentsOf(artifactWith(null), {}).fill(value);
}
