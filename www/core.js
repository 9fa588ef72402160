/**
 * The compiled core, once for the page: fetching, compiling and starting workers begin when this module is evaluated, side by side.
 */

import { UnsupportedError, wasmLevel } from './detect.js';
import { fileOf, gather } from './parts.js';
import { Pool } from './pool.js';

/** Workers that are started before any figure asks: as many as the opening figure uses. */
const WARM_WORKERS = 2;

/** The folder of the build that this browser runs, or null. */
export const level = wasmLevel();

/** Where its files are. */
const folder = level === null ? null : new URL(`../pkg/${level}/`, import.meta.url);

const parts = gather(() => folder);

/** @type {Promise<WebAssembly.Module>} */
const compiled = folder === null ? Promise.reject(new UnsupportedError()) : compile(new URL('superposition_bg.wasm', folder));

/**
 * The façade on the page's thread, for links, specs and drawing.
 *
 * @type {Promise<object>}
 */
export const core = folder === null ? compiled : instantiate(import(new URL('superposition.js', folder).href));
core.catch(() => {}); // Whoever awaits it reports the error; nobody may be there yet.

/** The workers of the page. */
export const pool = new Pool({ spawn: spawnWorker, level, module: compiled });
if (level !== null) pool.warm(WARM_WORKERS);

/** @param {Promise<object>} loading bindings */
async function instantiate(loading) {
  const [bindings, module] = await Promise.all([loading, compiled]);
  parts.begin(await bindings.default({ module_or_path: module }));
  return bindings;
}

/**
 * Loads a later part and joins it to the core on this thread; the part before it must have been loaded.
 *
 * @param {'gallery' | 'seldom'} name
 * @returns {Promise<WebAssembly.Module>}
 */
export async function load(name) {
  // Where no core can run, `core` says so.
  const compiling = folder === null ? core : compile(fileOf(name, folder));
  compiling.catch(() => {});
  await core;
  const module = await compiling;
  parts.join(name, module);
  return module;
}

/** @param {URL} url */
async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: the server answered ${response.status}`);
  const isTyped = response.headers.get('content-type')?.startsWith('application/wasm');
  // Some static servers do not know the type; then the bytes are compiled when all are there.
  return isTyped ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

function spawnWorker() {
  const url = new URL('worker.js', import.meta.url);
  const options = { type: 'module', name: level };
  if (url.origin === location.origin) return new Worker(url, options);
  // A worker must come from the page's own origin: a blob of it may import ours.
  const blob = new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' });
  const address = URL.createObjectURL(blob);
  const worker = new Worker(address, options);
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return worker;
}
