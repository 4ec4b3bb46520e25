/** The page as a whole: its parts, and going from one view to the other. */

import { Engine } from '../engine/engine.js';
import { Live } from '../live/live.js';
import { Midi } from '../live/midi.js';
import { findAssets } from '../models/assets.js';
import { embeddedModel } from '../models/embedded.js';
import { Shelf } from '../models/shelf.js';
import { Player } from '../sound/player.js';
import { fragmentOf, readFragment } from '../state/fragment.js';
import { lockOf } from '../state/locks.js';
import { Session } from '../state/session.js';
import { LAST_SEED, initialSettings, rolledSeed } from '../state/settings.js';
import { Database } from '../storage/database.js';
import { History } from '../storage/history.js';
import { Pictures } from '../storage/pictures.js';
import { Presets } from '../storage/presets.js';
import { h } from '../ui/dom.js';
import { Notices } from '../ui/notices.js';
import { listenToDrops } from './drops.js';
import { header } from './header.js';
import { listenToKeys } from './keyboard.js';
import { library } from './library.js';
import { playView } from './play-view.js';
import { askName } from './presets-panel.js';

const FRAGMENT_DELAY_MS = 300;

/** One page. */
export class App {
  constructor() {
    const assets = findAssets();
    this.isSingle = embeddedModel() !== null;
    this.notices = new Notices();
    this.engine = new Engine(assets);
    this.shelf = new Shelf(this.engine);
    this.database = new Database();
    this.history = new History(this.database);
    this.presets = new Presets(this.database);
    this.midi = new Midi(this.database);
    this.session = new Session({
      engine: this.engine,
      shelf: this.shelf,
      history: this.history,
      player: new Player(),
      onError: (error, about) => this.notices.fail(error, about),
    });
    this.pictures = new Pictures({
      database: this.database,
      engine: this.engine,
      shelf: this.shelf,
    });
    this.session.model.watch((model) => {
      this.pictures.isHeld = model !== null;
    });
    this.live = new Live({
      assets,
      session: this.session,
      onError: (error) => this.notices.fail(error),
    });
    this.status = h('p', { class: 'unseen', role: 'status' });
  }

