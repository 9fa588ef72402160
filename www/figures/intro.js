/**
 * The opening figure: five features in two dimensions at three densities, and a fourth model whose density is the reader's.
 *
 * The panels are the cells of the spec's sweep; the explorer is the same experiment at the spec's own `density`, which the
 * sweep overrides for the others. Source: Elhage et al. (2022), opening figure.
 */

import { button, checkbox, choice, freshId, freshSeed, grouped, h, logScale, numberOrText, short, slider, sparsityText, write } from '../controls.js';
import { svgOnce } from '../draw.js';
import * as save from '../save.js';
import { siteFile } from '../site.js';
import { changedFields, Figure, withoutDefaults } from './frame.js';
import { ArrowPanel } from './panel.js';
import { afterDrawing } from './turns.js';

/** The explorer's density where no link gives another: sparse enough that five features fit. */
const EXPLORER_DENSITY = 0.07;
/** Workers that the models of this figure share. */
const SPREAD = 2;
/** In a file: the least width of a panel in CSS pixels, and the most in a row. */
const [PANEL_WIDTH, PANELS_A_ROW] = [180, 4];
/** A sweep may have a million cells; so many are drawn. */
const MAX_PANELS = 9;
/** Up to so many features have a chip each. */
const MAX_CHIPS = 12;
/** What the three panels become, by density, in the paper's figure. */
const EXPECTED = { 1: 'orthogonal-pair', 0.2: 'square', 0.1: 'pentagon' };
/** A shape counts from this step on: at the start anything can look like anything. */
const SHAPE_STEP = 1000;
/** Speeds on offer, steps a second. The default lets a run be watched: it takes about two seconds. */
const SPEEDS = [
  ['5000', '5 000 steps a second'], ['1000', '1 000 steps a second'], ['200', '200 steps a second'],
  ['20', '20 steps a second'], ['full', 'as fast as it goes'],
];

const DENSITY_SCALE = logScale(1, 0.01, 200);
const RATE_SCALE = logScale(1e-4, 1e-1, 120);

/** The figure. */
export class IntroFigure extends Figure {
  static title = 'Five features in two dimensions, training live';

  /** @param {object} services those of every figure */
  constructor(services) {
    super('intro', services, {
      title: IntroFigure.title,
      saves: [
        { label: 'Weights (CSV)', run: () => save.text(save.weightsCsv(this.instances()), 'intro.csv', 'text/csv') },
        { label: 'Specs and weights (JSON lines)', run: () => save.text(save.jsonLines(this.instances()), 'intro.jsonl', 'application/jsonl') },
        { label: 'The same in PyTorch', run: async () => {
          const { pytorchScript } = await import('../pytorch.js');
          save.text(pytorchScript(this.instances().map(({ spec }) => spec)), 'intro.py', 'text/x-python');
        } },
      ],
    });
    this.isPlaying = true;
    this.isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.rate = this.isCalm ? null : Number(SPEEDS[0][0]);
    this.highlight = -1;
    this.pendingDensity = null;
    this.shapesMarked = false;
    this.lastCalmDraw = 0;
    /** Panels that found no room in the last frame. */
    this.late = new Set();
    this.panelRow = h('div', { class: 'panels', dataset: { part: 'panels' } });
    this.panels = [];
    this.setPanelCount(3);
    this.explorer = this.makePanel('explorer');
    this.build();
  }

