/**
 * The fields of a spec as controls: one table of labels, explanations and scales for all figures.
 *
 * @typedef {{element: HTMLElement, show: (spec: object) => void}} Control
 * @typedef {(fields: object) => void} Change takes changed fields of a spec
 */

import { choice, freshId, grouped, h, logScale, short, slider, sparsityText } from '../controls.js';

/** Whole numbers between two ends; beyond some forty places every few. */
const whole = (from, to) => {
  const steps = Math.min(40, to - from);
  const value = (place) => Math.round(from + ((to - from) * place) / steps);
  return { steps, value, place: (value) => Math.round(Math.min(1, Math.max(0, (value - from) / (to - from))) * steps) };
};
const linear = (from, to, steps) => ({
  steps,
  value: (place) => Number((from + ((to - from) * place) / steps).toPrecision(3)),
  place: (value) => Math.round(Math.min(1, Math.max(0, (value - from) / (to - from))) * steps),
});
/** A logarithmic scale with 0 before its first place. */
const fromZero = (from, to, steps) => {
  const inner = logScale(from, to, steps - 1);
  return { steps, value: (place) => (place === 0 ? 0 : inner.value(place - 1)), place: (value) => (value <= 0 ? 0 : inner.place(value) + 1) };
};
const wholeLog = (from, to, steps) => {
  const inner = logScale(from, to, steps);
  return { ...inner, value: (place) => Math.round(inner.value(place)) };
};

/** The table: a scale makes a slider, options a choice; a path into an object changes that member alone. */
export const FIELDS = {
  model: {
    label: 'Model', options: [['linear', 'linear'], ['relu', 'ReLU on the outputs'], ['relu-hidden', 'ReLU on the neurons, too'], ['absolute', 'computes absolute values']],
    help: 'What is computed from the features. Without a ReLU there is no superposition.',
  },
  features: { label: 'Features n', scale: whole(1, 200), format: grouped, help: 'How many things there are to store.' },
  hidden: { label: 'Hidden dimensions m', scale: whole(1, 60), format: grouped, help: 'How many numbers they are squeezed into.' },
  density: {
    label: 'Density', scale: logScale(1, 0.001, 120), format: (value) => `${short(value)} · ${sparsityText(value)} sparse`,
    help: 'How often a feature is there at all: 1 − S, where S is the sparsity.',
  },
  importance: {
    label: 'Importance', scale: linear(0.5, 1, 50), format: (value) => `${short(value)}ⁱ`,
    help: 'Feature i weighs this number to the power of i in the loss. At 1 all weigh the same.',
  },
  steps: { label: 'Steps', scale: wholeLog(100, 100_000, 60), format: grouped, help: 'How long each model is trained.' },
  batch: {
    label: 'Batch', options: ['64', '128', '256', '512', '1024', '2048', '4096', '8192'].map((size) => [size, grouped(Number(size))]), parse: Number,
    help: 'Samples in each step. Smaller batches are faster and noisier.',
  },
  learning_rate: {
    label: 'Learning rate', scale: logScale(1e-4, 1, 120), format: (value) => short(value),
    help: 'How far each step goes. Too high, and training gets rough or fails.',
  },
  schedule: {
    label: 'Learning rate falls', options: [['constant', 'never'], ['linear', 'in a line to 0'], ['cosine', 'along a cosine to 0']],
    help: 'A rate that falls to 0 lets the weights settle at the end.',
  },
  optimizer: {
    label: 'Optimizer', options: [['adam', 'Adam'], ['adamw', 'AdamW'], ['sgd', 'SGD']],
    help: 'How gradients become steps. SGD wants a far higher learning rate here.',
  },
  gradient: {
    label: 'Gradients', options: [['sampled', 'from samples'], ['exact', 'exact']],
    help: 'Exact ones are those of the expected loss: no luck but that of the start. For up to six features.',
  },
  hidden_l1: {
    label: 'Penalty on activity', scale: fromZero(1e-4, 1, 80), format: (value) => short(value),
    help: 'λ, times the sum of the hidden activations, is added to what is minimised.',
  },
  'restarts.count': {
    label: 'Models a point', scale: wholeLog(1, 256, 48), format: grouped,
    help: 'As many are trained from seeds in a row. Not every start ends in the best arrangement.',
  },
  'restarts.keep': {
    label: 'Of these keep', options: [['best', 'the one with the lowest loss'], ['all', 'all']],
    help: 'All show how often training ends elsewhere.',
  },
  'start.scale': {
    label: 'Size of the start', scale: logScale(0.05, 2, 60), format: (value) => short(value),
    help: 'The first weights, as a multiple of the usual (Xavier) size. Small ones show how features part.',
  },
  'attack.norm': {
    label: 'Size of the attack', scale: logScale(0.01, 1, 60), format: (value) => short(value),
    help: 'As a fraction of the mean length of an input.',
  },
  'dictionary.latents': { label: 'Dictionary entries', scale: whole(4, 400), format: grouped, help: 'How many directions the dictionary may learn.' },
  'dictionary.topk': { label: 'Active entries', scale: whole(1, 20), format: grouped, help: 'So many entries may explain one activation.' },
  'dictionary.steps': { label: 'Steps of the dictionary', scale: wholeLog(100, 20_000, 50), format: grouped, help: 'How long it learns.' },
  train_bias: { label: 'Bias', options: [['true', 'is learned'], ['false', 'stays as it starts']], parse: (text) => text === 'true', help: 'The ReLU needs a bias to silence faint echoes.' },
  level: {
    label: 'Arithmetic', options: [['auto', 'the fastest'], ['simd128', 'the same bits everywhere']],
    help: 'The second gives the same result in every browser, to the last bit.',
  },
};

