// A host in TypeScript: it must compile against the library's types and onnxruntime's own.

import {
  Artifact,
  Blend,
  CancelledError,
  generate,
  LiveInstrument,
  LiveStream,
  perform,
  Preset,
  SoundStream,
  type ArtifactMetadata,
  type InstrumentOptions,
  type Landmarks,
  type Request,
  type RequestOptions,
  type Slider,
} from 'distill-portable';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web/wasm';

export async function render(bytes: Uint8Array, inBrowser: boolean): Promise<Uint8Array> {
  const artifact = await Artifact.load(bytes, inBrowser ? web : node, { name: 'rain.onnx' });
  const metadata: ArtifactMetadata = artifact.metadata;
  const sliders: readonly Slider[] = artifact.sliders;
  const landmarks: Landmarks | null = artifact.landmarks;
  const options: RequestOptions = {
    durationS: 2,
    seed: metadata.test_vector.seed,
    sliders: { [sliders[0].label]: 2.5 },
    nearness: landmarks?.default ?? null,
    stereo: { mode: 'mid-side', width: 1 },
  };
  const sound = await generate(new Blend([artifact], { weights: [1] }), options, {
    filter: false,
    onProgress: ({ fraction, channels }) => void (fraction + channels[0].length),
    signal: AbortSignal.timeout(1000),
  });
  const request: Request = sound.request;
  for await (const rows of new SoundStream(artifact, request)) rows[0].fill(0);
  const { audio, state } = await artifact.step(new Float32Array(128), artifact.initialState());
  audio[0].set(state);
  Preset.readAll(Preset.of(artifact, request).toJson())[0].request(artifact);
  return sound.toWav({ bitDepth: 16, tags: { title: 'Rain' } });
}

export function wasCancelled(error: unknown): boolean {
  return error instanceof CancelledError && error.setting === null;
}

// @ts-expect-error There is no such bit depth.
export const wrong = (sound: Awaited<ReturnType<typeof generate>>) => sound.toWav({ bitDepth: 12 });

export async function play(context: AudioContext, artifactBytes: ArrayBuffer): Promise<number> {
  const options: InstrumentOptions = {
    artifactBytes,
    ort: 'ort.mjs',
    drift: 0.3,
    stereo: 'dual-seed',
  };
  const live = await LiveInstrument.start(context, {
    ...options,
    onPlaying: ({ load, underruns }) => void (load + underruns),
    onFailure: (error: Error) => console.error(error.message),
  });
  live.hands.setSliders({ Brightness: 3 });
  live.hands.moveControl('Noise', -1);
  live.hands.nearness(0);
  live.volume = 0.5;
  live.output.connect(new AnalyserNode(context));
  const { samples } = await live.record(10);
  await live.stop();
  return samples;
}

export async function again(artifact: Artifact): Promise<Float32Array> {
  const live = await LiveStream.open(artifact, { seed: 1, keepS: 5 });
  await live.read(48_000);
  const { recipe } = live.record();
  return (await perform(artifact, recipe)).channels[0];
}