  build() {
    this.explorer.title.classList.add('num');
    this.density = slider({
      label: 'Sparsity', scale: DENSITY_SCALE, format: densityText,
      help: 'How rarely each feature is there. A change starts again from the same seed.',
      onInput: (value) => { this.pendingDensity = value; this.frames.ask(); },
    });
    this.keep = checkbox({
      label: 'Keep the weights',
      help: 'Go on from here instead of starting again. From dense to sparse this often sticks in a worse arrangement.',
      onInput: () => {},
    });
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Features, the most important first' });
    const side = h('div', { class: 'side' }, h('h3', { class: 'prompt' }, 'Your turn'), this.density.element, this.keep.element,
      h('div', { class: 'setting' }, h('span', { class: 'label' }, 'Features'), this.chips,
        h('p', { class: 'help' }, 'Point at an arrow or a number: it lights up everywhere and tells its numbers. Drag an arrow: it stays where you put it, and the others move away.')));
    this.explorerRow = h('div', { class: 'explore', dataset: { part: 'explorer' } }, this.explorer.element, side);

    this.playButton = button('Pause', () => this.togglePlay(), { class: 'primary play', dataset: { action: 'play' } });
    const seedId = freshId('seed');
    this.seed = h('input', {
      id: seedId, class: 'seed num', type: 'text', inputMode: 'numeric', autocomplete: 'off', size: 8,
      onchange: () => this.change({ seed: numberOrText(this.seed.value) }, { restart: true }),
    });
    this.status = h('span', { class: 'status num' });
    this.controls = h('div', { class: 'controls', dataset: { part: 'controls' } }, this.playButton,
      button('One step', () => this.advance(), { dataset: { action: 'step' } }), button('Restart', () => this.restart(), { dataset: { action: 'restart' } }),
      button('New seed', () => this.change({ seed: freshSeed() }, { restart: true }), { dataset: { action: 'new-seed' } }),
      h('label', { for: seedId, class: 'seed-label' }, 'Seed'), this.seed, this.status);

    this.learningRate = slider({
      label: 'Learning rate', scale: RATE_SCALE, format: (value) => short(value),
      help: 'How far each step goes. Applies at once, without a restart; above about 0.03 training gets rough.',
      onInput: (value) => this.change({ learning_rate: value }),
    });
    this.speed = choice({
      label: 'Speed', options: SPEEDS,
      help: 'Training can be slowed to be watched; the result is the same to the last bit.',
      onInput: (value) => { this.rate = value === 'full' ? null : Number(value); this.drive(); },
    });
    this.restarts = choice({
      label: 'Models a panel', options: [['1', 'one'], ['8', 'the best of 8']],
      help: 'Not every start ends in the best arrangement. With 8, the one with the lowest loss is shown.',
      onInput: (value) => this.change({ restarts: { count: Number(value), keep: 'best' } }),
    });
    this.batch = choice({
      label: 'Batch', options: [['128', '128'], ['1024', '1 024'], ['8192', '8 192']],
      help: 'Samples in each step. Smaller batches are noisier.',
      onInput: (value) => this.change({ batch: Number(value) }),
    });
    const settings = h('details', { class: 'settings', dataset: { part: 'settings' } }, h('summary', {}, 'Settings'),
      h('div', { class: 'settings-grid' }, this.learningRate.element, this.speed.element, this.restarts.element, this.batch.element,
        h('p', { class: 'help wide-help' }, 'Restart goes back to step 0 with the same seed, and so with the same first weights. ' +
          'New seed draws other ones; the seed can be typed too, and is part of the link.')));
    this.more = h('p', { class: 'help', hidden: true });
    this.frame.card.append(this.panelRow, this.more, this.explorerRow, this.controls, settings, this.frame.tools,
      this.frame.announcer.element);
    this.speed.show(this.rate ?? 'full');
    this.density.show(EXPLORER_DENSITY);
  }

  makePanel(className) {
    return new ArrowPanel({
      pool: this.pool, spread: SPREAD, className, onChange: () => this.frames.ask(),
      onPoint: (feature) => this.point(feature), onFail: (error) => this.fail(error), onHold: () => this.drive(),
    });
  }

  setPanelCount(count) {
    while (this.panels.length > count) {
      const panel = this.panels.pop();
      panel.element.remove();
      panel.destroy();
    }
    while (this.panels.length < count) {
      const panel = this.makePanel('');
      this.panels.push(panel);
      this.panelRow.append(panel.element);
    }
  }

  /** Every panel with a model of its own. */
  get all() {
    return [...this.panels, this.explorer];
  }

  /** Takes over the façade. */
  start(core, patch = null) {
    this.take(core);
    if (patch === null || !this.apply(patch)) this.startPlain();
    this.frames.ask();
  }

  /** Nothing can be trained here: shows where training would have led. */
  showUnsupported(error) {
    this.frame.showError(error);
    const titles = ['0% sparse', '80% sparse', '90% sparse'];
    this.panels.forEach((panel, idx) => {
      panel.still.src = siteFile(`www/still/end-${idx}.svg`);
      panel.still.alt = ['Two features at a right angle', 'Four features as two opposite pairs', 'Five features as a pentagon'][idx];
      panel.title.textContent = titles[idx];
    });
    for (const part of this.element.querySelectorAll('.explore, .controls, .settings, .tools')) part.hidden = true;
  }

  /** Shows the stored first weights until a worker has some. */
  showStill({ features, hidden, panels }) {
    this.panels.forEach((panel, idx) => {
      if (panels[idx]) panel.showStill({ features, hidden, weights: Float32Array.from(panels[idx].weights) });
    });
  }