/** Fields whose values are lists or objects: typed or pasted, as JSON or as numbers with commas. */
export const TEXT_FIELDS = {
  correlated: ['Correlated sets', 'Features that occur together, as lists of their numbers less one, as a spec counts from 0: [[0, 1], [2, 3]] are 1 with 2 and 3 with 4. Or a line for each set.'],
  anticorrelated: ['Anticorrelated sets', 'Features of which only one is there at a time, written as above.'],
  start: ['Start', 'JSON, such as {"scale": 0.3, "bias": "mean", "decoder": "nonnegative"}; empty for Xavier and zero.'],
  pinned: ['Pinned features', 'Features whose columns stay as they start, by their numbers less one: a spec counts from 0.'],
  adversarial_training: ['Adversarial training', 'JSON, such as {"norm": 0.5}: trains against the best attack of that size.'],
  weight_decay: ['Weight decay', 'A number; for AdamW only.'],
  momentum: ['Momentum', 'A number below 1; for SGD only.'],
  stop: ['Stop when settled', 'JSON, such as {"relative_change": 1e-6, "window": 1000}; empty to train to the end.'],
  record: ['Record', 'JSON, such as {"points": 200, "scale": "log"}: the history that is drawn.'],
  attack: ['Attack', 'JSON, such as {"norm": 0.1, "relative_to": "dense"}: what an attack costs after training.'],
  dictionary: ['Dictionary', 'JSON, such as {"latents": 24, "topk": 2, "steps": 2000}: a sparse autoencoder on the hidden activations.'],
  sweep: ['Sweep', 'JSON, a list of axes such as {"field": "density", "values": [1, 0.1]}: a model for each.'],
};

/** The value at a path, `restarts.count`. */
export function valueAt(spec, path) {
  return path.split('.').reduce((value, key) => value?.[key], spec);
}

/** The fields of a patch that puts a value at a path, objects on the way completed from the spec. */
export function patchAt(spec, path, value) {
  const [field, member] = path.split('.');
  return member === undefined ? { [field]: value } : { [field]: { ...spec[field], [member]: value } };
}

/**
 * A control for one field.
 *
 * @param {string} path
 * @param {() => object} specNow
 * @param {Change} change
 * @returns {Control}
 */
