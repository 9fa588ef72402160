/**
 * The stored pictures of the opening figure: its first weights, which the page shows until a worker has better ones, and
 * what becomes of them, for browsers that cannot train. `node tests/js/stills.mjs` writes them anew to www/still/.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { loadCore } from './core.mjs';

const FOLDER = fileURLToPath(new URL('../../www/still/', import.meta.url));
/** Between the two themes' colours: a picture in an `<img>` does not know which is on. */
const COLORS = ['#5a45b0', '#2f74c8', '#12958f', '#74b03c', '#d79c10'];

/**
 * @param {object} core the façade
 * @returns {Map<string, string>} file names and contents
 */
export function stills(core) {
  const files = new Map();
  const trainer = new core.Trainer(core.preset('intro'));
  const start = trainer.snapshot();
  const { features, hidden, cells } = start;
  const { seed } = JSON.parse(core.resolveSpec(core.preset('intro')));
  const panels = split(start.weights, cells).map((weights) => ({ weights: Array.from(weights) }));
  files.set('intro.json', `${JSON.stringify({ seed, features, hidden, panels })}\n`);
  files.set('start.svg', picture(panels[0].weights, features));
  trainer.advance(10_000);
  split(trainer.snapshot().weights, cells).forEach((weights, idx) => files.set(`end-${idx}.svg`, picture(weights, features)));
  trainer.free();
  return files;
}

function split(weights, cells) {
  const size = weights.length / cells;
  return Array.from({ length: cells }, (_, idx) => weights.subarray(idx * size, (idx + 1) * size));
}

/** Arrows in the plane, as the figure draws them. */
function picture(weights, features) {
  const number = (value) => Number(value.toFixed(3));
  const arrows = Array.from({ length: features }, (_, i) => {
    const [x, y] = [number(weights[i]), number(-weights[features + i])];
    const dot = `<circle cx="${x}" cy="${y}" r=".056" fill="${COLORS[i]}"/>`;
    return `<path d="M0 0L${x} ${y}" stroke="${COLORS[i]}" stroke-width=".034" stroke-linecap="round"/>${dot}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.42 -1.42 2.84 2.84">\
<g fill="none" stroke="#8d8880" stroke-opacity=".4" stroke-width=".009"><circle r="1"/><circle r=".5" stroke-dasharray=".03 .03"/>\
<path d="M-1.25 0H1.25M0-1.25V1.25"/></g>${arrows.join('')}</svg>\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, content] of stills(await loadCore())) writeFileSync(join(FOLDER, name), content);
}
