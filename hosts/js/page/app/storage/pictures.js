/** The small pictures of models' sounds on their cards, kept once they were made. */

import { initialSettings, partsOf, requestOf } from '../state/settings.js';

/** @typedef {import('../models/model.js').Model} Model */

const COLUMNS = 200;
const SECONDS = 8;
const MOST_BYTES = 48 * 2 ** 20; // of models that are fetched for nothing but their pictures
const LOOKS = 1; // of the pictures; another number makes them anew

/** Makes one picture after the other, while no model is open whose sound comes first. */
export class Pictures {
  #database;
  #engine;
  #shelf;
  #queue = Promise.resolve();
  #fetched = 0;
  #isHeld = false;
  #release = () => {};
  #released = Promise.resolve();
  #running = new AbortController();

  /**
   * @param {object} parts
   * @param {import('./database.js').Database} parts.database
   * @param {import('../engine/engine.js').Engine} parts.engine
   * @param {import('../models/shelf.js').Shelf} parts.shelf
   */
  constructor({ database, engine, shelf }) {
    this.#database = database;
    this.#engine = engine;
    this.#shelf = shelf;
  }

  /** Make no pictures, or go on; one that is being made is begun anew later. */
  set isHeld(isHeld) {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) {
      this.#running.abort();
      this.#released = new Promise((resolve) => {
        this.#release = resolve;
      });
    } else this.#release();
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
    // From this machine a file costs nothing; from elsewhere, somebody pays for it.
    const isNear = /^(localhost|127\.|\[::1\]|$)/.test(location.hostname) || model.isDropped;
    this.#fetched += isNear ? 0 : model.sizeBytes;
    if (this.#fetched > MOST_BYTES || navigator.connection?.saveData) return null;
    const settings = { ...initialSettings(model), seed: 7, durationS: SECONDS, evolution: 1 };
    for (;;) {
      while (this.#isHeld) await this.#released;
      this.#running = new AbortController();
      const { signal } = this.#running;
      try {
        await this.#shelf.ready([model]);
        if (signal.aborted) continue;
        const { picture } = await this.#engine.generate(
          {
            parts: partsOf(model, settings),
            blendMode: 'latent',
            request: requestOf(settings),
            filter: false,
            columns: COLUMNS,
          },
          () => {},
          signal,
        );
        return picture;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }
}