  /** Show the page, and open what its address asks for. */
  async start() {
    const views = { library: library(this), play: playView(this) };
    this.views = views;
    document.body.replaceChildren(
      h('a', { class: 'skip', href: '#library', text: 'Skip to the content', on: { click: skip } }),
      header(this),
      views.library.element,
      views.play.element,
      this.status,
      this.notices.element,
    );
    this.#show();
    listenToDrops(this);
    listenToKeys(this);
    this.midi.onMove = (target, share) => this.#onMidi(target, share);
    this.session.model.watch(() => this.#show());
    this.#keepAddress();
    await this.database.open();
    await Promise.all([this.history.open(), this.presets.open()]).catch((error) =>
      this.notices.fail(error),
    );
    if (!this.database.isLasting) {
      this.notices.warn(
        'This browser lets the page keep nothing: history and presets are gone when it is closed. ' +
          'Export what you want to keep.',
      );
    }
    void this.engine.warmUp();
    try {
      await this.shelf.open();
    } catch (error) {
      this.notices.fail(error, embeddedModel()?.dataset.name);
    }
    views.library.show();
    this.#followAddress();
    addEventListener('popstate', () => this.#followAddress());
    document.documentElement.dataset.ready = 'yes';
  }

  /**
   * Tell a screen reader something small.
   *
   * @param {string} text
   */
  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /**
   * Open a model.
   *
   * @param {import('../models/model.js').Model} model
   * @param {{hears?: boolean}} [options] `hears`: make a sound of it at once.
   */
  play(model, { hears = false } = {}) {
    const settings = initialSettings(model);
    history.pushState(null, '', fragmentOf(model, settings));
    this.session.open(model, settings);
    scrollTo(0, 0);
    if (hears) void this.session.generate();
  }

  /** Back to the library. */
  browse() {
    history.pushState(null, '', location.pathname + location.search);
    this.#close();
  }

  rollSeed() {
    this.session.change({ seed: rolledSeed() });
  }

  /**
   * Take in an .onnx and open it.
   *
   * @param {File} file
   */
  async takeModel(file) {
    try {
      const model = await this.shelf.take(file);
      this.views.library.show();
      this.play(model);
      this.notices.say(`“${file.name}” is open. It stays on your machine.`);
    } catch (error) {
      this.notices.fail(error, file.name);
    }
  }

  /**
   * Take in a file of presets.
   *
   * @param {File} file
   */
  async takePresets(file) {
    const model = this.session.model.value;
    try {
      if (!model) {
        this.notices.warn('Open the model first that the presets are for, then drop them again.');
        return;
      }
      await this.session.prepare();
      const kept = await this.presets.importText(model, await file.text(), file.name);
      const many = kept.length === 1 ? `“${kept[0].name}” is` : `${kept.length} presets are`;
      this.notices.say(`${many} among the presets now.`);
      if (kept.length === 1) this.usePreset(kept[0]);
    } catch (error) {
      this.notices.fail(error, file.name);
    }
  }

  /**
   * Put the settings where a preset has them.
   *
   * @param {import('../storage/presets.js').KeptPreset} preset
   */
  async usePreset(preset) {
    const { session } = this;
    await session.prepare();
    const request = this.presets.request(preset, session.model.value);
    const { durationS, evolution, mode, stereo, seed, sliders, controls, nearness } = request;
    const { fadeInS = 0, fadeOutS = 0, loop = false } = request;
    const now = session.settings.value;
    session.change({
      durationS: durationS ?? now.durationS,
      evolution: evolution ?? now.evolution,
      mode: mode ?? now.mode,
      stereo: { ...now.stereo, ...stereo },
      seed: seed == null ? rolledSeed() : Math.min(seed, LAST_SEED),
      path: sliders ? 'sliders' : 'walk',
      positions: sliders ?? now.positions.map(() => 0),
      controls: controls ?? {},
      nearness: nearness ?? null,
      fadeInS,
      fadeOutS,
      loop,
    });
    this.notices.say(`“${preset.name}” is set. Generate makes its sound.`);
  }

  /**
   * Ask for a name, and keep the present settings under it; or change that of a preset.
   *
   * @param {import('../storage/presets.js').KeptPreset} [preset]
   */
  async presetDialog(preset) {
    const { session, presets } = this;
    const model = session.model.value;
    const folders = [...new Set(presets.of(model).map(({ folder }) => folder))].filter(Boolean);
    const called = await askName({
      title: preset ? 'Rename or move' : 'Keep as preset',
      called: preset ?? { name: `${model.name} ${session.settings.value.seed}`, folder: '' },
      folders,
    });
    if (!called) return;
    try {
      if (preset) await presets.change(preset.id, called);
      else {
        await session.prepare();
        await presets.save(model, session.settings.value, called);
        this.notices.say(`“${called.name}” is kept among the presets.`);
      }
    } catch (error) {
      this.notices.fail(error);
    }
  }

  #close() {
    this.live.stop();
    this.session.close();
  }

  #show() {
    const isPlaying = this.session.model.value !== null;
    this.views.library.element.hidden = isPlaying;
    this.views.play.element.hidden = !isPlaying;
    const name = this.session.model.value?.name;
    document.title = name ? `${name} – Distill` : 'Distill';
  }

  /** Write the settings into the address as they change. */
  #keepAddress() {
    let waiting = 0;
    this.session.settings.watch((settings) => {
      clearTimeout(waiting);
      if (!settings) return;
      waiting = setTimeout(() => {
        const model = this.session.model.value;
        if (model) history.replaceState(null, '', fragmentOf(model, this.session.settings.value));
      }, FRAGMENT_DELAY_MS);
    });
  }

  /** Open what the address says. */
  #followAddress() {
    const asked = readFragment(location.hash, this.shelf.models);
    const model = asked.model ?? (this.isSingle ? this.shelf.models[0] : null);
    if (!model) {
      if (asked.wanted) {
        this.notices.warn(
          `“${asked.wanted}” is not here. If you have the file, drop it onto the page and open the link again.`,
        );
      }
      if (this.session.model.value) this.#close();
      return;
    }
    if (asked.wanted && asked.model && !asked.isExact) {
      this.notices.warn(
        `“${asked.wanted}” is here, but not the very file that the link was made with: the sound may differ.`,
      );
    }
    this.session.open(model, asked.settings ?? initialSettings(model));
    if (asked.settings) void this.session.generate({ plays: false, keeps: false });
  }

  #onMidi(target, share) {
    const { session } = this;
    if (!session.settings.value) return;
    session.sliders.forEach((slider, i) => {
      if (lockOf.slider(i) !== target) return;
      const { min_step: least, max_step: most } = slider;
      session.moveSlider(i, Math.round((least + share * (most - least)) * 10) / 10);
    });
    if (target === lockOf.nearness && session.landmarks) {
      session.change({ nearness: Math.round(share * 100) / 100 });
    }
    for (const { name } of session.model.value.controls) {
      if (lockOf.control(name) === target) {
        session.moveControl(name, Math.round((share * 20 - 10) * 10) / 10);
      }
    }
  }
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  const main = document.querySelector('main:not([hidden])');
  main?.setAttribute('tabindex', '-1');
  main?.focus();
}
