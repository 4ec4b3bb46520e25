/** The live sound: an endless one that follows the sliders. */

import { Scope } from '../live/scope.js';
import { Fader } from '../ui/fader.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { counted, download } from './words.js';

const LENGTHS = [10, 30, 60, 120];

/** @param {import('./app.js').App} app */
export function livePanel(app) {
  const { live, session, midi, notices } = app;
  const start = h('button', { type: 'button', class: 'primary live-start', id: 'live' });
  start.addEventListener('click', () => live.toggle());
  const hold = h('button', {
    type: 'button',
    class: 'quiet',
    text: 'Hold',
    title: 'Stay where the sound is now (H)',
    on: { click: () => live.toggleHold() },
  });
  const other = iconButton({
    icon: icon('dice'),
    label: 'Another way',
    class: 'quiet',
    isTextShown: true,
    onClick: () => app.rollSeed(),
  });
  other.title = 'Wander from another seed (D)';
  const volume = new Fader({
    label: 'Volume',
    ranges: { least: 0, most: 1 },
    step: 0.01,
    unit: 'of 1',
    onInput: (value) => live.setVolume(value),
  });
  volume.value = live.volume;
  const length = h(
    'select',
    { 'aria-label': 'How much to save' },
    ...LENGTHS.map((seconds) =>
      h('option', {
        value: seconds,
        selected: seconds === 30,
        text: seconds < 60 ? `last ${seconds} s` : `last ${seconds / 60} min`,
      }),
    ),
  );
  const save = h(
    'button',
    { type: 'button', class: 'quiet', id: 'live-save' },
    icon('record'),
    'Save',
  );
  save.addEventListener('click', async () => {
    save.disabled = true;
    try {
      const bytes = await live.record(Number(length.value));
      const stem = session.model.value.file.replace(/\.onnx$/i, '');
      download(`${stem}_live.wav`, bytes, 'audio/wav');
    } catch (error) {
      notices.fail(error);
    } finally {
      save.disabled = live.state.value !== 'on';
    }
  });
  const state = h('p', { class: 'hint live-state', id: 'live-state' });
  const canvas = h('canvas', { class: 'scope', 'aria-hidden': 'true' });
  const scope = new Scope(canvas);
  const midiButton = iconButton({
    icon: icon('knob'),
    label: 'MIDI',
    class: 'quiet',
    isTextShown: true,
    onClick: () => startMidi(app),
  });
  midiButton.id = 'midi';

  const saving = h('span', { class: 'save' }, save, length);
  const playing = h('div', { class: 'live-on' }, canvas, volume.element, saving);
  const tell = () => {
    const dropouts = live.dropouts.value;
    const words = {
      off: 'An endless sound. Move the sliders, and it follows.',
      starting: 'Getting ready…',
      on: dropouts ? `${counted(dropouts, 'dropout')} so far.` : 'Playing. Move the sliders.',
    };
    const blends = session.settings.value?.blend.others.length;
    const audio = blends && session.settings.value.blend.mode === 'audio';
    const notes = [
      words[live.state.value],
      audio && 'Of a blend of finished sounds, the first model plays live.',
      live.state.value !== 'off' &&
        !live.isShared &&
        'This page is not isolated, so it plays through messages, a little less steadily.',
    ];
    const text = notes.filter(Boolean).join(' ');
    if (state.textContent !== text) state.textContent = text;
  };
  const show = () => {
    const isOn = live.state.value === 'on';
    start.replaceChildren(
      live.state.value === 'off'
        ? 'Play live'
        : live.state.value === 'starting'
          ? 'Starting…'
          : 'Stop',
    );
    start.classList.toggle('is-busy', live.state.value !== 'off');
    hold.setAttribute('aria-pressed', String(live.isHeld.value));
    playing.hidden = hold.hidden = other.hidden = !isOn;
    save.disabled = !isOn;
    tell();
    if (isOn) scope.start(live.output);
    else scope.stop();
  };
  const showMidi = () => {
    midiButton.setAttribute('aria-pressed', String(midi.isOn));
    const { inputs } = midi;
    midiButton.title = midi.isOn
      ? `Connected: ${inputs.join(', ') || 'nothing yet'}`
      : 'Move sliders with a MIDI controller';
  };
  live.state.watch(show);
  live.isHeld.watch(() => hold.setAttribute('aria-pressed', String(live.isHeld.value)));
  live.dropouts.watch(tell);
  session.settings.watch(tell);
  midi.onChange(showMidi);
  midiButton.hidden = !midi.isPossible;
  show();
  showMidi();

  return h(
    'section',
    { class: 'panel live-panel', 'aria-labelledby': 'live-title' },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', { id: 'live-title', text: 'Live' }),
      midiButton,
      other,
      hold,
      start,
    ),
    state,
    playing,
  );
}

/** @param {import('./app.js').App} app */
async function startMidi({ midi, notices }) {
  if (midi.isOn) {
    notices.say(
      'Press the knob beside a slider, then move a controller: from then on it moves the slider.',
    );
    return;
  }
  try {
    await midi.start();
    const { inputs } = midi;
    notices.say(
      inputs.length
        ? `${inputs.join(', ')} connected. Press the knob beside a slider, then move a controller.`
        : 'No MIDI device is connected yet. Connect one, then press the knob beside a slider.',
    );
  } catch {
    notices.warn('The browser does not let this page use MIDI. Allow it in the site’s settings.');
  }
}
