/**
 * Small parts of the interface: an element builder, buttons, sliders, and the scales and number formats that they share.
 * No function here takes HTML: texts become text nodes.
 */

/**
 * Builds an element.
 *
 * Properties that start with `on` are listeners, `class` is the class; a name that the element has as a property is set as
 * one, any other as an attribute; null and undefined are left out.
 *
 * @param {string} name
 * @param {object} [properties]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.className = value;
    else if (key === 'dataset') Object.assign(element.dataset, value);
    else if (key in element && typeof value !== 'string') element[key] = value;
    else if (key === 'value') element.value = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Writes a text, unless it stands there: even the same text is a new node, and the page is laid out again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let lastId = 0;

/** An id that no other element has. */
export function freshId(stem) {
  lastId += 1;
  return `${stem}-${lastId}`;
}

/**
 * A logarithmic scale between two positive ends, in whole steps.
 *
 * @param {number} from value at 0
 * @param {number} to value at `steps`
 * @param {number} steps
 */
export function logScale(from, to, steps) {
  const range = Math.log(to / from);
  return {
    steps,
    /** @param {number} place @returns {number} the value there, to three digits */
    value: (place) => Number((from * Math.exp((range * place) / steps)).toPrecision(3)),
    /** @param {number} value @returns {number} the nearest place; beyond the ends, the end */
    place: (value) => Math.round(Math.min(1, Math.max(0, Math.log(value / from) / range)) * steps),
  };
}

/** `12 345`, with a narrow space that does not break; four digits are read in one group. */
export function grouped(number) {
  const digits = Math.round(number).toString();
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** The signs of an exponent. */
const RAISED = { '-': '⁻', '+': '', ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((raised, digit) => [digit, raised])) };

/** Three digits that mean something, without an exponent where it can be helped. */
export function short(number, digits = 3) {
  if (number === null || number === undefined || Number.isNaN(number)) return '–';
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (size < 1e-4 || size >= 1e6) {
    const [factor, exponent] = number.toExponential(digits - 1).split('e');
    return `${factor}·10${[...exponent].map((sign) => RAISED[sign]).join('')}`;
  }
  return Number(number.toPrecision(digits)).toString();
}

/** `93%`, with a decimal only where the number would otherwise be 99 or 100. */
export function sparsityText(density) {
  const percent = (1 - density) * 100;
  const digits = percent > 98.5 && percent < 100 && !Number.isInteger(Number(percent.toFixed(6))) ? 1 : 0;
  return `${percent.toFixed(digits)}%`;
}

/** `about 6 s`, `about 2 min`. */
export function durationText(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 1) return 'less than a second';
  if (seconds < 90) return `about ${Math.round(seconds)} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

/** What was typed, as a number where it is one: the core says what is wrong with anything else. */
export function numberOrText(text) {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
}

/** A seed that nobody chose. */
export function freshSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000;
}

/**
 * A slider with its label, its value and a line that explains it.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {ReturnType<typeof logScale>} options.scale
 * @param {(value: number) => string} options.format
 * @param {string | null} [options.help]
 * @param {(value: number) => void} options.onInput
 * @returns {{element: HTMLElement, input: HTMLInputElement, show: (value: number) => void}}
 */
export function slider({ label, scale, format, help = null, onInput }) {
  const id = freshId('slider');
  const helpId = help === null ? null : `${id}-help`;
  const output = h('output', { for: id, class: 'num' });
  const input = h('input', {
    id, type: 'range', min: '0', max: String(scale.steps), step: '1', 'aria-describedby': helpId,
    oninput: () => {
      const value = scale.value(input.valueAsNumber);
      tell(value);
      onInput(value);
    },
  });
  const tell = (value) => {
    output.textContent = format(value);
    input.setAttribute('aria-valuetext', format(value));
  };
  const show = (value) => {
    // A hand on the slider is not moved by what it caused.
    const place = scale.place(value);
    if (input.valueAsNumber !== place) input.value = String(place);
    tell(value);
  };
  const element = h('div', { class: 'setting range' },
    h('label', { for: id }, label), input, output, help === null ? null : h('p', { class: 'help', id: helpId }, help));
  return { element, input, show };
}

/**
 * A choice from a few.
 *
 * @param {{label: string, help?: string | null, options: [string, string][], onInput: (value: string) => void}} options
 */
export function choice({ label, help = null, options, onInput }) {
  const id = freshId('choice');
  const helpId = help === null ? null : `${id}-help`;
  const select = h('select', { id, 'aria-describedby': helpId, onchange: () => onInput(select.value) },
    ...options.map(([value, text]) => h('option', { value }, text)));
  const show = (value) => {
    const text = String(value);
    if (![...select.options].some((option) => option.value === text)) {
      // A link may ask for more than is offered here.
      select.append(h('option', { value: text }, text));
    }
    select.value = text;
  };
  const element = h('div', { class: 'setting' },
    h('label', { for: id }, label), select, help === null ? null : h('p', { class: 'help', id: helpId }, help));
  return { element, select, show };
}

/** A box to tick, with what it means. */
export function checkbox({ label, help = null, onInput }) {
  const id = freshId('checkbox');
  const helpId = help === null ? null : `${id}-help`;
  const input = h('input', { id, type: 'checkbox', 'aria-describedby': helpId, onchange: () => onInput(input.checked) });
  const element = h('div', { class: 'setting check' },
    h('label', { for: id }, input, h('span', {}, label)), help === null ? null : h('p', { class: 'help', id: helpId }, help));
  return { element, input };
}

/** A button. */
export function button(text, onClick, properties = {}) {
  return h('button', { type: 'button', onclick: onClick, ...properties }, text);
}

/** A menu behind a button: a disclosure that closes when the reader goes on. */
export function menu(text, items, signal) {
  const list = h('div', { class: 'menu-items' }, ...items);
  const details = h('details', { class: 'menu' }, h('summary', {}, text), list);
  const close = () => { details.open = false; };
  list.addEventListener('click', close);
  details.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !details.open) return;
    close();
    details.firstElementChild.focus();
  });
  document.addEventListener('pointerdown', (event) => { if (!details.contains(event.target)) close(); }, { signal });
  return details;
}

/**
 * A region that tells a screen reader what changed, at most every few seconds: the last word is told, what came between is not.
 *
 * @param {number} [interval] milliseconds
 */
export function announcer(interval = 4000) {
  const element = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  let told = '';
  let next = '';
  let timer = null;
  const tell = () => {
    timer = null;
    if (next === told) return;
    told = next;
    element.textContent = next;
    timer = setTimeout(tell, interval);
  };
  return {
    element,
    say(text) {
      next = text;
      timer ??= setTimeout(tell, 300);
    },
    stop() {
      clearTimeout(timer);
      timer = null;
    },
  };
}
