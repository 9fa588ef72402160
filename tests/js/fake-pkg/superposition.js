/**
 * A stand-in for the façade in plain JavaScript, for tests of what is around it: deterministic "training" that pulls
 * every weight halfway to a target in a hundred steps. It has the real one's names and refusals, and none of its science.
 */

const PRESETS = {
  intro: { features: 5, hidden: 2, importance: 0.9, sweep: [{ field: 'density', values: [1, 0.2, 0.1] }] },
};
const FIGURES = Object.keys(PRESETS);

export const version = () => 'fake';
export const wasmLevel = () => 'simd128';

export function preset(id) {
  if (!Object.hasOwn(PRESETS, id)) throw new Error(`figure: got ${JSON.stringify(id)}, expected one of ${FIGURES.join(', ')}`);
  return JSON.stringify(PRESETS[id]);
}

export function resolveSpec(json) {
  const spec = JSON.parse(json);
  for (const field of ['features', 'hidden']) {
    if (!Number.isInteger(spec[field])) throw new Error(`${field}: got ${JSON.stringify(spec[field])}, expected an integer from 1 to 4096`);
  }
  return JSON.stringify({ density: 1, importance: 1, steps: 10000, seed: 0, learning_rate: 0.001, ...spec });
}

export function mergeSpec(base, patch) {
  const merged = { ...JSON.parse(base), ...JSON.parse(patch) };
  for (const key of Object.keys(merged)) if (merged[key] === null) delete merged[key];
  resolveSpec(JSON.stringify(merged));
  return JSON.stringify(merged);
}

