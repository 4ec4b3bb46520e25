/** The sounds that were heard last, so that hearing one again takes no time. */

const MOST_BYTES = 32 * 2 ** 20;

/** Sounds up to so many bytes; the oldest go first. */
export class SoundCache {
  #sounds = new Map();
  #bytes = 0;

  /** @param {import('../state/session.js').MadeSound} sound */
  add(sound) {
    const key = keyOf(sound.model, sound.settings);
    this.#remove(key);
    this.#sounds.set(key, sound);
    this.#bytes += bytesOf(sound);
    for (const oldest of this.#sounds.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#remove(oldest);
    }
  }

  /**
   * @param {import('../models/model.js').Model} model
   * @param {import('../state/settings.js').Settings} settings
   */
  find(model, settings) {
    return this.#sounds.get(keyOf(model, settings));
  }

  #remove(key) {
    const sound = this.#sounds.get(key);
    if (!sound) return;
    this.#sounds.delete(key);
    this.#bytes -= bytesOf(sound);
  }
}

function keyOf(model, settings) {
  return `${model.key} ${JSON.stringify(settings)}`;
}

function bytesOf({ buffer }) {
  return buffer.length * buffer.numberOfChannels * 4;
}
