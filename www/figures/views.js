/**
 * The panels of a picture: a title, a canvas and a sentence each, in a grid. Pointing at a mark tells its numbers and lights its
 * feature in all of them; arrow keys do the same; solids turn.
 *
 * @typedef {{label: string, feature: number | null, x: number, y: number, job: number | null}} Mark
 */

import { freshId, h, write } from '../controls.js';
import { Surface, themeNow } from '../draw.js';
import { hasRoom } from './turns.js';

/** A panel that took long rests for so many times as long, unless the reader did something. */
const DRAW_REST = 6;
/** Radians that a solid turns by a pixel of a drag, and by an arrow key. */
const TURN_PER_PIXEL = 0.011;
const TURN_PER_KEY = 0.15;
/** A press that moved less is a click, in CSS pixels. */
const CLICK_PX = 5;
/** Space between columns, as figure.css has it. */
const GAP_PX = 26;
/** Kinds of views that fill whatever height they are given. */
const GROWING = new Set(['chart', 'stack', 'network']);
const ARROWS = { ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowUp: [0, -1] };

/** The panels. */
export class Views {
  /**
   * @param {object} options
   * @param {() => void} options.onChange asks for a frame
   * @param {(mark: Mark) => void} [options.onOpen] a mark with a model was chosen
   * @param {(text: string) => void} options.say tells a screen reader
   */
  constructor({ onChange, onOpen = () => {}, say }) {
    Object.assign(this, { onChange, onOpen, say });
    this.picture = null;
    this.highlight = -1;
    /** @type {ViewPanel[]} */
    this.panels = [];
    this.legend = h('ul', { class: 'legend', hidden: true });
    this.grid = h('div', { class: 'views-grid' });
    this.tip = h('div', { class: 'tip num', role: 'tooltip', id: freshId('tip'), hidden: true });
    this.turnHint = h('p', { class: 'help', hidden: true }, 'Drag a solid, or use the arrow keys on it, to turn it; Shift and arrow keys go through its points.');
    this.element = h('div', { class: 'views', dataset: { part: 'views' } }, this.legend, this.grid, this.turnHint, this.tip);
    this.width = 0;
    this.sizes = new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      this.arrange();
    });
    this.sizes.observe(this.grid);
    this.seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const panel = this.panels.find(({ canvas }) => canvas === target);
        if (panel) panel.isSeen = isIntersecting;
      }
      onChange();
    }, { rootMargin: '120px' });
    // On paper nothing is out of view.
    this.leave = new AbortController();
    const on = (name, listener) => addEventListener(name, listener, this.leave);
    on('beforeprint', () => {
      for (const panel of this.panels) if (panel.surface.isReady) panel.draw();
    });
    on('afterprint', () => this.forget());
  }

  /** Takes over a picture and frees the one before. */
  show(picture) {
    const before = this.picture;
    this.picture = picture;
    this.layout = JSON.parse(picture.layout());
    while (this.panels.length > picture.count) this.panels.pop().remove();
    while (this.panels.length < picture.count) this.panels.push(new ViewPanel(this, this.panels.length));
    for (const panel of this.panels) panel.adopt(picture.panel(panel.idx));
    before?.free();
    this.turnHint.hidden = !this.panels.some(({ info }) => info.turnable);
    this.arrange();
    this.tellColors();
    for (const panel of this.panels) panel.isDirty = true;
    this.onChange();
  }

  /** As many columns as there is room for. */
  arrange() {
    if (!this.picture || this.width === 0) return;
    const { minWidth, maxColumns, group } = this.layout;
    const count = Math.max(1, this.panels.filter(({ info }) => !info.wide).length);
    let most = Math.max(1, Math.min(maxColumns, count, Math.floor((this.width + GAP_PX) / (minWidth + GAP_PX))));
    // Panels that belong together stay in a row where they can.
    if (most > group) most -= most % group;
    // As many rows as needed, then as few columns as those rows need (figures/panels.rs does the same).
    let columns = Math.ceil(count / Math.ceil(count / most));
    if (most >= group) columns = Math.ceil(columns / group) * group;
    if (columns !== this.columns) this.grid.style.setProperty('--columns', String(columns));
    this.columns = columns;
    for (const panel of this.panels) panel.fit();
  }

  /** The panels of the row that a panel stands in (figures/panels.rs has the same rows). */
  rowOf(panel) {
    let row = [];
    for (const each of this.panels) {
      const { wide } = each.info;
      if (wide || row.length === this.columns || row[0]?.info.wide) {
        if (row.includes(panel)) return row;
        row = [];
      }
      row.push(each);
    }
    return row;
  }

  /** The theme changed. */
  repaint() {
    if (!this.picture) return;
    this.tellColors();
    this.urge();
  }

  /** What the colours mean. */
  tellColors() {
    const text = this.picture.legend(themeNow());
    if (text === this.legendText) return;
    this.legendText = text;
    const entries = JSON.parse(text);
    this.legend.hidden = entries.length === 0;
    this.legend.replaceChildren(...entries.map(({ name, color }) => {
      const swatch = h('span', { class: 'swatch' });
      swatch.style.setProperty('--swatch', color);
      return h('li', {}, swatch, name);
    }));
  }

  /** Everything is drawn as soon as can be, for the reader waits for it. */
  urge() {
    for (const panel of this.panels) {
      panel.isDirty = true;
      panel.restUntil = 0;
    }
    this.onChange();
  }

  /** Draws what can be seen, as far as this frame has room for it. */
  draw() {
    let wait = Infinity;
    // Whoever was drawn longest ago comes first.
    const due = this.panels.filter((panel) => panel.isDirty && panel.isSeen && panel.surface.isReady).sort((a, b) => a.drawnAt - b.drawnAt);
    for (const panel of due) {
      const now = performance.now();
      if (panel.restUntil > now) {
        wait = Math.min(wait, panel.restUntil - now);
        continue;
      }
      if (!hasRoom(panel.took)) {
        this.onChange();
        return;
      }
      panel.draw();
      panel.restUntil = performance.now() + DRAW_REST * panel.took;
    }
    if (wait === Infinity) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onChange, wait);
  }

  /** Lights a feature everywhere and tells a mark's numbers; null for none. */
  point(panel, mark) {
    const feature = mark?.feature ?? -1;
    if (feature !== this.highlight) {
      this.highlight = feature;
      this.urge();
      // The one that is pointed at first.
      if (panel.surface.isReady) panel.draw();
    }
    this.tip.hidden = mark === null;
    for (const each of this.panels) each.canvas.classList.toggle('has-model', each === panel && mark !== null && mark.job !== null);
    if (mark === null) return;
    write(this.tip, mark.label);
    const [outer, inner] = [this.element.getBoundingClientRect(), panel.canvas.getBoundingClientRect()];
    const [x, y] = [inner.left - outer.left + mark.x, inner.top - outer.top + mark.y];
    const { width, height } = this.tip.getBoundingClientRect();
    this.tip.style.setProperty('left', `${Math.max(0, Math.min(outer.width - width, x - width / 2))}px`);
    this.tip.style.setProperty('top', `${y - height - 12 < -8 ? y + 14 : y - height - 12}px`);
  }

  /** Gives back the pixels of panels that nobody sees; they are drawn anew when they are. */
  forget() {
    for (const panel of this.panels) {
      if (panel.isSeen) continue;
      panel.canvas.width = 0;
      panel.canvas.height = 0;
      panel.isDirty = true;
    }
  }

  destroy() {
    clearTimeout(this.timer);
    this.sizes.disconnect();
    this.seen.disconnect();
    this.leave.abort();
    for (const panel of this.panels) panel.remove();
    this.picture?.free();
    this.picture = null;
  }
}

