import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Artifact } from '../../../hosts/js/src/artifact.js';
import { scanOnnx } from '../../../hosts/js/src/onnx-scan.js';
import { fileOf, missing } from './answers.js';

const REASONS = {
  empty: 'it is empty',
  text: 'it is no ONNX model, or it is truncated or damaged (unknown wire type 4 at byte 0)',
  page: 'it is no ONNX file but a web page: is its address right?',
  pickle: 'it is no ONNX file but a pickle, as old model files are',
  zip: 'it is no ONNX file but a zip, as model files (.distill) and artifacts for PyTorch are',
  truncated: 'it is no ONNX model, or it is truncated or damaged (field',
  half: 'it is no ONNX model, or it is truncated or damaged (field',
  foreign: 'it is an ONNX file, but no Distill artifact',
  newer: 'it has contract version 2, this program reads version 1: take a newer version',
  format: 'its metadata has the format "another", not "distill.artifact"',
  latents: 'its input "latents" has another type or shape than said',
  state: 'its input "state" has another type or shape than said',
  'surplus-field': 'it is not an ONNX model: it has a field 9',
  'opset-17': 'it has opset 17, 18 to 20 is expected',
  'opset-21': 'it has opset 21, 18 to 20 is expected',
  'ir-11': 'it has ONNX IR version 11, at most 10 is expected',
  domain: 'it uses the operator domain "com.example"',
  'metadata-twice': 'it holds something twice that may be there once',
  'external-weights': 'it refers to data outside the file',
  'external-constant': 'it refers to data outside the file',
  'external-in-branch': 'it refers to data outside the file',
  'more-inputs':
    'its inputs are ["finish", "latents", "more", "state"], not finish, latents, state',
  'finish-of-a-row': 'its input "finish" has another type or shape than said',
  'audio-in-float16': 'its output "audio" has another type or shape than said',
  'second-graph': 'it must hold one graph, no functions and no training information',
  training: 'it must hold one graph, no functions and no training information',
  function: 'it must hold one graph, no functions and no training information',
};

function refusal(bytes) {
  let reason;
  assert.throws(
    () => Artifact.inspect(bytes),
    (error) => {
      assert.equal(error.name, 'ArtifactError');
      assert.doesNotMatch(error.message, /\n/);
      reason = error.message;
      return true;
    },
  );
  return reason;
}

for (const [name, expected] of Object.entries(REASONS)) {
  test(`a file is refused and told why: ${name}`, { skip: missing }, () => {
    const reason = refusal(fileOf(`spoilt-${name}.onnx`));
    assert.ok(reason.startsWith(expected), `${reason} does not start with ${expected}`);
  });
}

test('a whole file is taken, and its metadata are found', { skip: missing }, () => {
  const whole = fileOf('whole.onnx');
  const { model, latent_dim: latentDim, sliders } = Artifact.inspect(whole);
  assert.deepEqual([model.name, latentDim, sliders.sliders.length], ['Rain', 16, 1]);
  assert.equal(Artifact.inspect(new Uint8Array(whole).buffer).model.id, 'rain-1');
});

test('a file cut short anywhere is refused', { skip: missing }, () => {
  const whole = fileOf('whole.onnx');
  for (let length = 0; length < whole.length; length += 1) refusal(whole.subarray(0, length));
});

test('what is no file at all is refused', () => {
  for (const wrong of ['model.onnx', null, [1, 2], new Float32Array(4)]) {
    assert.match(refusal(wrong), /an artifact is an ArrayBuffer or a Uint8Array/);
  }
});

test('every kind of field is skipped', () => {
  const bytes = Uint8Array.of(
    ...[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], // 1: ten bytes of a number
    ...[0x11, 0, 0, 0, 0, 0, 0, 0, 0], // 2: 64 bits
    ...[0x1d, 0, 0, 0, 0], // 3: 32 bits
    ...[0x3a, 0], // 7: a graph
    ...[0x72, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76], // 14: "k" -> "v"
  );
  const { graphs, metadata } = scanOnnx(bytes);
  assert.deepEqual([graphs, [...metadata]], [1, [['k', 'v']]]);
});

test('what is no message is told by the byte', () => {
  const cases = [
    [[0x80], 'a number at byte 0 is cut short'],
    [[0x08, ...Array(11).fill(0xff)], 'a number at byte 1 is longer than 10 bytes'],
    [[0x3a, 5, 1, 2, 3], 'field 7 at byte 0 is cut short'],
    [[0x3a, ...Array(9).fill(0xff), 1], 'field 7 at byte 0 is cut short'],
    [[0x3b], 'unknown wire type 3 at byte 0'],
    [[0x02, 0], 'field number 0 at byte 0'],
    [[0xba, 0x80, 0x80, 0x80, 0x10, 0], 'field number 536870919 at byte 0'],
    [[0x72, 3, 0x0a, 1, 0xff], 'a text that is not UTF-8'],
    [[0x72, 2, 0x08, 1], 'a number in the place of a text'],
  ];
  for (const [bytes, reason] of cases) {
    const message = `it is no ONNX model, or it is truncated or damaged (${reason})`;
    assert.equal(refusal(Uint8Array.from(bytes)), message);
  }
});
