/**
 * Any figure of the gallery, live: its panels, controls, the way it came about, a run kept beside it, and its files. What is
 * particular to a figure stands in catalogue.js; what it shows is made by the gallery (`../gallery.js`, which the element loads) of what the pool trains.
 * The card carries how it stands as data attributes (`data-phase`, `data-done`, `data-total`, `data-seed`), and `data()` gives
 * the numbers behind the picture.
 */

import { button, choice, durationText, freshId, grouped, h, numberOrText, freshSeed, short, write } from '../controls.js';
import { pageAddress } from '../link.js';
import { siteFile } from '../site.js';
import { CATALOGUE } from './catalogue.js';
import { control } from './fields.js';
import { changedFields, Figure, LIVE_FIELDS, withoutDefaults } from './frame.js';
import { History } from './history.js';
import { painter } from './painter.js';
import { FigureRun } from './run.js';
import { afterDrawing, hasRoom } from './turns.js';
import { Views } from './views.js';
import { themeNow } from '../draw.js';

/** A figure that was out of view for so long holds no worker. */
const PARK_MS = 2500;
/** While nothing but numbers change, the line of numbers is written after so many milliseconds: nobody reads faster, and each time the page is
 * laid out. */
const TELL_MS = 200;
/** Steps of each model when the reader asks for one step: what can be seen. */
const NUDGE_STEPS = 20;
/** Speeds on offer: milliseconds that a model takes at least. The default lets quick ones be watched. */
const SPEEDS = [['3000', 'a few seconds at least'], ['15000', 'slowly, a quarter of a minute'], ['0', 'as fast as it goes']];
/** So many fields are open to see; only the playground has more. */
const USUAL_FIELDS = 16;
/** Fields that the playground's links leave as they are there. */
const KEPT_IN_PLAYGROUND = ['record', 'sweep'];

/** The figure. */
export class LiveFigure extends Figure {
  /** @param {string} id @param {object} services those of every figure */
  constructor(id, services) {
    const { title, fields, presets = [] } = CATALOGUE[id];
    super(id, services, {
      title,
      saves: [
        ['Numbers (CSV)', 'numbersCsv'], ['Numbers (JSON)', 'numbersJson'], ['The same in PyTorch', 'pytorch'],
      ].map(([label, name]) => ({ label, run: async () => (await import('./files.js'))[name](this) })),
    });
    this.presets = presets;
    /** The run that is shown, and one that is being made. */
    this.run = null;
    this.next = null;
    this.isPlaying = true;
    this.isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.pace = this.isCalm ? 0 : Number(SPEEDS[0][0]);
    this.history = new History({ isHeld: (entry) => entry === this.past || entry === this.incoming });
    /** A past picture that the reader looks at, or null for the newest. */
    this.past = null;
    this.sentence = '';
    this.incoming = null;
    /** How many milliseconds it took to take over the last picture. */
    this.showMs = 0;
    /** When its numbers were written last, and what waits to write them again. */
    this.toldAt = 0;
    this.telling = 0;
    this.build(fields);
  }

