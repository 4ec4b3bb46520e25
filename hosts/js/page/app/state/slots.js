/** A and B: two states of the page, each with its settings and its sound, to be heard in turn. */

import { Store } from './store.js';

/** @typedef {import('./session.js').MadeSound} MadeSound */

/** The two slots of a session. */
export class Slots {
  #session;
  #others = { A: null, B: null };

  /** @param {import('./session.js').Session} session */
  constructor(session) {
    this.#session = session;
    /** @type {Store<'A' | 'B'>} */
    this.active = new Store('A');
    /** @type {Record<'A' | 'B', MadeSound | null>} */
    this.sounds = { A: null, B: null };
  }

  /**
   * Keep a sound in a slot.
   *
   * @param {'A' | 'B'} slot
   * @param {MadeSound} sound
   */
  keep(slot, sound) {
    this.sounds[slot] = sound;
  }

  /**
   * Go to a slot: its settings return and its sound plays on from the same place. A slot that is empty begins
   * with what is there.
   *
   * @param {'A' | 'B'} slot
   */
  go(slot) {
    const session = this.#session;
    if (slot === this.active.value) return;
    const { model, settings, player } = session;
    this.#others[this.active.value] = { model: model.value, settings: settings.value };
    const there = this.#others[slot];
    this.active.set(slot);
    if (there) session.open(there.model, there.settings);
    const sound = this.sounds[slot];
    if (!sound) {
      player.pause();
      session.sound.set(null);
      return;
    }
    const from = player.position;
    session.sound.set(sound);
    player.load(sound.buffer, { from });
  }

  /** Make the other slot the same as this one. */
  copy() {
    const slot = this.active.value;
    const other = slot === 'A' ? 'B' : 'A';
    const { model, settings } = this.#session;
    this.#others[other] = { model: model.value, settings: settings.value };
    this.sounds[other] = this.sounds[slot];
    return other;
  }
}
