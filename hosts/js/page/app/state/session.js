/** What is being done on the page: the model that is open, its settings, the sound that was made. */

import { randomPositions } from '../../../src/sliders.js';
import { drawSeed } from '../../../src/seeds.js';
import { SoundCache } from '../sound/cache.js';
import { makeSound } from '../sound/making.js';
import { lockOf } from './locks.js';
import { Slots } from './slots.js';
import {
  fittedEnds,
  fittedPositions,
  initialSettings,
  landmarksOf,
  rolledSeed,
  slidersOf,
} from './settings.js';
import { Store } from './store.js';

/** @typedef {import('../models/model.js').Model} Model */
/** @typedef {import('./settings.js').Settings} Settings */

const THUMB_COLUMNS = 160;

/** @typedef {import('../sound/making.js').MadeSound} MadeSound */

/**
 * @typedef {object} Work
 * @property {'idle' | 'loading' | 'generating'} kind
 * @property {number} fraction
 */

const IDLE = Object.freeze({ kind: 'idle', fraction: 0 });

/** One person's work on the page. */
export class Session {
  #engine;
  #shelf;
  #history;
  #cache = new SoundCache();
  /** @type {AbortController | null} */
  #running = null;
  /** @type {Promise<void>} Loading goes one after the other. */
  #loading = Promise.resolve();

  /**
   * @param {object} parts
   * @param {import('../engine/engine.js').Engine} parts.engine
   * @param {import('../models/shelf.js').Shelf} parts.shelf
   * @param {import('../storage/history.js').History} parts.history
   * @param {import('../sound/player.js').Player} parts.player
   * @param {(error: unknown, about?: string) => void} parts.onError
   */
  constructor({ engine, shelf, history, player, onError }) {
    this.#engine = engine;
    this.#shelf = shelf;
    this.#history = history;
    this.player = player;
    this.onError = onError;
    /** @type {Store<Model | null>} */
    this.model = new Store(null);
    /** @type {Store<Settings | null>} */
    this.settings = new Store(null);
    /** @type {Store<MadeSound | null>} */
    this.sound = new Store(null);
    /** @type {Store<Work>} */
    this.work = new Store(IDLE);
    /** @type {Store<{picture: GrowingPicture} | null>} What has arrived of the sound that is being made. */
    this.arriving = new Store(null);
    /** @type {Store<ReadonlySet<string>>} What randomise and reset leave alone. */
    this.locks = new Store(new Set());
    this.rollsEachTime = false;
    this.slots = new Slots(this);
  }

