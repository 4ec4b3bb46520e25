/** The page's head: its name, the way back to the library, the link to what is open. */

import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { fragmentOf } from '../state/fragment.js';
import { showKeys } from './keyboard.js';

/** @param {import('./app.js').App} app */
export function header(app) {
  const { session } = app;
  const back = h(
    'button',
    { type: 'button', class: 'quiet', id: 'to-library', on: { click: () => app.browse() } },
    icon('back'),
    'Library',
  );
  const link = iconButton({
    icon: icon('link'),
    label: 'Copy link',
    class: 'quiet',
    isTextShown: true,
    onClick: async () => {
      const address = new URL(
        fragmentOf(session.model.value, session.settings.value),
        location.href,
      ).href;
      history.replaceState(null, '', address);
      try {
        await navigator.clipboard.writeText(address);
        app.notices.say('The link is copied: it reopens this very sound.');
      } catch {
        app.notices.say('Copy the address of this page: it reopens this very sound.');
      }
    },
  });
  const keys = iconButton({ icon: icon('help'), label: 'Keys', onClick: showKeys });
  const show = () => {
    const isOpen = session.model.value !== null;
    back.hidden = !isOpen || app.isSingle;
    link.hidden = !isOpen || app.isSingle;
  };
  session.model.watch(show);
  show();
  return h(
    'header',
    { class: 'page-head' },
    h('p', { class: 'brand' }, icon('wave'), 'Distill'),
    back,
    h('span', { class: 'spring' }),
    link,
    keys,
  );
}
