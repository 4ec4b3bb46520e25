/** What the contract of the artifact fixes, version 1 (docs/artifact.md). */

export const METADATA_KEY = 'distill.artifact';
export const FORMAT = 'distill.artifact';
export const VERSION = 1;

// The graph's tensors.
export const LATENTS = 'latents'; // float32 [batch, steps, latent_dim]
export const STATE = 'state'; // float32 [batch, state_size]
export const FINISH = 'finish'; // bool []
export const AUDIO = 'audio'; // float32 [batch, samples]
export const NEXT_STATE = 'next_state'; // float32 [batch, state_size]

export const OPSETS = Object.freeze({ first: 18, last: 20 });
export const MAX_IR_VERSION = 10;
export const MAX_FILE_BYTES = 2 ** 31 - 1; // what one protobuf message may hold

// The grid: a frame every 512 samples at 48 kHz, 94 frames a chunk, a chunk every 47 frames.
export const SAMPLE_RATE_HZ = 48_000;
export const HOP_LENGTH = 512;
export const CHUNK_FRAMES = 94;
export const HOP_FRAMES = 47;
export const STEP_SAMPLES = HOP_FRAMES * HOP_LENGTH;

export const MIN_LATENT_DIM = 16; // fewer values are drawn in another way (seeds.js)
export const MAX_LATENT_DIM = 4096;
export const MAX_STEP = 1000; // of a slider, or of a control

export const RECONSTRUCTIONS = Object.freeze(/** @type {const} */ (['learned', 'refined']));
export const PRECISIONS = Object.freeze(/** @type {const} */ (['float32', 'float16', 'int8']));
