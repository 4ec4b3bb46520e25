/** Everything about a sound but its sliders: seed, length, path, stereo. */

import { LAST_SEED, MAX_DURATION_S, rolledSeed } from '../state/settings.js';
import { Fader } from '../ui/fader.js';
import { freshId, h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { blendPart } from './blend-part.js';
import { endsPart } from './ends-part.js';

const LENGTHS = [4, 10, 30, 60];

/** @param {import('./app.js').App} app */
export function settingsPanel(app) {
  return h(
    'section',
    { class: 'panel settings-panel', 'aria-labelledby': 'settings-title' },
    h('div', { class: 'panel-head' }, h('h2', { id: 'settings-title', text: 'Settings' })),
    seedPart(app),
    durationPart(app),
    endsPart(app),
    pathPart(app),
    stereoPart(app),
    blendPart(app),
    finishPart(app),
  );
}

/** @param {import('./app.js').App} app */
function seedPart({ session }) {
  const id = freshId();
  const field = h('input', {
    type: 'number',
    id,
    min: 0,
    max: LAST_SEED,
    step: 1,
    class: 'seed',
    inputmode: 'numeric',
  });
  field.addEventListener('change', () => {
    const seed = Math.min(LAST_SEED, Math.max(0, Math.floor(Number(field.value))));
    if (Number.isFinite(seed) && field.value !== '') session.change({ seed });
    field.value = String(session.settings.value.seed);
  });
  const dice = iconButton({
    icon: icon('dice'),
    label: 'Roll the dice for another seed',
    onClick: () => session.change({ seed: rolledSeed() }),
  });
  const each = h('input', { type: 'checkbox' });
  each.addEventListener('change', () => {
    session.rollsEachTime = each.checked;
  });
  whenSet(session, ({ seed }) => {
    field.value = String(seed);
  });
  return h(
    'div',
    { class: 'setting' },
    h('label', { for: id, text: 'Seed' }),
    h('div', { class: 'row' }, field, dice),
    h('label', { class: 'check' }, each, 'Roll before every sound'),
  );
}

/** @param {import('./app.js').App} app */
function durationPart({ session }) {
  const id = freshId();
  const field = h('input', {
    type: 'number',
    id,
    min: 0.1,
    max: MAX_DURATION_S,
    step: 'any',
    class: 'short',
  });
  field.addEventListener('change', () => {
    const durationS = Math.min(MAX_DURATION_S, Math.max(0.1, Number(field.value)));
    if (Number.isFinite(durationS) && field.value !== '') session.change({ durationS });
    field.value = String(session.settings.value.durationS);
  });
  const chips = LENGTHS.map((seconds) =>
    h('button', {
      type: 'button',
      class: 'chip',
      text: `${seconds} s`,
      on: { click: () => session.change({ durationS: seconds }) },
    }),
  );
  whenSet(session, ({ durationS }) => {
    field.value = String(durationS);
    chips.forEach((chip, i) => chip.setAttribute('aria-pressed', String(LENGTHS[i] === durationS)));
  });
  return h(
    'div',
    { class: 'setting' },
    h('label', { for: id, text: 'Duration in seconds' }),
    h('div', { class: 'row' }, field, ...chips),
    h('p', { class: 'hint', text: 'The same seed at another duration is another sound.' }),
  );
}

/** @param {import('./app.js').App} app */
function pathPart({ session }) {
  const starts = choice('Starts from', [
    ['sliders', 'the sliders'],
    ['walk', 'the seed alone'],
  ]);
  starts.onChoice = (path) => session.change({ path });
  const modeId = freshId();
  const mode = h(
    'select',
    { id: modeId },
    h('option', { value: 'crossfade', text: 'crossfade' }),
    h('option', { value: 'latent-interpolation', text: 'latent interpolation' }),
  );
  mode.addEventListener('change', () => session.change({ mode: mode.value }));
  const evolution = new Fader({
    label: 'Evolution',
    ranges: { least: 0, most: 1 },
    step: 0.01,
    unit: 'of 1',
    hint: 'How far the sound drifts from where it starts',
    onInput: (value) => session.change({ evolution: value }),
  });
  whenSet(session, (settings) => {
    const hasSliders = settings.positions.length > 0;
    const blends = settings.blend.others.length > 0;
    starts.value = hasSliders ? settings.path : 'walk';
    starts.element.hidden = !hasSliders || blends;
    mode.value = settings.mode;
    evolution.value = settings.evolution;
    const drifts = hasSliders && (settings.path === 'sliders' || blends);
    evolution.element.hidden = !drifts;
    mode.parentElement.hidden = drifts;
  });
  return h(
    'div',
    { class: 'setting' },
    starts.element,
    evolution.element,
    h('div', { class: 'row' }, h('label', { for: modeId, text: 'Mode' }), mode),
  );
}

/** @param {import('./app.js').App} app */
function stereoPart({ session }) {
  const mode = choice('Stereo', [
    ['mono', 'mono'],
    ['mid-side', 'wide'],
    ['dual-seed', 'two seeds'],
  ]);
  const change = (changes) =>
    session.change({ stereo: { ...session.settings.value.stereo, ...changes } });
  mode.onChoice = (value) => change({ mode: value });
  const width = new Fader({
    label: 'Width',
    ranges: { least: 0, most: 1.5 },
    step: 0.01,
    unit: 'of 1.5',
    onInput: (value) => change({ width: value }),
  });
  const depth = new Fader({
    label: 'Depth',
    ranges: { least: 0, most: 1 },
    step: 0.01,
    unit: 'of 1',
    onInput: (value) => change({ depth: value }),
  });
  whenSet(session, ({ stereo }) => {
    mode.value = stereo.mode;
    width.value = stereo.width;
    depth.value = stereo.depth;
    width.element.hidden = stereo.mode !== 'mid-side';
    depth.element.hidden = !['mid-side', 'dual-seed'].includes(stereo.mode);
  });
  return h('div', { class: 'setting' }, mode.element, width.element, depth.element);
}

/** @param {import('./app.js').App} app */
function finishPart({ session }) {
  const box = h('input', { type: 'checkbox' });
  box.addEventListener('change', () => session.change({ filter: box.checked }));
  whenSet(session, ({ filter }) => {
    box.checked = filter;
  });
  return h(
    'div',
    { class: 'setting' },
    h('label', { class: 'check' }, box, 'Finish as in a file of distill-run'),
    h('p', {
      class: 'hint',
      text: 'Without the filter at 20 kHz a sound is ready a little sooner.',
    }),
  );
}

/**
 * A few choices side by side, of which one holds.
 *
 * @param {string} label
 * @param {readonly (readonly [string, string])[]} options Value and text.
 */
export function choice(label, options) {
  const name = freshId();
  const inputs = options.map(([value]) => h('input', { type: 'radio', name, value }));
  const element = h(
    'fieldset',
    { class: 'choice' },
    h('legend', { text: label }),
    h(
      'div',
      { class: 'segments' },
      ...inputs.map((input, i) => h('label', {}, input, h('span', { text: options[i][1] }))),
    ),
  );
  const made = {
    element,
    onChoice: (_value) => {},
    set value(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
  for (const input of inputs) {
    input.addEventListener('change', () => input.checked && made.onChoice(input.value));
  }
  return made;
}

/**
 * Show settings now and whenever they change.
 *
 * @param {import('../state/session.js').Session} session
 * @param {(settings: import('../state/settings.js').Settings) => void} show
 */
export function whenSet(session, show) {
  const shown = (settings) => settings && session.model.value && show(settings);
  session.settings.watch(shown);
  queueMicrotask(() => shown(session.settings.value));
}
