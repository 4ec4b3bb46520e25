/** A slider with its safe and warning ranges, a field for its exact value, and a lock. */

import { freshId, h, iconButton } from './dom.js';
import { icon } from './icons.js';

const FINE = 0.1;
const COARSE = 0.5;

/**
 * @typedef {object} Ranges
 * @property {number} least
 * @property {number} most
 * @property {[number, number]} [safe]
 * @property {[number, number]} [warning]
 */

/** A fader; `onInput` is told of every move of a hand, and nothing of `value` being set. */
export class Fader {
  #ranges;

  /**
   * @param {object} options
   * @param {string} options.label
   * @param {string} [options.detail] Smaller, beside it.
   * @param {string} [options.hint]
   * @param {Ranges} options.ranges
   * @param {number} [options.step]
   * @param {number} [options.rest] Where a double click leaves it; 0, or what is nearest to that, by default.
   * @param {string} options.unit As a screen reader says it: "steps".
   * @param {(value: number) => void} options.onInput
   * @param {() => void} [options.onLock] With it there is a lock.
   * @param {(() => void) | null} [options.onLearn] With it, what makes a MIDI controller move it.
   */
  constructor({ label, detail, hint, ranges, step = FINE, rest, unit, onInput, onLock, onLearn }) {
    this.#ranges = ranges;
    this.unit = unit;
    const id = freshId();
    const limits = { min: ranges.least, max: ranges.most, step };
    const noteId = freshId();
    this.input = h('input', { type: 'range', id, 'aria-describedby': noteId, ...limits });
    this.field = h('input', {
      type: 'number',
      class: 'fader-field',
      'aria-label': `${label}, exact value`,
      ...limits,
      step: 'any',
    });
    this.note = h('p', { class: 'fader-note', id: noteId });
    this.lock =
      onLock &&
      iconButton({
        icon: icon('unlock'),
        label: `Lock ${label}`,
        onClick: onLock,
        class: 'icon-button small',
      });
    this.learn =
      onLearn &&
      iconButton({
        icon: icon('knob'),
        label: `Learn a MIDI controller for ${label}`,
        onClick: onLearn,
        class: 'icon-button small learn',
      });
    this.label = label;
    this.element = h(
      'div',
      { class: ranges.safe ? 'fader has-ranges' : 'fader', title: hint },
      h(
        'div',
        { class: 'fader-head' },
        h(
          'label',
          { for: id },
          label,
          detail && h('span', { class: 'fader-detail', text: detail }),
        ),
        this.learn,
        this.lock,
        this.field,
      ),
      h('div', { class: 'fader-track' }, this.#marks(), this.input),
      this.note,
    );
    const take = (value) => {
      if (!Number.isFinite(value)) return;
      const kept = Math.min(ranges.most, Math.max(ranges.least, Math.round(value * 1000) / 1000));
      this.value = kept;
      onInput(kept);
    };
    this.input.addEventListener('input', () => take(Number(this.input.value)));
    this.input.addEventListener('keydown', (event) => this.#onKey(event, take, step));
    this.input.addEventListener('dblclick', () => take(rest ?? Math.max(ranges.least, 0)));
    this.field.addEventListener('change', () => take(Number(this.field.value)));
    this.value = Math.max(ranges.least, 0);
  }

  get value() {
    return Number(this.field.value);
  }

  set value(value) {
    const zone = this.#zone(value);
    this.input.value = String(value);
    if (document.activeElement !== this.field || this.field.value !== String(value)) {
      this.field.value = String(value);
    }
    this.element.dataset.zone = zone;
    this.note.textContent = this.#words(zone);
    this.input.setAttribute('aria-valuetext', `${value} ${this.unit}`);
    const { least, most } = this.#ranges;
    const at = (x) => `${(100 * (x - least)) / (most - least)}%`;
    const origin = Math.min(most, Math.max(least, 0));
    const { style } = this.fill;
    style.setProperty('left', at(Math.min(origin, value)));
    style.setProperty('right', `calc(100% - ${at(Math.max(origin, value))})`);
  }

  /** @param {boolean} isLocked */
  set locked(isLocked) {
    if (!this.lock) return;
    this.lock.replaceChildren(icon(isLocked ? 'lock' : 'unlock'));
    const name = `${isLocked ? 'Unlock' : 'Lock'} ${this.label}`;
    this.lock.setAttribute('aria-label', name);
    this.lock.title = name;
    this.lock.classList.toggle('is-on', isLocked);
  }

  #marks() {
    const { least, most, safe, warning } = this.#ranges;
    const band = (name, [from, to]) => {
      const mark = h('span', { class: `fader-band ${name}` });
      mark.style.setProperty(
        'left',
        `${(100 * (Math.max(from, least) - least)) / (most - least)}%`,
      );
      mark.style.setProperty('right', `${(100 * (most - Math.min(to, most))) / (most - least)}%`);
      return mark;
    };
    this.fill = h('span', { class: 'fader-fill' });
    return h(
      'span',
      { class: 'fader-bands', 'aria-hidden': 'true' },
      warning && band('warning', warning),
      safe && band('safe', safe),
      this.fill,
    );
  }

  #onKey(event, take, step) {
    const fine = event.shiftKey || step !== FINE ? step : COARSE;
    const moves = { ArrowRight: fine, ArrowUp: fine, ArrowLeft: -fine, ArrowDown: -fine };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    take(Math.round((this.value + move) * 1000) / 1000);
  }

  #zone(value) {
    const { safe, warning } = this.#ranges;
    if (!safe || !value || (value >= safe[0] && value <= safe[1])) return 'safe';
    if (!warning || (value >= warning[0] && value <= warning[1])) return 'warning';
    return 'beyond';
  }

  #words(zone) {
    if (zone === 'safe') return '';
    const [from, to] = this.#ranges.safe;
    return zone === 'warning'
      ? `Outside ${from} to ${to}, where it is safe: the sound may lose its character.`
      : `Far outside what the model has learned (${from} to ${to}): expect noise or silence.`;
  }
}