  build(fields) {
    this.views = new Views({ onChange: () => this.frames.ask(), onOpen: (mark) => this.open(mark), say: (text) => this.frame.announcer.say(text) });
    this.waiting = h('p', { class: 'help waiting' }, 'The picture appears with the first steps of training.');
    // The panels say it too, each its own part: this is for those who listen.
    this.says = h('p', { class: 'verdict visually-hidden', dataset: { part: 'sentence' } });
    const presetText = h('p', { class: 'help', 'aria-live': 'polite' });
    this.presetRow = h('div', { class: 'presets', dataset: { part: 'presets' }, hidden: this.presets.length === 0 },
      h('span', { class: 'label' }, 'Try'), ...this.presets.map(({ name, claim, spec }) => button(name, () => {
        presetText.textContent = claim;
        this.change(spec, { isWhole: true });
      })), presetText);

    this.scrubId = freshId('scrub');
    this.scrub = h('input', { id: this.scrubId, type: 'range', min: '0', max: '0', step: '1', oninput: () => this.lookBack(this.scrub.valueAsNumber) });
    this.scrubText = h('output', { for: this.scrubId, class: 'num' });
    this.scrubRow = h('div', { class: 'scrub', hidden: true, dataset: { part: 'scrubber' } },
      h('label', { for: this.scrubId }, 'Look back'), this.scrub, this.scrubText);

    this.playButton = button('Pause', () => this.togglePlay(), { class: 'primary play', dataset: { action: 'play' } });
    const seedId = freshId('seed');
    this.seed = h('input', {
      id: seedId, class: 'seed num', type: 'text', inputMode: 'numeric', autocomplete: 'off', size: 8,
      onchange: () => this.changeSeed(numberOrText(this.seed.value)),
    });
    this.progress = h('progress', { max: 1, value: 0, 'aria-label': 'Training', hidden: true });
    this.status = h('span', { class: 'status num' });
    this.controls = h('div', { class: 'controls', dataset: { part: 'controls' } }, this.playButton,
      button('One step', () => this.step(), { dataset: { action: 'step' } }),
      button('Restart', () => this.restart(), { dataset: { action: 'restart' } }),
      button('New seed', () => this.changeSeed(freshSeed()), { dataset: { action: 'new-seed' } }),
      h('label', { for: seedId, class: 'seed-label' }, 'Seed'), this.seed, this.progress, this.status);

    const change = (fields) => this.change(fields);
    this.fieldControls = fields.map((path) => control(path, () => this.resolved ?? {}, change));
    const elements = this.fieldControls.map(({ element }) => element);
    const [usual, rare] = [elements.slice(0, USUAL_FIELDS), elements.slice(USUAL_FIELDS)];
    const speed = choice({
      label: 'Speed', options: SPEEDS, help: 'Training can be slowed to be watched; the result is the same.',
      onInput: (value) => {
        this.pace = Number(value);
        this.drive();
      },
    });
    speed.show(this.pace);
    this.settingsGrid = h('div', { class: 'settings-grid' },
      h('p', { class: 'help wide-help' }, 'A change here starts all models again, from the same seeds; only speed, learning rate and penalty change a run on its way.'), ...usual, speed.element,
      rare.length === 0 ? null : h('details', { class: 'more-fields' }, h('summary', {}, 'All other fields'), h('div', { class: 'settings-grid' }, ...rare)));
    const settings = h('details', { class: 'settings', dataset: { part: 'settings' } }, h('summary', {}, 'Settings'), this.settingsGrid);
    if (this.id === 'playground') {
      settings.open = true;
      settings.addEventListener('toggle', () => this.addPainters(), { once: true });
      this.addPainters();
    }
    this.keepButton = button('Keep this run beside', () => this.keepBeside(), { dataset: { action: 'keep' } });
    this.frame.tools.firstElementChild.after(this.keepButton);
    this.besidePlace = h('div', {});
    this.frame.card.append(this.presetRow, this.views.element, this.waiting, this.says, this.scrubRow, this.controls, settings,
      this.frame.tools, this.besidePlace, this.frame.announcer.element);
    this.element.dataset.phase = 'waiting';
  }

  /** Densities and importances as bars to be painted. */
  addPainters() {
    if (this.painters) return;
    this.painters = ['density', 'importance'].map((field) => painter(field, (fields) => this.change(fields)));
    const more = this.settingsGrid.querySelector('.more-fields');
    for (const { element } of this.painters) this.settingsGrid.insertBefore(element, more);
    if (this.resolved) this.showSettings();
  }

  /** @param {object} core @param {object | null} [patch] what a link asks for from the start */
  start(core, patch = null) {
    this.take(core);
    this.frames.ask();
    if (patch !== null && this.apply(patch)) return;
    // What was refused is told, and the figure starts as it is, when it is seen.
    this.isDue = true;
    this.setVisible(this.isVisible);
  }

