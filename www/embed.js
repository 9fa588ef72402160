/**
 * Embeds of a figure: the texts, and the dialog that shows them. Loaded when a reader asks for them.
 */

import { checkbox, h } from './controls.js';
import { pageAddress, showDialog } from './link.js';
import { siteFile } from './site.js';

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
    `worker-src blob: ${origin}`,
    `style-src ${origin}`,
    `font-src ${origin}`,
    `img-src ${origin} blob: data:`,
  ].join('; ');
}

/**
 * Shows the embed codes of a figure.
 *
 * @param {(hide?: string[]) => string} link the figure's link without some of its parts
 * @param {string} title
 * @param {[string, string][]} parts names and labels of what can be switched off
 */
export function showEmbed(link, title, parts = []) {
  const page = pageAddress(siteFile('index.html'));
  const hidden = new Set();
  const texts = () => {
    const { iframe, script } = embedCode(link([...hidden]), title, page);
    return [iframe, script, embedPolicy(page)];
  };
  const boxes = parts.map(([name, label]) => checkbox({
    label,
    onInput: (isShown) => {
      if (isShown) hidden.delete(name);
      else hidden.add(name);
      texts().forEach((text, idx) => { areas[idx].value = text; });
    },
  }));
  for (const { input } of boxes) input.checked = true;
  const choices = h('fieldset', { class: 'parts' }, h('legend', {}, 'What to show'), ...boxes.map(({ element }) => element));
  const [iframe, script, policy] = texts();
  const areas = showDialog('Put this figure into your page', [
    ['A frame: one line, nothing else needed', iframe],
    ['Or an element, which takes on the width of your text; our host must send CORS headers', script],
    ['With the element, a strict content security policy needs', policy],
  ], parts.length > 0 ? choices : '');
}

/** Text for an attribute of HTML. */
export function escaped(text) {
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => names[sign]);
}
