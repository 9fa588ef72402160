/**
 * The same experiments as a PyTorch script. Its random numbers are PyTorch's own, so the runs agree in distribution, not in bits.
 */

const KEPT = [
  'model', 'features', 'hidden', 'density', 'importance', 'correlated', 'anticorrelated', 'batch', 'steps', 'optimizer', 'learning_rate', 'schedule',
  'weight_decay', 'momentum', 'hidden_l1', 'adversarial_training', 'train_bias', 'start', 'pinned', 'restarts', 'seed',
];

/** @param {object[]} specs resolved, without sweeps */
export function pytorchScript(specs) {
  const rows = specs.map((spec) => KEPT.filter((name) => spec[name] !== undefined && spec[name] !== null)
    .map((name) => `${JSON.stringify(name)}: ${pythonLiteral(spec[name])}`).join(', '));
  return `"""Toy models of superposition (arXiv 2209.10652): the experiments of this file's SPECS, in PyTorch.

Gradients are sampled. The random numbers are PyTorch's own: runs agree with the page's in distribution, not in bits.
"""
import math

import torch

SPECS = [
${rows.map((row) => `    {${row}},`).join('\n')}
]


def per_feature(value, n, geometric=False):
    """A number for each feature: a list as it is; a number r as it is, or as r**i."""
    if not isinstance(value, list):
        value = [value**i if geometric else value for i in range(n)]
    return torch.tensor(value, dtype=torch.float32)


def sample(spec, copies, density):
    """Inputs [copies, batch, n]: zero, or uniform on [0, 1] (on [-1, 1] for absolute values)."""
    shape = (copies, spec["batch"], spec["features"])
    active = torch.rand(shape) < density
    for members in spec.get("correlated", []):
        # One draw decides for the whole set.
        active[..., members] = active[..., members[:1]]
    for members in spec.get("anticorrelated", []):
        # At most one of the set is there.
        some = torch.rand(shape[:2]) < density[members[0]]
        which = torch.randint(len(members), shape[:2])
        active[..., members] = some[..., None] & (which[..., None] == torch.arange(len(members)))
    values = torch.rand(shape)
    if spec["model"] == "absolute":
        values = 2 * values - 1
    return values * active


def outputs(spec, w, decoder, b, x):
    """The hidden layer and the output; w [copies, m, n], decoder [copies, n, m], b [copies, n]."""
    h = x @ w.mT
    if spec["model"] in ("relu-hidden", "absolute"):
        h = torch.relu(h)
    out = h @ decoder.mT + b[:, None, :]
    return h, out if spec["model"] == "linear" else torch.relu(out)


def losses(spec, importance, out, x):
    """The loss of each copy: mean over the batch and over the features."""
    target = x.abs() if spec["model"] == "absolute" else x
    return (importance * (target - out) ** 2).mean(dim=(1, 2))


def attacked(spec, w, decoder, x, size):
    """Each input moved by the attack on a feature at random: the step that raises its output most."""
    ways = (decoder @ w).detach()
    ways = ways / ways.norm(dim=2, keepdim=True).clamp_min(1e-12)
    which = torch.randint(spec["features"], x.shape[:2])
    return x + size * torch.gather(ways, 1, which[..., None].expand_as(x))


def initial(spec, copies):
    """W, a decoder of its own (for absolute values only) and b."""
    n, m, start = spec["features"], spec["hidden"], spec.get("start", {})
    std = (2 / (n + m)) ** 0.5
    w = torch.randn(copies, m, n) * std
    if start.get("weights") is not None:
        w[:] = torch.tensor(start["weights"], dtype=torch.float32)
    decoder = None
    if spec["model"] == "absolute":
        decoder = torch.randn(copies, n, m) * std
        kind = start.get("decoder", "xavier")
        if kind == "nonnegative":
            decoder = decoder.abs()
        elif kind != "xavier":
            decoder[:] = torch.tensor(kind, dtype=torch.float32)
        decoder = decoder * start.get("scale", 1.0)
    b = torch.zeros(copies, n)
    bias = start.get("bias", "zero")
    if bias == "mean":
        b[:] = per_feature(spec["density"], n) / 2
        for members in spec.get("anticorrelated", []):
            b[:, members] /= len(members)
    elif bias != "zero":
        b[:] = torch.tensor(bias, dtype=torch.float32)
    return w * start.get("scale", 1.0), decoder, b


def train(spec):
    """Trains all restarts side by side; gives W, decoder, b and losses, the best restart first."""
    torch.manual_seed(spec["seed"])
    n, copies = spec["features"], spec.get("restarts", {}).get("count", 1)
    density = per_feature(spec["density"], n)
    importance = per_feature(spec["importance"], n, geometric=True)
    w, own_decoder, b = initial(spec, copies)
    free = torch.ones(n)
    free[spec.get("pinned", [])] = 0.0
    w.requires_grad_()
    parameters = [w]
    if own_decoder is not None:
        parameters.append(own_decoder.requires_grad_())
    if spec.get("train_bias", True):
        parameters.append(b.requires_grad_())
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
        "cosine": lambda step: 0.5 * (1 + math.cos(math.pi * step / total)),
    }
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, falls.get(spec["schedule"], lambda step: 1.0))
    attack = spec.get("adversarial_training")
    size = attack["norm"] * sample({**spec, "batch": 65536}, 1, density).norm(dim=2).mean() if attack else 0.0
    for _ in range(spec["steps"]):
        x = sample(spec, copies, density)
        decoder = w.mT if own_decoder is None else own_decoder
        seen = attacked(spec, w, decoder, x, size) if attack else x
        h, out = outputs(spec, w, decoder, b, seen)
        # A sum over the copies: each has its own parameters, so that none feels another.
        loss = losses(spec, importance, out, x).sum()
        if spec.get("hidden_l1", 0) > 0:
            loss = loss + spec["hidden_l1"] * h.abs().sum(dim=2).mean(dim=1).sum()
        optimizer.zero_grad()
        loss.backward()
        w.grad *= free
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        decoder = w.mT if own_decoder is None else own_decoder
        means = torch.zeros(copies)
        for _ in range(20):
            x = sample(spec, 1, density).expand(copies, -1, -1)
            means += losses(spec, importance, outputs(spec, w, decoder, b, x)[1], x) / 20
    order = means.nan_to_num(float("inf")).argsort()
    return w.detach()[order], None if own_decoder is None else own_decoder.detach()[order], b.detach()[order], means[order]


if __name__ == "__main__":
    for spec in SPECS:
        w, decoder, b, loss = train(spec)
        # What is shown: the best, or all of them.
        shown = len(w) if spec.get("restarts", {}).get("keep") == "all" else 1
        for copy in range(shown):
            norms = w[copy].norm(dim=0)
            cosines = (w[copy] / norms.clamp_min(1e-12)).mT @ (w[copy] / norms.clamp_min(1e-12))
            print(f"density {spec['density']}: loss {loss[copy]:.6f}, represented {(norms > 0.5).nonzero().flatten().tolist()}")
            if spec["features"] <= 12:
                print("W =", w[copy].double().numpy().round(3).tolist())
                print("b =", b[copy].double().numpy().round(3).tolist())
                if decoder is not None:
                    print("decoder =", decoder[copy].double().numpy().round(3).tolist())
                print("cosines =", cosines.double().numpy().round(2).tolist())
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