  /**
   * Takes on changed fields of the preset; false where the core refused them. What only the figure can refuse shows its message
   * later, and what was there stays until then.
   */
  apply(patch) {
    const { core } = this;
    let plan;
    try {
      const base = core.mergeSpec(this.preset, JSON.stringify(patch));
      plan = { patch, base, resolved: JSON.parse(core.resolveSpec(base)) };
    } catch (error) {
      this.frame.showError(error);
      this.showSettings();
      return false;
    }
    this.frame.showError(null);
    this.isDue = false;
    this.begin(plan);
    return true;
  }

  begin(plan) {
    this.next?.cancel();
    const run = new FigureRun(this.pool, {
      onPicture: (picture) => run === this.run && this.receive(picture),
      onProgress: () => run === this.run && this.frames.ask(),
      onFail: (error) => {
        if (run === this.run) this.fail(error);
      },
    });
    this.next = run;
    this.isPlaying = true;
    run.start(this.id, plan.base).then(
      () => {
        if (this.next === run) this.adopt(run, plan);
      },
      (error) => {
        if (this.next !== run) return;
        this.next = null;
        this.frame.showError(error);
        if (this.resolved) {
          this.showSettings();
          this.onSpec(this.patch);
        }
      },
    );
  }

  adopt(run, plan) {
    this.next = null;
    this.run?.cancel();
    this.run = run;
    Object.assign(this, plan);
    this.history.clear();
    this.past = null;
    this.isFinal = false;
    this.hasFailed = false;
    this.isFirst = true;
    this.toldAt = 0;
    this.frame.showEdited(false);
    this.showSettings();
    this.onShow(this.resolved);
    this.drive();
  }

  showSettings() {
    if (!this.resolved) return;
    const swept = this.resolved.sweep?.find(({ field, values }) => field === 'seed' && values);
    this.seed.value = String(swept ? swept.values[0] : this.resolved.seed);
    for (const { show } of this.fieldControls) show(this.resolved);
    for (const { show } of this.painters ?? []) show(this.resolved);
  }

  /** The reader changed settings; null resets all, and a whole patch takes the place of what was changed. */
  change(fields, { isWhole = false } = {}) {
    if (!this.core) return;
    const all = isWhole || fields === null ? fields ?? {} : { ...this.patch, ...fields };
    const patch = withoutDefaults(all, this.defaults);
    const isWholeRun = isWhole || fields === null;
    if ((!isWholeRun && this.tune(patch)) || this.apply(patch)) this.onSpec(patch);
  }

  /** Changes the run on its way, if what differs is of that kind; false if not, or if the core refuses it. */
  tune(patch) {
    if (!this.run || this.next || this.isFinal || this.hasFailed) return false;
    let base, resolved;
    try {
      base = this.core.mergeSpec(this.preset, JSON.stringify(patch));
      resolved = JSON.parse(this.core.resolveSpec(base));
    } catch {
      return false;
    }
    const changed = changedFields(this.resolved, resolved);
    const isSwept = (name) => resolved.sweep?.some(({ field }) => field === name);
    if (changed.length === 0 || !changed.every((name) => LIVE_FIELDS.includes(name) && !isSwept(name))) return false;
    Object.assign(this, { patch, base, resolved });
    this.run.tune(Object.fromEntries(changed.map((name) => [name, resolved[name]])));
    this.frame.showEdited(true);
    this.frame.showError(null);
    this.showSettings();
    this.onShow(resolved);
    return true;
  }

  /** Another seed; where seeds are swept, the first of them, and the others as far from it as they were. */
  changeSeed(seed) {
    const axis = this.resolved?.sweep?.find(({ field, values }) => field === 'seed' && values);
    if (!axis || typeof seed !== 'number') {
      this.change({ seed });
      return;
    }
    const values = axis.values.map((value) => seed + value - axis.values[0]);
    this.change({ sweep: this.resolved.sweep.map((each) => (each === axis ? { field: 'seed', values } : each)) });
  }

  restart() {
    if (this.base) this.begin({ patch: this.patch, base: this.base, resolved: this.resolved });
  }

  togglePlay() {
    if (this.isFinal || this.hasFailed) {
      this.restart();
      return;
    }
    this.isPlaying = !this.isPlaying;
    this.drive();
  }

