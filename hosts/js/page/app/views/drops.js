/** Files dropped anywhere on the page. */

import { h } from '../ui/dom.js';

/** @param {import('./app.js').App} app */
export function listenToDrops(app) {
  const veil = h('div', { class: 'veil', hidden: true }, h('p', { text: 'Drop to play' }));
  document.body.append(veil);
  let depth = 0;
  const cover = (isShown) => {
    depth = isShown ? depth : 0;
    veil.hidden = !isShown;
  };
  const hasFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes('Files');
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    cover(true);
  });
  addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    if (depth <= 0) cover(false);
  });
  addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener('drop', async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    cover(false);
    for (const file of event.dataTransfer.files) {
      if (/\.json$/i.test(file.name)) await app.takePresets(file);
      else await app.takeModel(file);
    }
  });
}
