/** A list of faders that follow the settings, their locks and their MIDI controllers. */

import { h } from '../ui/dom.js';

/**
 * A fader in a list.
 *
 * @typedef {object} Entry
 * @property {string} lock What its lock and its controller are called by.
 * @property {import('../ui/fader.js').Fader} fader
 * @property {(settings: import('../state/settings.js').Settings) => number} read Where it stands.
 */

/**
 * @param {import('./app.js').App} app
 * @param {() => Entry[]} make Makes the faders of what is open.
 * @param {(settings: import('../state/settings.js').Settings, count: number) => void} onShow
 */
export function faderList({ session, midi }, make, onShow) {
  const element = h('div', { class: 'faders' });
  /** @type {Entry[]} */
  let entries = [];
  let built = '';

  const build = () => {
    const { landmarks } = session;
    const models = session.models.map(({ key }) => key);
    const wanted = JSON.stringify([models, midi.isOn, landmarks && landmarks.default]);
    if (wanted === built) return;
    built = wanted;
    entries = make();
    element.replaceChildren(...entries.map(({ fader }) => fader.element));
    showLocks();
  };
  const show = () => {
    const settings = session.settings.value;
    if (!settings || !session.model.value) return;
    build();
    for (const { fader, read } of entries) fader.value = read(settings);
    onShow(settings, entries.length);
  };
  const showLocks = () => {
    for (const { lock, fader } of entries) fader.locked = session.locks.value.has(lock);
  };
  session.settings.watch(show);
  session.locks.watch(showLocks);
  midi.onChange(() => {
    show();
    for (const { lock, fader } of entries) {
      fader.learn?.classList.toggle('is-on', midi.isLearning(lock));
      fader.learn?.classList.toggle('is-bound', midi.isBound(lock));
    }
  });
  return { element, show };
}