  async step() {
    if (!this.run || this.isFinal) return;
    this.isPlaying = false;
    this.drive();
    await this.run.nudge(NUDGE_STEPS).catch((error) => this.fail(error));
  }

  setVisible(isVisible) {
    this.isVisible = isVisible;
    if (isVisible && this.isDue) {
      this.isDue = false;
      this.begin({ patch: {}, base: this.preset, resolved: this.defaults });
    }
    this.drive();
  }

  drive() {
    this.run?.drive(this.isPlaying && this.isVisible, this.pace);
    clearTimeout(this.parking);
    if (!this.isVisible) {
      this.parking = setTimeout(() => {
        this.run?.park();
        this.views.forget();
        this.beside?.views.forget();
      }, PARK_MS);
    }
    this.frames.ask();
  }

  fail(error) {
    this.hasFailed = true;
    this.frame.showError(error);
    this.frames.ask();
  }

  receive({ bytes, sentence, isFinal }) {
    this.isFinal = isFinal;
    this.frames.ask();
    if (bytes === null) return;
    const entry = { bytes, sentence, isFinal, steps: Math.round(this.run.sweep.steps) };
    this.history.push(entry);
    // With reduced motion the way is kept for the scrubber, and only its ends are shown.
    if (this.past === null && (!this.isCalm || isFinal || this.isFirst)) this.incoming = entry;
    this.isFirst = false;
    if (isFinal) this.frame.announcer.say(sentence);
  }

  /** Shows a past picture; the last is the newest. */
  lookBack(idx) {
    const entry = this.history.pictures[idx];
    this.past = idx === this.history.pictures.length - 1 ? null : entry;
    this.incoming = entry;
    this.views.urge();
  }

  repaint() {
    this.views.repaint();
    this.beside?.views.repaint();
  }

  draw() {
    if (this.core && this.incoming) this.showIncoming();
    this.views.draw();
    this.beside?.views.draw();
    afterDrawing(() => this.tell());
  }

  showIncoming() {
    if (!hasRoom(this.showMs)) {
      this.frames.ask();
      return;
    }
    const start = performance.now();
    const { bytes, sentence } = this.incoming;
    this.incoming = null;
    this.views.show(this.core.Picture.fromBytes(bytes));
    this.waiting.hidden = true;
    write(this.says, sentence);
    this.showMs = performance.now() - start;
  }

  tell() {
    const { run } = this;
    if (!run) return;
    const { sweep } = run;
    const phase = this.hasFailed ? 'failed' : this.isFinal ? 'done' : this.isPlaying && this.isVisible ? 'running' : 'paused';
    this.showScrubber();
    const wait = this.toldAt + TELL_MS - performance.now();
    if (phase === this.element.dataset.phase && wait > 0) {
      this.telling ||= setTimeout(() => {
        this.telling = 0;
        this.frames.ask();
      }, wait);
      return;
    }
    this.toldAt = performance.now();
    write(this.playButton, phase === 'done' || phase === 'failed' ? 'Run again' : this.isPlaying ? 'Pause' : 'Play');
    const parts = [];
    if (sweep.steps > 0) parts.push(`step ${grouped(sweep.steps)}`);
    if (!Number.isNaN(sweep.loss)) parts.push(`${sweep.total > 1 ? 'mean ' : ''}loss ${short(sweep.loss)}`);
    if (phase === 'done') parts.push('done');
    else if (phase === 'failed') parts.push('ended');
    else {
      if (phase === 'running' && sweep.speed > 0) parts.push(`${grouped(Number(sweep.speed.toPrecision(2)))} steps/s`);
      if (sweep.total > 1) parts.push(`${grouped(sweep.done)} of ${grouped(sweep.total)} models done`);
      const left = sweep.timeLeft();
      if (phase === 'running' && left !== null && !sweep.isOver) parts.push(`${durationText(left)} left`);
      if (run.piece && sweep.done === sweep.total) parts.push(`${run.piece.what}, ${run.piece.made} of ${run.piece.of}`);
      if (!this.isPlaying) parts.push('paused');
    }
    write(this.status, parts.join(' · '));
    this.progress.hidden = phase === 'done' || phase === 'failed';
    this.progress.value = sweep.fraction;
    Object.assign(this.element.dataset, {
      phase, done: String(sweep.done), total: String(sweep.total), seed: String(this.resolved.seed), steps: String(Math.round(sweep.steps)),
    });
  }

