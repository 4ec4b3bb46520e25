import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { loadOnnxRuntime } from '../../../hosts/js/examples/onnxruntime.js';
import { Artifact, playTestVector } from '../../../hosts/js/src/index.js';
import { splitSteps } from '../../../hosts/js/src/blocks.js';
import { snrDb } from '../../../hosts/js/src/snr.js';
import { answersIn } from './answers.js';
import { assertEqual } from './nearness.js';

const { missing, answers, float32, fileOf } = answersIn('DISTILL_SOUNDS');
const STEP = 24_064;

// How near a sound is to Python's, and a stream to one call. Two builds round the decoder
// differently.
const FLOORS = { demo: [75, 120], int8: [75, 120], refined: [60, 100] };

function joined(blocks) {
  return Float32Array.from(blocks.flatMap((block) => [...block]));
}

async function streamed(artifact, latents, cuts) {
  const { latentDim } = artifact;
  const pieces = [];
  let step = 0;
  for (const steps of cuts) {
    pieces.push(latents.subarray(step * latentDim, (step + steps) * latentDim));
    step += steps;
  }
  const blocks = [];
  for await (const [row] of artifact.stream(pieces)) blocks.push(row);
  return blocks;
}

for (const build of ['node', 'web']) {
  for (const [name, [floorDb, streamFloorDb]] of Object.entries(FLOORS)) {
    describe(`${name} in onnxruntime-${build}`, { skip: missing }, () => {
      let artifact;
      let latents;
      let whole;

      before(async () => {
        const bytes = fileOf(answers.artifacts[name]);
        artifact = await Artifact.load(bytes, await loadOnnxRuntime(build));
        await artifact.warmUp();
        latents = float32('latents');
        whole = (await artifact.step(latents, artifact.initialState(), { finish: true })).audio[0];
      });

      after(() => artifact.dispose());

      test('it sounds as in Python', () => {
        const expected = float32(`raw-${name}`);
        assert.equal(whole.length, expected.length);
        assert.equal(whole.length, STEP * 6 + artifact.latencySamples);
        assert.ok(snrDb(expected, whole) >= floorDb, `${snrDb(expected, whole)} dB`);
        assert.ok(whole.subarray(0, artifact.latencySamples).every((x) => Math.abs(x) < 1e-6));
      });

      test('pieces are the one shot', async () => {
        for (const cuts of [
          [1, 3, 1],
          [1, 1, 1, 1, 1],
        ]) {
          const blocks = await streamed(artifact, latents, cuts);
          const lengths = cuts.map((steps) => steps * STEP);
          lengths[cuts.length - 1] += STEP + artifact.latencySamples;
          assert.deepEqual(
            blocks.map((block) => block.length),
            lengths,
          );
          const ratio = snrDb(whole, joined(blocks));
          assert.ok(ratio >= streamFloorDb, `${ratio} dB`);
        }
      });

      test('the test vector is met', async () => {
        const { passed, snrDb: found } = await playTestVector(artifact);
        assert.ok(passed, `${found} dB`);
      });

      test('rows of a batch are independent', async () => {
        const other = latents.map((value) => -value / 2);
        const rows = await artifact.render(Float32Array.of(...latents, ...other), { batch: 2 });
        const alone = [await artifact.render(latents), await artifact.render(other)];
        const floor = name === 'refined' ? 80 : 110;
        rows.forEach((row, i) => {
          assert.equal(row.length, STEP * 6);
          assert.ok(snrDb(alone[i][0], row) >= floor, `${snrDb(alone[i][0], row)} dB`);
        });
      });
    });
  }

  test(`integers decode as in Python (onnxruntime-${build})`, { skip: missing }, async () => {
    const { InferenceSession, Tensor } = await loadOnnxRuntime(build);
    const metadata = Artifact.inspect(fileOf(answers.artifacts.int8));
    const session = await InferenceSession.create(fileOf('decoder.onnx'));
    const { mel } = await session.run({
      latents: new Tensor('float32', float32('latents'), [1, 5, metadata.latent_dim]),
      state: new Tensor('float32', new Float32Array(metadata.state_size), [1, metadata.state_size]),
      finish: new Tensor('bool', [true], []),
    });
    // Sums of integers are exact; what is left is the rounding of a few products of floats.
    assert.ok(snrDb(float32('mel'), mel.data) >= 110);
    await session.release();
  });
}

