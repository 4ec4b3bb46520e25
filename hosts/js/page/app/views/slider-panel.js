/** The model's sliders and named controls. */

import { Fader } from '../ui/fader.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { lockOf } from '../state/locks.js';
import { counted, wordOf } from './words.js';

const USUAL_RANGE = 10; // of a control, which has no end of its own

/** @param {import('./app.js').App} app */
export function sliderPanel(app) {
  const { session } = app;
  const list = h('div', { class: 'faders' });
  const controlList = h('div', { class: 'faders' });
  const controlPart = h(
    'div',
    { class: 'controls-part' },
    h('h3', { text: 'Controls' }),
    h('p', { class: 'hint', text: 'Move the whole sound by what is heard, wherever it is.' }),
    controlList,
  );
  const none = h('p', {
    class: 'hint',
    text: 'This model has no sliders: each seed is a walk of its own.',
  });
  const path = h('p', { class: 'hint path-hint' });
  /** @type {Fader[]} */
  let faders = [];
  /** @type {Map<string, Fader>} */
  let controls = new Map();
  let built = '';

  const build = () => {
    const { sliders } = session;
    const { controls: named } = session.model.value;
    const wanted = JSON.stringify([session.models.map((model) => model.key), app.midi.isOn]);
    if (wanted === built) return;
    built = wanted;
    faders = sliders.map((slider, index) => sliderFader(app, slider, index));
    controls = new Map(named.map((control) => [control.name, controlFader(app, control)]));
    list.replaceChildren(...faders.map((fader) => fader.element));
    controlList.replaceChildren(...[...controls.values()].map((fader) => fader.element));
    controlPart.hidden = !named.length;
    none.hidden = Boolean(sliders.length);
    for (const button of [randomize, reset]) button.disabled = !sliders.length && !named.length;
    showLocks();
  };
  const show = () => {
    const settings = session.settings.value;
    if (!settings || !session.model.value) return;
    build();
    faders.forEach((fader, i) => {
      fader.value = settings.positions[i] ?? 0;
    });
    for (const [name, fader] of controls) fader.value = settings.controls[name] ?? 0;
    const walks = settings.path === 'walk' && !settings.blend.others.length && faders.length > 0;
    path.textContent = walks
      ? 'This sound walks freely from its seed. Move a slider to start from the sliders instead.'
      : '';
    list.classList.toggle('is-aside', walks);
  };
  const showLocks = () => {
    faders.forEach((fader, i) => {
      fader.locked = session.locks.value.has(lockOf.slider(i));
    });
    for (const [name, fader] of controls) {
      fader.locked = session.locks.value.has(lockOf.control(name));
    }
  };
  const randomize = iconButton({
    icon: icon('shuffle'),
    label: 'Randomise',
    onClick: () => session.randomize(),
    class: 'quiet',
    isTextShown: true,
  });
  const reset = iconButton({
    icon: icon('reset'),
    label: 'Reset',
    onClick: () => session.reset(),
    class: 'quiet',
    isTextShown: true,
  });
  session.settings.watch(show);
  session.locks.watch(showLocks);
  app.midi.onChange(() => {
    if (session.model.value) show();
    faders.forEach((fader, i) => {
      fader.learn?.classList.toggle('is-on', app.midi.isLearning(lockOf.slider(i)));
      fader.learn?.classList.toggle('is-bound', app.midi.isBound(lockOf.slider(i)));
    });
    for (const [name, fader] of controls) {
      fader.learn?.classList.toggle('is-on', app.midi.isLearning(lockOf.control(name)));
      fader.learn?.classList.toggle('is-bound', app.midi.isBound(lockOf.control(name)));
    }
  });
  show();

  return h(
    'section',
    { class: 'panel slider-panel', 'aria-labelledby': 'sliders-title' },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', { id: 'sliders-title', text: 'Sliders' }),
      randomize,
      reset,
    ),
    none,
    path,
    list,
    controlPart,
    h(
      'p',
      { class: 'legend', 'aria-hidden': 'true' },
      h('span', { class: 'key safe', text: 'safe' }),
      h('span', { class: 'key warning', text: 'may lose its character' }),
      h('span', { class: 'key beyond', text: 'beyond what was learned' }),
    ),
  );
}

/**
 * @param {import('./app.js').App} app
 * @param {import('../../../src/metadata-types.js').Slider} slider
 * @param {number} index
 */
function sliderFader({ session, midi }, slider, index) {
  const lock = lockOf.slider(index);
  return new Fader({
    label: wordOf(slider.label),
    detail: slider.name,
    hint: `${slider.label}: ${(100 * slider.variance_explained).toFixed(1)} % of the model's variety`,
    ranges: {
      least: slider.min_step,
      most: slider.max_step,
      safe: [slider.safe_min_step, slider.safe_max_step],
      warning: [slider.warning_min_step, slider.warning_max_step],
    },
    unit: 'steps',
    onInput: (value) => session.moveSlider(index, value),
    onLock: () => session.toggleLock(lock),
    onLearn: midi.isOn ? () => midi.learn(lock) : null,
  });
}

/**
 * @param {import('./app.js').App} app
 * @param {any} control
 */
function controlFader({ session, midi }, control) {
  const lock = lockOf.control(control.name);
  const change = `${Number(control.change_per_step).toPrecision(2)} ${control.unit} a step`;
  return new Fader({
    label: control.name,
    detail: change,
    hint: `Agrees with what is heard by ${Math.round(100 * Math.abs(control.correlation))} %, measured at ${counted(control.places, 'place')}`,
    ranges: {
      least: Math.min(-USUAL_RANGE, control.safe_min_step),
      most: Math.max(USUAL_RANGE, control.safe_max_step),
      safe: [control.safe_min_step, control.safe_max_step],
    },
    unit: 'steps',
    onInput: (value) => session.moveControl(control.name, value),
    onLock: () => session.toggleLock(lock),
    onLearn: midi.isOn ? () => midi.learn(lock) : null,
  });
}
