/** Blending the open model with up to three others. */

import { Fader } from '../ui/fader.js';
import { h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { choice, whenSet } from './settings-panel.js';

const MOST_OTHERS = 3;
const SHARES = Object.freeze({ least: 0, most: 100 });

/** @param {import('./app.js').App} app */
export function blendPart({ session, shelf, notices }) {
  const list = h('div', { class: 'blend-list' });
  const add = h('select', { 'aria-label': 'Blend with another model' });
  const mode = choice('Blend', [
    ['latent', 'where sliders lead'],
    ['audio', 'finished sounds'],
  ]);
  const change = (changes) => {
    session.change({ blend: { ...session.settings.value.blend, ...changes } });
    void session.prepare().catch((error) => session.onError(error));
  };
  mode.onChoice = (value) => change({ mode: value });
  add.addEventListener('change', () => {
    const other = shelf.find(add.value);
    if (!other) return;
    const { blend } = session.settings.value;
    const fits = other.metadata.latent_dim === session.model.value.metadata.latent_dim;
    if (!fits && blend.mode === 'latent') {
      notices.say('Their latent spaces differ in size, so the finished sounds are blended.');
    }
    change({
      mode: fits ? blend.mode : 'audio',
      others: [...blend.others, { key: other.key, weight: 50 }],
    });
  });
  let built = '';
  /** @type {Fader[]} */
  let faders = [];
  whenSet(session, ({ blend }) => {
    const model = session.model.value;
    const taken = new Set([model.key, ...blend.others.map(({ key }) => key)]);
    const free = shelf.models.filter(({ key }) => !taken.has(key));
    add.replaceChildren(
      h('option', { value: '', text: 'Blend with…' }),
      ...free.map(({ key, name, variant }) =>
        h('option', { value: key, text: `${name} (${variant})` }),
      ),
    );
    add.hidden = !free.length || blend.others.length >= MOST_OTHERS;
    mode.element.hidden = !blend.others.length;
    mode.value = blend.mode;
    const wanted = [...taken].join();
    if (wanted !== built) {
      built = wanted;
      faders = blend.others.length ? shares(model, blend, change) : [];
      list.replaceChildren(...faders.map((fader) => fader.element));
    }
    faders.forEach((fader, i) => {
      fader.value = i ? blend.others[i - 1].weight : blend.weight;
    });
  });

  /** A share for each model, the open one first. */
  function shares(model, blend, changed) {
    const own = new Fader({
      label: model.name,
      detail: model.variant,
      ranges: SHARES,
      step: 1,
      unit: 'parts',
      onInput: (weight) => changed({ weight }),
    });
    const others = blend.others.map(({ key }) => {
      const other = shelf.find(key);
      const fader = new Fader({
        label: other.name,
        detail: other.variant,
        ranges: SHARES,
        step: 1,
        unit: 'parts',
        onInput: (weight) => {
          const now = session.settings.value.blend.others;
          changed({ others: now.map((one) => (one.key === key ? { ...one, weight } : one)) });
        },
      });
      const remove = iconButton({
        icon: icon('close'),
        label: `Take ${other.name} out of the blend`,
        class: 'icon-button small',
        onClick: () => {
          const now = session.settings.value.blend.others;
          changed({ others: now.filter((one) => one.key !== key) });
        },
      });
      fader.field.before(remove);
      return fader;
    });
    return [own, ...others];
  }

  return h('div', { class: 'setting' }, mode.element, list, add);
}