describe('the interface', { skip: missing }, () => {
  let artifact;

  before(async () => {
    const bytes = fileOf(answers.artifacts.int8);
    artifact = await Artifact.load(bytes, await loadOnnxRuntime('node'), { name: 'a.onnx' });
  });

  after(() => artifact.dispose());

  test('the file is described', () => {
    const { name, sha256, sizeBytes, latentDim, sampleRateHz, sliders, threads } = artifact;
    assert.equal(sizeBytes, fileOf(answers.artifacts.int8).length);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual([name, latentDim, sampleRateHz], ['a.onnx', 128, 48_000]);
    assert.equal(sliders.length, 8);
    assert.ok(threads >= 1 && artifact.onnxruntime.startsWith('1.'));
  });

  test('a trajectory is cut row by row', () => {
    const latents = Float32Array.from({ length: 12 }, (_, i) => i);
    const blocks = [...splitSteps(latents, { latentDim: 2, batch: 2, steps: 2 })];
    assert.deepEqual(
      blocks.map((block) => [...block]),
      [
        [0, 1, 2, 3, 6, 7, 8, 9],
        [4, 5, 10, 11],
      ],
    );
  });

  test('streams may share an artifact', async () => {
    const latents = float32('latents');
    const [a, b] = await Promise.all([
      streamed(artifact, latents, [2, 3]),
      streamed(artifact, latents, [1, 1, 1, 1, 1]),
    ]);
    assert.ok(snrDb(joined(a), joined(b)) >= 120);
  });

  test('what is no latent vector, no state or no batch is refused', async () => {
    const state = artifact.initialState();
    const bad = [
      [
        new Float32Array(127),
        state,
        /latents must be a Float32Array of rows of 128 numbers, not 127/,
      ],
      [new Float32Array(0), state, /not 0 numbers/],
      [[1, 2], state, /latents must be a Float32Array/],
      [new Float32Array(128).fill(NaN), state, /finite/],
      [new Float32Array(128), new Float32Array(3), /state must be/],
      [new Float32Array(128), artifact.initialState(2), /1 latent vectors and 2 rows of the state/],
    ];
    for (const [latents, given, reason] of bad) {
      await assert.rejects(artifact.step(latents, given), (error) => {
        assert.equal(error.name, 'RequestError');
        assert.match(error.message, reason);
        return true;
      });
    }
    assert.throws(() => artifact.initialState(0), /batch is 0/);
    await assert.rejects(artifact.stream([]).next(), /one step is the least/);
  });

  test('a disposed artifact says so, and its last call is served', async () => {
    const ort = await loadOnnxRuntime('node');
    const other = await Artifact.load(fileOf(answers.artifacts.int8), ort);
    assert.equal(other.name, 'ambience.onnx');
    const last = other.step(new Float32Array(128), other.initialState());
    await Promise.resolve();
    await Promise.all([other.dispose(), other.dispose()]);
    assert.equal((await last).audio[0].length, STEP);
    await assert.rejects(other.warmUp(), /was disposed: load it again/);
  });

  test('what onnxruntime does not load is told in our words', async () => {
    const ort = await loadOnnxRuntime('node');
    const bytes = fileOf(answers.artifacts.int8);
    const damaged = bytes.slice();
    const at = Buffer.from(damaged).indexOf('QLinearConv');
    damaged.set(Buffer.from('QLinearXonv'), at);
    await assert.rejects(Artifact.load(damaged, ort), {
      name: 'ArtifactError',
      message: /cannot load it/,
    });
    await assert.rejects(Artifact.load(bytes, {}), {
      name: 'BackendError',
      message: /no onnxruntime/,
    });
    await assert.rejects(Artifact.load(bytes, ort, { name: 'a/b.onnx' }), /without its folder/);
  });
});

/** An onnxruntime whose sessions answer what they are told to. */
function runtimeThat(run) {
  const session = { run, release: () => Promise.resolve() };
  return { InferenceSession: { create: () => Promise.resolve(session) }, Tensor: class {} };
}

test('what the graph may not answer is told', { skip: missing }, async () => {
  const bytes = fileOf(answers.artifacts.int8);
  const state = new Float32Array(Artifact.inspect(bytes).state_size);
  const audio = new Float32Array(STEP);
  const bad = [
    [{ audio: audio.map(() => NaN), next_state: state }, 'BackendError', /NaN or infinite samples/],
    [{ audio: audio.subarray(1), next_state: state }, 'ArtifactError', /with 24063 samples/],
    [{ audio, next_state: state.subarray(1) }, 'ArtifactError', /not with 24064 and/],
  ];
  for (const [{ audio: data, next_state: next }, name, message] of bad) {
    const ort = runtimeThat(async () => ({ audio: { data }, next_state: { data: next } }));
    await assert.rejects((await Artifact.load(bytes, ort)).warmUp(), { name, message });
  }
  for (const [reason, message] of [
    ['std::bad_alloc', /^out of memory: close other models/],
    ['it\nbroke', /^onnxruntime failed \(it broke\)$/],
  ]) {
    const ort = runtimeThat(() => Promise.reject(new Error(reason)));
    const artifact = await Artifact.load(bytes, ort);
    await assert.rejects(artifact.warmUp(), { name: 'BackendError', message });
  }
});

test('a build without float64 is told by its name', { skip: missing }, async () => {
  const create = () => Promise.reject(new Error('Could not find an implementation for Cast(13)'));
  const ort = { InferenceSession: { create }, Tensor: class {} };
  await assert.rejects(Artifact.load(fileOf(answers.artifacts.int8), ort), {
    name: 'BackendError',
    message: /take onnxruntime-web\/wasm/,
  });
});

test('a stream of nothing but zeros keeps its state a value', { skip: missing }, async () => {
  const ort = await loadOnnxRuntime('node');
  const artifact = await Artifact.load(fileOf(answers.artifacts.demo), ort);
  const latents = new Float32Array(128);
  const first = await artifact.step(latents, artifact.initialState());
  const again = await artifact.step(latents, artifact.initialState());
  assertEqual(first.audio[0], again.audio[0]);
  const ended = await artifact.step(latents, first.state, { finish: true });
  assert.ok(ended.state.every((x) => x === 0));
  await artifact.dispose();
});
