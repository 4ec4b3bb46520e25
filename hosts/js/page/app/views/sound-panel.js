/** The sound: its picture, and what one does with it. */

import { drawOutline, drawSpectrum } from '../sound/drawing.js';
import { onThemeChange } from '../sound/palette.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { clock, download } from './words.js';

const LEVEL = 0.891; // of a finished sound's peak

/** @param {import('./app.js').App} app */
export function soundPanel(app) {
  const { session } = app;
  const { player } = session;

  const spectrum = h('canvas', { class: 'spectrum', 'aria-hidden': 'true' });
  const outline = h('canvas', { class: 'outline', 'aria-hidden': 'true' });
  const cursor = h('div', { class: 'cursor', 'aria-hidden': 'true' });
  const empty = h('p', { class: 'empty-sound' });
  const seek = h('input', {
    type: 'range',
    class: 'seek',
    min: 0,
    max: 1,
    step: 0.01,
    value: 0,
    'aria-label': 'Position in the sound',
  });
  const picture = h('div', { class: 'picture' }, spectrum, outline, cursor, seek, empty);
  const time = h('p', { class: 'time' });
  const bar = h('div', {
    class: 'progress',
    role: 'progressbar',
    'aria-label': 'Progress',
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    hidden: true,
  });
  const fill = h('span', {});
  bar.append(fill);

  const make = h('button', { type: 'button', class: 'primary', id: 'generate' });
  make.addEventListener('click', () => {
    if (session.work.value.kind === 'generating') session.cancel();
    else void session.generate();
  });
  const play = iconButton({
    icon: icon('play'),
    label: 'Play',
    onClick: () => player.toggle(),
    class: 'icon-button large',
  });
  play.id = 'play';
  const loop = iconButton({
    icon: icon('loop'),
    label: 'Loop',
    onClick: () => {
      player.loops = !player.loops;
    },
  });
  const save = h(
    'button',
    { type: 'button', class: 'quiet', id: 'download' },
    icon('download'),
    'WAV',
  );
  const depth = h(
    'select',
    { 'aria-label': 'Bits of the WAV' },
    h('option', { value: '16', text: '16 bit' }),
    h('option', { value: '24', text: '24 bit', selected: true }),
    h('option', { value: '32', text: '32 float' }),
  );
  save.addEventListener('click', async () => {
    const sound = session.sound.value;
    save.disabled = true;
    try {
      const bytes = await session.wav(sound, Number(depth.value));
      download(`${fileStem(sound)}.wav`, bytes, 'audio/wav');
    } catch (error) {
      app.notices.fail(error);
    } finally {
      save.disabled = false;
    }
  });
  const limit = h('p', { class: 'hint limit' });
  const slots = slotButtons(app);
  const keep = iconButton({
    icon: icon('star'),
    label: 'Keep as preset',
    onClick: () => app.presetDialog(),
    class: 'quiet',
    isTextShown: true,
  });

  const draw = () => {
    const arriving = session.arriving.value?.picture;
    const sound = session.sound.value;
    const shown = arriving ?? sound?.picture;
    picture.classList.toggle('is-empty', !shown);
    if (!shown) return;
    const gain = arriving ? LEVEL / Math.max(arriving.peak, 1e-6) : 1;
    drawSpectrum(spectrum, shown, { gainDb: 20 * Math.log10(gain) });
    drawOutline(outline, shown, { gain });
  };
  const drawTime = () => {
    const { buffer, position } = player;
    const hasSound = Boolean(session.sound.value && buffer);
    time.textContent = hasSound ? `${clock(position)} / ${clock(buffer.duration)}` : '';
    const share = hasSound ? position / buffer.duration : 0;
    cursor.style.setProperty('left', `${100 * share}%`);
    cursor.hidden = !hasSound || Boolean(session.arriving.value);
    if (hasSound) {
      seek.max = String(buffer.duration);
      seek.value = String(position);
      seek.setAttribute('aria-valuetext', `${position.toFixed(1)} seconds`);
    }
  };
  seek.addEventListener('input', () => player.seek(Number(seek.value)));

  const show = () => {
    const { kind, fraction } = session.work.value;
    const sound = session.sound.value;
    const isBusy = kind === 'generating';
    make.textContent = isBusy ? 'Cancel' : 'Generate';
    make.classList.toggle('is-busy', isBusy);
    make.disabled = kind === 'loading';
    bar.hidden = kind === 'idle';
    bar.setAttribute('aria-valuenow', String(Math.round(100 * fraction)));
    bar.setAttribute('aria-label', kind === 'loading' ? 'Loading the model' : 'Making the sound');
    fill.style.setProperty('width', `${100 * fraction}%`);
    bar.classList.toggle('is-waiting', kind === 'loading' && fraction >= 1);
    empty.textContent =
      kind === 'loading' ? 'Loading the model…' : 'No sound yet. Press Generate to make one.';
    for (const control of [play, save, keep, seek]) control.disabled = !sound;
    limit.textContent = isBusy || !sound ? '' : remark(sound);
    app.say(isBusy ? 'Making the sound' : '');
  };
  const showPlaying = () => {
    play.replaceChildren(icon(player.isPlaying ? 'pause' : 'play'));
    const label = player.isPlaying ? 'Pause' : 'Play';
    play.setAttribute('aria-label', label);
    play.title = `${label} (space)`;
    loop.setAttribute('aria-pressed', String(player.loops));
    drawTime();
    if (player.isPlaying) requestAnimationFrame(follow);
  };
  const follow = () => {
    drawTime();
    if (player.isPlaying) requestAnimationFrame(follow);
  };

  session.work.watch(show);
  session.sound.watch(() => {
    show();
    draw();
    drawTime();
  });
  session.arriving.watch(() => {
    draw();
    drawTime();
  });
  player.onChange = showPlaying;
  new ResizeObserver(draw).observe(picture);
  onThemeChange(draw);
  show();
  showPlaying();

  return h(
    'section',
    { class: 'panel sound-panel', 'aria-label': 'Sound' },
    picture,
    bar,
    h(
      'div',
      { class: 'transport' },
      make,
      play,
      loop,
      time,
      h('span', { class: 'spring' }),
      h('span', { class: 'save' }, save, depth),
    ),
    limit,
    h('div', { class: 'compare' }, slots, h('span', { class: 'spring' }), keep),
  );
}

