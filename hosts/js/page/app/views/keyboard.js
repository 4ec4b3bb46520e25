/** Keys that work anywhere on the page, and the window that tells them. */

import { h } from '../ui/dom.js';

const KEYS = Object.freeze([
  ['Space', 'play or pause'],
  ['G', 'generate, or cancel'],
  ['D', 'roll the dice for a seed'],
  ['R', 'randomise the sliders'],
  ['0', 'reset sliders, controls and nearness'],
  ['1 – 9', 'go to a slider; arrows move it, with Shift finely'],
  ['N', 'go to the nearness, where the model has one'],
  ['A, B', 'hear one or the other'],
  ['L', 'live, on or off'],
  ['H', 'hold the live sound where it is'],
  ['S', 'keep as a preset'],
  ['?', 'this list'],
]);

/** @param {import('./app.js').App} app */
export function listenToKeys(app) {
  const { session } = app;
  const actions = {
    ' ': () => session.sound.value && session.player.toggle(),
    g: () =>
      session.work.value.kind === 'generating' ? session.cancel() : void session.generate(),
    d: () => app.rollSeed(),
    r: () => session.randomize(),
    0: () => {
      session.resetSliders();
      session.resetControls();
    },
    n: () => document.querySelector('.nearness input[type="range"]')?.focus(),
    a: () => session.slots.go('A'),
    b: () => session.slots.go('B'),
    l: () => app.live.toggle(),
    h: () => app.live.toggleHold(),
    s: () => session.sound.value && app.presetDialog(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]')) return;
    const { target, key } = event;
    if (takesText(target)) return;
    if (key === '?') showKeys();
    else if (!session.model.value) return;
    else if (key === ' ' && target.closest('button, a, input, summary, label, select')) return;
    else if (/^[1-9]$/.test(key)) focusSlider(Number(key) - 1);
    else if (actions[key.toLowerCase()]) actions[key.toLowerCase()]();
    else return;
    event.preventDefault();
  });
}

/** @param {number} index */
function focusSlider(index) {
  document.querySelectorAll('.slider-panel .fader input[type="range"]')[index]?.focus();
}

/** @param {EventTarget} target */
function takesText(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['range', 'checkbox', 'radio'].includes(target.type);
  return target instanceof HTMLSelectElement || target.isContentEditable;
}

/** Show which keys there are. */
export function showKeys() {
  const dialog = h(
    'dialog',
    { class: 'keys', 'aria-labelledby': 'keys-title' },
    h('h2', { id: 'keys-title', text: 'Keys' }),
    h(
      'dl',
      {},
      ...KEYS.map(([key, does]) =>
        h('div', {}, h('dt', {}, h('kbd', { text: key })), h('dd', { text: does })),
      ),
    ),
    h(
      'form',
      { method: 'dialog', class: 'row end' },
      h('button', { class: 'primary', text: 'Close' }),
    ),
  );
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
}
