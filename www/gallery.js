/** The second part of the core, which makes all figures but the opening one: loaded when the first of them comes near the view. */

import { core, load, pool } from './core.js';

/** @type {Promise<object>} the façade on the page's thread; the workers are given the second part too */
export const gallery = load('gallery').then((module) => {
  pool.extend(module);
  return core;
});
gallery.catch(() => {}); // Whoever awaits it reports the error.