  /**
   * Takes on changed fields of the preset.
   *
   * @param {object} patch
   * @param {{keep?: boolean, restart?: boolean}} [options]
   * @returns {boolean} false where the core refused them: then its message is shown, and nothing has changed
   */
  apply(patch, { keep = false, restart = false } = {}) {
    const { core } = this;
    let plan;
    try {
      const base = core.mergeSpec(this.preset, JSON.stringify(patch));
      const resolved = JSON.parse(core.resolveSpec(base));
      const cells = core.specCells(base);
      const specs = Array.from({ length: Math.min(cells, MAX_PANELS) }, (_, idx) => JSON.parse(core.cellSpec(base, idx)));
      const density = patch.density ?? EXPLORER_DENSITY;
      const own = JSON.parse(core.resolveSpec(core.mergeSpec(JSON.stringify(specs[0]), JSON.stringify({ density }))));
      plan = { resolved, cells, specs: cells === 1 ? [] : specs, own };
    } catch (error) {
      this.frame.showError(error);
      return false;
    }
    this.frame.showError(null);
    this.patch = patch;
    // Whoever follows a link or starts again wants to see it run, paused before or not.
    if (restart) this.isPlaying = true;
    this.adopt(plan, { keep, restart });
    return true;
  }

  adopt({ resolved, cells, specs, own }, { keep, restart }) {
    this.resolved = resolved;
    this.onShow(own);
    this.setPanelCount(specs.length);
    this.panelRow.hidden = specs.length === 0;
    this.explorerRow.classList.toggle('alone', specs.length === 0);
    this.more.hidden = cells <= MAX_PANELS;
    this.more.textContent = `The first ${MAX_PANELS} of ${grouped(cells)} cells are shown; the command line trains all of them.`;
    const tasks = [...specs.map((spec, idx) => [this.panels[idx], spec]), [this.explorer, own]];
    for (const [panel, spec] of tasks) {
      panel.title.textContent = panel === this.explorer ? densityText(spec.density) : cellTitle(spec, specs);
      const isSame = panel.spec !== null && changedFields(panel.spec, spec).length === 0;
      if (restart && isSame) panel.restart();
      else panel.apply(spec, { keep });
    }
    this.showSettings();
    this.drive();
  }

  showSettings() {
    const { resolved } = this;
    const { density } = this.explorer.spec;
    this.density.show(typeof density === 'number' ? density : density[0]);
    this.seed.value = String(resolved.seed);
    this.learningRate.show(resolved.learning_rate);
    this.restarts.show(resolved.restarts.count);
    this.batch.show(resolved.batch);
    const count = Math.min(this.explorer.spec.features, MAX_CHIPS);
    if (this.chips.childElementCount !== count) {
      this.chips.replaceChildren(...Array.from({ length: count }, (_, feature) => {
        const chip = button(String(feature + 1), () => this.point(this.highlight === feature ? -1 : feature), {
          class: 'chip', 'aria-pressed': 'false', 'aria-label': `Feature ${feature + 1}`,
          dataset: { hue: String(Math.round((feature * 4) / Math.max(1, count - 1))) },
        });
        chip.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') this.point(feature); });
        chip.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') this.point(-1); });
        return chip;
      }));
    }
  }

  /** The reader changed settings; null resets all. */
  change(fields, options = {}) {
    if (!this.core) return;
    const patch = fields === null ? {} : withoutDefaults({ ...this.patch, ...fields }, { ...this.defaults, density: EXPLORER_DENSITY });
    if (fields === null || options.restart) this.isPlaying = true;
    if (this.apply(patch, { ...options, restart: options.restart || fields === null })) this.onSpec(patch);
  }

  togglePlay() {
    if (this.all.every((panel) => panel.hasEnded)) {
      this.restart();
      return;
    }
    this.isPlaying = !this.isPlaying;
    this.drive();
  }

  restart() {
    this.isPlaying = true;
    for (const panel of this.all) if (panel.spec !== null) panel.restart();
    this.drive();
  }

  advance() {
    this.isPlaying = false;
    for (const panel of this.all) panel.advance();
    this.drive();
  }

  /** Comes into view or leaves it. */
  setVisible(isVisible) {
    this.isVisible = isVisible;
    this.drive();
  }

  /** Makes the jobs do what the reader and the view ask for. */
  drive() {
    for (const panel of this.all) {
      if (this.isPlaying && this.isVisible) panel.play(this.rate);
      else panel.rest();
    }
    this.frames.ask();
  }

