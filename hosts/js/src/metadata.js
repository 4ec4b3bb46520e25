/** The metadata document of an artifact, checked field by field; its keys are those of the JSON. */

import {
  CHUNK_FRAMES,
  FORMAT,
  HOP_FRAMES,
  HOP_LENGTH,
  MAX_LATENT_DIM,
  MAX_STEP,
  MIN_LATENT_DIM,
  PRECISIONS,
  RECONSTRUCTIONS,
  SAMPLE_RATE_HZ,
  VERSION,
} from './contract.js';
import { brief } from './checks.js';
import { ArtifactError } from './errors.js';
import { JsonFields } from './json-fields.js';
import { readControls } from './metadata-controls.js';
import { readLandmarks } from './metadata-landmarks.js';

/** @typedef {import('./metadata-types.js').ArtifactMetadata} ArtifactMetadata */
/** @typedef {import('./metadata-types.js').Slider} Slider */

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * Read the document and check every field.
 *
 * @param {string} source JSON.
 * @returns {ArtifactMetadata}
 * @throws {ArtifactError} It is not JSON, of another format or version, or a field is missing, of
 *   the wrong type or out of range.
 */
export function readMetadata(source) {
  const fields = JsonFields.parse(source, { document: 'its metadata', error: ArtifactError });
  const format = fields.text('format');
  if (format !== FORMAT) {
    throw new ArtifactError(`its metadata has the format ${brief(format)}, not "${FORMAT}"`);
  }
  const version = fields.integer('version', 1, 2 ** 31);
  if (version !== VERSION) {
    throw new ArtifactError(
      `it has contract version ${version}, this program reads version ${VERSION}: ` +
        (version > VERSION ? 'take a newer version of this program' : 'export it again'),
    );
  }
  const latentDim = fields.integer('latent_dim', MIN_LATENT_DIM, MAX_LATENT_DIM);
  return {
    format,
    version,
    model: model(fields.section('model')),
    audio: audio(fields.section('audio')),
    latent_dim: latentDim,
    state_size: fields.integer('state_size', 1, 2 ** 24),
    latency_samples: fields.integer('latency_samples', 0, 2 ** 20),
    reconstruction: fields.oneOf('reconstruction', RECONSTRUCTIONS),
    precision: fields.oneOf('precision', PRECISIONS),
    precision_loss: fields.has('precision_loss')
      ? precisionLoss(fields.section('precision_loss'))
      : null,
    normalization: fields.optional('normalization', (key) =>
      numbersOf(fields.section(key), ['mag_mean', 'mag_std', 'if_mean', 'if_std']),
    ),
    sliders: fields.optional('sliders', (key) => bank(fields.section(key), latentDim)),
    controls: fields.has('controls') ? readControls(fields.sections('controls'), latentDim) : [],
    landmarks: fields.has('landmarks')
      ? readLandmarks(fields.section('landmarks'), latentDim)
      : null,
    source: { sha256: fields.section('source').text('sha256') },
    weights: { sha256: fields.section('weights').text('sha256') },
    exporter: fields.section('exporter').allTexts(),
    parity: parity(fields.section('parity')),
    test_vector: testVector(fields.section('test_vector')),
  };
}

/** @param {JsonFields} fields */
function model(fields) {
  const dataset = fields.section('dataset');
  const training = fields.section('training');
  return {
    id: fields.text('id'),
    name: fields.text('name'),
    description: fields.text('description'),
    dataset: {
      name: dataset.text('name'),
      file_count: dataset.integer('file_count', 0, MOST),
      duration_s: dataset.number('duration_s'),
    },
    training: {
      date: training.text('date'),
      epochs: training.integer('epochs', 0, MOST),
      train_loss: training.optional('train_loss', (key) => training.number(key)),
      validation_loss: training.optional('validation_loss', (key) => training.number(key)),
    },
    saved_at: fields.text('saved_at'),
    tags: fields.texts('tags'),
  };
}

/** @param {JsonFields} fields */
function audio(fields) {
  return {
    sample_rate_hz: fields.integer('sample_rate_hz', SAMPLE_RATE_HZ, SAMPLE_RATE_HZ),
    n_fft: fields.integer('n_fft', 2, 2 ** 20),
    hop_length: fields.integer('hop_length', HOP_LENGTH, HOP_LENGTH),
    n_mels: fields.integer('n_mels', 1, 4096),
    chunk_frames: fields.integer('chunk_frames', CHUNK_FRAMES, CHUNK_FRAMES),
    hop_frames: fields.integer('hop_frames', HOP_FRAMES, HOP_FRAMES),
  };
}

/** @param {JsonFields} fields */
function precisionLoss(fields) {
  return {
    mel_snr_db: fields.number('mel_snr_db'),
    log_mel_distance_db: fields.number('log_mel_distance_db'),
    latents: fields.integer('latents', 0, 2 ** 31),
    weight_bytes: fields.integer('weight_bytes', 0, MOST),
    float32_weight_bytes: fields.integer('float32_weight_bytes', 0, MOST),
    decoder_speed_ratio: fields.number('decoder_speed_ratio'),
    speed_ratio: fields.number('speed_ratio'),
    warning: fields.optional('warning', (key) => fields.text(key)),
  };
}

/**
 * @param {JsonFields} fields
 * @param {number} latentDim
 */
function bank(fields, latentDim) {
  return {
    mean: fields.numbers('mean', latentDim),
    sliders: fields.sections('sliders').map((section) => slider(section, latentDim)),
  };
}

/**
 * @param {JsonFields} fields
 * @param {number} latentDim
 * @returns {Slider}
 */
function slider(fields, latentDim) {
  /** @param {string} key */
  const step = (key) => fields.integer(key, -MAX_STEP, MAX_STEP);
  return {
    name: fields.text('name'),
    label: fields.text('label'),
    component: fields.numbers('component', latentDim),
    step_size: fields.number('step_size'),
    min_step: step('min_step'),
    max_step: step('max_step'),
    safe_min_step: step('safe_min_step'),
    safe_max_step: step('safe_max_step'),
    warning_min_step: step('warning_min_step'),
    warning_max_step: step('warning_max_step'),
    variance_explained: fields.number('variance_explained'),
    ...(fields.has('original_label') && { original_label: fields.text('original_label') }),
  };
}

/** @param {JsonFields} fields */
function parity(fields) {
  return {
    decoder_max_difference: fields.number('decoder_max_difference'),
    reconstruction_snr_db: fields.number('reconstruction_snr_db'),
    streaming_snr_db: fields.number('streaming_snr_db'),
    batch_snr_db: fields.number('batch_snr_db'),
    trajectories: fields.integer('trajectories', 0, 2 ** 31),
  };
}

/** @param {JsonFields} fields */
function testVector(fields) {
  return {
    seed: fields.integer('seed', 0, 2 ** 32 - 1),
    steps: fields.integer('steps', 1, 1000),
    start: fields.integer('start', 0, 2 ** 31),
    audio: fields.numbers('audio'),
    tolerance_db: fields.number('tolerance_db'),
  };
}

/**
 * @template {string} K
 * @param {JsonFields} fields
 * @param {readonly K[]} keys
 * @returns {Record<K, number>}
 */
function numbersOf(fields, keys) {
  return /** @type {Record<K, number>} */ (
    Object.fromEntries(keys.map((key) => [key, fields.number(key)]))
  );
}
