/**
 * One model as a panel: its arrows on a canvas, a title, a sentence that says what the picture shows, its step and loss; and the
 * job that trains it. The panel's element carries what it shows as data attributes (`data-step`, `data-loss`, `data-solution`,
 * `data-status`, `data-seed`), of the state that is on the canvas.
 */

import { freshId, grouped, h, short } from '../controls.js';
import { Surface } from '../draw.js';
import { changedFields } from './frame.js';

/** Settings that a trainer takes on without a restart. */
const LIVE_FIELDS = ['learning_rate'];

/** A panel. */
export class ArrowPanel {
  /**
   * @param {object} options
   * @param {import('../pool.js').Pool} options.pool
   * @param {number} [options.spread] workers that panels of this figure share
   * @param {string} [options.className]
   * @param {() => void} options.onChange asks for a frame
   * @param {(feature: number) => void} options.onPoint a feature was pointed at, -1 for none
   * @param {(error: Error) => void} options.onFail
   */
  constructor({ pool, spread, className = '', onChange, onPoint, onFail }) {
    this.pool = pool;
    this.onChange = onChange;
    this.onPoint = onPoint;
    this.onFail = onFail;
    this.spec = null;
    this.core = null;
    /** What the canvas shows: `{features, hidden, weights}`. */
    this.view = null;
    /** The last message of the job, and its last measures. */
    this.state = null;
    this.measures = null;
    this.highlight = -1;
    this.isEdited = false;
    this.isDirty = false;
    this.job = pool?.train({ onState: (message) => this.receive(message), onFail }, spread) ?? null;

    const hintId = freshId('hint');
    this.canvas = h('canvas', { tabIndex: 0, role: 'img', 'aria-describedby': hintId });
    this.still = h('img', { class: 'still', src: new URL('../still/start.svg', import.meta.url).href, alt: '' });
    this.title = h('h3', {}, '\u00a0');
    this.says = h('p', { class: 'says' });
    this.numbers = h('p', { class: 'numbers num' });
    this.picture = h('div', { class: 'picture' }, this.still, this.canvas);
    this.element = h('section', { class: `panel ${className}`, dataset: { status: 'waiting' } }, this.picture,
      h('div', { class: 'words' }, this.title, this.says, this.numbers),
      h('p', { class: 'visually-hidden', id: hintId }, 'Arrow keys go through the features, Escape ends it.'));
    this.surface = new Surface(this.canvas, () => this.refresh());
    this.listen();
  }

  listen() {
    const { canvas } = this;
    const point = (event) => this.onPoint(this.hit(event));
    canvas.addEventListener('pointermove', point);
    canvas.addEventListener('pointerdown', point);
    canvas.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') this.onPoint(-1); });
    canvas.addEventListener('blur', () => this.onPoint(-1));
    canvas.addEventListener('keydown', (event) => {
      const turn = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape') this.onPoint(-1);
      if (!turn || !this.view) return;
      event.preventDefault();
      const count = this.view.features;
      const from = this.highlight < 0 && turn < 0 ? 0 : this.highlight;
      this.onPoint((from + turn + count) % count);
    });
  }

  hit(event) {
    if (!this.core || !this.view || this.view.hidden > 2) return -1;
    const { features, hidden, weights } = this.view;
    const { width, height } = this.surface;
    return this.core.hitArrow(width, height, features, hidden, weights, ...this.surface.locate(event));
  }

  /** Whether the run is over, for any reason. */
  get hasEnded() {
    return this.state !== null && this.state.state.status !== 'running';
  }

  /** Steps made. */
  get step() {
    return this.state?.state.step ?? 0;
  }

