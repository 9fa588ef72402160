/**
 * The phase diagrams of an extra feature (n = 2, m = 1 and n = 3, m = 2): theory at once, and beside it the experiment, filled in by all workers,
 * coarse cells first. A cell can be chosen; its model is then trained alone, to be watched.
 *
 * Source: Elhage et al. (2022), "Superposition as a Phase Change".
 */

import { button, choice, durationText, grouped, h, short } from '../controls.js';
import { Surface, svgOnce, themeNow } from '../draw.js';
import * as save from '../save.js';
import { Figure, withoutDefaults } from './frame.js';
import { agreement, movedCell, PENDING } from './grid.js';
import { ArrowPanel } from './panel.js';
import { afterDrawing } from './turns.js';

/** Steps a second of the chosen cell's model: it is there to be watched. */
const CELL_RATE = 400;
/** The diagram waits this long for the opening figure, unless it is in view or a link asks for it. */
const START_DELAY_MS = 1500;
/** The least width of a diagram in a file, in CSS pixels. */
const DIAGRAM_WIDTH = 300;
/** What is particular to each. */
const KINDS = {
  'phase-2-1': {
    title: 'A phase diagram of superposition, theory and experiment',
    texts: ['forgets the extra feature', 'gives the extra feature the only dimension', 'keeps both, in opposite directions'],
    label: 'superposition where both features are rare enough, most easily where they are equally important; otherwise only the more ' +
      'important one is kept.',
  },
  'phase-3-2': {
    title: 'A phase diagram of three features in two dimensions',
    names: ['extra forgotten', 'another forgotten', 'extra in a pair', 'others a pair'],
    texts: ['forgets the extra feature', 'forgets one of the other two', 'puts the extra feature opposite one of the others', 'puts the other two opposite each other'],
    label: 'where features are rare, two of them share a dimension as an antipodal pair: the extra one with another where it matters ' +
      'less, the other two where it matters more; where they are dense, one is forgotten.',
  },
};

/** The figure. */
export class PhaseFigure extends Figure {
  /** @param {'phase-2-1' | 'phase-3-2'} id @param {object} services those of every figure */
  constructor(id, services) {
    super(id, services, {
      title: KINDS[id].title,
      saves: [
        { label: 'Cells (CSV)', run: () => save.text(this.csv(), `${id}.csv`, 'text/csv') },
        { label: 'Spec (JSON)', run: () => save.text(`${JSON.stringify(this.resolved, null, 2)}\n`, `${id}.json`, 'application/json') },
        { label: 'The chosen cell in PyTorch', run: async () => {
          const { pytorchScript } = await import('../pytorch.js');
          save.text(pytorchScript([this.cellSpec(this.selected)]), 'phase_cell.py', 'text/x-python');
        } },
      ],
    });
    this.kind = KINDS[id];
    /** @type {'idle' | 'running' | 'paused' | 'done'} */
    this.phase = 'idle';
    this.job = null;
    this.rows = 0;
    this.columns = 0;
    this.theory = new Uint8Array();
    this.classes = new Uint8Array();
    /** Weights of trained cells, one after the other. */
    this.weights = new Float32Array();
    this.losses = new Float64Array();
    this.selected = -1;
    this.isMarkDue = false;
    /** What the theory's diagram was drawn from. */
    this.theoryKey = [];
    this.build();
  }

