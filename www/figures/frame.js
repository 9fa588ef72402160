/**
 * What every figure has: around its picture the card, the place for messages, and the row of tools (reset, link, embed, save);
 * and what it holds of its spec.
 */

import { announcer, button, h, menu } from '../controls.js';
import { copyText, pageAddress } from '../link.js';
import { frameScheduler } from './turns.js';

/** Parts of figures, as the embed dialog calls them. */
const PART_LABELS = {
  presets: 'Things to try', explorer: 'The reader’s own model', sentence: 'What it shows, in words', scrubber: 'The look back', cell: 'The chosen cell',
  controls: 'Play, seed and progress', settings: 'Settings', tools: 'Links and files',
};

/** Settings that a run on its way takes on. */
export const LIVE_FIELDS = ['learning_rate', 'hidden_l1'];

/** The card of a figure. */
export class Frame {
  /**
   * @param {object} options
   * @param {string} options.title what the figure shows, for the embed's title
   * @param {AbortSignal} options.signal ends the listeners on the document
   * @param {(hide?: string[]) => string} options.link the figure's link, with its `#`, without some of its parts
   * @param {() => void} options.reset back to the paper's settings
   * @param {{label: string, run: () => void | Promise<void>}[]} options.saves entries of the Save… menu
   */
  constructor({ title, signal, link, reset, saves }) {
    this.message = h('p', { role: 'alert' });
    this.notice = h('div', { class: 'notice', hidden: true }, this.message,
      button('×', () => this.showError(null), { class: 'dismiss', 'aria-label': 'Dismiss the message' }));
    this.announcer = announcer();
    this.edited = h('span', { class: 'badge', hidden: true, dataset: { part: 'edited' } },
      'edited while running: a link restores the settings, not this history');
    const guarded = (action) => async () => {
      try {
        await action();
      } catch (error) {
        this.showError(error);
      }
    };
    const copy = button('Copy link', guarded(async () => {
      if (await copyText(pageAddress() + link())) this.flash(copy, 'Copied');
    }));
    this.tools = h('div', { class: 'tools', dataset: { part: 'tools' } },
      button('Reset to the paper’s', reset, { dataset: { action: 'reset' } }), copy,
      button('Embed', guarded(async () => {
        const { showEmbed } = await import('../embed.js');
        showEmbed(link, title, this.parts());
      })),
      menu('Save…', saves.map(({ label, run }) => button(label, guarded(run))), signal),
      this.edited);
    this.card = h('div', { class: 'card' }, this.notice);
  }

  /**
   * Shows what was refused, in the core's own words, or with null takes the message away.
   *
   * @param {Error | null} error
   */
  showError(error) {
    this.notice.hidden = error === null;
    this.message.textContent = error?.message ?? '';
  }

  /** Marks the run as changed on its way. */
  showEdited(isEdited) {
    this.edited.hidden = !isEdited;
  }

  /** Parts that an embed may go without, with what they are called. */
  parts() {
    const there = new Set([...this.card.querySelectorAll('[data-part]')].map(({ dataset }) => dataset.part));
    return Object.entries(PART_LABELS).filter(([name]) => there.has(name));
  }

  /** Shows and hides parts of the figure by name, as a link asks. */
  setParts(show, hide) {
    for (const part of this.card.querySelectorAll('[data-part]')) {
      if (part.dataset.part === 'edited') continue;
      part.classList.toggle('switched-off', hide.includes(part.dataset.part) && !show.includes(part.dataset.part));
    }
  }

  flash(element, text) {
    const before = element.textContent;
    element.textContent = text;
    setTimeout(() => { element.textContent = before; }, 1500);
  }

  destroy() {
    this.announcer.stop();
  }
}

/** What figures have in common; each has `change`, `apply`, `draw`, `setVisible`, `svg` and an `element` besides. */
export class Figure {
  /**
   * @param {string} id
   * @param {object} services
   * @param {import('../pool.js').Pool} services.pool
   * @param {AbortSignal} services.signal
   * @param {(patch: object) => void} services.onSpec the reader changed settings
   * @param {(spec: object) => void} [services.onShow] a resolved spec is shown
   * @param {{title: string, saves: {label: string, run: () => void | Promise<void>}[]}} words the Save… menu has the picture before them
   */
  constructor(id, { pool, signal, onSpec, onShow = () => {} }, { title, saves }) {
    Object.assign(this, { id, pool, onSpec, onShow });
    this.core = null;
    this.preset = null;
    /** The preset with every default filled in: fields that equal it are left out of links. */
    this.defaults = {};
    this.patch = {};
    this.isVisible = false;
    this.frames = frameScheduler(() => this.draw());
    this.frame = new Frame({
      title, signal,
      saves: [...['PNG', 'SVG'].map((kind) => ({
        label: `Picture (${kind})`, run: async () => (await import('./files.js'))[`picture${kind}`](this),
      })), ...saves],
      link: (hide = []) => this.core.encodeLink(id, JSON.stringify(this.patch), [], hide),
      reset: () => this.change(null),
    });
    this.element = this.frame.card;
  }

  /** Takes over the façade. */
  take(core) {
    this.core = core;
    this.preset = core.preset(this.id);
    this.defaults = JSON.parse(core.resolveSpec(this.preset));
  }

  /** Nothing can be trained or drawn here: the message alone stays. */
  showUnsupported(error) {
    this.frame.showError(error);
    for (const part of [...this.element.children].slice(1)) part.hidden = true;
  }

  /** Starts with the preset; what a link was refused for stays to be read. */
  startPlain() {
    const refusal = this.frame.message.textContent;
    this.apply({});
    if (refusal !== '') this.frame.showError(new Error(refusal));
  }

  setParts(show, hide) {
    this.frame.setParts(show, hide);
  }
}

/** Fields whose values differ between two specs. */
export function changedFields(before, after) {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** The patch without the fields that say what is so anyway. */
export function withoutDefaults(patch, defaults) {
  return Object.fromEntries(
    Object.entries(patch).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name])),
  );
}
