/** Presets in the browser's storage: the command line's documents, each with a name and a folder. */

import { Preset } from '../../../src/preset.js';
import { writePresetIndex } from '../../../src/preset-index.js';
import { requestOf } from '../state/settings.js';
import { uuid } from './uuid.js';

/** @typedef {import('../models/model.js').Model} Model */

/**
 * @typedef {object} KeptPreset
 * @property {string} id A UUID.
 * @property {string} modelId
 * @property {string} name
 * @property {string} folder Empty: at the top.
 * @property {string} json What `distill-run --preset` reads.
 * @property {number} created Milliseconds since 1970.
 */

/** Presets of all models. */
export class Presets {
  #database;

  /** @param {import('./database.js').Database} database */
  constructor(database) {
    this.#database = database;
    /** @type {KeptPreset[]} */
    this.all = [];
    this.onChange = () => {};
  }

  async open() {
    this.all = await this.#database.all('presets');
    this.onChange();
  }

  /**
   * A model's presets by folder and name; those without a folder first.
   *
   * @param {Model} model
   */
  of(model) {
    const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' }).compare;
    return this.all
      .filter((preset) => preset.modelId === model.id)
      .sort((a, b) => compare(a.folder, b.folder) || compare(a.name, b.name));
  }

  /**
   * Keep settings under a name.
   *
   * @param {Model} model It is loaded, so that its sliders can be told from others.
   * @param {import('../state/settings.js').Settings} settings
   * @param {{name: string, folder: string}} called
   */
  async save(model, settings, { name, folder }) {
    // In a blend, there may be sliders that only others have.
    const positions = settings.positions.slice(0, model.sliders.length);
    // And one that knows where its recordings lie, where this one does not.
    const nearness = model.landmarks ? settings.nearness : null;
    const json = Preset.of(model, requestOf({ ...settings, positions, nearness })).toJson();
    return this.#put({ modelId: model.id, name, folder, json });
  }

  /**
   * Take in a file: one preset of the command line, or Distill's index of many.
   *
   * @param {Model} model
   * @param {string} text
   * @param {string} file Its name, which a preset of the command line goes by.
   * @returns {Promise<KeptPreset[]>}
   */
  async importText(model, text, file) {
    const presets = Preset.readAll(text);
    for (const preset of presets) preset.checkFits(model.metadata);
    const kept = [];
    for (const preset of presets) {
      const [folder, name] = called(preset.name || file.replace(/\.json$/i, ''));
      // Distill's own are kept with what tells their sliders from others, which it does not write.
      const whole = Preset.of(model, preset.request(model));
      const json = new Preset({ ...whole, seed: preset.seed, settings: preset.settings }).toJson();
      kept.push(await this.#put({ modelId: model.id, name, folder, json }));
    }
    return kept;
  }

  /**
   * The library's request for a preset on a model.
   *
   * @param {KeptPreset} preset
   * @param {Model} model
   */
  request({ json }, model) {
    const [preset] = Preset.readAll(json);
    return preset.request(model);
  }

  /**
   * All presets of a model as the file that Distill reads.
   *
   * @param {Model} model
   */
  index(model) {
    const entries = this.of(model).map((kept) => {
      const { sliders, seed } = this.request(kept, model);
      return {
        id: kept.id,
        name: kept.name,
        folder: kept.folder,
        positions: sliders ?? model.sliders.map(() => 0),
        seed,
        created: new Date(kept.created),
      };
    });
    return writePresetIndex(model.id, entries);
  }

  /**
   * @param {string} id
   * @param {Partial<Pick<KeptPreset, 'name' | 'folder'>>} changes
   */
  async change(id, changes) {
    const preset = this.all.find((one) => one.id === id);
    if (preset) await this.#put({ ...preset, ...changes });
  }

  /** @param {string} id */
  async remove(id) {
    this.all = this.all.filter((preset) => preset.id !== id);
    this.onChange();
    await this.#database.delete('presets', id);
  }

  async #put(parts) {
    const preset = { id: uuid(), created: Date.now(), ...parts };
    this.all = [...this.all.filter(({ id }) => id !== preset.id), preset];
    this.onChange();
    await this.#database.put('presets', preset);
    return preset;
  }
}

/**
 * Folder and name.
 *
 * @param {string} name As in "Night/Deep water".
 */
function called(name) {
  const split = name.indexOf('/');
  return split < 0 ? ['', name] : [name.slice(0, split), name.slice(split + 1)];
}
