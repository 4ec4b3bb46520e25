/** Presets of the open model, by folder. */

import { freshId, h, iconButton } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { download } from './words.js';

/** @param {import('./app.js').App} app */
export function presetsPanel(app) {
  const { session, presets, notices } = app;
  const list = h('div', { class: 'preset-list' });
  const none = h('p', { class: 'hint', text: 'Keep a place you like, to come back to it.' });
  const file = h('input', {
    type: 'file',
    accept: '.json,application/json',
    multiple: true,
    hidden: true,
  });
  const save = iconButton({
    icon: icon('plus'),
    label: 'Save',
    class: 'quiet',
    isTextShown: true,
    onClick: () => app.presetDialog(),
  });
  const bring = iconButton({
    icon: icon('upload'),
    label: 'Import',
    class: 'quiet',
    isTextShown: true,
    onClick: () => file.click(),
  });
  const all = h('button', {
    type: 'button',
    class: 'quiet',
    text: 'Export all for Distill',
    on: {
      click: () =>
        attempt(() =>
          download('presets.json', presets.index(session.model.value), 'application/json'),
        ),
    },
  });
  file.addEventListener('change', async () => {
    for (const one of file.files) await app.takePresets(one);
    file.value = '';
  });
  const attempt = async (work) => {
    try {
      await work();
    } catch (error) {
      notices.fail(error);
    }
  };

  const show = () => {
    const model = session.model.value;
    if (!model) return;
    const kept = presets.of(model);
    const folders = [...new Set(kept.map(({ folder }) => folder))];
    list.replaceChildren(
      ...folders
        .flatMap((folder) => [
          folder && h('h3', { class: 'preset-folder' }, icon('folder'), folder),
          h('ul', {}, ...kept.filter((one) => one.folder === folder).map(row)),
        ])
        .filter(Boolean),
    );
    none.hidden = kept.length > 0;
    all.hidden = kept.length === 0;
  };

  /** @param {import('../storage/presets.js').KeptPreset} preset */
  function row(preset) {
    return h(
      'li',
      {},
      h('button', {
        type: 'button',
        class: 'preset-name',
        text: preset.name,
        on: { click: () => attempt(() => app.usePreset(preset)) },
      }),
      iconButton({
        icon: icon('pencil'),
        label: `Rename or move ${preset.name}`,
        class: 'icon-button small',
        onClick: () => app.presetDialog(preset),
      }),
      iconButton({
        icon: icon('download'),
        label: `Export ${preset.name}`,
        class: 'icon-button small',
        onClick: () => download(`${preset.name}.json`, preset.json, 'application/json'),
      }),
      iconButton({
        icon: icon('trash'),
        label: `Delete ${preset.name}`,
        class: 'icon-button small',
        onClick: () => attempt(() => presets.remove(preset.id)),
      }),
    );
  }

  presets.onChange = show;
  session.model.watch(show);
  show();
  return h(
    'section',
    { class: 'panel presets-panel', 'aria-labelledby': 'presets-title' },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', { id: 'presets-title', text: 'Presets' }),
      save,
      bring,
    ),
    none,
    list,
    all,
    file,
  );
}

/**
 * A window that asks for a preset's name and folder.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {{name: string, folder: string}} options.called
 * @param {readonly string[]} options.folders That there are.
 * @returns {Promise<{name: string, folder: string} | null>} null: it was put away.
 */
export function askName({ title, called, folders }) {
  const [nameId, folderId, listId, titleId] = [freshId(), freshId(), freshId(), freshId()];
  const name = h('input', { id: nameId, required: true, maxlength: 80, value: called.name });
  const folder = h('input', { id: folderId, maxlength: 80, list: listId, value: called.folder });
  const dialog = h(
    'dialog',
    { 'aria-labelledby': titleId },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: titleId, text: title }),
      h('label', { for: nameId, text: 'Name' }),
      name,
      h('label', { for: folderId, text: 'Folder (may be empty)' }),
      folder,
      h('datalist', { id: listId }, ...folders.map((value) => h('option', { value }))),
      h(
        'div',
        { class: 'row end' },
        h('button', {
          type: 'button',
          class: 'quiet',
          text: 'Cancel',
          on: { click: () => dialog.close() },
        }),
        h('button', { class: 'primary', value: 'save', text: 'Save' }),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  name.select();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      const chosen = { name: name.value.trim(), folder: folder.value.trim().replaceAll('/', '-') };
      resolve(dialog.returnValue === 'save' && chosen.name ? chosen : null);
    });
  });
}