  build() {
    const diagram = (name) => {
      const canvas = h('canvas', { tabIndex: 0, role: 'img', 'aria-label': `Phase diagram by ${name}`, dataset: { diagram: name } });
      const surface = new Surface(canvas, () => this.frames.ask());
      canvas.addEventListener('pointerdown', (event) => this.chooseAt(surface, event));
      canvas.addEventListener('keydown', (event) => this.key(event));
      return { canvas, surface };
    };
    this.left = diagram('theory');
    this.right = diagram('experiment');
    const duo = h('div', { class: 'duo', dataset: { part: 'diagrams' } }, this.left.canvas, this.right.canvas);

    this.runButton = button('Run the grid', () => this.toggle(), { class: 'primary', dataset: { action: 'run' } });
    this.cancelButton = button('Cancel', () => this.cancel(), { hidden: true, dataset: { action: 'cancel' } });
    this.progress = h('progress', { max: 1, value: 0, 'aria-label': 'Cells trained', hidden: true });
    this.progress.value = 0;
    this.status = h('span', { class: 'status num' });
    const controls = h('div', { class: 'controls', dataset: { part: 'controls' } }, this.runButton, this.cancelButton, this.progress, this.status);
    this.agreementText = h('p', { class: 'verdict', hidden: true });

    this.panel = new ArrowPanel({
      pool: this.pool, className: 'cell-model', onChange: () => this.frames.ask(),
      onPoint: (feature) => this.panel.setHighlight(feature), onFail: (error) => this.frame.showError(error), onHold: () => this.drive(),
    });
    this.cellText = h('p', { class: 'help' });
    this.openLink = h('a', { href: '#intro' }, 'Open its model');
    this.cellRow = h('div', { class: 'cell', hidden: true, dataset: { part: 'cell' } }, this.panel.element,
      h('div', { class: 'side' }, this.cellText, h('div', { class: 'tools' },
        button('Train it again', () => { this.panel.restart(); this.drive(); }), this.openLink)));
    this.hint = h('p', { class: 'help hint' }, 'Choose a cell, by pointing or with the arrow keys and Enter, to see its model train.');

    this.size = choice({
      label: 'Cells', options: [['16', '16 × 16'], ['32', '32 × 32'], ['64', '64 × 64']],
      help: 'How fine the grid is, over the same ranges.',
      onInput: (value) => this.change({ sweep: this.resolved.sweep.map((axis) => resized(axis, Number(value))) }),
    });
    this.restarts = choice({
      label: 'Models a cell', options: [['1', 'one'], ['3', 'the best of 3'], ['10', 'the best of 10']],
      help: 'With one model a cell, some runs end in a worse solution and the diagram is ragged.',
      onInput: (value) => this.change({ restarts: { count: Number(value), keep: 'best' } }),
    });
    const settings = h('details', { class: 'settings', dataset: { part: 'settings' } }, h('summary', {}, 'Settings'),
      h('div', { class: 'settings-grid' }, this.size.element, this.restarts.element));
    this.frame.card.append(duo, controls, this.agreementText, this.hint, this.cellRow, settings, this.frame.tools, this.frame.announcer.element);
  }

  start(core, patch = null) {
    this.take(core);
    if (patch !== null && this.apply(patch)) return;
    // The theory of all cells takes a moment, which the opening figure needs more.
    this.starting = setTimeout(() => this.rows === 0 && this.startPlain(), START_DELAY_MS);
    if (this.isVisible) this.startPlain();
  }

  /** Takes on changed fields of the preset; false where the core refused them. */
  apply(patch) {
    const { core } = this;
    let base;
    let grid = null;
    let plan;
    try {
      base = core.mergeSpec(this.preset, JSON.stringify(patch));
      const resolved = JSON.parse(core.resolveSpec(base));
      grid = new core.PhaseGrid(base);
      const ranges = resolved.sweep.length === 2 ? [...ends(resolved.sweep[1]), ...ends(resolved.sweep[0])] : [];
      plan = { resolved, rows: grid.rows, columns: grid.columns, theory: grid.theory(), order: grid.order(), ranges };
    } catch (error) {
      this.frame.showError(error);
      return false;
    } finally {
      grid?.free();
    }
    this.cancel();
    this.frame.showError(null);
    this.patch = patch;
    this.base = base;
    Object.assign(this, plan);
    this.onShow(this.resolved);
    this.select(-1);
    this.clear();
    this.size.show(this.rows === this.columns ? this.rows : `${this.rows} × ${this.columns}`);
    this.restarts.show(this.resolved.restarts.count);
    return true;
  }

  change(fields) {
    if (!this.core || this.rows === 0) return;
    const patch = fields === null ? {} : withoutDefaults({ ...this.patch, ...fields }, this.defaults);
    if (this.apply(patch)) this.onSpec(patch);
  }

  clear() {
    const count = this.rows * this.columns;
    this.classes = new Uint8Array(count).fill(PENDING);
    this.nWeights = this.resolved.features * this.resolved.hidden;
    this.weights = new Float32Array(this.nWeights * count);
    this.losses = new Float64Array(count).fill(NaN);
    this.phase = 'idle';
    this.frames.ask();
  }

  toggle() {
    if (!this.core) return;
    if (this.rows === 0 && !this.apply({})) return;
    if (this.phase === 'running') {
      this.job.pause();
      this.phase = 'paused';
    } else if (this.phase === 'paused') {
      this.job.resume();
      this.phase = 'running';
    } else {
      this.clear();
      this.phase = 'running';
      performance.mark('phase-run');
      this.job = this.pool.grid(this.base, this.order, {
        onCells: (message) => this.receive(message),
        onDone: () => this.finish(),
        onFail: (error) => {
          this.phase = 'idle';
          this.frame.showError(error);
          this.frames.ask();
        },
      });
    }
    this.frames.ask();
  }

