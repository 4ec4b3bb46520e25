/** The small pictures of models' sounds on their cards, kept once they were made. */

import { initialSettings, partsOf, requestOf } from '../state/settings.js';

/** @typedef {import('../models/model.js').Model} Model */

const COLUMNS = 200;
const SECONDS = 8;
const MOST_BYTES = 48 * 2 ** 20; // of models that are fetched for nothing but their pictures
const LOOKS = 1; // of the pictures; another number makes them anew

/** Makes one picture after the other, when nothing else is to be done. */
export class Pictures {
  #database;
  #engine;
  #shelf;
  #queue = Promise.resolve();
  #isBusy;
  #fetched = 0;

  /**
   * @param {object} parts
   * @param {import('./database.js').Database} parts.database
   * @param {import('../engine/engine.js').Engine} parts.engine
   * @param {import('../models/shelf.js').Shelf} parts.shelf
   * @param {() => boolean} parts.isBusy Whether a model is open, whose sound comes first.
   */
  constructor({ database, engine, shelf, isBusy }) {
    this.#database = database;
    this.#engine = engine;
    this.#shelf = shelf;
    this.#isBusy = isBusy;
  }

  /**
   * @param {Model} model
   * @returns {Promise<import('../engine/picture.js').Strip | null>} null: it would cost too much.
   */
  async of(model) {
    const id = `${model.key} ${LOOKS}`;
    const known = await this.#database.get('pictures', id).catch(() => null);
    if (known) return known.picture;
    const made = this.#queue.then(() => this.#make(model));
    this.#queue = made.catch(() => {});
    const picture = await made.catch(() => null);
    if (picture) await this.#database.put('pictures', { id, picture }).catch(() => {});
    return picture;
  }

  /** @param {Model} model */
  async #make(model) {
    if (this.#isBusy()) return null;
    // From this machine a file costs nothing; from elsewhere, somebody pays for it.
    const isNear = /^(localhost|127\.|\[::1\]|$)/.test(location.hostname) || model.isDropped;
    this.#fetched += isNear ? 0 : model.sizeBytes;
    if (this.#fetched > MOST_BYTES || navigator.connection?.saveData) return null;
    await this.#shelf.ready([model]);
    const settings = { ...initialSettings(model), seed: 7, durationS: SECONDS, evolution: 1 };
    const { picture } = await this.#engine.generate(
      {
        parts: partsOf(model, settings),
        blendMode: 'latent',
        request: requestOf(settings),
        filter: false,
        columns: COLUMNS,
      },
      () => {},
    );
    return picture;
  }
}