/** One panel. */
class ViewPanel {
  constructor(views, idx) {
    this.views = views;
    this.idx = idx;
    this.isDirty = true;
    this.isSeen = false;
    this.restUntil = 0;
    /** When it was drawn last, and how many milliseconds that took. */
    this.drawnAt = 0;
    this.took = 0;
    /** How far the reader has turned it, radians. */
    this.turned = [0, 0];
    this.mark = -1;
    this.press = null;
    this.title = h('h3');
    this.sentence = h('p', { class: 'says' });
    const hintId = freshId('hint');
    this.hint = h('p', { class: 'visually-hidden', id: hintId });
    this.canvas = h('canvas', { tabIndex: 0, role: 'img', 'aria-label': 'A panel of the figure', 'aria-describedby': hintId });
    this.element = h('section', { class: 'view' }, this.title, this.canvas, this.sentence, this.hint);
    this.surface = new Surface(this.canvas, () => this.fit());
    views.grid.append(this.element);
    views.seen.observe(this.canvas);
    this.listen();
  }

  /** @param {string} text what it shows now, a `PicturePanel` as JSON */
  adopt(text) {
    if (text !== this.text) this.describe(JSON.parse(text));
    this.text = text;
    if (this.info.turnable && this.turned.some((angle) => angle !== 0)) this.views.picture.turn(this.idx, ...this.turned);
  }