  cancel() {
    if (this.phase !== 'running' && this.phase !== 'paused') return;
    this.job.cancel();
    this.phase = 'idle';
    this.frames.ask();
  }

  receive({ cells, classes, losses, weights }) {
    cells.forEach((cell, idx) => {
      this.classes[cell] = classes[idx];
      this.losses[cell] = losses[idx];
      this.weights.set(weights.subarray(this.nWeights * idx, this.nWeights * (idx + 1)), this.nWeights * cell);
    });
    this.frames.ask();
  }

  finish() {
    this.phase = 'done';
    this.isMarkDue = true;
    const { trained, agree, inner, innerAgree } = agreement(this.theory, this.classes, this.columns);
    const percent = (part, whole) => `${((100 * part) / Math.max(1, whole)).toFixed(1)}%`;
    this.agreementText.textContent =
      `Experiment and theory agree in ${percent(agree, trained)} of the cells, and in ${percent(innerAgree, inner)} of those that ` +
      'do not touch a boundary.';
    this.frame.announcer.say(this.agreementText.textContent);
    this.frames.ask();
  }

  cellSpec(cell) {
    return JSON.parse(this.core.cellSpec(this.base, cell < 0 ? 0 : cell));
  }

  chooseAt(surface, event) {
    if (!this.core) return;
    const cell = this.core.hitPhase(surface.width, surface.height, this.rows, this.columns, ...surface.locate(event));
    if (cell < 0) return;
    this.select(cell);
    this.train();
  }

  key(event) {
    if (!this.core) return;
    if ((event.key === 'Enter' || event.key === ' ') && this.selected >= 0) {
      event.preventDefault();
      this.train();
      return;
    }
    const cell = movedCell(this.selected, event.key, this.rows, this.columns);
    if (cell === null) return;
    event.preventDefault();
    this.select(cell);
    const { density, importance } = this.cellSpec(cell);
    this.frame.announcer.say(`Density ${short(density)}, relative importance ${short(importance.at(-1) / importance[0])}`);
  }

  select(cell) {
    this.selected = cell;
    this.frames.ask();
  }

  /** Trains the model of the chosen cell, to be watched. */
  train() {
    const spec = this.cellSpec(this.selected);
    const relative = spec.importance.at(-1) / spec.importance[0];
    this.cellRow.hidden = false;
    this.panel.title.textContent = `Density ${short(spec.density)}, importance ${short(relative)}`;
    const theory = this.kind.texts[this.theory[this.selected]];
    this.cellText.textContent = `Theory: the best model ${theory}.`;
    this.openLink.href = this.modelLink(spec);
    this.panel.spec = spec;
    this.panel.restart();
    this.drive();
    this.frames.ask();
  }

  /** The cell's model as a link to the opening figure, where all settings are. */
  modelLink(spec) {
    const names = ['features', 'hidden', 'density', 'importance', 'gradient', 'learning_rate', 'steps', 'stop', 'restarts', 'seed'];
    const patch = Object.fromEntries(names.filter((name) => spec[name] !== undefined && spec[name] !== null).map((name) => [name, spec[name]]));
    return this.core.encodeLink('intro', JSON.stringify({ ...patch, sweep: null }), [], []);
  }

  setVisible(isVisible) {
    this.isVisible = isVisible;
    if (isVisible && this.core && this.rows === 0) this.startPlain();
    this.drive();
  }

  drive() {
    // The grid was asked for, and goes on unseen; the single model is only there to be watched.
    if (this.isVisible) this.panel.play(CELL_RATE);
    else this.panel.rest();
  }

  repaint() {
    this.panel.refresh();
    this.frames.ask();
  }

