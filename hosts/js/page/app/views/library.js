/** The library: a card for each model, to search, sort and open. */

import { onThemeChange } from '../sound/palette.js';
import { freshId, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { modelCard } from './model-card.js';
import { counted } from './words.js';

const ORDERS = Object.freeze({
  name: ['by name', (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })],
  newest: ['newest first', (a, b) => timeOf(b) - timeOf(a)],
  sliders: ['most sliders first', (a, b) => b.sliders.length - a.sliders.length],
  size: ['smallest first', (a, b) => a.sizeBytes - b.sizeBytes],
});

/** @param {import('./app.js').App} app */
export function library(app) {
  const searchId = freshId();
  const orderId = freshId();
  const search = h('input', {
    type: 'search',
    id: searchId,
    placeholder: 'Name, dataset, tag…',
    autocomplete: 'off',
  });
  const order = h(
    'select',
    { id: orderId },
    ...Object.entries(ORDERS).map(([value, [text]]) => h('option', { value, text })),
  );
  const count = h('p', { class: 'count', role: 'status' });
  const grid = h('ul', { class: 'cards' });
  const empty = h('div', { class: 'empty-library' });
  const file = h('input', { type: 'file', accept: '.onnx', multiple: true, hidden: true });
  file.addEventListener('change', async () => {
    for (const one of file.files) await app.takeModel(one);
    file.value = '';
  });
  const open = h(
    'button',
    { type: 'button', class: 'quiet', on: { click: () => file.click() } },
    icon('folder'),
    'Open an .onnx',
  );
  /** @type {Map<string, {element: HTMLElement, draw: () => void}>} */
  const cards = new Map();

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [, compare] = ORDERS[order.value];
    const { models } = app.shelf;
    const found = models
      .filter((model) => words.every((word) => textOf(model).includes(word)))
      .sort((a, b) => compare(a, b) || a.file.localeCompare(b.file));
    for (const model of found) {
      if (!cards.has(model.key)) cards.set(model.key, modelCard(app, model));
    }
    grid.replaceChildren(...found.map((model) => cards.get(model.key).element));
    count.textContent =
      found.length === models.length
        ? counted(models.length, 'model')
        : `${found.length} of ${counted(models.length, 'model')}`;
    empty.hidden = found.length > 0;
    empty.replaceChildren(
      ...(models.length
        ? [h('p', { text: 'Nothing here is called that.' })]
        : [
            h('p', { class: 'empty-title', text: 'No models here yet' }),
            h('p', {
              text: 'Drop an .onnx onto this page to play it, or export one: distill-export model.distill',
            }),
          ]),
    );
  };
  search.addEventListener('input', show);
  order.addEventListener('change', show);
  onThemeChange(() => {
    for (const { draw } of cards.values()) draw();
  });
  const element = h(
    'main',
    { class: 'library', id: 'library' },
    h(
      'div',
      { class: 'library-head' },
      h('div', {}, h('h1', { text: 'Library' }), count),
      h(
        'div',
        { class: 'find' },
        icon('search'),
        h('label', { for: searchId, class: 'unseen', text: 'Search' }),
        search,
      ),
      h('label', { for: orderId, class: 'unseen', text: 'Order' }),
      order,
      open,
      file,
    ),
    grid,
    empty,
    h('p', {
      class: 'hint drop-hint',
      text: 'Drop an .onnx anywhere on this page to play it. It stays on your machine.',
    }),
  );
  return { element, show };
}

/** @param {import('../models/model.js').Model} model */
function textOf({ name, file, variant, metadata }) {
  const { description, dataset, tags } = metadata.model;
  return [name, file, variant, description, dataset.name, ...tags].join(' ').toLowerCase();
}

/** @param {import('../models/model.js').Model} model */
function timeOf({ metadata }) {
  return Date.parse(metadata.model.training.date) || Date.parse(metadata.model.saved_at) || 0;
}
