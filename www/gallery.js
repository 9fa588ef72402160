/** The second part of the core, which makes all figures but the opening one: loaded when the first of them comes near the view. */

import { compile, core, folder, join, level, pool } from './core.js';

/** @type {Promise<object>} the façade on the page's thread, whole; the workers are given the second part too */
export const gallery = load();
gallery.catch(() => {}); // Whoever awaits it reports the error.

async function load() {
  // Where no core can run, `core` says so.
  const compiling = level === null ? core : compile(new URL('gallery.wasm', folder));
  compiling.catch(() => {});
  const facade = await core;
  const module = await compiling;
  join(module);
  pool.extend(module);
  return facade;
}
