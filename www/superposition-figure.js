/**
 * `<superposition-figure figure="intro" spec="v=1&…">`: a live figure, in this article or in any page.
 *
 * `spec` is a link (what follows the `#` of a copied one). The element dispatches `superposition-spec` when the reader changes
 * settings. It trains only while it is in view and its page is visible. What it holds before its core has loaded, such as a
 * still picture in an element with the class `still-figure`, stays until there is something to show instead.
 */

import { core, pool } from './core.js';
import { h } from './controls.js';
import { IntroFigure } from './figures/intro.js';
import { whenSlow } from './figures/turns.js';
import { gallery } from './gallery.js';
import { siteFile } from './site.js';
import { readLink } from './state.js';

/** What the core drew: for those who look at a canvas from outside, as the tests do. */
export { textBoxesOf } from './draw.js';

/** Every figure. The code of the opening one is there at once. */
const OPENING = 'intro';
const FIGURES = [
  OPENING, 'phase-2-1', 'phase-3-2', 'basic-small', 'basic-large', 'loss-terms', 'loss-surface', 'dimensions', 'dimensionality', 'polytopes',
  'perturb', 'correlated', 'anticorrelated', 'local-bases', 'collapse', 'energy-levels', 'trajectories', 'adversarial', 'privileged',
  'absolute-small', 'absolute-large', 'asymmetric', 'without', 'dictionary', 'playground',
];

/** Loads the others: their code and, at the same time, the part of the core that they need. */
async function loadLater() {
  gallery().catch(() => {}); // The code waits for it and then tells.
  const later = await import('./figures/later.js');
  await later.ready();
  return later;
}

/** The façade, once it is there. */
let facadeNow = null;
core.then((facade) => { facadeNow = facade; }, () => {});

/** A part of the element in view is enough for it to run. */
const IN_VIEW = 0.05;
/** A figure is loaded when it is less than this far from the view. */
const NEAR = '700px 0px';

// The reader's own movements come first, a figure that begins, and frames that are late.
addEventListener('scroll', () => pool.calm(), { capture: true, passive: true });
whenSlow(() => pool.calm());

/** The element. */
export class SuperpositionFigure extends HTMLElement {
  static observedAttributes = ['figure', 'spec'];

  #leave = null;
  #figure = null;
  #isInView = false;
  /** Loads the figure; what a link asked for before it was there. */
  #load = null;
  #wanted = null;
  /** A message that is told before the figure is there. */
  #notice = null;

  /** The figure inside, or null while the element is in no document, and before it was loaded. */
  get figure() {
    return this.#figure;
  }

  connectedCallback() {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    addStyles();
    const id = this.getAttribute('figure') ?? '';
    if (!FIGURES.includes(id)) {
      this.append(h('p', { class: 'notice', role: 'alert' }, `figure: got ${JSON.stringify(id)}, expected one of ${FIGURES.join(', ')}`));
      return;
    }
    const tell = (name, spec) => this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { figure: id, spec } }));
    const services = { pool, signal, onSpec: (spec) => tell('superposition-spec', spec), onShow: (spec) => tell('superposition-shown', spec) };
    if (id === OPENING) {
      this.#begin(new IntroFigure(services), signal);
      this.#loadStill(id, signal);
    } else {
      this.#load = async () => {
        this.#load = null;
        try {
          const later = await loadLater();
          if (!signal.aborted) this.#begin(later.figure(id, services), signal);
        } catch (error) {
          this.append(h('p', { class: 'notice', role: 'alert' }, `The figure could not be loaded: ${error.message}`));
        }
      };
      const near = new IntersectionObserver((entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        near.disconnect();
        this.#load?.();
      }, { rootMargin: NEAR });
      near.observe(this);
      signal.addEventListener('abort', () => near.disconnect());
    }
    // A `spec` attribute is read when the figure begins.
    this.#watch(signal);
  }

  #begin(figure, signal) {
    pool.calm();
    this.#figure = figure;
    this.querySelector('.still-figure')?.remove();
    this.prepend(figure.element);
    if (this.#notice !== null) {
      figure.frame.showError(new Error(this.#notice.textContent));
      this.#notice.remove();
      this.#notice = null;
    }
    this.#settle();
    core.then(
      (facade) => {
        if (signal.aborted) return;
        const wanted = this.#wanted;
        this.#wanted = null;
        if (wanted) figure.setParts(wanted.show, wanted.hide);
        figure.start(facade, wanted?.spec ?? null);
        this.#applySpec();
      },
      (error) => figure.showUnsupported(error),
    );
  }

  disconnectedCallback() {
    this.#leave?.abort();
    this.#leave = null;
    this.#figure?.destroy();
    this.#figure?.element.remove();
    this.#figure = null;
    this.#load = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#figure || before === after) return;
    if (name === 'spec') core.then(() => this.#applySpec(), () => {});
    else {
      this.disconnectedCallback();
      this.connectedCallback();
    }
  }

  /** Takes on the changed fields of a spec; what the core refuses is shown here, and nothing changes. */
  applySpec(spec, show = [], hide = []) {
    if (this.#figure?.core) {
      this.#figure.setParts(show, hide);
      return this.#figure.apply(spec, { restart: true });
    }
    // Not there yet: it begins with this, unless the core refuses it.
    if (facadeNow) facadeNow.mergeSpec(facadeNow.preset(this.getAttribute('figure')), JSON.stringify(spec));
    this.#wanted = { spec, show, hide };
    this.#load?.();
    return true;
  }

  /** The numbers behind the picture of a figure that has some. */
  async data() {
    return this.#figure?.data?.() ?? null;
  }

  /** Shows a message at the figure; null takes it away. */
  showError(error) {
    if (this.#figure !== null) {
      this.#figure.frame.showError(error);
      return;
    }
    this.#notice?.remove();
    this.#notice = error === null ? null : h('p', { class: 'notice', role: 'alert' }, error.message);
    if (this.#notice === null) return;
    this.prepend(this.#notice);
    this.#load?.();
  }

  #settle() {
    this.#figure?.setVisible(this.#isInView && !document.hidden);
  }

  async #applySpec() {
    const text = this.getAttribute('spec');
    if (!text) return;
    try {
      const link = readLink(text, await core);
      if (link !== null) this.applySpec(link.spec, link.show, link.hide);
    } catch (error) {
      this.showError(error);
    }
  }

  #watch(signal) {
    const settle = () => this.#settle();
    // A busy page is told several changes at once: the last is how it is now.
    const observer = new IntersectionObserver((entries) => {
      this.#isInView = entries.at(-1).isIntersecting;
      settle();
    }, { threshold: [0, IN_VIEW] });
    observer.observe(this);
    const themes = new MutationObserver(() => this.#figure?.repaint());
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    signal.addEventListener('abort', () => {
      observer.disconnect();
      themes.disconnect();
    });
    document.addEventListener('visibilitychange', settle, { signal });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#figure?.repaint(), { signal });
  }

  async #loadStill(id, signal) {
    try {
      const response = await fetch(siteFile(`www/still/${id}.json`), { signal });
      if (response.ok) this.#figure?.showStill(await response.json());
    } catch {
      // The stored start is only a first impression; without it the figure begins with the first trained one.
    }
  }
}

/** The figures' own styles, once a document. */
function addStyles() {
  const href = siteFile('www/figure.css');
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return;
  if (document.querySelector(`link[href="${CSS.escape(href)}"], link[data-superposition]`)) return;
  document.head.append(h('link', { rel: 'stylesheet', href, dataset: { superposition: '' } }));
}

if (!customElements.get('superposition-figure')) customElements.define('superposition-figure', SuperpositionFigure);
