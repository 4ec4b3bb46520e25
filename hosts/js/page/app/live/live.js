/** Endless playing: the sound of what is open, which follows the sliders while it plays. */

import { average, normalizedWeights } from '../../../src/blend.js';
import { LiveInstrument } from '../../../src/live/live-instrument.js';
import { latentVector } from '../../../src/sliders.js';
import { Store } from '../state/store.js';

/** @typedef {import('../state/settings.js').Settings} Settings */

const KEPT_S = 120;

/** The live sound of a session's model. */
export class Live {
  #assets;
  #session;
  #onError;
  #instrument = null;
  #starting = 0;
  #models = [];
  #underruns = 0;

  /**
   * @param {object} parts
   * @param {import('../models/assets.js').Assets} parts.assets
   * @param {import('../state/session.js').Session} parts.session
   * @param {(error: unknown) => void} parts.onError
   */
  constructor({ assets, session, onError }) {
    this.#assets = assets;
    this.#session = session;
    this.#onError = onError;
    /** @type {Store<'off' | 'starting' | 'on'>} */
    this.state = new Store('off');
    this.isHeld = new Store(false);
    /** How often the sound was not ready. */
    this.dropouts = new Store(0);
    this.volume = 0.8;
    session.settings.watch((settings, before) => settings && this.#follow(settings, before));
    session.model.watch(() => this.stop());
    session.player.onPlay = () => this.stop();
  }

  /** The node that sounds, for a picture of it. */
  get output() {
    return this.#instrument?.output ?? null;
  }

  /** Whether the audio thread shares memory with the one that renders. */
  get isShared() {
    return globalThis.crossOriginIsolated === true;
  }

  toggle() {
    if (this.state.value === 'off') void this.start();
    else this.stop();
  }

  async start() {
    const session = this.#session;
    const start = (this.#starting += 1);
    this.state.set('starting');
    try {
      session.player.pause();
      const { context } = session.player;
      void context.resume();
      await session.prepare();
      const [model] = session.models;
      const bytes = await model.read();
      const { workerUrl, workletUrl, wasm } = await this.#assets.live();
      if (start !== this.#starting) return;
      this.#models = session.models;
      const settings = session.settings.value;
      const instrument = await LiveInstrument.start(context, {
        artifactBytes: bytes,
        name: model.file,
        worker: workerUrl,
        worklet: workletUrl,
        wasm: typeof wasm === 'string' ? { wasmPaths: { wasm } } : { wasmBinary: wasm },
        stereo: settings.stereo,
        volume: this.volume,
        keepS: KEPT_S,
        ...this.#beginning(settings),
        onPlaying: (playing) => this.#count(playing),
        onFailure: (error) => {
          this.#forget();
          this.#onError(error);
        },
      });
      if (start !== this.#starting) {
        await instrument.stop();
        return;
      }
      this.#instrument = instrument;
      instrument.hands.hold(this.isHeld.value);
      this.#underruns = 0;
      this.dropouts.set(0);
      this.state.set('on');
    } catch (error) {
      if (start !== this.#starting) return;
      this.#forget();
      this.#onError(error);
    }
  }

  stop() {
    const instrument = this.#instrument;
    this.#forget();
    void instrument?.stop();
  }

  toggleHold() {
    this.isHeld.set(!this.isHeld.value);
    this.#instrument?.hands.hold(this.isHeld.value);
  }

  /** @param {number} volume */
  setVolume(volume) {
    this.volume = volume;
    if (this.#instrument) this.#instrument.volume = volume;
  }

  /**
   * What was heard last, as a WAV that `distill-run reproduce` plays again.
   *
   * @param {number} seconds
   * @returns {Promise<Uint8Array>}
   */
  async record(seconds) {
    const sound = await this.#instrument.record(seconds);
    return sound.toWav({ tags: { title: `${this.#models[0].name} live` } });
  }

  /**
   * Blocks that were not ready one after the other are heard as one dropout.
   *
   * @param {{underruns: number}} playing
   */
  #count({ underruns }) {
    if (underruns > this.#underruns) this.dropouts.set(this.dropouts.value + 1);
    this.#underruns = underruns;
  }

  #forget() {
    this.#starting += 1;
    this.#instrument = null;
    this.state.set('off');
  }

  /**
   * @param {Settings} settings
   * @param {Settings | null} before
   */
  #follow(settings, before) {
    if (!before || this.state.value === 'off') return;
    const isOther = (name) => JSON.stringify(settings[name]) !== JSON.stringify(before[name]);
    if (isOther('stereo') || isOther('blend')) {
      this.stop();
      void this.start();
      return;
    }
    const hands = this.#instrument?.hands;
    if (!hands) return;
    try {
      if (isOther('evolution')) hands.drift(settings.evolution);
      if (isOther('controls')) hands.setControls(settings.controls);
      if (isOther('nearness')) hands.nearness(this.#nearness(settings));
      const moved = isOther('positions') || isOther('path');
      if (this.#walks(settings)) {
        if (moved || isOther('seed')) hands.walk(settings.seed);
      } else if (moved || isOther('seed')) {
        const vector = this.#blended(settings);
        if (vector) hands.moveTo(vector);
        else hands.setSliders(settings.positions);
      }
    } catch (error) {
      this.#onError(error);
    }
  }

  /** @param {Settings} settings */
  #beginning(settings) {
    const { seed, evolution: drift, positions, controls } = settings;
    const nearness = this.#nearness(settings);
    if (this.#walks(settings)) return { seed, controls, nearness };
    const vector = this.#blended(settings);
    const place = vector ? { latentVector: vector } : { sliders: positions };
    return { seed, drift, controls, nearness, ...place };
  }

  /**
   * Of the open model, which plays whatever it is blended with.
   *
   * @param {Settings} settings
   */
  #nearness({ nearness }) {
    const { landmarks } = this.#models[0];
    return landmarks ? (nearness ?? landmarks.default) : 0;
  }

  /** @param {Settings} settings */
  #walks({ path, positions, blend }) {
    return !blend.others.length && (path === 'walk' || !positions.length);
  }

  /**
   * Where the sliders of a blend lead on the first model; null without one.
   *
   * @param {Settings} settings
   */
  #blended({ positions, blend }) {
    if (!blend.others.length || blend.mode === 'audio') return null;
    const shares = normalizedWeights([blend.weight, ...blend.others.map(({ weight }) => weight)]);
    const vectors = this.#session.models.map(({ metadata }) => {
      const bank = metadata.sliders;
      if (!bank) return new Float32Array(metadata.latent_dim);
      return latentVector(bank, positions.slice(0, bank.sliders.length));
    });
    return average(vectors, shares);
  }
}
