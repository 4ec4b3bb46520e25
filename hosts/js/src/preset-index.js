/** Distill's own index of presets, `presets.json`: all presets of one model, in folders of one level. */

import { RequestError } from './errors.js';
import { SEED_LIMIT } from './seeds.js';

/** @typedef {import('./json-fields.js').JsonFields} JsonFields */

const VERSION = 1;
const MAX_SLIDERS = 4096;

/**
 * The presets in an index, with what a `Preset` is made of.
 *
 * @param {JsonFields} fields
 * @throws {RequestError} The index is damaged, or of another version.
 */
export function presetsInIndex(fields) {
  const version = fields.integer('version', 1, 2 ** 31);
  if (version !== VERSION) {
    throw new RequestError(
      `this index of presets is of Distill's version ${version}, expected ${VERSION}`,
    );
  }
  const modelId = fields.text('model_id');
  const presets = fields.section('presets');
  return presets.names().map((key) => {
    const entry = presets.section(key);
    const folder = entry.text('folder');
    const name = entry.text('name');
    const count = entry.integer('n_components', 1, MAX_SLIDERS);
    return {
      modelName: '',
      modelId,
      fingerprint: null,
      positions: new Map(entry.numbers('slider_positions', count).entries()),
      seed: entry.optional('seed', (seed) => entry.integer(seed, 0, SEED_LIMIT - 1)),
      settings: {},
      name: folder ? `${folder}/${name}` : name,
    };
  });
}

/**
 * An entry of an index that Distill reads.
 *
 * @typedef {object} IndexEntry
 * @property {string} id Its key; a UUID.
 * @property {string} name
 * @property {string} [folder] Empty: at the top.
 * @property {string} [description]
 * @property {readonly number[]} positions One for each slider.
 * @property {number | null} [seed]
 * @property {Date} [created] Now by default.
 */

/**
 * Write presets as an index that Distill reads.
 *
 * Distill's sliders stand at whole steps: a fraction is rounded.
 *
 * @param {string} modelId
 * @param {readonly IndexEntry[]} entries
 * @returns {string} JSON.
 */
export function writePresetIndex(modelId, entries) {
  const now = new Date();
  const folders = [...new Set(entries.map(({ folder = '' }) => folder))].filter(Boolean);
  const document = {
    version: VERSION,
    model_id: modelId,
    folders: folders.map((name) => ({ name, created: timeText(now) })),
    presets: Object.fromEntries(
      entries.map(({ id, name, folder = '', description = '', positions, seed, created = now }) => [
        id,
        {
          preset_id: id,
          name,
          folder,
          slider_positions: positions.map((position) => Math.round(position) + 0),
          n_components: positions.length,
          seed: seed ?? null,
          created: timeText(created),
          modified: timeText(created),
          description,
        },
      ]),
    ),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** @param {Date} date */
function timeText(date) {
  return date.toISOString().replace('Z', '000+00:00'); // microseconds, as Python writes them
}
