/**
 * One model as a panel: its arrows on a canvas, a title, a sentence that says what the picture shows, its step and loss; and the
 * job that trains it. The panel's element carries what it shows as data attributes (`data-step`, `data-loss`, `data-solution`,
 * `data-status`, `data-seed`), of the state that is on the canvas.
 */

import { freshId, grouped, h, short, write } from '../controls.js';
import { Surface } from '../draw.js';
import { siteFile } from '../site.js';
import { changedFields, LIVE_FIELDS } from './frame.js';
import { afterDrawing, hasRoom } from './turns.js';

/** The drawing's half width in lengths of W (figures/arrows.rs), and how long a held column may get without changing its scale. */
const HALF_RANGE = 1.42;
const LONGEST_HELD = 1.15;
/** What a key turns and stretches a held column by. */
const TURN_PER_KEY = Math.PI / 36;
const STRETCH_PER_KEY = 1.05;
/** Another restart is shown once its loss is lower by this part, or the shown one was not the best for so long; under a hand, longer. */
const CLEARLY_BETTER = 0.01;
const PATIENCE_MS = 400;
const PATIENCE_IN_HAND_MS = 1500;

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
   * @param {() => void} [options.onHold] a feature was taken hold of or let go: what was over may run again
   */
  constructor({ pool, spread, className = '', onChange, onPoint, onFail, onHold = () => {} }) {
    this.pool = pool;
    this.onChange = onChange;
    this.onPoint = onPoint;
    this.onFail = onFail;
    this.onHold = onHold;
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
    /** When it was drawn last, and how many milliseconds that took. */
    this.drawnAt = 0;
    this.took = 0;
    /** Features whose columns the reader holds, and the one that is moved right now with where to. */
    this.pinned = new Set();
    this.dragged = -1;
    this.held = null;
    /** The feature that lit up under the pointer: a press takes hold of it, even if the picture has changed since. */
    this.lit = -1;
    /** When the restart that is shown was last the best. */
    this.bestAt = 0;
    this.job = pool?.train({ onState: (message) => this.receive(message), onFail }, spread) ?? null;

    const hintId = freshId('hint');
    this.canvas = h('canvas', { tabIndex: 0, role: 'img', 'aria-describedby': hintId });
    this.still = h('img', { class: 'still', src: siteFile('www/still/start.svg'), alt: '' });
    this.title = h('h3', {}, '\u00a0');
    this.says = h('p', { class: 'says' });
    this.numbers = h('p', { class: 'numbers num' });
    this.picture = h('div', { class: 'picture' }, this.still, this.canvas);
    this.letGo = h('button', { type: 'button', class: 'let-go', hidden: true, onclick: () => this.unpin() });
    this.element = h('section', { class: `panel ${className}`, dataset: { status: 'waiting' } }, this.picture,
      h('div', { class: 'words' }, this.title, this.says, this.numbers, this.letGo),
      h('p', { class: 'visually-hidden', id: hintId }, 'Arrow keys go through the features, Escape ends it. Shift and arrow keys turn and ' +
        'stretch the chosen one and hold it there.'));
    this.surface = new Surface(this.canvas, () => this.refresh());
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener('pointermove', (event) => {
      if (this.dragged >= 0) this.hold(this.dragged, this.columnAt(event));
      else {
        this.lit = this.hit(event);
        this.onPoint(this.lit);
      }
    });
    canvas.addEventListener('pointerdown', (event) => {
      const feature = this.lit >= 0 ? this.lit : this.hit(event);
      this.onPoint(feature);
      if (feature < 0 || this.state === null) return;
      this.dragged = feature;
      canvas.setPointerCapture(event.pointerId);
    });
    for (const end of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(end, () => {
        this.dragged = -1;
        this.lit = -1;
      });
    }
    // A finger on an arrow moves it, elsewhere the page.
    canvas.addEventListener('touchstart', (event) => {
      if (this.state !== null && this.hit(event.touches[0]) >= 0) event.preventDefault();
    }, { passive: false });
    canvas.addEventListener('pointerleave', (event) => {
      this.lit = -1;
      if (event.pointerType === 'mouse') this.onPoint(-1);
    });
    canvas.addEventListener('blur', () => this.onPoint(-1));
    canvas.addEventListener('keydown', (event) => {
      const turn = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape') this.onPoint(-1);
      if (!turn || !this.view) return;
      event.preventDefault();
      if (event.shiftKey && this.highlight >= 0 && this.state !== null && this.view.hidden <= 2) {
        this.holdByKey(event.key);
        return;
      }
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

  /** The column of W whose arrow would end under the pointer. */
  columnAt(event) {
    const { width, height } = this.surface;
    const [x, y] = this.surface.locate(event);
    const unit = (this.view.hidden === 1 ? width / 2 : Math.min(width, height) / 2) / HALF_RANGE;
    return [(x - width / 2) / unit, (height / 2 - y) / unit].slice(0, this.view.hidden);
  }

  holdByKey(key) {
    const { features, hidden, weights } = this.view;
    const column = Array.from({ length: hidden }, (_, k) => weights[k * features + this.highlight]);
    const turn = { ArrowLeft: TURN_PER_KEY, ArrowRight: -TURN_PER_KEY }[key] ?? 0;
    const stretch = { ArrowUp: STRETCH_PER_KEY, ArrowDown: 1 / STRETCH_PER_KEY }[key] ?? 1;
    const [x, y = 0] = column.map((value) => value * stretch);
    if (hidden === 1) this.hold(this.highlight, [turn === 0 ? x : -x]);
    else this.hold(this.highlight, [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)]);
  }

  /** Puts a feature's arrow where the hand is, and keeps it there while the others train. */
  hold(feature, column) {
    const length = Math.hypot(...column);
    const factor = length > LONGEST_HELD ? LONGEST_HELD / length : 1;
    this.held = { feature, column: Float32Array.from(column, (value) => value * factor) };
    this.isEdited = true;
    // The arrow follows the hand at once; the trainer answers some frames later.
    this.held.column.forEach((value, k) => { this.view.weights[k * this.view.features + feature] = value; });
    this.refresh();
  }

  /** Tells the trainer what the hand does, at most once a frame. */
  sendHeld() {
    if (this.held === null) return;
    const { feature, column } = this.held;
    this.held = null;
    if (!this.pinned.has(feature)) {
      this.pinned.add(feature);
      this.setPinned();
    }
    this.job.column(feature, column).catch(this.onFail);
  }

  unpin() {
    this.pinned.clear();
    this.setPinned();
    this.canvas.focus();
  }

  setPinned() {
    const patch = { pinned: [...this.pinned] };
    // A run that was over goes on, so that the others can move away.
    if (this.hasEnded) {
      patch.steps = this.step + this.spec.steps;
      this.state = { ...this.state, state: { ...this.state.state, status: 'running' } };
    }
    this.job.set(patch).catch(this.onFail);
    this.showPinned();
    this.refresh();
    this.onHold();
  }

  showPinned() {
    const names = [...this.pinned].sort((a, b) => a - b).map((feature) => feature + 1);
    this.letGo.hidden = names.length === 0;
    this.letGo.textContent = `Let go of ${names.join(', ')}`;
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
    this.pinned.clear();
    this.showPinned();
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

  /**
   * Whether a message is of another restart that happens to be the best for a moment: losses of arrangements that are as good as
   * each other cross all the time, and the picture would jump to and fro between them.
   */
  isFlicker({ state, snapshot, running }) {
    const now = performance.now();
    if (this.state === null || !running || snapshot.restart[0] === this.state.snapshot.restart[0]) {
      this.bestAt = now;
      return false;
    }
    const isInHand = this.dragged >= 0;
    const isBetter = !isInHand && state.loss < (1 - CLEARLY_BETTER) * this.state.state.loss;
    if (!isBetter && now - this.bestAt < (isInHand ? PATIENCE_IN_HAND_MS : PATIENCE_MS)) return true;
    this.bestAt = now;
    return false;
  }

  receive(message) {
    if (this.isFlicker(message)) return;
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

  /** Draws what it has, if that changed; gives whether it has to wait for the next frame. */
  draw(core) {
    this.core = core;
    this.sendHeld();
    if (!this.isDirty || !this.view) return false;
    // More dimensions than two have no such picture; the words under it go on.
    const isDrawable = this.view.hidden <= 2;
    this.picture.classList.toggle('no-picture', !isDrawable);
    if (isDrawable && !this.surface.isReady) return false;
    if (!hasRoom(this.took)) {
      this.onChange();
      return true;
    }
    this.isDirty = false;
    const start = performance.now();
    if (isDrawable) {
      const highlight = this.highlight < this.view.features ? this.highlight : -1;
      this.surface.arrows(core, this.view, highlight);
    }
    this.drawnAt = performance.now();
    this.took = this.drawnAt - start;
    afterDrawing(() => {
      this.still.remove();
      this.tell();
    });
    return false;
  }

  tell() {
    const { state, measures, element } = this;
    if (state === null) {
      element.dataset.status = 'waiting';
      return;
    }
    const { status, step, loss, divergedAt } = state.state;
    const ending = { diverged: ` · diverged at step ${grouped(divergedAt ?? step)}`, converged: ' · converged' }[status] ?? '';
    if (measures) write(this.says, `${measures.sentence}.`);
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
