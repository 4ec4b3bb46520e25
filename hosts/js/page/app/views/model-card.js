/** A model's card in the library. */

import { drawSpectrum, GrowingPicture } from '../sound/drawing.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { counted, date, size } from './words.js';

/**
 * @param {import('./app.js').App} app
 * @param {import('../models/model.js').Model} model
 */
export function modelCard(app, model) {
  const { metadata } = model;
  const { model: info, reconstruction, precision } = metadata;
  const canvas = h('canvas', { class: 'card-picture', 'aria-hidden': 'true' });
  const facts = [
    ['Dataset', datasetText(info.dataset)],
    [
      'Trained',
      [date(info.training.date || info.saved_at), epochsText(info)].filter(Boolean).join(', '),
    ],
    ['Sliders', slidersText(model)],
    ['File', `${model.file}, ${size(model.sizeBytes)}`],
  ].filter(([, text]) => text);
  const element = h(
    'li',
    { class: 'card' },
    h(
      'div',
      { class: 'card-top' },
      canvas,
      h(
        'button',
        {
          type: 'button',
          class: 'card-hear',
          'aria-label': `Hear ${model.name} (${model.variant})`,
          title: 'Hear it',
          on: { click: () => app.play(model, { hears: true }) },
        },
        icon('play'),
      ),
    ),
    h(
      'div',
      { class: 'card-body' },
      h(
        'h2',
        {},
        h('a', {
          href: `#model=${encodeURIComponent(model.file)}&sha=${model.sha256.slice(0, 12)}`,
          text: model.name,
          on: {
            click: (event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              app.play(model);
            },
          },
        }),
      ),
      h(
        'p',
        { class: 'badges' },
        h('span', { class: `badge ${reconstruction}`, text: reconstruction }),
        h('span', { class: 'badge', text: precision }),
        model.isDropped && h('span', { class: 'badge dropped', text: 'dropped here' }),
        ...info.tags.slice(0, 6).map((tag) => h('span', { class: 'badge tag', text: tag })),
      ),
      info.description && h('p', { class: 'description', text: info.description }),
      h(
        'dl',
        {},
        ...facts.map(([name, text]) => h('div', {}, h('dt', { text: name }), h('dd', { text }))),
      ),
    ),
  );
  const card = { element, draw: () => {} };
  const look = new IntersectionObserver(async ([{ isIntersecting }]) => {
    if (!isIntersecting) return;
    look.disconnect();
    const picture = await app.pictures.of(model);
    if (!picture) return;
    card.draw = () => drawSpectrum(canvas, GrowingPicture.whole(picture));
    element.classList.add('has-picture');
    card.draw();
  });
  look.observe(element);
  return card;
}

/** @param {{name: string, file_count: number, duration_s: number}} dataset */
function datasetText({ name, file_count: files, duration_s: seconds }) {
  const minutes =
    seconds >= 90 ? `${Math.round(seconds / 60)} min` : seconds ? `${Math.round(seconds)} s` : '';
  return [name, files ? counted(files, 'recording') : '', minutes].filter(Boolean).join(', ');
}

/** @param {{training: {epochs: number}}} info */
function epochsText({ training: { epochs } }) {
  return epochs ? counted(epochs, 'epoch') : '';
}

/** @param {import('../models/model.js').Model} model */
function slidersText({ sliders, controls }) {
  const named = controls.length ? `, ${counted(controls.length, 'control')}` : '';
  return sliders.length ? `${sliders.length}${named}` : `none${named}`;
}
