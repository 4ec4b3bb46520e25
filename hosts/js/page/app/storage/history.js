/** The sounds that were made, newest first: how each was made, and a small picture of it. */

import { uuid } from './uuid.js';

const MOST = 200;

/**
 * @typedef {object} KeptSound
 * @property {string} id
 * @property {number} created Milliseconds since 1970.
 * @property {{key: string, file: string, name: string}[]} models What played, the first one first.
 * @property {import('../state/settings.js').Settings} settings
 * @property {import('../engine/picture.js').Strip} picture Small.
 */

/** Sounds in a database's store. */
export class History {
  #database;

  /** @param {import('./database.js').Database} database */
  constructor(database) {
    this.#database = database;
    /** @type {KeptSound[]} */
    this.sounds = [];
    this.onChange = () => {};
  }

  async open() {
    const sounds = await this.#database.all('sounds');
    this.sounds = sounds.sort((a, b) => b.created - a.created);
    this.onChange();
  }

  /**
   * Keep a sound, and forget the oldest of too many.
   *
   * @param {Omit<KeptSound, 'id' | 'created'>} parts
   */
  async add(parts) {
    const sound = { id: uuid(), created: Date.now(), ...parts };
    this.sounds = [sound, ...this.sounds];
    this.onChange();
    for (const old of this.sounds.slice(MOST)) await this.remove(old.id);
    await this.#database.put('sounds', sound);
    return sound;
  }

  /** @param {string} id */
  async remove(id) {
    this.sounds = this.sounds.filter((sound) => sound.id !== id);
    this.onChange();
    await this.#database.delete('sounds', id);
  }

  async clear() {
    for (const { id } of this.sounds) await this.#database.delete('sounds', id);
    this.sounds = [];
    this.onChange();
  }
}
