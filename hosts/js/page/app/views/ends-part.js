/** How a sound ends: with fades, or not at all, as a loop. */

import { Fader } from '../ui/fader.js';
import { h } from '../ui/dom.js';
import { whenSet } from './settings-panel.js';

const LONGEST_S = 5; // that a hand can set; a preset may have more

/** @param {import('./app.js').App} app */
export function endsPart({ session }) {
  const box = h('input', { type: 'checkbox' });
  box.addEventListener('change', () => session.change({ loop: box.checked }));
  const fader = (label, onInput) =>
    new Fader({
      label,
      ranges: { least: 0, most: LONGEST_S },
      step: 0.01,
      unit: 'seconds',
      onInput,
    });
  const fadeIn = fader('Fade in', (fadeInS) => session.change({ fadeInS }));
  const fadeOut = fader('Fade out', (fadeOutS) => session.change({ fadeOutS }));
  whenSet(session, ({ loop, fadeInS, fadeOutS }) => {
    box.checked = loop;
    fadeIn.value = fadeInS;
    fadeOut.value = fadeOutS;
    for (const { element } of [fadeIn, fadeOut]) element.hidden = loop;
  });
  return h(
    'div',
    { class: 'setting' },
    h('label', { class: 'check' }, box, 'A loop without a seam'),
    fadeIn.element,
    fadeOut.element,
  );
}
