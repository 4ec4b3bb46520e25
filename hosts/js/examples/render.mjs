// Render a sound to a WAV file.
//
//   node render.mjs ambience.onnx rain.wav --seconds 10 --seed 7 --stereo mid-side --set
//   Brightness=3

import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { Artifact, DistillError, generate } from '../src/index.js';
import { loadOnnxRuntime } from './onnxruntime.js';

const USAGE =
  'usage: node render.mjs ARTIFACT WAV [--seconds N] [--seed N] [--stereo MODE] [--set SLIDER=STEPS] ' +
  '[--bits 16|24|32] [--web]';

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      bits: { type: 'string', default: '24' },
      seconds: { type: 'string', default: '10' },
      seed: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      stereo: { type: 'string', default: 'mono' },
      web: { type: 'boolean', default: false },
    },
  });
  if (positionals.length !== 2) throw new DistillError(USAGE);
  const [model, out] = positionals;
  const sliders = values.set.map((setting) => {
    const split = setting.lastIndexOf('=');
    return [setting.slice(0, split), Number(setting.slice(split + 1))];
  });
  const artifact = await Artifact.load(
    await readFile(model),
    await loadOnnxRuntime(values.web ? 'web' : 'node'),
    { name: basename(model) },
  );
  const sound = await generate(artifact, {
    durationS: Number(values.seconds),
    seed: values.seed === undefined ? null : Number(values.seed),
    sliders: sliders.length ? Object.fromEntries(sliders) : null,
    stereo: values.stereo,
  });
  await writeFile(out, sound.toWav({ bitDepth: Number(values.bits) }));
  console.log(`${out}: ${sound.durationS} s from seed ${sound.seed}`);
  await artifact.dispose();
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof DistillError || error.code?.startsWith('ERR_PARSE_ARGS');
  if (!isUsage && error.syscall === undefined) throw error;
  console.error(`render.mjs: ${error.message}`);
  process.exitCode = 2;
}