  draw() {
    if (!this.core || this.rows === 0) return;
    const { rows, columns, selected, ranges } = this;
    const common = { rows, columns, selected, ranges, regions: this.kind.names };
    // Theory stands still while the cells come in.
    const theoryKey = [selected, this.left.surface.width, this.left.surface.height, devicePixelRatio, themeNow(), this.theory];
    if (this.left.surface.isReady && theoryKey.some((value, idx) => value !== this.theoryKey[idx])) {
      this.theoryKey = theoryKey;
      this.left.surface.phase(this.core, { ...common, title: 'Theory', classes: this.theory, names: true });
    }
    if (this.right.surface.isReady) {
      this.right.surface.phase(this.core, { ...common, title: 'Experiment', classes: this.classes, names: this.isWhole });
    }
    this.panel.draw(this.core);
    afterDrawing(() => this.tell());
    if (this.isMarkDue) {
      // Tests and benches time the whole picture, not the last message.
      this.isMarkDue = false;
      performance.mark('phase-done');
    }
  }

  tell() {
    const { phase, job } = this;
    const total = this.rows * this.columns;
    const models = this.resolved.restarts.count;
    const done = phase === 'idle' ? 0 : job.done;
    this.runButton.textContent = { idle: 'Run the grid', running: 'Pause', paused: 'Go on', done: 'Run again' }[phase];
    this.cancelButton.hidden = phase !== 'running' && phase !== 'paused';
    this.progress.hidden = phase === 'idle' || phase === 'done';
    this.progress.value = done / total;
    const cost = `${grouped(total)} cells · ${models === 1 ? '1 model' : `${models} models`} each, up to ${grouped(this.resolved.steps)} steps`;
    const left = phase === 'running' ? job.timeLeft() : null;
    this.status.textContent = {
      idle: cost,
      running: `${grouped(done)} of ${grouped(total)} cells${left === null ? '' : ` · ${durationText(left)} left`}`,
      paused: `${grouped(done)} of ${grouped(total)} cells · paused`,
      done: `${grouped(total)} cells in ${(job?.elapsed() / 1000).toFixed(1)} s`,
    }[phase];
    this.agreementText.hidden = phase !== 'done';
    Object.assign(this.element.dataset, { phase, done: String(done), total: String(total) });
    this.left.canvas.setAttribute('aria-label', `Phase diagram by theory: ${this.kind.label}`);
    this.right.canvas.setAttribute('aria-label', `Phase diagram by experiment, ${this.status.textContent}.`);
  }

  csv() {
    const weights = Array.from({ length: this.nWeights }, (_, idx) => `weight_${idx}`);
    const lines = [['row,column,density,relative_importance,class,theory,loss', ...weights].join(',')];
    const [densities, importances] = this.resolved.sweep.map((axis) => axis.values ?? spread(axis));
    this.classes.forEach((value, cell) => {
      if (value === PENDING) return;
      const [row, column] = [Math.floor(cell / this.columns), cell % this.columns];
      lines.push([row, column, densities[row], importances[column], value, this.theory[cell], this.losses[cell],
        ...this.weights.subarray(this.nWeights * cell, this.nWeights * (cell + 1))].join(','));
    });
    return `${lines.join('\n')}\n`;
  }

  /** Whether every cell has its class: names are written then, as they would move with each new cell. */
  get isWhole() {
    return !this.classes.includes(PENDING);
  }

  /** Both diagrams as SVG; the façade must be whole. */
  svg(width) {
    if (this.rows === 0) throw new Error('picture: there is none yet');
    const picture = this.core.Picture.empty(DIAGRAM_WIDTH, 2);
    const add = (title, sentence, classes, areNamed) =>
      picture.addDiagram(title, sentence, this.rows, this.columns, classes, areNamed, this.ranges, this.kind.names);
    add('Theory', '', this.theory, true);
    // What is said of it when it is done.
    add('Experiment', this.agreementText.hidden ? '' : this.agreementText.textContent, this.classes, this.isWhole);
    return svgOnce(picture, width);
  }

  destroy() {
    clearTimeout(this.starting);
    this.cancel();
    this.frames.cancel();
    this.panel.destroy();
    this.left.surface.disconnect();
    this.right.surface.disconnect();
    this.frame.destroy();
  }
}

/** The first and the last value of an axis. */
function ends(axis) {
  return axis.values ? [axis.values[0], axis.values.at(-1)] : [axis.from, axis.to];
}

/** The same axis with another number of values. */
function resized(axis, count) {
  const [from, to] = ends(axis);
  return { field: axis.field, from, to, count, scale: 'log' };
}

/** The values of a logarithmic or linear axis. */
function spread({ from, to, count, scale }) {
  const at = (t) => (scale === 'log' ? from * (to / from) ** t : from + (to - from) * t);
  return Array.from({ length: count }, (_, idx) => at(count === 1 ? 0 : idx / (count - 1)));
}
