"""PyTorch, eager, as in the paper's notebook: a peer of `cargo xtask bench`, on one thread.

Instances lie in a dimension of the batch; two `rand` a feature, `where`, einsum, autograd, Adam. Requests and answers are lines of JSON,
as in benches/native.rs; `start` also takes `from`, the weights and biases to start at.
"""

import time

import torch

from lines import serve

torch.set_num_threads(1)


class Model:
    def __init__(self, workload, start):
        n, m, self.batch = workload["features"], workload["hidden"], workload["batch"]
        self.density = torch.tensor(workload["density"], dtype=torch.float32)[:, None]
        self.importance = torch.tensor(workload["importance"], dtype=torch.float32)
        k = len(workload["density"])
        # The notebook's W is [instance, feature, hidden].
        w = torch.tensor(start["weights"], dtype=torch.float32).reshape(k, m, n).transpose(1, 2).contiguous()
        self.w = torch.nn.Parameter(w)
        self.b = torch.nn.Parameter(torch.tensor(start["bias"], dtype=torch.float32))
        self.optimizer = torch.optim.Adam([self.w, self.b], lr=1e-3)
        torch.manual_seed(1)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        shape = (self.batch, *self.b.shape)
        features = torch.rand(shape)
        x = torch.where(torch.rand(shape) <= self.density, features, torch.zeros(()))
        hidden = torch.einsum("...if,ifh->...ih", x, self.w)
        out = torch.relu(torch.einsum("...ih,ifh->...if", hidden, self.w) + self.b)
        loss = (self.importance * (x - out) ** 2).mean((0, 2)).sum()
        loss.backward()
        self.optimizer.step()

    def advance(self, steps):
        begin = time.perf_counter()
        for _ in range(steps):
            self.step()
        return time.perf_counter() - begin

    def state(self):
        weights = self.w.detach().transpose(1, 2).reshape(len(self.w), -1)
        return {"weights": weights.tolist(), "bias": self.b.detach().tolist()}


if __name__ == "__main__":
    serve(lambda request: Model(request["workload"], request["from"]), {"torch": torch.__version__})
