import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  controlShift,
  controlWarnings,
  resolveControl,
  resolveControls,
  unionControls,
} from '../../../hosts/js/src/controls.js';
import { answers, float32, missing } from './answers.js';
import { assertEqual } from './nearness.js';

test('settings are resolved, refused and warned of as in Python', { skip: missing }, () => {
  const { controls, settings } = answers.controls;
  for (const [index, [setting, steps, warnings]] of settings.entries()) {
    const what = JSON.stringify(setting);
    if (steps === null) {
      assert.throws(
        () => resolveControls(controls, setting),
        { name: 'RequestError', setting: 'controls' },
        what,
      );
    } else {
      const found = resolveControls(controls, setting);
      assert.deepEqual(Object.entries(found), Object.entries(steps), what);
      assert.deepEqual(controlWarnings(controls, found), warnings, what);
      assertEqual(controlShift(controls, setting), float32(`control-shift-${index}`), what);
    }
  }
});

test('controls of several models are united as in Python', { skip: missing }, () => {
  const { controls, others, union } = answers.controls;
  assert.deepEqual(unionControls([controls, others]), union);
});

test('what is no setting is refused', { skip: missing }, () => {
  const { controls } = answers.controls;
  assert.throws(() => resolveControls(controls, 7), /expected an object from names to steps/);
  assert.throws(() => resolveControl([], 'Noise'), /this artifact has none/);
  assert.throws(() => resolveControl(controls, 'Nose'), /expected one of Brightness, Noise/);
  assert.throws(() => controlShift([], {}), /no controls: export its model again/);
  const far = controls.map((control) => ({ ...control, step_size: 1e38 }));
  assert.throws(() => controlShift(far, { Noise: 1000 }), /beyond float32/);
});
