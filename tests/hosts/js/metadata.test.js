import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readMetadata } from '../../../hosts/js/src/metadata.js';
import { answers, missing } from './answers.js';

/** The document with another value, or none, in one place. */
function changed(path, change) {
  const document = structuredClone(answers.metadata);
  const holder = path.slice(0, -1).reduce((values, key) => values[key], document);
  const key = path.at(-1);
  if ('value' in change) holder[key] = change.value;
  else if (Array.isArray(holder)) holder.splice(key, 1);
  else delete holder[key];
  return JSON.stringify(document);
}

test('what is read is the document', { skip: missing }, () => {
  const found = readMetadata(JSON.stringify(answers.metadata));
  assert.deepEqual(found, { precision_loss: null, ...answers.metadata });
  const { landmarks: _, ...before } = answers.metadata; // as those of before are
  const known = readMetadata(JSON.stringify(before));
  assert.deepEqual(known, { ...found, landmarks: null });
});

test('each field is held to what Python holds it to', { skip: missing }, () => {
  assert.ok(answers.verdicts.length > 700);
  let refused = 0;
  for (const [path, change, isTaken] of answers.verdicts) {
    const text = changed(path, change);
    const what = `${path.join('.')} = ${JSON.stringify(change)}`;
    if (isTaken) readMetadata(text);
    else {
      refused += 1;
      assert.throws(
        () => readMetadata(text),
        (error) => {
          assert.equal(error.name, 'ArtifactError', what);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
        what,
      );
    }
  }
  assert.ok(refused > 500);
});

test('a complaint names the field, what was found and what was expected', { skip: missing }, () => {
  const cases = [
    [
      ['sliders', 'sliders', 0, 'component'],
      { value: [1] },
      'its metadata has [1] for sliders.sliders[0].component, not a list of 16 numbers',
    ],
    [['model', 'name'], {}, 'its metadata lacks model.name'],
    [['audio'], { value: 3 }, 'its metadata has no object at audio'],
    [
      ['reconstruction'],
      { value: 'grand' },
      'its metadata has "grand" for reconstruction, not one of learned, refined',
    ],
    [
      ['landmarks', 'potentials'],
      { value: [0, 1e10] },
      "its metadata: the landmarks' potentials are not 2 numbers within 1000000000",
    ],
    [
      ['landmarks', 'widths'],
      { value: Array(16).fill(0) },
      'its metadata: a landmark has the width 0, expected a number from 0.000001 on',
    ],
    [
      ['landmarks', 'default'],
      { value: 1.5 },
      'its metadata: the default nearness is 1.5, expected a number from 0 to 1',
    ],
  ];
  for (const [path, change, message] of cases) {
    assert.throws(() => readMetadata(changed(path, change)), { message });
  }
});

test('another format, another version and what is no JSON are told', { skip: missing }, () => {
  assert.throws(() => readMetadata(changed(['version'], { value: 2 })), {
    message:
      'it has contract version 2, this program reads version 1: take a newer version of this program',
  });
  assert.throws(() => readMetadata(changed(['format'], { value: 'x' })), /has the format "x"/);
  assert.throws(() => readMetadata('{'), /its metadata is no valid JSON/);
  assert.throws(() => readMetadata('[]'), /has no object at its top/);
});
