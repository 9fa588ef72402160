/**
 * The compiled core, once for the page: fetching, compiling and starting workers begin when this module is evaluated, side by side.
 */

import { UnsupportedError, wasmLevel } from './detect.js';
import { Pool } from './pool.js';

/** Workers that are started before any figure asks: as many as the opening figure uses. */
const WARM_WORKERS = 2;

/** The folder of the build that this browser runs, or null. */
export const level = wasmLevel();

/** Where its files are. */
export const folder = level === null ? null : new URL(`../pkg/${level}/`, import.meta.url);

/** The first part's exports, and whether the second has joined it. */
let exports = null;
let isWhole = false;

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
  exports = await bindings.default({ module_or_path: module });
  return bindings;
}

/**
 * Makes the page's instance whole with the second part, once.
 *
 * @param {WebAssembly.Module} module
 */
export function join(module) {
  if (isWhole) return;
  isWhole = true;
  new WebAssembly.Instance(module, { core: exports });
}

/**
 * Called by the first part when something rare comes before the second part has been asked for, such as the message of an error: it
 * cannot go on without, so this waits.
 */
globalThis.superpositionRest = () => {
  const request = new XMLHttpRequest();
  request.open('GET', new URL('gallery.wasm', folder), false);
  // A page's request that waits gives text only: a byte a letter.
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  join(new WebAssembly.Module(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0))));
};

/** @param {URL} url */
export async function compile(url) {
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
