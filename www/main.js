/**
 * The article: links in the address and the theme switch. The figures look after themselves.
 */

import { watchContents } from './contents.js';
import { short } from './controls.js';
import { core } from './core.js';
import './superposition-figure.js';
import { DEFAULTS, figureNamedBy, hashOf, readLink, themeOf, withHash, withSpec } from './state.js';

/** Where the chosen theme is stored; theme.js reads it before the first paint. */
const THEME_KEY = 'superposition-theme';

/** @type {import('./state.js').State} */
let state = { ...DEFAULTS, theme: storedTheme() };

const figureOf = (id) => document.querySelector(`superposition-figure[figure="${CSS.escape(id)}"]`);

/** Applies what a link says; a link that is refused leaves everything as it is, with the reason at the figure. */
function follow(text, facade) {
  showTopMessage(null);
  if (figureNamedBy(text) !== null) for (const element of document.querySelectorAll('superposition-figure')) element.showError(null);
  try {
    const link = readLink(text, facade);
    if (link === null) return;
    const element = link.figure === null ? null : figureOf(link.figure);
    if (element === null) {
      const given = link.figure === null ? 'a link to no figure' : `a link to ${link.figure}, which is not in this page`;
      const here = [...document.querySelectorAll('superposition-figure')].map((each) => each.getAttribute('figure')).join(', ');
      showTopMessage(new Error(`figure: got ${given}, expected one of ${here}`));
      return;
    }
    if (element.applySpec(link.spec, link.show, link.hide)) state = withHash(state, text, facade);
    reveal(element);
  } catch (error) {
    const element = figureOf(figureNamedBy(text) ?? '');
    if (element === null) {
      showTopMessage(error);
      return;
    }
    element.showError(error);
    reveal(element);
  }
}

/** Scrolls to a figure, and again when it has its size, unless the reader went on meanwhile. Not smoothly: what lies between would be loaded. */
function reveal(element) {
  const scroll = () => element.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener('superposition-shown', () => requestAnimationFrame(scroll), { once: true, signal });
  for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown']) addEventListener(type, () => stop.abort(), { passive: true, signal });
  scroll();
}

function showTopMessage(error) {
  const notice = document.getElementById('top-message');
  notice.hidden = error === null;
  notice.textContent = error?.message ?? '';
}

function listenToLinks(facade) {
  addEventListener('hashchange', () => follow(location.hash, facade));
  document.addEventListener('superposition-spec', ({ detail }) => {
    state = withSpec(state, detail.figure, detail.spec);
    const hash = hashOf(state, facade);
    // Replaced, not pushed: a drag of a slider is not a walk through pages.
    history.replaceState(null, '', hash === '' ? location.pathname + location.search : hash);
  });
}

/** A query with a link is an embed: that figure alone. */
function showEmbed() {
  const id = figureNamedBy(location.search);
  const element = figureOf(id ?? '') ?? document.querySelector('superposition-figure');
  document.documentElement.dataset.embed = element.getAttribute('figure');
  const place = element.closest('figure') ?? element;
  place.querySelector('figcaption')?.remove();
  document.querySelector('main').replaceChildren(document.getElementById('top-message'), place);
}

/** Numbers in the text that are those of a figure: `data-live="basic-small.features"`. */
function listenToNumbers() {
  document.addEventListener('superposition-shown', ({ detail: { figure, spec } }) => {
    for (const element of document.querySelectorAll(`[data-live^="${CSS.escape(figure)}."]`)) {
      const value = element.dataset.live.slice(figure.length + 1).split('.').reduce((object, key) => object?.[key], spec);
      if (value !== undefined && value !== null) element.textContent = typeof value === 'number' ? short(value, 4) : String(value);
    }
  });
}

function storedTheme() {
  try {
    return themeOf(localStorage.getItem(THEME_KEY));
  } catch {
    return DEFAULTS.theme; // A page in a frame may be kept from its storage.
  }
}

function showTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function setTheme(theme) {
  state = { ...state, theme };
  showTheme(theme);
  try {
    if (theme === 'system') localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, theme);
  } catch {
    // It then holds until the page is left.
  }
}

function listenToTheme() {
  for (const input of document.querySelectorAll('input[name="theme"]')) {
    input.checked = input.value === state.theme;
    input.addEventListener('change', () => setTheme(themeOf(input.value)));
  }
  // Paper is light.
  addEventListener('beforeprint', () => showTheme('light'));
  addEventListener('afterprint', () => showTheme(state.theme));
}

const isEmbed = /[?&]v=/.test(location.search);
listenToNumbers();
if (isEmbed) showEmbed();
listenToTheme();
watchContents();
core.then(
  (facade) => {
    listenToLinks(facade);
    follow(isEmbed ? location.search : location.hash, facade);
    // The opening figure says itself when it is ready.
    if (figureOf('intro') === null) document.documentElement.dataset.ready = 'true';
  },
  () => { document.documentElement.dataset.ready = 'false'; },
);
