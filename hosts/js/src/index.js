/** Play Distill models: one ONNX file from latent vectors to 48 kHz sound (README.md). */

/** @typedef {import('./artifact.js').StepResult} StepResult */
/** @typedef {import('./controls.js').ControlSteps} ControlSteps */
/** @typedef {import('./generate.js').Progress} Progress */
/** @typedef {import('./live/engine.js').Engine} Engine */
/** @typedef {import('./live/live-instrument.js').InstrumentOptions} InstrumentOptions */
/** @typedef {import('./live/live-stream.js').LiveOptions} LiveOptions */
/** @typedef {import('./live/performance.js').Performance} Performance */
/** @typedef {import('./live/place.js').Place} Place */
/** @typedef {import('./live/player.js').Playing} Playing */
/** @typedef {import('./metadata-types.js').ArtifactMetadata} ArtifactMetadata */
/** @typedef {import('./metadata-types.js').Control} Control */
/** @typedef {import('./metadata-types.js').Landmarks} Landmarks */
/** @typedef {import('./metadata-types.js').Slider} Slider */
/** @typedef {import('./metadata-types.js').SliderBank} SliderBank */
/** @typedef {import('./preset-index.js').IndexEntry} IndexEntry */
/** @typedef {import('./recipe.js').Ingredient} Ingredient */
/** @typedef {import('./recipe.js').Recipe} Recipe */
/** @typedef {import('./request.js').Request} Request */
/** @typedef {import('./request.js').RequestOptions} RequestOptions */
/** @typedef {import('./sliders.js').SliderPositions} SliderPositions */
/** @typedef {import('./stereo.js').StereoSettings} StereoSettings */
/** @typedef {import('./wav.js').Tags} Tags */

export { Artifact } from './artifact.js';
export { Blend } from './blend.js';
export { controlShift, controlWarnings, resolveControl, resolveControls } from './controls.js';
export {
  ArtifactError,
  BackendError,
  CancelledError,
  DistillError,
  FailureError,
  InputError,
  RequestError,
} from './errors.js';
export { generate } from './generate.js';
export { LiveEngine } from './live/engine.js';
export { LiveInstrument } from './live/live-instrument.js';
export { LiveStream } from './live/live-stream.js';
export { perform } from './live/perform.js';
export { serveLive, serveWorker } from './live/serve.js';
export { readMetadata } from './metadata.js';
export { writePresetIndex } from './preset-index.js';
export { Preset } from './preset.js';
export { readRecipe, recipeJson } from './recipe.js';
export { MODES, prepareRequest } from './request.js';
export { drawSeed, TorchGenerator } from './seeds.js';
export {
  distinctLabels,
  firstLabel,
  latentVector,
  randomPositions,
  rangeOf,
  resolvePositions,
  resolveSlider,
  sliderWarnings,
} from './sliders.js';
export { slerp } from './slerp.js';
export { Sound } from './sound.js';
export { STEREO_MODES } from './stereo.js';
export { PLAYBACK_GAIN, SoundStream } from './stream.js';
export { playTestVector } from './test-vector.js';
export { crossfade, evolve, stepsForDuration } from './trajectory.js';
export { VERSION } from './version.js';
export { encodeWav, readWavTags } from './wav.js';