  showScrubber() {
    const { pictures } = this.history;
    const at = this.past === null ? pictures.length - 1 : Math.max(0, pictures.indexOf(this.past));
    const text = pictures[at] ? `step ${grouped(pictures[at].steps)}${this.past === null ? (this.isFinal ? ', the end' : ', now') : ''}` : '';
    const shown = `${at} ${pictures.length} ${text}`;
    if (shown === this.scrubShown) return;
    this.scrubShown = shown;
    this.scrubRow.hidden = pictures.length < 2;
    this.scrub.max = String(Math.max(0, pictures.length - 1));
    this.scrub.value = String(at);
    this.scrubText.textContent = text;
    this.scrub.setAttribute('aria-valuetext', text);
  }

  /** Shows where the model behind a mark can be trained and changed. */
  open(mark) {
    const spec = this.run?.specs.get(mark.job);
    if (!spec || this.id === 'playground') return;
    const defaults = JSON.parse(this.core.resolveSpec(this.core.preset('playground')));
    const fields = changedFields(defaults, spec).filter((name) => !KEPT_IN_PLAYGROUND.includes(name));
    const patch = Object.fromEntries(fields.map((name) => [name, spec[name] ?? null]));
    const link = this.core.encodeLink('playground', JSON.stringify(patch), [], []);
    if (document.querySelector('superposition-figure[figure="playground"]')) location.hash = link;
    else {
      this.openLink ??= h('a', { class: 'open-model', target: '_blank' });
      this.openLink.href = pageAddress(siteFile('index.html')) + link;
      this.openLink.textContent = `Open the model behind “${mark.label}”`;
      this.says.after(this.openLink);
      this.openLink.focus();
    }
  }

  /** Freezes the picture below, with what was changed for it in words. */
  keepBeside() {
    const entry = this.past ?? this.history.pictures.at(-1);
    if (!entry || !this.core) return;
    this.beside?.views.destroy();
    const names = Object.keys(this.patch);
    const words = names.length === 0 ? 'the paper’s settings' : names.map((name) => `${name.replaceAll('_', ' ')} ${JSON.stringify(this.patch[name])}`).join(', ');
    const views = new Views({ onChange: () => this.frames.ask(), onOpen: () => {}, say: (text) => this.frame.announcer.say(text) });
    const close = button('×', () => {
      views.destroy();
      this.beside = null;
      this.besidePlace.replaceChildren();
      this.keepButton.focus();
    }, { class: 'dismiss', 'aria-label': 'Take the kept run away' });
    this.beside = { views };
    this.besidePlace.replaceChildren(h('section', { class: 'beside', dataset: { part: 'beside' } },
      h('div', { class: 'beside-head' }, h('h3', {}, `Kept: ${words}, step ${grouped(entry.steps)}`), close), views.element, h('p', { class: 'says' }, entry.sentence)));
    views.show(this.core.Picture.fromBytes(entry.bytes));
    this.frame.announcer.say('The run is kept below. Change a setting and compare.');
  }

  /** The numbers behind the newest picture. */
  async data() {
    return this.run ? this.run.data() : null;
  }

  /** The picture that is shown, as SVG. */
  svg(width) {
    if (!this.views.picture) throw new Error('picture: there is none yet');
    return this.views.picture.svg(width, themeNow());
  }

  destroy() {
    clearTimeout(this.parking);
    clearTimeout(this.telling);
    this.next?.cancel();
    this.run?.cancel();
    this.frames.cancel();
    this.views.destroy();
    this.beside?.views.destroy();
    this.frame.destroy();
  }
}
