/** Nearness, and the model's named controls, which move a sound by what is heard. */

import { lockOf } from '../state/locks.js';
import { Fader } from '../ui/fader.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { faderList } from './fader-list.js';

const USUAL_RANGE = 10; // of a control, which has no end of its own

/** @param {import('./app.js').App} app */
export function controlPanel(app) {
  const { session } = app;
  const make = () => [
    ...(session.landmarks ? [nearnessEntry(app)] : []),
    ...session.model.value.controls.map((control) => entry(app, control)),
  ];
  const list = faderList(app, make, (_, count) => {
    element.hidden = count === 0;
  });
  const element = h(
    'section',
    { class: 'panel control-panel', 'aria-labelledby': 'controls-title' },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', { id: 'controls-title', text: 'Controls' }),
      h('p', { class: 'hint', text: 'The same sound, but more of this or less.' }),
      iconButton({
        icon: icon('reset'),
        label: 'Reset controls',
        onClick: () => session.resetControls(),
        class: 'icon-button',
      }),
    ),
    list.element,
  );
  list.show();
  return element;
}

/**
 * @param {import('./app.js').App} app
 * @returns {import('./fader-list.js').Entry}
 */
function nearnessEntry({ session, midi }) {
  const lock = lockOf.nearness;
  const fader = new Fader({
    label: 'Nearness',
    detail: 'to the recordings',
    hint: '1 is among the recordings that the model was trained on; 0 is where Distill’s seeds go',
    ranges: { least: 0, most: 1 },
    step: 0.01,
    rest: session.landmarks.default,
    unit: 'of 1',
    onInput: (value) => session.change({ nearness: value }),
    onLock: () => session.toggleLock(lock),
    onLearn: midi.isOn ? () => midi.learn(lock) : null,
  });
  fader.element.classList.add('nearness');
  return { lock, fader, read: ({ nearness }) => nearness ?? session.landmarks.default };
}

/**
 * @param {import('./app.js').App} app
 * @param {import('../../../src/metadata-types.js').Control} control
 * @returns {import('./fader-list.js').Entry}
 */
function entry({ session, midi }, control) {
  const { name } = control;
  const lock = lockOf.control(name);
  const change = `${Number(control.change_per_step).toPrecision(2)} ${control.unit} a step`;
  const leak = control.leaks_into ? `, moves ${control.leaks_into} too` : '';
  const fader = new Fader({
    label: name,
    hint: `${change}${leak}`,
    ranges: {
      least: Math.min(-USUAL_RANGE, control.safe_min_step),
      most: Math.max(USUAL_RANGE, control.safe_max_step),
      safe: [control.safe_min_step, control.safe_max_step],
    },
    unit: 'steps',
    onInput: (value) => session.moveControl(name, value),
    onLock: () => session.toggleLock(lock),
    onLearn: midi.isOn ? () => midi.learn(lock) : null,
  });
  return { lock, fader, read: ({ controls }) => controls[name] ?? 0 };
}
