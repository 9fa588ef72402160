/** The gallery's module, which makes the pictures of figures of many models: loaded when the first of them comes near the view. */

import { compile, instantiate, level } from './core.js';
import { UnsupportedError } from './detect.js';

const folder = new URL('../pkg/gallery/', import.meta.url);

/** @type {Promise<WebAssembly.Module>} what the workers make their own instances of */
export const galleryModule = level === null ? Promise.reject(new UnsupportedError()) : compile(new URL('superposition_bg.wasm', folder));

/** @type {Promise<object>} the façade on the page's thread, for `Picture` */
export const gallery = level === null ? galleryModule : instantiate(import(new URL('superposition.js', folder).href), galleryModule);
galleryModule.catch(() => {}); // Whoever awaits it reports the error.
gallery.catch(() => {});
