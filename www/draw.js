/**
 * Canvases that are sharp and know their theme: the only module that calls the façade's drawing functions.
 *
 * A canvas is drawn in CSS pixels on a backing store of device pixels. The boxes of all texts that were drawn are kept, for tests.
 */

/** @type {WeakMap<HTMLCanvasElement, {text: string, x: number, y: number, width: number, height: number}[]>} */
const texts = new WeakMap();

/** More device pixels than this a CSS pixel cannot be seen, and cost time. */
const MAX_RATIO = 3;

/**
 * The texts last drawn on a canvas, as boxes in CSS pixels.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function textBoxesOf(canvas) {
  return JSON.parse(texts.get(canvas) ?? '[]');
}

/** The theme that the page shows now. */
export function themeNow() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** A canvas of the page whose size is watched. */
export class Surface {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onResize asks for a new drawing
   */
  constructor(canvas, onResize) {
    this.canvas = canvas;
    this.width = 0;
    this.height = 0;
    this.observer = new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      this.height = entry.contentRect.height;
      onResize();
    });
    this.observer.observe(canvas);
  }

  /** Device pixels in a CSS pixel. */
  static ratio() {
    return Math.min(MAX_RATIO, Math.max(1, devicePixelRatio || 1));
  }

  /** Whether it has a size yet. */
  get isReady() {
    return this.width >= 1 && this.height >= 1;
  }

  /** Columns of W as arrows. */
  arrows(core, { features, hidden, weights }, highlight) {
    this.paint((canvas, width, height, ratio, theme) =>
      core.drawArrows(canvas, width, height, ratio, theme, features, hidden, weights, highlight));
  }

  /** A phase diagram. */
  phase(core, { title, rows, columns, classes, selected, names, ranges, regions }) {
    this.paint((canvas, width, height, ratio, theme) =>
      core.drawPhase(canvas, width, height, ratio, theme, title, rows, columns, classes, selected, names, ranges, regions));
  }

  /** Whatever a façade's `draw(canvas, width, height, ratio, theme)` makes, which gives the boxes of its texts as JSON. */
  paint(draw) {
    const [width, height, ratio] = this.fit();
    texts.set(this.canvas, draw(this.canvas, width, height, ratio, themeNow()));
  }

  /** The place of a pointer event in CSS pixels of the drawing. */
  locate(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** Makes the backing store fit; gives the CSS size that it stands for and the ratio. */
  fit() {
    const ratio = Surface.ratio();
    const width = Math.max(1, Math.round(this.width * ratio));
    const height = Math.max(1, Math.round(this.height * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    return [width / ratio, height / ratio, ratio];
  }

  disconnect() {
    this.observer.disconnect();
  }
}

/** A picture that is needed no more, as SVG in the theme that is shown. */
export function svgOnce(picture, width) {
  const svg = picture.svg(width, themeNow());
  picture.free();
  return svg;
}