/**
 * What there is to say of a sound's level.
 *
 * @param {import('../state/session.js').MadeSound} sound
 */
function remark({ silent, limitedDb }) {
  if (silent) return 'This sound is silent: move the sliders nearer to 0, or take another seed.';
  if (limitedDb < 0.5) return '';
  return `The controls make it louder than a file can be: its peaks are softened by ${limitedDb.toFixed(1)} dB.`;
}

/** @param {import('./app.js').App} app */
function slotButtons({ session, notices }) {
  const button = (slot) =>
    h('button', {
      type: 'button',
      text: slot,
      id: `slot-${slot}`,
      title: `Settings and sound ${slot}`,
      on: { click: () => session.slots.go(slot) },
    });
  const buttons = { A: button('A'), B: button('B') };
  const copy = h('button', {
    type: 'button',
    class: 'quiet copy-slot',
    title: 'Make the other one the same as this, to change it from here',
    on: {
      click: () => {
        const other = session.slots.copy();
        notices.say(`${other} is now the same as ${session.slots.active.value}.`);
      },
    },
  });
  const show = () => {
    const active = session.slots.active.value;
    for (const [slot, element] of Object.entries(buttons)) {
      element.setAttribute('aria-pressed', String(slot === active));
    }
    copy.textContent = `Copy to ${active === 'A' ? 'B' : 'A'}`;
  };
  session.slots.active.watch(show);
  show();
  return h(
    'div',
    { class: 'slots', role: 'group', 'aria-label': 'Compare two' },
    h('span', { class: 'hint', text: 'Compare' }),
    h('div', { class: 'segments' }, buttons.A, buttons.B),
    copy,
  );
}

/** @param {import('../state/session.js').MadeSound} sound */
function fileStem({ model, recipe }) {
  const stem = model.file.replace(/\.onnx$/i, '').replace(/[^\p{L}\p{N}\-_. ]/gu, '_');
  return `${stem}_seed${recipe.request.seed}`;
}