export function decodeLink(text) {
  const parameters = new URLSearchParams(text.replace(/^[#?]/, '').replaceAll('+', '%2B'));
  if (!parameters.has('v')) return 'null';
  if (parameters.get('v') !== '1') throw new Error(`v: got ${parameters.get('v')}, expected 1, the only version there is`);
  const figure = parameters.get('figure');
  if (figure !== null && !FIGURES.includes(figure)) throw new Error(`figure: got ${figure}, expected one of ${FIGURES.join(', ')}`);
  const list = (key) => (parameters.get(key) ? parameters.get(key).split(',') : []);
  return JSON.stringify({ figure, spec: JSON.parse(parameters.get('spec') ?? '{}'), show: list('show'), hide: list('hide') });
}

export function encodeLink(figure, spec, show, hide) {
  const parts = ['#v=1'];
  if (figure !== null) parts.push(`figure=${figure}`);
  if (spec !== '{}') parts.push(`spec=${encodeURIComponent(spec)}`);
  if (show.length > 0) parts.push(`show=${show}`);
  if (hide.length > 0) parts.push(`hide=${hide}`);
  return parts.join('&');
}

/** Weights that depend on the seed and the number of steps alone, however those were cut into slices. */
export class Trainer {
  constructor(json) {
    this.spec = JSON.parse(resolveSpec(json));
    this.reset();
  }

  static restore(bytes) {
    const { spec, made } = JSON.parse(new TextDecoder().decode(bytes));
    const trainer = new Trainer(JSON.stringify(spec));
    trainer.made = made;
    return trainer;
  }

  advance(count) {
    if (this.spec.panic_at !== undefined && this.made + count >= this.spec.panic_at) throw new WebAssembly.RuntimeError('unreachable');
    const steps = Math.min(count, this.spec.steps - this.made);
    this.made += steps;
    return steps;
  }

  state() {
    const loss = this.made === 0 ? null : 2 ** (-this.made / 100);
    return { status: this.made >= this.spec.steps ? 'done' : 'running', step: this.made, loss, divergedAt: null };
  }

  snapshot() {
    const { features, hidden, seed } = this.spec;
    const weights = Float32Array.from({ length: features * hidden }, (_, k) => Math.sin(seed + k) * (1 - 2 ** (-this.made / 100)));
    return {
      cells: 1, features, hidden, restart: Uint32Array.of(0), weights, bias: new Float32Array(features), decoder: null,
      losses: Float64Array.of(this.state().loss ?? NaN),
    };
  }

  measures() {
    const norms = Array(this.spec.features).fill(1);
    return [{ norms, superposition: norms, dimensionality: norms, represented: [], geometry: [], solution: 'fake', sentence: 'A fake' }];
  }

  set(patch) {
    this.spec = JSON.parse(mergeSpec(JSON.stringify(this.spec), patch));
  }

  reset(seed) {
    if (seed !== undefined) this.spec.seed = seed;
    this.made = 0;
  }

  save() {
    return new TextEncoder().encode(JSON.stringify({ spec: this.spec, made: this.made }));
  }

  free() {}
}

/** A grid whose cells have the class of their index modulo 3. */
export class PhaseGrid {
  constructor(json) {
    this.spec = JSON.parse(json);
    this.rows = this.spec.sweep[0].count;
    this.columns = this.spec.sweep[1].count;
  }

  cell(idx) {
    return { class: idx % 3, loss: idx / 100, weights: Float32Array.of(idx, -idx), bias: new Float32Array(2), steps: 1, restart: 0 };
  }

  free() {}
}

/** One model of a sweep: `steps` steps, each a hundredth of the way. */
export class Job {
  constructor(json, index) {
    this.spec = JSON.parse(resolveSpec(json));
    this.index = index;
    this.made = 0;
  }

  static restore(bytes, index) {
    const { spec, made } = JSON.parse(new TextDecoder().decode(bytes));
    const job = new Job(JSON.stringify(spec), index);
    job.made = made;
    return job;
  }

  get steps() {
    return this.made;
  }

  get isDone() {
    return this.made >= this.spec.steps;
  }

  get fraction() {
    return this.made / this.spec.steps;
  }

  advance(count) {
    if (this.spec.panic_at !== undefined && this.made + count >= this.spec.panic_at) throw new WebAssembly.RuntimeError('unreachable');
    const steps = Math.min(count, this.spec.steps - this.made);
    this.made += steps;
    return steps;
  }

  report() {
    const status = this.isDone ? 'done' : 'running';
    this.loss = 1 / (1 + this.made);
    return JSON.stringify({ index: this.index, status, steps: this.made, loss: this.loss, rate: this.spec.learning_rate });
  }

  set(patch) {
    this.spec = { ...this.spec, ...JSON.parse(patch) };
  }

  save() {
    return new TextEncoder().encode(JSON.stringify({ spec: this.spec, made: this.made }));
  }

  free() {}
}

/** A gallery whose figure asks for `models` models, and then for two more where the spec says so. */
export class Gallery {
  constructor(figure, json) {
    this.spec = JSON.parse(json);
    if (this.spec.refused) throw new Error(`features: got ${this.spec.features}, expected fewer`);
    this.asked = 0;
    this.told = 0;
    this.reports = new Map();
    this.pieces = 3;
    this.step();
    this.told = 0;
  }

  step() {
    const { models = 4, more = 0 } = this.spec;
    const isDone = (count) => this.asked >= count && [...this.reports.values()].filter(({ status }) => status === 'done').length >= count;
    const wanted = isDone(models) ? models + more : models;
    if (this.told < wanted) {
      const first = this.told ?? 0;
      const jobs = Array.from({ length: wanted - first }, (_, idx) => ({ index: first + idx, spec: { ...this.spec, seed: first + idx } }));
      this.asked = wanted;
      this.told = wanted;
      return JSON.stringify({ need: 'jobs', jobs });
    }
    if (!isDone(models + more)) return JSON.stringify({ need: 'jobs', jobs: [] });
    if (this.spec.odd) throw new Error('seed: got 3, expected one whose models represent something');
    if (this.pieces > 0) {
      this.pieces -= 1;
      return JSON.stringify({ need: 'time', what: 'losses', done: 3 - this.pieces, of: 3 });
    }
    return JSON.stringify({ need: 'nothing' });
  }

  take(index, json) {
    if (index >= this.asked) throw new Error(`index: got ${index}, expected one of the ${this.asked} jobs asked for`);
    this.reports.set(index, JSON.parse(json));
  }

  picture() {
    return this.reports.size === 0 ? undefined : new TextEncoder().encode(this.data());
  }

  data() {
    return JSON.stringify([...this.reports.entries()].sort(([a], [b]) => a - b).map(([index, { steps }]) => [index, steps]));
  }

  sentence() {
    return `${this.reports.size} models`;
  }

  free() {}
}
