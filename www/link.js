/**
 * Links and embeds of a figure: the texts, and the dialog that shows them.
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
 * The two ways to put a figure into another page.
 *
 * @param {string} link as the core writes it, with its `#`
 * @param {string} title what the figure shows, for screen readers
 * @param {string} page the page's address
 * @returns {{iframe: string, script: string}}
 */
export function embedCode(link, title, page) {
  const text = link.replace(/^#/, '');
  const frame = new URL(page);
  frame.search = text;
  const module = new URL('www/superposition-figure.js', page).href;
  const figure = new URLSearchParams(text).get('figure') ?? '';
  return {
    iframe: `<iframe src="${escaped(frame.href)}" title="${escaped(title)}" width="100%" height="760" loading="lazy"></iframe>`,
    script:
      `<script type="module" src="${escaped(module)}"></script>\n` +
      `<superposition-figure figure="${escaped(figure)}" spec="${escaped(text)}"></superposition-figure>`,
  };
}

/** The lines that a strict content security policy needs for the script tag. */
export function embedPolicy(page) {
  const { origin } = new URL(page);
  return [
    `script-src ${origin} 'wasm-unsafe-eval'`,
    `connect-src ${origin}`,
    'worker-src blob:',
    `style-src ${origin}`,
    `font-src ${origin}`,
    `img-src ${origin} blob: data:`,
  ].join('; ');
}

/** Text for an attribute of HTML. */
export function escaped(text) {
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => names[sign]);
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

/** Shows the embed codes of a figure. */
export function showEmbed(link, title) {
  const page = pageAddress();
  const { iframe, script } = embedCode(link, title, page);
  showDialog('Put this figure into your page', [
    ['A frame: one line, nothing else needed', iframe],
    ['Or an element, which takes on the width of your text; our host must send CORS headers', script],
    ['With the element, a strict content security policy needs', embedPolicy(page)],
  ]);
}

/** A dialog of texts to copy. */
function showDialog(title, texts) {
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
  const dialog = h('dialog', { class: 'sheet', 'aria-labelledby': 'dialog-title', onclose: () => dialog.remove() }, heading, ...fields, close);
  document.body.append(dialog);
  dialog.showModal();
}
