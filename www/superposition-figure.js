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
import { PhaseFigure } from './figures/phase.js';
import { readLink } from './state.js';

const FIGURES = { intro: IntroFigure, 'phase-2-1': PhaseFigure };

/** A part of the element in view is enough for it to run. */
const IN_VIEW = 0.05;

/** The element. */
export class SuperpositionFigure extends HTMLElement {
  static observedAttributes = ['figure', 'spec'];

  #leave = null;
  #figure = null;
  #isInView = false;

  /** The figure inside, or null while the element is in no document. */
  get figure() {
    return this.#figure;
  }

  connectedCallback() {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    addStyles();
    const id = this.getAttribute('figure') ?? '';
    const Figure = Object.hasOwn(FIGURES, id) ? FIGURES[id] : null;
    if (Figure === null) {
      this.append(h('p', { class: 'notice', role: 'alert' }, `figure: got ${JSON.stringify(id)}, expected one of ${Object.keys(FIGURES).join(', ')}`));
      return;
    }
    const onSpec = (spec) => this.dispatchEvent(new CustomEvent('superposition-spec', { bubbles: true, detail: { figure: id, spec } }));
    const figure = new Figure({ pool, signal, onSpec });
    this.#figure = figure;
    this.querySelector('.still-figure')?.remove();
    this.prepend(figure.element);
    this.#watch(signal);
    core.then(
      (facade) => {
        if (signal.aborted) return;
        figure.start(facade);
        this.#applySpec();
      },
      (error) => figure.showUnsupported(error),
    );
    if (figure.showStill) this.#loadStill(id, signal);
  }

  disconnectedCallback() {
    this.#leave?.abort();
    this.#leave = null;
    this.#figure?.destroy();
    this.#figure?.element.remove();
    this.#figure = null;
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
    this.#figure?.setParts(show, hide);
    return this.#figure?.apply(spec, { restart: true }) ?? false;
  }

  /** Shows a message at the figure. */
  showError(error) {
    this.#figure?.frame.showError(error);
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
    const settle = () => this.#figure?.setVisible(this.#isInView && !document.hidden);
    const observer = new IntersectionObserver(([entry]) => {
      this.#isInView = entry.isIntersecting;
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
      const response = await fetch(new URL(`still/${id}.json`, import.meta.url), { signal });
      if (response.ok) this.#figure?.showStill(await response.json());
    } catch {
      // The stored start is only a first impression; without it the figure begins with the first trained one.
    }
  }
}

/** The figures' own styles, once a document. */
function addStyles() {
  const href = new URL('figure.css', import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return;
  if (document.querySelector(`link[href="${CSS.escape(href)}"], link[data-superposition]`)) return;
  document.head.append(h('link', { rel: 'stylesheet', href, dataset: { superposition: '' } }));
}

if (!customElements.get('superposition-figure')) customElements.define('superposition-figure', SuperpositionFigure);
