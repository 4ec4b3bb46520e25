/** What was made, to hear it again. */

import { drawSpectrum, GrowingPicture } from '../sound/drawing.js';
import { onThemeChange } from '../sound/palette.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { moment } from './words.js';

/** @param {import('./app.js').App} app */
export function historyPanel({ session, history, notices }) {
  const list = h('ul', { class: 'history-list' });
  const none = h('p', {
    class: 'hint',
    text: 'Sounds that you make are kept here, in this browser.',
  });
  const clear = h('button', {
    type: 'button',
    class: 'quiet',
    text: 'Clear',
    'aria-label': 'Clear the history',
    on: { click: () => history.clear().catch((error) => notices.fail(error)) },
  });
  /** @type {Map<string, {element: HTMLElement, draw: () => void}>} */
  const items = new Map();
  const show = () => {
    const { sounds } = history;
    const ids = new Set(sounds.map(({ id }) => id));
    for (const id of [...items.keys()]) {
      if (ids.has(id)) continue;
      items.get(id).element.remove();
      items.delete(id);
    }
    sounds.forEach((sound, i) => {
      if (!items.has(sound.id)) items.set(sound.id, item(sound));
      const { element } = items.get(sound.id);
      if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
    });
    none.hidden = sounds.length > 0;
    clear.hidden = sounds.length === 0;
  };
  const nearby = { rootMargin: '800px' };
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      items.get(target.dataset.id)?.draw();
    }
  }, nearby);
  onThemeChange(() => {
    for (const { draw } of items.values()) draw();
  });

  /** @param {import('../storage/history.js').KeptSound} sound */
  function item(sound) {
    const { settings, models, picture } = sound;
    const canvas = h('canvas', { class: 'thumb', 'aria-hidden': 'true' });
    const names = models.map(({ name }) => name).join(' + ');
    const about = `${names}, seed ${settings.seed}, ${settings.durationS} s`;
    const element = h(
      'li',
      { data: { id: sound.id } },
      h(
        'button',
        {
          type: 'button',
          class: 'history-item',
          'aria-label': `Hear again: ${about}`,
          title: about,
          on: { click: () => session.replay(sound) },
        },
        canvas,
        h('span', { class: 'history-name', text: names }),
        h('span', { class: 'history-detail', text: `seed ${settings.seed}` }),
        h('span', {
          class: 'history-detail',
          text: `${settings.durationS} s · ${moment(sound.created)}`,
        }),
      ),
      iconButton({
        icon: icon('trash'),
        label: `Delete: ${about}`,
        class: 'icon-button small delete',
        onClick: () => history.remove(sound.id).catch((error) => notices.fail(error)),
      }),
    );
    const draw = () => drawSpectrum(canvas, GrowingPicture.whole(picture));
    watcher.observe(element);
    return { element, draw };
  }

  history.onChange = show;
  show();
  return h(
    'section',
    { class: 'panel history-panel', 'aria-labelledby': 'history-title' },
    h('div', { class: 'panel-head' }, h('h2', { id: 'history-title', text: 'History' }), clear),
    none,
    list,
  );
}
