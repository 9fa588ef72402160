/**
 * The page's one state object, and its projection: the hash of the address. This module imports nothing; who knows how
 * links are written (the core) is handed in.
 *
 * @typedef {'light' | 'dark' | 'system'} Theme
 * @typedef {{figure: string | null, spec: object, show: string[], hide: string[]}} Link
 * @typedef {{decodeLink: (text: string) => string, encodeLink: (figure: string | null, spec: string, show: string[], hide: string[]) => string}} Codec
 *
 * @typedef {object} State
 * @property {Theme} theme what the reader chose
 * @property {string | null} figure the figure whose settings the address tells: the one changed last
 * @property {Readonly<Record<string, object>>} specs changed fields of the spec, by figure
 * @property {readonly string[]} show parts of an embed to show
 * @property {readonly string[]} hide parts of an embed to hide
 */

/** What a reader who has touched nothing sees. */
export const DEFAULTS = Object.freeze({
  theme: 'system',
  figure: null,
  specs: Object.freeze({}),
  show: Object.freeze([]),
  hide: Object.freeze([]),
});

/** @param {State} state @param {string} figure @returns {object} the changed fields of a figure's spec */
export function specOf(state, figure) {
  return state.specs[figure] ?? {};
}

/** @param {State} state @param {string} figure @param {object} spec @returns {State} with another spec for a figure */
export function withSpec(state, figure, spec) {
  return { ...state, figure, specs: { ...state.specs, [figure]: spec } };
}

/** @param {unknown} theme @returns {Theme} a stored choice, or the default for anything else */
export function themeOf(theme) {
  return theme === 'light' || theme === 'dark' ? theme : DEFAULTS.theme;
}

/**
 * The hash of a state; empty where everything is as it comes.
 *
 * @param {State} state
 * @param {Codec} codec
 */
export function hashOf(state, codec) {
  if (state.figure === null) return '';
  const spec = specOf(state, state.figure);
  const { show, hide } = state;
  if (Object.keys(spec).length === 0 && show.length === 0 && hide.length === 0) return '';
  return codec.encodeLink(state.figure, JSON.stringify(spec), [...show], [...hide]);
}

/**
 * The state that a hash or query asks for. A text that is no link changes nothing.
 *
 * @param {State} state
 * @param {string} text
 * @param {Codec} codec
 * @returns {State}
 * @throws what the codec throws for a link that it cannot read
 */
export function withHash(state, text, codec) {
  const link = readLink(text, codec);
  if (link === null) return state;
  const next = { ...state, show: link.show, hide: link.hide };
  return link.figure === null ? next : withSpec(next, link.figure, link.spec);
}

/**
 * A link as data, or null for a text that is none.
 *
 * @param {string} text
 * @param {Codec} codec
 * @returns {Link | null}
 */
export function readLink(text, codec) {
  return JSON.parse(codec.decodeLink(text));
}

/**
 * The figure that a link names, even one that is refused for what else it holds: its message belongs there.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function figureNamedBy(text) {
  return new URLSearchParams(text.replace(/^[#?]/, '')).get('figure');
}
