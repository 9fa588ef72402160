/**
 * Files of the Save… menu: the picture, the weights as CSV, specs with weights as JSON lines (what `superposition evaluate`
 * reads), and the same experiment as a PyTorch script.
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

/**
 * A PyTorch script of the same experiments. Its random numbers are PyTorch's own, so the runs agree in distribution, not in bits.
 *
 * @param {object[]} specs resolved, without sweeps
 */
export function pytorchScript(specs) {
  const kept = ['model', 'features', 'hidden', 'density', 'importance', 'batch', 'steps', 'optimizer', 'learning_rate',
    'schedule', 'weight_decay', 'momentum', 'train_bias', 'seed'];
  const rows = specs.map((spec) => kept.filter((name) => spec[name] !== undefined && spec[name] !== null)
    .map((name) => `${JSON.stringify(name)}: ${pythonLiteral(spec[name])}`).join(', '));
  return `"""Toy models of superposition (arXiv 2209.10652): the experiments of this file's SPECS, in PyTorch.

Gradients are sampled. The random numbers are PyTorch's own: runs agree with the page's in distribution, not in bits.
"""
import torch

SPECS = [
${rows.map((row) => `    {${row}},`).join('\n')}
]


def per_feature(value, n, geometric=False):
    """A number for each feature: a list as it is; a number r as it is, or as r**i."""
    if isinstance(value, list):
        return torch.tensor(value)
    return torch.tensor([value**i if geometric else value for i in range(n)], dtype=torch.float32)


def train(spec):
    torch.manual_seed(spec["seed"])
    n, m = spec["features"], spec["hidden"]
    density = per_feature(spec["density"], n)
    importance = per_feature(spec["importance"], n, geometric=True)
    # Xavier normal start, zero bias.
    w = (torch.randn(m, n) * (2 / (n + m)) ** 0.5).requires_grad_()
    b = torch.zeros(n, requires_grad=spec.get("train_bias", True))
    parameters = [p for p in (w, b) if p.requires_grad]
    rate, name = spec["learning_rate"], spec["optimizer"]
    if name == "adamw":
        optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=spec.get("weight_decay", 0.01))
    elif name == "sgd":
        optimizer = torch.optim.SGD(parameters, lr=rate, momentum=spec.get("momentum", 0.0))
    else:
        optimizer = torch.optim.Adam(parameters, lr=rate)
    total = max(1, spec["steps"])
    falls = {
        "linear": lambda step: 1 - step / total,
        "cosine": lambda step: 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / total)).item()),
    }
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, falls.get(spec["schedule"], lambda step: 1.0))
    loss = torch.tensor(float("nan"))
    for _ in range(spec["steps"]):
        x = torch.rand(spec["batch"], n) * (torch.rand(spec["batch"], n) < density)
        out = x @ w.T @ w + b
        if spec["model"] == "relu":
            out = torch.relu(out)
        # Mean over the batch and over the features.
        loss = (importance * (x - out) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return w.detach(), b.detach(), loss.item()


if __name__ == "__main__":
    for spec in SPECS:
        w, b, loss = train(spec)
        print(f"density {spec['density']}: loss of the last batch {loss:.6f}")
        print("W =", w.numpy().round(3).tolist())
        print("b =", b.numpy().round(3).tolist())
`;
}

/** JSON data as Python writes it. */
export function pythonLiteral(value) {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${pythonLiteral(entry)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
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
