import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadOnnxRuntime } from '../../../hosts/js/examples/onnxruntime.js';
import { Artifact } from '../../../hosts/js/src/index.js';
import { snrDb } from '../../../hosts/js/src/snr.js';
import { answersIn } from './answers.js';

const { missing, answers, float32, fileOf } = answersIn('DISTILL_RECORDING');

for (const build of ['node', 'web']) {
  test(`it sounds as in the original program (${build})`, { skip: missing }, async () => {
    const artifact = await Artifact.load(fileOf(answers.artifact), await loadOnnxRuntime(build));
    const [found] = await artifact.render(float32('latents'));
    const original = float32('original');
    assert.ok(snrDb(original, found.subarray(0, original.length)) >= 75);
    await artifact.dispose();
  });
}