  /** The models that play together, the open one first. */
  get models() {
    const others = this.settings.value.blend.others.map(({ key }) => this.#shelf.find(key));
    return [this.model.value, ...others.filter(Boolean)];
  }

  /** The sliders of all of them. */
  get sliders() {
    return slidersOf(this.models);
  }

  /** Where the recordings lie that a sound can be near to; null where that is not known. */
  get landmarks() {
    return landmarksOf(this.models, this.settings.value.blend);
  }

  /**
   * Open a model.
   *
   * @param {Model} model
   * @param {Settings} [settings]
   */
  open(model, settings = initialSettings(model)) {
    this.cancel();
    if (model !== this.model.value) {
      this.locks.set(new Set());
      // First nothing, so that no watcher sees one model with another's settings.
      this.settings.set(null);
      this.model.set(model);
    }
    this.change(settings);
    void this.prepare().catch((error) => this.onError(error, model.file));
  }

  close() {
    this.cancel();
    this.player.pause();
    this.settings.set(null);
    this.model.set(null);
  }

  /**
   * Change settings; what does not fit the models is fitted.
   *
   * @param {Partial<Settings>} changes
   */
  change(changes) {
    const next = { ...this.settings.value, ...changes };
    const others = next.blend.others.map(({ key }) => this.#shelf.find(key)).filter(Boolean);
    const models = [this.model.value, ...others];
    this.settings.set({
      ...next,
      positions: fittedPositions(next.positions, slidersOf(models)),
      ...fittedEnds(next),
      nearness: landmarksOf(models, next.blend) ? (next.nearness ?? null) : null,
    });
  }

  /** Load what plays, and warm it up. */
  prepare() {
    const models = this.models;
    this.#loading = this.#loading
      .catch(() => {})
      .then(async () => {
        if (models.every((model) => this.#shelf.isReady(model))) return;
        this.#show({ kind: 'loading', fraction: 0 });
        try {
          await this.#shelf.ready(models, (fraction) => this.#show({ kind: 'loading', fraction }));
        } finally {
          this.#show(IDLE);
        }
      });
    return this.#loading;
  }

  /**
   * Make the sound of the settings.
   *
   * @param {{plays?: boolean, keeps?: boolean, rolls?: boolean}} [options] `keeps`: in the history.
   */
  async generate({ plays = true, keeps = true, rolls = this.rollsEachTime } = {}) {
    this.cancel();
    if (rolls) this.change({ seed: rolledSeed() });
    const controller = new AbortController();
    this.#running = controller;
    const model = this.model.value;
    const settings = this.settings.value;
    const slot = this.slots.active.value;
    try {
      await this.prepare();
      if (controller.signal.aborted) return;
      const sound = await this.#made(model, settings, controller.signal);
      this.#cache.add(sound);
      this.slots.keep(slot, sound);
      if (slot === this.slots.active.value) this.#show(IDLE);
      this.#heard(sound, plays);
      if (keeps) await this.#remember(sound);
    } catch (error) {
      if (!error.isCancelled) this.onError(error, model.file);
    } finally {
      if (this.#running === controller) {
        this.#running = null;
        this.#show(IDLE);
        this.arriving.set(null);
      }
    }
  }

  cancel() {
    this.#running?.abort();
    this.#running = null;
    this.arriving.set(null);
    if (this.work.value.kind === 'generating') this.#show(IDLE);
  }

  /**
   * Hear a sound of the history again.
   *
   * @param {import('../storage/history.js').KeptSound} kept
   */
  async replay(kept) {
    const models = kept.models.map(({ key }) => this.#shelf.find(key));
    const missing = kept.models.find((_, i) => !models[i]);
    if (missing) {
      this.onError(
        Object.assign(
          new Error(
            `“${missing.file}” is not here any more: drop the file onto the page to hear this sound again.`,
          ),
          { isOurs: true },
        ),
      );
      return;
    }
    this.open(models[0], kept.settings);
    const known = this.#cache.find(models[0], kept.settings);
    if (known) {
      this.slots.keep(this.slots.active.value, known);
      this.#heard(known, true);
    } else await this.generate({ keeps: false, rolls: false });
  }

  /**
   * @param {number} index
   * @param {number} position
   */
  moveSlider(index, position) {
    const positions = this.settings.value.positions.with(index, position);
    this.change({ path: 'sliders', positions });
  }

  /**
   * @param {string} name
   * @param {number} steps
   */
  moveControl(name, steps) {
    const { [name]: _, ...others } = this.settings.value.controls;
    this.change({ controls: steps ? { ...others, [name]: steps } : others });
  }

  /** Draw a place for every slider that is not locked, within its safe range. */
  randomize() {
    const { sliders } = this;
    if (!sliders.length) return;
    const drawn = randomPositions(sliders, drawSeed());
    const { positions } = this.settings.value;
    this.change({
      path: 'sliders',
      positions: drawn.map((position, i) =>
        this.locks.value.has(lockOf.slider(i)) ? positions[i] : position,
      ),
    });
  }

  /** Put all sliders that are not locked back to 0. */
  resetSliders() {
    const { positions } = this.settings.value;
    this.change({
      positions: positions.map((position, i) =>
        this.locks.value.has(lockOf.slider(i)) ? position : 0,
      ),
    });
  }

  /** Put all controls that are not locked back to 0, and the nearness to the model's own. */
  resetControls() {
    const moved = Object.entries(this.settings.value.controls);
    this.change({
      controls: Object.fromEntries(
        moved.filter(([name]) => this.locks.value.has(lockOf.control(name))),
      ),
      nearness: this.locks.value.has(lockOf.nearness) ? this.settings.value.nearness : null,
    });
  }

  /** @param {string} lock */
  toggleLock(lock) {
    const locks = new Set(this.locks.value);
    if (!locks.delete(lock)) locks.add(lock);
    this.locks.set(locks);
  }

  /**
   * The sound as a WAV file.
   *
   * @param {MadeSound} sound
   * @param {number} bitDepth
   */
  wav({ buffer, recipe, gain, silent, limitedDb, model }, bitDepth) {
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) =>
      buffer.getChannelData(i),
    );
    const tags = { title: `${model.name} ${recipe.request.seed}` };
    return this.#engine.wav({ channels, recipe, gain, silent, limitedDb, bitDepth, tags });
  }

  async #made(model, settings, signal) {
    this.#show({ kind: 'generating', fraction: 0 });
    const onProgress = (fraction, picture) => {
      if (signal.aborted) return;
      this.arriving.set({ picture });
      this.#show({ kind: 'generating', fraction });
    };
    return makeSound(this.#engine, model, settings, { onProgress, signal });
  }

  /**
   * @param {MadeSound} sound
   * @param {boolean} plays
   */
  #heard(sound, plays) {
    this.sound.set(sound);
    this.player.load(sound.buffer);
    if (plays) this.player.play();
  }

  /** @param {MadeSound} sound */
  async #remember({ model, settings, picture }) {
    const models = [model, ...settings.blend.others.map(({ key }) => this.#shelf.find(key))];
    try {
      await this.#history.add({
        models: models.map(({ key, file, name }) => ({ key, file, name })),
        settings,
        picture: picture.smaller(THUMB_COLUMNS),
      });
    } catch (error) {
      this.onError(error);
    }
  }

  /** @param {Work} work */
  #show(work) {
    this.work.set(work);
  }
}
