/**
 * Presets: slider positions, a seed and settings worth keeping, in a small JSON file.
 *
 * Two formats are read and written: `distill-run`'s, one preset a file, and Distill's own index,
 * which holds all presets of a model.
 */

import { brief, isFinite, listed } from './checks.js';
import { resolveControls } from './controls.js';
import { RequestError } from './errors.js';
import { sliderFingerprint } from './fingerprint.js';
import { JsonFields } from './json-fields.js';
import { presetsInIndex } from './preset-index.js';
import { checkSetting, optionsOf, SETTINGS, settingsFrom, settingsOf } from './preset-settings.js';
import { Float, dumps } from './python-json.js';
import { prepareRequest } from './request.js';
import { checkSeed, SEED_LIMIT } from './seeds.js';
import { checkPositions, distinctLabels, originalLabels } from './sliders.js';
import { refusedSofa } from './stereo-document.js';

/** @typedef {import('./metadata-types.js').ArtifactMetadata} ArtifactMetadata */
/** @typedef {import('./controls.js').ControlSteps} ControlSteps */
/** @typedef {import('./request.js').RequestOptions} RequestOptions */

const FORMAT = 'distill.preset';
const VERSION = 1;
const MAX_BYTES = 2 ** 20;

/** A sound worth keeping, as the positions and settings that make it. */
export class Preset {
  /**
   * @param {object} parts
   * @param {string} parts.modelName Empty where it is not known.
   * @param {string} parts.modelId
   * @param {string | null} parts.fingerprint Of the model's sliders; null where only its id is
   *   known.
   * @param {ReadonlyMap<string | number, number>} parts.positions Label, or index, -> position in
   *   steps. None for a sound that is not made from sliders; such a preset fits every model.
   * @param {number | null} parts.seed null to have one drawn.
   * @param {import('./preset-settings.js').Settings} parts.settings By the names that the file
   *   has; what is missing stays as it is by default.
   * @param {ControlSteps} [parts.controls] They fit every model that has controls of these names.
   * @param {string} [parts.name] What it is called in Distill's index, with its folder: "Night/Deep
   *   water".
   * @throws {RequestError} The seed, a position or a setting is not one.
   */
  constructor({
    modelName,
    modelId,
    fingerprint,
    positions,
    seed,
    settings,
    controls = {},
    name = '',
  }) {
    this.modelName = modelName;
    this.modelId = modelId;
    this.fingerprint = fingerprint;
    this.positions = new Map(positions);
    this.seed = seed === null ? null : checkSeed(seed);
    this.settings = { ...settings };
    this.controls = { ...controls };
    this.name = name;
    for (const [key, position] of this.positions) {
      if (!isFinite(position)) {
        throw new RequestError(
          `the preset has ${brief(position)} for ${brief(key)}, not a finite number`,
        );
      }
    }
    for (const [key, value] of Object.entries(this.settings)) checkSetting(key, value);
  }

  /**
   * Keep what a sound of one artifact is made from.
   *
   * @param {{metadata: ArtifactMetadata}} artifact What plays it.
   * @param {RequestOptions} options The request; `Sound.request` has the seed that was drawn.
   * @returns {Preset}
   * @throws {RequestError} The request does not fit the artifact, or is made from a latent vector,
   *   for which a preset has no place.
   */
  static of({ metadata }, options) {
    if (options.latentVector != null) {
      throw new RequestError('a preset keeps slider positions, not a latent vector');
    }
    const sliders = metadata.sliders?.sliders ?? [];
    const request = prepareRequest(options, sourceOf(metadata));
    const labels = originalLabels(sliders);
    return new Preset({
      modelName: metadata.model.name,
      modelId: metadata.model.id,
      fingerprint: sliderFingerprint(metadata.sliders),
      positions: new Map((request.sliders ?? []).map((position, i) => [labels[i], position])),
      seed: options.seed == null ? null : request.seed,
      settings: settingsOf(request, Boolean(metadata.landmarks)),
      controls: request.controls ?? {},
    });
  }

  /**
   * Read the presets of a file: one of `distill-run`'s, or all of Distill's index (`presets.json`).
   *
   * @param {string} text
   * @returns {Preset[]}
   * @throws {RequestError} It is not a preset, one of a newer version, or a field is missing,
   *   unknown, of the wrong type or out of range.
   */
  static readAll(text) {
    if (text.length > MAX_BYTES) throw new RequestError('the preset is larger than presets are');
    const fields = JsonFields.parse(text, { document: 'the preset', error: RequestError });
    if (fields.has('presets') && !fields.has('format')) {
      return presetsInIndex(fields).map((parts) => new Preset(parts));
    }
    return [readPreset(fields)];
  }

  /** The preset as the file that `distill-run --preset` reads. */
  toJson() {
    const document = {
      format: FORMAT,
      version: VERSION,
      model: {
        id: this.modelId,
        name: this.modelName,
        slider_fingerprint: this.fingerprint,
      },
      sliders: Object.fromEntries(this.positions),
      seed: this.seed,
      ...(Object.keys(this.controls).length && { controls: this.controls }),
      settings: Object.fromEntries(
        Object.entries(this.settings).map(([key, value]) => [
          key,
          typeof value === 'number' ? new Float(value) : value,
        ]),
      ),
    };
    return `${dumps(document, { ascii: false, indent: 2 })}\n`;
  }