  /** Lights up a feature everywhere. */
  point(feature) {
    this.highlight = feature;
    for (const panel of this.all) panel.setHighlight(feature);
    [...this.chips.children].forEach((chip, idx) => chip.setAttribute('aria-pressed', String(idx === feature)));
  }

  fail(error) {
    this.frame.showError(error);
  }

  /** The theme changed. */
  repaint() {
    for (const panel of this.all) panel.refresh();
  }

  draw() {
    if (!this.core) return;
    if (this.pendingDensity !== null) {
      const density = this.pendingDensity;
      this.pendingDensity = null;
      this.isPlaying = true;
      this.change({ density }, { keep: this.keep.input.checked });
    }
    const hasEnded = this.all.every((panel) => panel.hasEnded);
    const now = performance.now();
    const isRound = !this.isCalm || hasEnded || now - this.lastCalmDraw >= 500;
    if (isRound) this.lastCalmDraw = now;
    // Whoever was drawn longest ago comes first: on a slow machine a frame has no room for all. With reduced motion, the frames between
    // are for those who found none.
    const due = isRound ? this.all : this.all.filter((panel) => this.late.has(panel));
    this.late = new Set(due.sort((a, b) => a.drawnAt - b.drawnAt).filter((panel) => panel.draw(this.core)));
    if (!isRound) return;
    afterDrawing(() => this.tell(hasEnded));
  }

  tell(hasEnded) {
    const isRunning = this.isPlaying && !hasEnded;
    write(this.playButton, hasEnded ? 'Run again' : this.isPlaying ? 'Pause' : 'Play');
    const states = this.all.map((panel) => panel.state).filter((state) => state !== null);
    const speed = states.reduce((sum, state) => sum + (state.running ? state.speed : 0), 0);
    const parts = [`step ${grouped(this.explorer.step)}`, `loss ${short(this.explorer.state?.state.loss)}`];
    if (isRunning && speed > 0) parts.push(`${grouped(Number(speed.toPrecision(2)))} steps/s`);
    else if (hasEnded) parts.push('done');
    else if (!this.isPlaying) parts.push('paused');
    this.status.textContent = parts.join(' · ');
    this.frame.showEdited(this.all.some((panel) => panel.isEdited));
    const sentence = this.explorer.measures?.sentence;
    if (sentence && (hasEnded || !isRunning)) this.frame.announcer.say(`${densityText(this.explorer.spec.density)}: ${sentence}.`);
    this.element.dataset.playing = String(isRunning);
    this.mark(hasEnded);
  }

  /** Tells tests and benches when the shapes are there. */
  mark(hasEnded) {
    if (this.shapesMarked) return;
    const hasShape = (panel) =>
      panel.step >= SHAPE_STEP && EXPECTED[panel.spec?.density] !== undefined && EXPECTED[panel.spec.density] === panel.measures?.solution;
    const hasShapes = this.panels.length > 0 && this.panels.every(hasShape);
    if (hasShapes) performance.mark('hero-shapes');
    if (hasShapes || hasEnded) {
      this.shapesMarked = true;
      document.documentElement.dataset.ready = 'true';
    }
  }

  /** What the files of the Save… menu are made of. */
  instances() {
    return this.all.filter((panel) => panel.state !== null).map((panel) => save.instance(panel));
  }

  /** The models that have a picture, as SVG; the façade must be whole. */
  svg(width) {
    const drawable = this.all.filter((panel) => panel.view && panel.view.hidden <= 2);
    if (drawable.length === 0) throw new Error('picture: there is none in more than two dimensions');
    const picture = this.core.Picture.empty(PANEL_WIDTH, PANELS_A_ROW);
    for (const { title, measures, view } of drawable) {
      picture.addArrows(title.textContent, measures ? `${measures.sentence}.` : '', view.features, view.weights);
    }
    return svgOnce(picture, width);
  }

  destroy() {
    this.frames.cancel();
    for (const panel of this.all) panel.destroy();
    this.frame.destroy();
  }
}

/** `93% sparse · density 0.07`. */
function densityText(density) {
  if (typeof density !== 'number') return 'a density for each feature';
  return `${sparsityText(density)} sparse · density ${short(density)}`;
}

/** What tells a cell from the others. */
function cellTitle(spec, specs) {
  const others = specs.find((other) => changedFields(other, spec).length > 0);
  const fields = others ? changedFields(others, spec) : ['density'];
  if (fields.includes('density') && typeof spec.density === 'number') return `${sparsityText(spec.density)} sparse`;
  return fields.map((name) => `${name.replaceAll('_', ' ')} ${JSON.stringify(spec[name])}`).join(', ');
}
