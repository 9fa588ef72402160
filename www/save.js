/**
 * Files of the Save… menu: the picture, the weights as CSV, specs with weights as JSON lines (what `superposition evaluate`
 * reads). The script is in pytorch.js.
 *
 * @typedef {object} Instance
 * @property {string} title
 * @property {object} spec resolved
 * @property {number[][]} weights m rows of n
 * @property {number[]} bias
 * @property {number | null} loss
 * @property {number} steps
 * @property {string} status
 * @property {string} solution
 */

/**
 * What a panel shows, as plain data.
 *
 * @param {import('./figures/panel.js').ArrowPanel} panel
 * @returns {Instance}
 */
export function instance({ title, spec, state, measures }) {
  const { features, hidden, weights, bias, restart } = state.snapshot;
  // The restart that is shown trained from its own seed: the line stands for that run alone.
  const own = { ...spec, seed: spec.seed + restart[0], restarts: { count: 1, keep: 'best' } };
  return {
    title: title.textContent,
    spec: own,
    weights: Array.from({ length: hidden }, (_, k) => Array.from(weights.subarray(k * features, (k + 1) * features))),
    bias: Array.from(bias.subarray(0, features)),
    loss: state.state.loss,
    steps: state.state.step,
    status: state.state.status,
    solution: measures?.solution ?? '',
  };
}

/**
 * One row a weight; `hidden` is the row of W, or `bias`.
 *
 * @param {Instance[]} instances
 */
export function weightsCsv(instances) {
  const lines = ['model,density,seed,step,hidden,feature,value'];
  instances.forEach(({ spec, weights, bias, steps }, idx) => {
    const density = typeof spec.density === 'number' ? spec.density : '';
    const row = (hidden, values) =>
      values.forEach((value, feature) => lines.push([idx, density, spec.seed, steps, hidden, feature, value].join(',')));
    weights.forEach((values, hidden) => row(hidden, values));
    row('bias', bias);
  });
  return `${lines.join('\n')}\n`;
}

/** One JSON object a line, as `superposition train` prints them. */
export function jsonLines(instances) {
  const line = ({ spec, status, steps, loss, weights, bias, solution }, index) =>
    JSON.stringify({ index, spec, status, steps, loss, weights, bias, solution });
  return `${instances.map(line).join('\n')}\n`;
}

/** Hands a text to the reader as a file. */
export function text(content, name, type) {
  download(new Blob([content], { type }), name);
}

/** Hands a canvas to the reader as a picture. */
export async function canvasAsPng(canvas, name) {
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
  if (blob === null) throw new Error('picture: the browser made none of this size');
  download(blob, name);
}

function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
