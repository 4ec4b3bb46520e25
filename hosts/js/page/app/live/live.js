/** Endless playing that follows the sliders. */

import { Store } from '../state/store.js';

/** The live sound of what is open. */
export class Live {
  #session;

  constructor({ session }) {
    this.#session = session;
    /** @type {Store<'off' | 'starting' | 'on'>} */
    this.state = new Store('off');
  }

  toggle() {}
  toggleHold() {}
  stop() {}
}