export function control(path, specNow, change) {
  if (path.startsWith('axis:')) return axisControl(path.slice(5), specNow, change);
  if (TEXT_FIELDS[path]) return textControl(path, ...TEXT_FIELDS[path], change);
  const { label, help, scale, format, options, parse = (text) => text } = FIELDS[path];
  if (options) {
    const { element, show } = choice({ label, help, options, onInput: (text) => change(patchAt(specNow(), path, parse(text))) });
    return { element, show: (spec) => show(valueAt(spec, path) ?? '') };
  }
  // While a hand is on it, nothing is started: only where it comes to rest.
  let timer = null;
  const { element, input, show } = slider({
    label, help, scale, format: (value) => (typeof value === 'number' ? format(value) : 'its own for each'),
    onInput: (value) => {
      clearTimeout(timer);
      timer = setTimeout(() => change(patchAt(specNow(), path, value)), 250);
    },
  });
  return {
    element,
    show: (spec) => {
      const value = valueAt(spec, path);
      element.hidden = value === undefined || value === null;
      if (typeof value === 'number') show(value);
      else {
        input.setAttribute('aria-valuetext', 'its own for each');
        element.querySelector('output').textContent = 'its own for each';
      }
    },
  };
}

/**
 * Numbers as people type them: JSON, or with commas, semicolons, tabs or lines between them.
 *
 * @param {string} text
 * @returns {unknown} a number, a list, a list of lists (a line each), whatever JSON says, or the text itself for the core to refuse
 */
export function parsedText(text) {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  try {
    return JSON.parse(trimmed);
  } catch {
    const rows = trimmed.split(/\n+/).map((line) => line.split(/[,;\t ]+/).filter((cell) => cell !== '').map(Number));
    if (rows.flat().some(Number.isNaN)) return trimmed;
    return rows.length === 1 ? rows[0] : rows;
  }
}

function textControl(path, label, help, change) {
  const id = freshId('text');
  const area = h('textarea', { id, class: 'text-field', rows: 2, spellcheck: false, 'aria-describedby': `${id}-help` });
  area.addEventListener('change', () => {
    let value = parsedText(area.value);
    // One row of numbers is one set.
    if (path.endsWith('correlated') && Array.isArray(value) && typeof value[0] === 'number') value = [value];
    if (path === 'pinned' && typeof value === 'number') value = [value];
    change({ [path]: value });
  });
  const element = h('div', { class: 'setting' }, h('label', { for: id }, label), area, h('p', { class: 'help', id: `${id}-help` }, help));
  return { element, show: (spec) => { area.value = spec[path] === undefined || spec[path] === null ? '' : JSON.stringify(spec[path]); } };
}

/** `1, 0.3, 0.1`, or `1 to 0.01 in 13`: numbers as they are read again. */
export function axisText(axis) {
  if (axis === undefined) return '';
  const text = (value) => String(typeof value === 'number' ? Number(value.toPrecision(3)) : value);
  return axis.values ? axis.values.map(text).join(', ') : `${text(axis.from)} to ${text(axis.to)} in ${axis.count}`;
}

/** The axis that a text asks for, or the text where it asks for none. */
export function axisFrom(text, axis) {
  const range = /^\s*(\S+)\s+to\s+(\S+)\s+in\s+(\d+)\s*$/.exec(text);
  if (range) return { field: axis.field, from: Number(range[1]), to: Number(range[2]), count: Number(range[3]), scale: axis.scale ?? 'log' };
  const values = text.split(/[,;\s]+/).filter((cell) => cell !== '').map((cell) => (Number.isNaN(Number(cell)) ? cell : Number(cell)));
  return { field: axis.field, values };
}

const AXIS_LABELS = { density: 'Densities', model: 'Models', seed: 'Seeds', hidden_l1: 'Penalties', 'density[0]': 'Densities of the first feature' };

/** The values of a swept field, typed. */
function axisControl(field, specNow, change) {
  const id = freshId('axis');
  const input = h('input', { id, type: 'text', class: 'axis num', autocomplete: 'off', spellcheck: false, 'aria-describedby': `${id}-help` });
  input.addEventListener('change', () => {
    const sweep = specNow().sweep ?? [];
    change({ sweep: sweep.map((axis) => (axis.field === field ? axisFrom(input.value, axis) : axis)) });
  });
  const element = h('div', { class: 'setting' }, h('label', { for: id }, AXIS_LABELS[field] ?? field), input,
    h('p', { class: 'help', id: `${id}-help` }, 'A model for each. Numbers with commas, or “1 to 0.01 in 13” for even steps.'));
  return {
    element,
    show: (spec) => {
      const axis = spec.sweep?.find((each) => each.field === field);
      element.hidden = axis === undefined;
      input.value = axisText(axis);
    },
  };
}
