// A complete host: streams a latent trajectory through an artifact and writes the sound.
//
//   node play.mjs node|web ARTIFACT LATENTS CUTS OUT
//
// LATENTS is raw float32 [steps, latent_dim], OUT raw float32 mono, both little-endian; CUTS says
// how many steps go into each call, e.g. 1,3,3. `node` is onnxruntime-node; `web` is
// onnxruntime-web's WebAssembly build, the very module that a browser loads.

import { readFile, writeFile } from 'node:fs/promises';
import process, { argv, stderr } from 'node:process';

import { readMetadata } from './metadata.mjs';

const HOSTS = {
  node: { load: async () => (await import('onnxruntime-node')).default, provider: 'cpu' },
  web: { load: () => import('onnxruntime-web/wasm'), provider: 'wasm' },
};

/** Yield the sound of each piece of `latents` [steps, latentDim]; the last call finishes. */
async function* stream({ Tensor }, session, latents, cuts, { latentDim, stateSize }) {
  // Zeros start a stream; from then on each call gets the state that the one before returned.
  let state = new Tensor('float32', new Float32Array(stateSize), [1, stateSize]);
  let step = 0;
  for (const [index, steps] of cuts.entries()) {
    const piece = latents.subarray(step * latentDim, (step + steps) * latentDim);
    const { audio, next_state: nextState } = await session.run({
      latents: new Tensor('float32', piece, [1, steps, latentDim]),
      state,
      finish: new Tensor('bool', [index === cuts.length - 1], []),
    });
    yield audio.data;
    state = nextState;
    step += steps;
  }
}

/** Return the last dimension of a graph input, which the artifact's contract keeps static. */
function lastDimension(session, name) {
  // Older releases of ONNX Runtime do not describe the inputs: then the metadata has to do.
  return session.inputMetadata?.find((input) => input.name === name)?.shape?.at(-1);
}

function parseCuts(text, steps) {
  const cuts = text.split(',').map(Number);
  const sum = cuts.reduce((total, cut) => total + cut, 0);
  if (!cuts.every((cut) => Number.isInteger(cut) && cut >= 1) || sum !== steps) {
    throw new Error(`CUTS must be whole numbers from 1 up that add up to ${steps}, not ${text}`);
  }
  return cuts;
}

async function main([hostName, artifactPath, latentsPath, cutsText, outPath, ...rest]) {
  const host = Object.hasOwn(HOSTS, hostName) ? HOSTS[hostName] : null;
  if (!host || !outPath || rest.length > 0) {
    throw new Error('usage: node play.mjs node|web ARTIFACT LATENTS CUTS OUT');
  }
  const artifact = await readFile(artifactPath);
  const metadata = readMetadata(artifact);
  stderr.write(`${metadata.model.name}: ${metadata.reconstruction}, ${metadata.precision}\n`);

  const ort = await host.load();
  // One thread needs no workers, so it runs in any page, also one without cross-origin isolation.
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(artifact, {
    executionProviders: [host.provider],
  });
  const sizes = {
    latentDim: lastDimension(session, 'latents') ?? metadata.latent_dim,
    stateSize: lastDimension(session, 'state') ?? metadata.state_size,
  };

  // A copy, because a Buffer may start at an address that no Float32Array can.
  const latents = new Float32Array(new Uint8Array(await readFile(latentsPath)).buffer);
  if (latents.length === 0 || latents.length % sizes.latentDim !== 0) {
    throw new Error(`LATENTS holds ${latents.length} numbers, not rows of ${sizes.latentDim}`);
  }
  const cuts = parseCuts(cutsText, latents.length / sizes.latentDim);

  const pieces = [];
  const start = performance.now();
  for await (const samples of stream(ort, session, latents, cuts, sizes)) {
    pieces.push(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  }
  const elapsed = (performance.now() - start) / 1000;

  const audio = Buffer.concat(pieces);
  await writeFile(outPath, audio);
  const duration = audio.length / 4 / metadata.audio.sample_rate_hz;
  stderr.write(
    `${duration.toFixed(2)} s of sound in ${elapsed.toFixed(2)} s, ` +
      `${(duration / elapsed).toFixed(1)} x real time\n`,
  );
}

try {
  await main(argv.slice(2));
} catch (error) {
  stderr.write(`play.mjs: ${error.message}\n`);
  process.exitCode = 1;
}
