/**
 * Densities or importances as bars, one a feature: painted with a pointer, moved by arrow keys, or typed as numbers.
 */

import { button, freshId, h, short } from '../controls.js';
import { parsedText } from './fields.js';

/** More bars than these are typed. */
const MAX_BARS = 64;
/** Densities are shown on a logarithmic scale down to this. */
const LEAST_DENSITY = 0.001;
const KINDS = {
  density: {
    label: 'A density for each feature',
    help: 'From 0.001 below to 1 above, in equal ratios. Drag over the bars, or go to one with the arrow keys and move it with up and down. Or type: one number, a number for each, as CSV or JSON.',
    height: (value) => 1 - Math.log(Math.max(value, LEAST_DENSITY)) / Math.log(LEAST_DENSITY),
    value: (height) => Number((LEAST_DENSITY ** (1 - height)).toPrecision(2)),
  },
  importance: {
    label: 'An importance for each feature',
    help: 'How much each feature’s error weighs in the loss, from 0 below to 1 above. One number r means r to the power of i.',
    height: (value) => Math.min(1, value),
    value: (height) => Number(height.toFixed(2)),
  },
};

/**
 * @param {'density' | 'importance'} field
 * @param {(fields: object) => void} change
 */
export function painter(field, change) {
  const { label, help, height, value } = KINDS[field];
  const id = freshId('painter');
  let values = [];
  const bars = h('div', { class: 'bars', role: 'group', 'aria-label': label });
  const area = h('textarea', { id, class: 'text-field', rows: 2, spellcheck: false, 'aria-describedby': `${id}-help`, onchange: () => change({ [field]: parsedText(area.value) ?? 1 }) });
  const element = h('div', { class: 'setting painter' }, h('label', { for: id }, label), bars, area, h('p', { class: 'help', id: `${id}-help` }, help));

  const put = (idx, level) => {
    values[idx] = value(Math.min(1, Math.max(0, level)));
    tell(idx);
  };
  const tell = (idx) => {
    const bar = bars.children[idx];
    bar.style.setProperty('--level', String(height(values[idx])));
    bar.setAttribute('aria-label', `Feature ${idx + 1}: ${short(values[idx])}`);
    area.value = values.join(', ');
  };
  const done = () => change({ [field]: [...values] });

  let isPainting = false;
  const paint = (event) => {
    const box = bars.getBoundingClientRect();
    const idx = Math.floor(((event.clientX - box.left) / box.width) * values.length);
    if (idx >= 0 && idx < values.length) put(idx, 1 - (event.clientY - box.top) / box.height);
  };
  bars.addEventListener('pointerdown', (event) => {
    isPainting = true;
    bars.setPointerCapture(event.pointerId);
    paint(event);
  });
  bars.addEventListener('pointermove', (event) => isPainting && paint(event));
  for (const end of ['pointerup', 'pointercancel']) {
    bars.addEventListener(end, () => {
      if (isPainting) done();
      isPainting = false;
    });
  }
  bars.addEventListener('keydown', (event) => {
    const idx = [...bars.children].indexOf(document.activeElement);
    const [along, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (idx < 0 || (along === 0 && up === 0)) return;
    event.preventDefault();
    if (up !== 0) put(idx, height(values[idx]) + up * 0.05);
    else bars.children[Math.min(values.length - 1, Math.max(0, idx + along))].focus();
  });
  bars.addEventListener('keyup', (event) => {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') done();
  });

  return {
    element,
    show(spec) {
      const given = spec[field];
      values = Array.isArray(given) ? [...given]
        : Array.from({ length: spec.features }, (_, idx) => (field === 'importance' ? Number((given ** idx).toPrecision(3)) : given));
      bars.hidden = values.length > MAX_BARS;
      if (bars.hidden) area.value = JSON.stringify(given);
      else {
        if (bars.childElementCount !== values.length) bars.replaceChildren(...values.map((_, idx) => button('', null, { class: 'bar', tabIndex: idx === 0 ? 0 : -1 })));
        values.forEach((_, idx) => tell(idx));
        if (!Array.isArray(given)) area.value = String(given);
      }
    },
  };
}
