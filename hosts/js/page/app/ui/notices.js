/** What went wrong, or well, in a sentence at the edge of the page. */

import { DistillError } from '../../../src/errors.js';
import { h, iconButton } from './dom.js';
import { icon } from './icons.js';

const SHOWN_MS = 6_000;

/** A list of sentences; those of failures stay until they are put away. */
export class Notices {
  constructor() {
    this.element = h('div', { class: 'notices' });
    // Two regions, so that a screen reader interrupts for failures alone.
    this.alerts = h('div', { role: 'alert' });
    this.news = h('div', { role: 'status' });
    this.element.append(this.alerts, this.news);
  }

  /** @param {string} text */
  say(text) {
    const notice = this.#add(this.news, text, 'notice');
    setTimeout(() => notice.remove(), SHOWN_MS);
  }

  /** @param {string} text */
  warn(text) {
    for (const same of this.alerts.children) if (same.dataset.text === text) return;
    this.#add(this.alerts, text, 'notice notice-warning');
  }

  /**
   * Say what went wrong.
   *
   * @param {unknown} error
   * @param {string} [about] The file that it happened to.
   */
  fail(error, about) {
    if (!isOurs(error)) console.error(error);
    this.warn(sentence(error, about));
  }

  #add(region, text, name) {
    const notice = h('div', { class: name, data: { text } }, h('p', { text }));
    notice.append(
      iconButton({
        icon: icon('close'),
        label: 'Put this message away',
        onClick: () => notice.remove(),
      }),
    );
    region.append(notice);
    return notice;
  }
}

/**
 * Whether an error's message is written to be read by a musician.
 *
 * @param {any} error
 */
function isOurs(error) {
  return error instanceof DistillError || Boolean(error?.isOurs);
}

/**
 * @param {any} error
 * @param {string} [about]
 */
function sentence(error, about) {
  const message = String(error?.message ?? error);
  const isMemory = error instanceof RangeError || /out of memory|allocation/i.test(message);
  if (isMemory && !/close other/.test(message)) {
    return 'There is not enough memory for this: choose a shorter sound, or close other pages.';
  }
  const text = isOurs(error) ? message : `Something unexpected happened: ${message}`;
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  if (error?.name === 'ArtifactError' && about) return `“${about}” cannot be played: ${ended}`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}