  /**
   * Takes on a resolved spec: live where that can be, else from step 0.
   *
   * @param {object} spec
   * @param {{keep?: boolean}} [options] keep the weights where only the data change
   */
  apply(spec, { keep = false } = {}) {
    const before = this.spec;
    this.spec = spec;
    const changed = before === null ? null : changedFields(before, spec);
    if (changed !== null && changed.length === 0) return;
    const isLive = changed?.every((name) => LIVE_FIELDS.includes(name)) && !this.hasEnded;
    const isKept = keep && changed?.every((name) => LIVE_FIELDS.includes(name) || name === 'density');
    if (before !== null && this.state !== null && (isLive || isKept)) {
      const patch = Object.fromEntries(changed.map((name) => [name, spec[name]]));
      // A run that was over goes on for as long again.
      if (this.hasEnded) patch.steps = this.step + spec.steps;
      if (this.step > 0) this.isEdited = true;
      this.job.set(patch).catch(this.onFail);
      if (this.hasEnded) this.state = { ...this.state, state: { ...this.state.state, status: 'running' } };
    } else {
      this.restart();
    }
  }

  /** Back to step 0 with the settings and the seed as they are. */
  restart() {
    this.isEdited = false;
    this.state = null;
    this.measures = null;
    this.job.create(JSON.stringify(this.spec)).catch(this.onFail);
  }

  /** Trains at so many steps a second, or with null as fast as it goes. */
  play(rate) {
    if (!this.hasEnded && this.spec !== null) this.job.run(rate).catch(this.onFail);
  }

  /** Stops, to go on later. */
  rest() {
    if (this.spec !== null) this.job.pause().catch(this.onFail);
  }

  /** One step. */
  advance() {
    if (!this.hasEnded && this.spec !== null) this.job.step(1).catch(this.onFail);
  }

  receive(message) {
    this.state = message;
    const { features, hidden, weights } = message.snapshot;
    this.view = { features, hidden, weights: weights.subarray(0, features * hidden) };
    if (message.measures) [this.measures] = message.measures;
    this.refresh();
  }

  /** Shows weights that were not trained here, such as the stored start. */
  showStill(view) {
    if (this.view !== null) return;
    this.view = view;
    this.refresh();
  }

  refresh() {
    this.isDirty = true;
    this.onChange();
  }

  /** Lights up a feature, -1 none. */
  setHighlight(feature) {
    if (feature === this.highlight) return;
    this.highlight = feature;
    this.refresh();
  }

  /** Draws what it has, if that changed. */
  draw(core) {
    this.core = core;
    if (!this.isDirty || !this.view) return;
    // More dimensions than two have no such picture; the words under it go on.
    const isDrawable = this.view.hidden <= 2;
    this.picture.classList.toggle('no-picture', !isDrawable);
    if (isDrawable && !this.surface.isReady) return;
    this.isDirty = false;
    if (isDrawable) {
      const highlight = this.highlight < this.view.features ? this.highlight : -1;
      this.surface.arrows(core, this.view, highlight);
    }
    this.still.remove();
    this.tell();
  }

  tell() {
    const { state, measures, element } = this;
    if (state === null) {
      element.dataset.status = 'waiting';
      return;
    }
    const { status, step, loss, divergedAt } = state.state;
    const ending = { diverged: ` · diverged at step ${grouped(divergedAt ?? step)}`, converged: ' · converged' }[status] ?? '';
    if (measures) this.says.textContent = `${measures.sentence}.`;
    this.numbers.textContent =
      this.featureText(this.highlight) ?? `step ${grouped(step)} · loss ${short(loss)}${ending}`;
    Object.assign(element.dataset, {
      step: String(step), loss: String(loss), status, seed: String(this.spec.seed), solution: measures?.solution ?? '',
      restart: String(state.snapshot.restart[0]),
    });
    this.canvas.setAttribute('aria-label', `${this.title.textContent}. ${measures?.sentence ?? ''}`);
  }

  /** The numbers of a feature, or null. */
  featureText(feature) {
    const { measures, spec } = this;
    if (!measures || !(feature >= 0 && feature < measures.norms.length)) return null;
    const importance = Array.isArray(spec.importance) ? spec.importance[feature] : spec.importance ** feature;
    return `feature ${feature + 1}: norm ${measures.norms[feature].toFixed(2)} · dimensionality ` +
      `${measures.dimensionality[feature].toFixed(2)} · superposition ${measures.superposition[feature].toFixed(2)} · ` +
      `importance ${short(importance)}`;
  }

  destroy() {
    this.job?.drop();
    this.surface.disconnect();
  }
}
