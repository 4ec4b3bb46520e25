import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeWav, readWavTags, wavHeader } from '../../../hosts/js/src/wav.js';
import { answers, bytes, float32, missing, rowsOf } from './answers.js';

const FORMAT = { sampleRateHz: 48_000, bitDepth: 24 };

test('files are those of Python, byte for byte, with dither and without', { skip: missing }, () => {
  const sound = rowsOf(float32('wav-sound'), 2);
  for (const channels of [1, 2]) {
    for (const bitDepth of [16, 24, 32]) {
      for (const ditherSeed of [null, 7]) {
        for (const loop of [false, true]) {
          const found = encodeWav(sound.slice(0, channels), {
            sampleRateHz: 48_000,
            bitDepth,
            tags: answers.tags,
            ditherSeed,
            loop,
          });
          const kind = `${ditherSeed ?? 'None'}${loop ? '-loop' : ''}`;
          const name = `wav-${channels}-${bitDepth}-${kind}`;
          assert.ok(Buffer.from(found).equals(bytes(name)), name);
        }
      }
    }
  }
});

test('tags are read again', { skip: missing }, () => {
  assert.deepEqual(readWavTags(bytes('wav-2-24-7')), answers.tags);
});

test('a WAV without tags has none, and what is no WAV is refused', () => {
  const plain = encodeWav([Float32Array.of(0, 1)], FORMAT);
  assert.deepEqual(readWavTags(plain), {});
  assert.deepEqual(readWavTags(plain.subarray(0, 30)), {});
  for (const wrong of [
    new Uint8Array(0),
    new TextEncoder().encode('RIFFxxxxWEBP'),
    plain.subarray(1),
  ]) {
    assert.throws(() => readWavTags(wrong), /no WAV file/);
  }
});

test('texts of other programs are read: Latin-1, and chunks of any order', () => {
  const info = [...Buffer.from('INFOINAM'), 4, 0, 0, 0, 0xe9, 0x74, 0xe9, 0];
  const list = [...Buffer.from('LIST'), info.length, 0, 0, 0, ...info];
  const file = Uint8Array.of(...Buffer.from('RIFF....WAVEdata'), 1, 0, 0, 0, 9, 0, ...list);
  assert.deepEqual(readWavTags(file), { title: 'été' });
});

test('what a WAV cannot hold is refused', () => {
  const header = { frames: 1, channels: 1, sampleRateHz: 48_000, bitDepth: 24 };
  assert.throws(() => wavHeader({ ...header, frames: 2 ** 31 }), /too long for a WAV of 4 GB/);
  assert.throws(() => wavHeader({ ...header, bitDepth: 8 }), { setting: 'bitDepth' });
  for (const title of ['a\0b', '\ud800', 7, 'x'.repeat(1_000_001)]) {
    assert.throws(() => wavHeader({ ...header, tags: { title } }), { setting: 'title' });
  }
});
