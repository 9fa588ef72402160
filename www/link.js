/**
 * Links of a figure, and the dialog that shows texts to copy.
 */

import { h } from './controls.js';

/** The article's own address, without query and hash. */
export function pageAddress(base = document.baseURI) {
  const url = new URL(base);
  url.search = '';
  url.hash = '';
  return url.href;
}

/**
 * Copies a text; where the browser forbids it, the text is shown to be copied by hand.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    showDialog('Copy this by hand', [['Your browser keeps pages from copying', text]]);
    return false;
  }
}

/** A dialog of texts to copy; gives the text fields. */
export function showDialog(title, texts, ...more) {
  const fields = texts.map(([label, text]) => {
    const area = h('textarea', { readOnly: true, value: text, rows: 3, spellcheck: false, onfocus: () => area.select() });
    const copy = h('button', { type: 'button', onclick: async () => {
      area.select();
      await navigator.clipboard?.writeText(text).catch(() => {});
      copy.textContent = 'Copied';
    } }, 'Copy');
    return h('label', { class: 'copy-field' }, h('span', {}, label), area, copy);
  });
  const close = h('button', { type: 'button', class: 'primary', onclick: () => dialog.close() }, 'Close');
  const heading = h('h3', { id: 'dialog-title' }, title);
  const dialog = h('dialog', { class: 'sheet', 'aria-labelledby': 'dialog-title', onclose: () => dialog.remove() }, heading, ...more, ...fields, close);
  document.body.append(dialog);
  dialog.showModal();
  return fields.map((field) => field.querySelector('textarea'));
}
