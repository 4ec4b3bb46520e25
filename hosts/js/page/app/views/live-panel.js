/** The live sound: an endless one that follows the sliders. */

import { h } from '../ui/dom.js';

/** @param {import('./app.js').App} app */
export function livePanel(app) {
  return h('section', { class: 'panel live-panel', 'aria-labelledby': 'live-title' }, h('div', { class: 'panel-head' }, h('h2', { id: 'live-title', text: 'Live' })));
}
