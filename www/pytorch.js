/** The same experiments as a PyTorch script. */

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