  /**
   * The request that makes its sound on an artifact.
   *
   * @param {{metadata: ArtifactMetadata}} artifact
   * @returns {RequestOptions}
   * @throws {RequestError} It does not fit the artifact's model, or a setting is out of bounds.
   */
  request({ metadata }) {
    const options = {
      ...optionsOf(this.settings),
      seed: this.seed,
      sliders: this.#positionsOn(metadata),
      controls: resolveControls(metadata.controls, this.controls),
    };
    prepareRequest(options, sourceOf(metadata));
    return options;
  }

  /**
   * Make sure that the positions mean on this model what they meant when they were kept.
   *
   * @param {ArtifactMetadata} metadata
   * @throws {RequestError} They belong to other sliders; it says which ones differ.
   */
  checkFits(metadata) {
    if (!this.positions.size) return;
    const theirs = titleOf(this.modelName, this.modelId);
    const ours = titleOf(metadata.model.name, metadata.model.id);
    const belongs = `the preset belongs to the model ${theirs}`;
    const sliders = metadata.sliders?.sliders ?? [];
    if (!sliders.length) {
      throw new RequestError(
        `the preset sets sliders of the model ${theirs}, but ${ours} has none: use a preset without ` +
          'sliders',
      );
    }
    const labels = distinctLabels(sliders);
    const known = new Set([...labels, ...originalLabels(sliders), ...labels.keys()]);
    const missing = [...this.positions.keys()].filter((key) => !known.has(key));
    if (missing.length) {
      throw new RequestError(
        `${belongs}: ${ours} has no slider ${listed(missing)}, but ${listed(labels)}`,
      );
    }
    const isSame = this.modelId === metadata.model.id;
    if (this.fingerprint === null) {
      if (isSame) return;
      throw new RequestError(`${belongs}, not to ${ours}: its positions would make another sound`);
    }
    if (this.fingerprint !== sliderFingerprint(metadata.sliders)) {
      const origin = isSame ? 'an earlier or later analysis' : 'another model';
      throw new RequestError(
        `${belongs}: the sliders of ${ours} have the same labels, but come from ${origin} and would ` +
          'make another sound',
      );
    }
  }

  /** @param {ArtifactMetadata} metadata */
  #positionsOn(metadata) {
    this.checkFits(metadata);
    if (!this.positions.size || metadata.sliders === null) return null;
    const { sliders } = metadata.sliders;
    // A slider that somebody has taken out of the file stands at 0.
    const distinct = distinctLabels(sliders);
    const positions = originalLabels(sliders).map((label, index) => {
      const keys = [label, distinct[index], index];
      return this.positions.get(keys.find((key) => this.positions.has(key)) ?? index) ?? 0;
    });
    return checkPositions(sliders, positions);
  }
}

/**
 * What a request is held against, of a model that may not be loaded.
 *
 * @param {ArtifactMetadata} metadata
 */
function sourceOf({ sliders, controls, landmarks, model }) {
  return { sliders: sliders?.sliders ?? [], controls, landmarks, name: model.name };
}

/** @param {JsonFields} fields */
function readPreset(fields) {
  const format = fields.text('format');
  if (format !== FORMAT) {
    throw new RequestError(`the preset has the format ${brief(format)}, not "${FORMAT}"`);
  }
  const version = fields.integer('version', 1, 2 ** 31);
  if (version !== VERSION) {
    throw new RequestError(
      `the preset has version ${version}, this program reads version ${VERSION}: take a newer version of ` +
        'this program',
    );
  }
  const model = fields.section('model');
  const sliders = fields.section('sliders');
  const settings = fields.section('settings');
  if (settings.has('sofa')) throw refusedSofa('the preset', settings.text('sofa'));
  const unknown = [
    ...unknownIn(fields, ['format', 'version', 'model', 'sliders', 'seed', 'controls', 'settings']),
    ...unknownIn(model, ['id', 'name', 'slider_fingerprint'], 'model.'),
    ...unknownIn(settings, SETTINGS, 'settings.'),
  ];
  if (unknown.length) {
    throw new RequestError(`the preset has unknown fields, ${listed(unknown)}: remove them`);
  }
  return new Preset({
    modelName: model.text('name'),
    modelId: model.text('id'),
    fingerprint: model.optional('slider_fingerprint', (key) => model.text(key)),
    positions: new Map(sliders.names().map((name) => [keyOf(name), sliders.number(name)])),
    seed: fields.optional('seed', (key) => fields.integer(key, 0, SEED_LIMIT - 1)),
    settings: settingsFrom(settings),
    controls: fields.has('controls') ? fields.allNumbers('controls') : {},
  });
}

/**
 * An index where a preset of Distill's was kept again, else the label.
 *
 * @param {string} name
 */
function keyOf(name) {
  return /^[0-9]{1,3}$/.test(name) ? Number(name) : name;
}

/**
 * @param {JsonFields} fields
 * @param {readonly string[]} known
 * @param {string} [prefix]
 */
function unknownIn(fields, known, prefix = '') {
  return fields
    .names()
    .filter((name) => !known.includes(name))
    .map((name) => prefix + name);
}

/**
 * @param {string} name
 * @param {string} id
 */
function titleOf(name, id) {
  // Two models often have the same name; this much of the id tells them apart.
  const short = brief(id.slice(0, 8));
  return name ? `${brief(name)} (id ${short})` : `with the id ${short}`;
}
