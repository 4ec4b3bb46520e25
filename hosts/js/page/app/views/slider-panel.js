/** The model's sliders. */

import { lockOf } from '../state/locks.js';
import { Fader } from '../ui/fader.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { faderList } from './fader-list.js';
import { wordOf } from './words.js';

/** @param {import('./app.js').App} app */
export function sliderPanel(app) {
  const { session } = app;
  const none = h('p', {
    class: 'hint',
    text: 'This model has no sliders: each seed is a walk of its own.',
  });
  const path = h('p', { class: 'hint path-hint' });
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
    onClick: () => session.resetSliders(),
    class: 'quiet',
    isTextShown: true,
  });
  const make = () => session.sliders.map((slider, index) => entry(app, slider, index));
  const list = faderList(app, make, ({ path: starts, blend }, count) => {
    const walks = starts === 'walk' && !blend.others.length && count > 0;
    path.textContent = walks
      ? 'This sound walks freely from its seed. Move a slider to start from the sliders instead.'
      : '';
    list.element.classList.toggle('is-aside', walks);
    none.hidden = count > 0;
    legend.hidden = count === 0;
    for (const button of [randomize, reset]) button.disabled = count === 0;
  });
  const legend = h(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    h('span', { class: 'key safe', text: 'safe' }),
    h('span', { class: 'key warning', text: 'may lose its character' }),
    h('span', { class: 'key beyond', text: 'beyond what was learned' }),
  );
  list.show();

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
    list.element,
    legend,
  );
}

/**
 * @param {import('./app.js').App} app
 * @param {import('../../../src/metadata-types.js').Slider} slider
 * @param {number} index
 * @returns {import('./fader-list.js').Entry}
 */
function entry({ session, midi }, slider, index) {
  const lock = lockOf.slider(index);
  const fader = new Fader({
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
  return { lock, fader, read: ({ positions }) => positions[index] ?? 0 };
}
