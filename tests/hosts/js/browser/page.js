// What a test's page can do: play live, and keep what the audio thread really played.

import { LiveInstrument, readWavTags } from '/src/index.js';

/** @type {{context: AudioContext, live: LiveInstrument, probe: AudioWorkletNode}} */
let playing;

globalThis.start = async ({ artifact, seconds, ...options }) => {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
  await context.suspend(); // so that the probe misses nothing
  await context.audioWorklet.addModule('probe.js');
  const artifactBytes = await (await fetch(`/files/${artifact}`)).arrayBuffer();
  const began = performance.now();
  const live = await LiveInstrument.start(context, {
    artifactBytes,
    name: artifact,
    ort: '/ort/ort.wasm.bundle.min.mjs',
    destination: null,
    ...options,
  });
  const channels = options.stereo ? 2 : 1;
  const probe = new AudioWorkletNode(context, 'probe', {
    outputChannelCount: [channels],
    channelCount: channels,
    channelCountMode: 'explicit',
    processorOptions: { channels, seconds },
  });
  live.output.connect(probe).connect(context.destination);
  await context.resume();
  playing = { context, live, probe };
  return {
    startedInMs: performance.now() - began,
    isShared: live.isShared,
    gain: live.gain,
    outputLatencyS: context.outputLatency,
  };
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Make moves `[pause before it in ms, slider positions]`; when each was made, by the clock. */
globalThis.move = async (moves) => {
  const times = [];
  for (const [pauseMs, positions] of moves) {
    await sleep(pauseMs);
    times.push(performance.timeOrigin + performance.now());
    playing.live.hands.setSliders(positions);
  }
  return times;
};

/** How it goes; the peak is of all since this was last asked. */
globalThis.state = () => ({ ...playing.live.playing, peak: playing.live.takePeak() });

/** Stop, and return all that was heard: as base64, which crosses to the test fastest. */
globalThis.finish = async () => {
  const { live, probe, context } = playing;
  const sound = await live.record();
  const wav = sound.toWav({ bitDepth: 32 });
  await sleep(150); // for a report that is newer
  const { underruns, missed } = live.playing;
  await live.stop();
  const heard = await new Promise((resolve) => {
    probe.port.onmessage = ({ data }) => resolve(data);
    probe.port.postMessage(null);
  });
  await context.close();
  return {
    recipe: readWavTags(wav).comment,
    underruns,
    missed,
    recorded: await Promise.all(sound.channels.map(base64)),
    heard: await Promise.all(heard.channels.map(base64)),
    times: await base64(heard.times),
  };
};

async function base64(array) {
  const reader = new FileReader();
  const loaded = new Promise((resolve) => {
    reader.onload = resolve;
  });
  reader.readAsDataURL(new Blob([array]));
  await loaded;
  return reader.result.split(',')[1];
}

globalThis.isReady = true;
