/** The second part of the core, which makes all figures but the opening one. */

import { core, load, pool } from './core.js';

let loading = null;

/**
 * Loads it with the first call.
 *
 * @returns {Promise<object>} the façade on the page's thread; the workers are given the second part too
 */
export function gallery() {
  loading ??= load('gallery').then((module) => {
    pool.extend(module);
    return core;
  });
  return loading;
}
