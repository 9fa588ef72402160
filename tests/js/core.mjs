/** The real façade in Node: the simd128 build, which every Node that we support can run. */

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';

/** The folder of the built site; `cargo xtask test` says which. */
export const DIST = resolve(process.env.SUPERPOSITION_DIST ?? 'dist');

/** The parts of a build after the first, in the order in which they join it. */
export const LATER_PARTS = ['gallery', 'seldom'];

/** @returns {Promise<object>} the façade, instantiated with all its parts */
export async function loadCore() {
  const folder = join(DIST, 'pkg', 'simd128');
  const core = await import(pathToFileURL(join(folder, 'superposition.js')).href);
  const module = (file) => new WebAssembly.Module(readFileSync(join(folder, file)));
  const parts = { core: core.initSync({ module: module('superposition_bg.wasm') }) };
  for (const name of LATER_PARTS) parts[name] = new WebAssembly.Instance(module(`${name}.wasm`), parts).exports;
  return core;
}
