/** The view in which a model is played. */

import { h } from '../ui/dom.js';
import { historyPanel } from './history-panel.js';
import { controlPanel } from './control-panel.js';
import { livePanel } from './live-panel.js';
import { presetsPanel } from './presets-panel.js';
import { settingsPanel } from './settings-panel.js';
import { sliderPanel } from './slider-panel.js';
import { soundPanel } from './sound-panel.js';

/** @param {import('./app.js').App} app */
export function playView(app) {
  const { session } = app;
  const title = h('h1', {});
  const about = h('p', { class: 'about' });
  const variant = h('select', { 'aria-label': 'Version of this model' });
  variant.addEventListener('change', () => {
    const other = app.shelf.find(variant.value);
    if (!other) return;
    const { blend } = session.settings.value;
    const others = blend.others.filter(({ key }) => key !== other.key);
    session.open(other, { ...session.settings.value, blend: { ...blend, others } });
  });
  const show = () => {
    const model = session.model.value;
    if (!model) return;
    title.textContent = model.name;
    about.textContent = [model.metadata.model.description, model.metadata.model.dataset.name]
      .filter(Boolean)
      .join(' · ');
    // The same model in other precisions, or with the other reconstruction: as good, or faster.
    const variants = app.shelf.models.filter(({ id }) => id === model.id);
    const names = variants.map((one) => one.variant);
    variant.replaceChildren(
      ...variants.map((one) =>
        h('option', {
          value: one.key,
          selected: one === model,
          text:
            names.filter((name) => name === one.variant).length > 1
              ? `${one.variant} (${one.file})`
              : one.variant,
        }),
      ),
    );
    variant.disabled = variants.length < 2;
  };
  session.model.watch(show);
  show();
  const element = h(
    'main',
    { class: 'play', id: 'play-view' },
    h('div', { class: 'title' }, title, variant, about),
    soundPanel(app),
    livePanel(app),
    controlPanel(app),
    sliderPanel(app),
    h('div', { class: 'side' }, settingsPanel(app), presetsPanel(app)),
    historyPanel(app),
  );
  return { element };
}
