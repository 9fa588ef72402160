/** All figures but the opening one: loaded as one file when the first of them comes near the view. */

import { UnsupportedError } from '../detect.js';
import { gallery } from '../gallery.js';
import { LiveFigure } from './live.js';
import { PhaseFigure } from './phase.js';

/** Waits for the part of the core that they all need. Where no core can run, the figure says so itself. */
export async function ready() {
  await gallery().catch((error) => {
    if (!(error instanceof UnsupportedError)) throw error;
  });
}

/**
 * @param {string} id
 * @param {object} services of the element around the figure
 */
export function figure(id, services) {
  return id.startsWith('phase-') ? new PhaseFigure(id, services) : new LiveFigure(id, services);
}