  /** @param {{title: string, sentence: string, wide: boolean, kind: string, turnable: boolean}} info */
  describe(info) {
    this.info = info;
    // A formula is not broken at its signs (figures/text.rs does the same).
    const whole = (text) => text.replace(/ ([×=−≥≤]) /g, '\u00a0$1\u00a0');
    write(this.title, whole(info.title));
    this.title.hidden = info.title === '';
    write(this.sentence, whole(info.sentence));
    this.element.classList.toggle('wide', info.wide);
    this.element.dataset.kind = info.kind;
    this.canvas.setAttribute('aria-label', `${info.title}. ${info.sentence}`);
    write(this.hint, info.turnable
      ? 'Arrow keys turn it; Shift and arrow keys go through its points.'
      : 'Arrow keys go through the marks, Enter opens the model behind one, Escape ends it.');
  }

  /** Makes the canvas as high as the picture wants to be. */
  fit() {
    const { picture } = this.views;
    if (!picture || this.surface.width < 1 || this.idx >= picture.count) return;
    const wish = (panel) => Math.round(picture.height(panel.idx, this.surface.width));
    // Beside something high, what can grow has that height too.
    const row = GROWING.has(this.info.kind) ? this.views.rowOf(this) : [this];
    const height = Math.max(...row.filter(({ idx }) => idx < picture.count).map(wish));
    if (height !== this.height) {
      this.height = height;
      this.canvas.style.setProperty('height', `${height}px`);
      this.restUntil = 0;
    }
    this.isDirty = true;
    this.views.onChange();
  }

  draw() {
    this.isDirty = false;
    const { picture, highlight } = this.views;
    const start = performance.now();
    this.surface.paint((canvas, width, height, ratio, theme) => picture.draw(this.idx, canvas, width, height, ratio, theme, highlight));
    this.drawnAt = performance.now();
    this.took = this.drawnAt - start;
  }

  hit(event) {
    const { width, height } = this.surface;
    return JSON.parse(this.views.picture.hit(this.idx, width, height, ...this.surface.locate(event)));
  }

  turn(yaw, pitch) {
    this.turned = [this.turned[0] + yaw, this.turned[1] + pitch];
    this.views.picture.turn(this.idx, yaw, pitch);
    this.isDirty = true;
    this.restUntil = 0;
    this.views.onChange();
  }

  listen() {
    const { canvas, views } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (!views.picture) return;
      this.press = { x: event.clientX, y: event.clientY, far: 0 };
      if (this.info.turnable) canvas.setPointerCapture(event.pointerId);
      views.point(this, this.hit(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!views.picture) return;
      if (this.press && event.buttons > 0) {
        const [dx, dy] = [event.clientX - this.press.x, event.clientY - this.press.y];
        this.press.far += Math.hypot(dx, dy);
        if (this.info.turnable && this.press.far > CLICK_PX) {
          Object.assign(this.press, { x: event.clientX, y: event.clientY });
          views.point(this, null);
          this.turn(dx * TURN_PER_PIXEL, dy * TURN_PER_PIXEL);
          return;
        }
      }
      views.point(this, this.hit(event));
    });
    canvas.addEventListener('click', (event) => {
      const isClick = this.press === null || this.press.far <= CLICK_PX;
      this.press = null;
      const mark = isClick && views.picture ? this.hit(event) : null;
      if (mark !== null && mark.job !== null) views.onOpen(mark);
    });
    canvas.addEventListener('pointerleave', (event) => {
      if (event.pointerType === 'mouse') views.point(this, null);
    });
    canvas.addEventListener('blur', () => {
      this.mark = -1;
      views.point(this, null);
    });
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  key(event) {
    const { views } = this;
    if (!views.picture) return;
    const marks = () => JSON.parse(views.picture.marks(this.idx));
    if (event.key === 'Escape') {
      this.mark = -1;
      views.point(this, null);
      return;
    }
    if (event.key === 'Enter') {
      const mark = marks()[this.mark];
      if (mark && mark.job !== null) views.onOpen(mark);
      return;
    }
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    if (this.info.turnable && !event.shiftKey) {
      this.turn(arrow[0] * TURN_PER_KEY, arrow[1] * TURN_PER_KEY);
      return;
    }
    const all = marks();
    if (all.length === 0) return;
    const step = arrow[0] + arrow[1];
    const from = this.mark < 0 && step < 0 ? 0 : this.mark;
    this.mark = (from + step + all.length) % all.length;
    views.point(this, all[this.mark]);
    views.say(all[this.mark].label);
  }

  remove() {
    this.views.seen.unobserve(this.canvas);
    this.surface.disconnect();
    this.element.remove();
  }
}
