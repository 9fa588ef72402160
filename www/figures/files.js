/** Files of the Save… menus: any figure's picture, and a live figure's numbers. */

import { canvasAsPng, text } from '../save.js';

/** Pictures are as wide as the article's widest figures, in CSS pixels. */
const WIDTH = 1000;
/** Device pixels in a CSS pixel of a PNG. */
const RATIO = 2;

/** @typedef {import('./frame.js').Figure} Figure */
/** @typedef {import('./live.js').LiveFigure} LiveFigure */

/** The picture as it is drawn into files: what the core needs for it is loaded first, so that the page does not stand still. */
async function svgOf(figure) {
  const [{ load }, { gallery }] = await Promise.all([import('../core.js'), import('../gallery.js')]);
  await gallery();
  await load('seldom');
  return figure.svg(WIDTH);
}

/** @param {Figure} figure */
export async function pictureSVG(figure) {
  text(await svgOf(figure), `${figure.id}.svg`, 'image/svg+xml');
}

/** @param {Figure} figure */
export async function picturePNG(figure) {
  const address = URL.createObjectURL(new Blob([await svgOf(figure)], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth * RATIO;
    canvas.height = image.naturalHeight * RATIO;
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    await canvasAsPng(canvas, `${figure.id}.png`);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {LiveFigure} figure */
export async function numbersJson(figure) {
  const file = { figure: figure.id, spec: figure.resolved, data: await figure.data() };
  text(`${JSON.stringify(file)}\n`, `${figure.id}.json`, 'application/json');
}

/** @param {LiveFigure} figure */
export async function numbersCsv(figure) {
  text(dataCsv(await figure.data()), `${figure.id}.csv`, 'text/csv');
}

/** @param {LiveFigure} figure */
export async function pytorch(figure) {
  const { pytorchScript } = await import('../pytorch.js');
  const specs = [...figure.run.specs].sort(([a], [b]) => a - b).map(([, spec]) => spec);
  text(pytorchScript(specs), `${figure.id.replaceAll('-', '_')}.py`, 'text/x-python');
}

/**
 * Any data as a long table: a line a number or word, its name, its indices, its value.
 *
 * @param {unknown} data
 */
export function dataCsv(data) {
  const rows = [];
  let depth = 0;
  const walk = (value, name, indices) => {
    if (Array.isArray(value)) value.forEach((each, idx) => walk(each, name, [...indices, idx]));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) walk(each, name === '' ? key : `${name}.${key}`, indices);
    } else if (value !== null && value !== undefined) {
      depth = Math.max(depth, indices.length);
      rows.push([name, indices, value]);
    }
  };
  walk(data, '', []);
  const quoted = (value) => (typeof value === 'string' && /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value));
  const lines = rows.map(([name, indices, value]) => [name, ...indices, ...Array(depth - indices.length).fill(''), quoted(value)].join(','));
  return `${[['name', ...Array.from({ length: depth }, (_, idx) => `index_${idx}`), 'value'].join(','), ...lines].join('\n')}\n`;
}
