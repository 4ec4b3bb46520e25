/** Starts the page, if the browser can play at all. */

import { missingAbility } from './abilities.js';
import { App } from './views/app.js';
import { h } from './ui/dom.js';

const missing = missingAbility();
if (missing) {
  document.body.replaceChildren(
    h(
      'main',
      { class: 'cannot' },
      h('h1', { text: 'This browser cannot play here' }),
      h('p', { text: missing }),
    ),
  );
} else {
  void new App().start();
}
