"""JAX as a peer of `cargo xtask bench`: the ReLU output model under Adam, jit and scan over steps, on one core.

Requests and answers are lines of JSON, as in benches/native.rs; `start` also takes `who`, the layout, and `from`, the weights and
biases to start at:

  jax        batches first (instance, sample, feature), products by einsum: as one writes it
  jax-lanes  samples last (instance, feature, sample), so that small products run across samples

Both draw one xorshift word a feature, which decides whether it is active (u < p) and what its value is (u / p). Every instance
has words of its own with `jax`; with `jax-lanes` all read the same, as ours do.
"""

import os
import time

# One thread: these are read when JAX is imported, and XLA counts the cores that it may use.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np

from lines import serve

# A call of the compiled scan makes so many steps.
STEPS = 100
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def next_words(words):
    """Marsaglia's xorshift32, a generator a place."""
    words = words ^ (words << 13)
    words = words ^ (words >> 17)
    return words ^ (words << 5)


def inputs(words, density):
    uniform = (words >> 8).astype(jnp.float32) * np.float32(2**-24)
    return jnp.where(uniform < density, uniform * (1 / density), 0.0)


def batches_first(w, b, words, density, importance, batch):
    """Losses' gradients; w: [k, m, n], words: [k, batch, n]."""
    x = inputs(words, density[:, None, None])
    h = jnp.einsum("kbn,kmn->kbm", x, w)
    before = jnp.einsum("kbm,kmn->kbn", h, w) + b[:, None]
    error = importance * (jnp.maximum(before, 0) - x)
    g = jnp.where(before > 0, error, 0) * (2 / (batch * x.shape[-1]))
    dh = jnp.einsum("kbn,kmn->kbm", g, w)
    return jnp.einsum("kbm,kbn->kmn", h, g) + jnp.einsum("kbm,kbn->kmn", dh, x), g.sum(1)


def batches_first_single(w, b, words, density, importance, batch):
    """The same for one instance, as plain matrix products."""
    w, b = w[0], b[0]
    x = inputs(words[0], density)
    h = x @ w.T
    before = h @ w + b
    error = importance * (jnp.maximum(before, 0) - x)
    g = jnp.where(before > 0, error, 0) * (2 / (batch * x.shape[-1]))
    dh = g @ w.T
    return (h.T @ g + dh.T @ x)[None], g.sum(0)[None]


def samples_last(w, b, words, density, importance, batch):
    """The same with samples last; words: [n, batch]."""
    x = inputs(words, density[:, None, None])
    h = jnp.einsum("kmn,knb->kmb", w, x)
    before = jnp.einsum("kmn,kmb->knb", w, h) + b[:, :, None]
    error = importance[:, None] * (jnp.maximum(before, 0) - x)
    g = jnp.where(before > 0, error, 0) * (2 / (batch * x.shape[1]))
    dh = jnp.einsum("kmn,knb->kmb", w, g)
    return jnp.einsum("kmb,knb->kmn", h, g) + jnp.einsum("kmb,knb->kmn", dh, x), g.sum(2)


class Model:
    def __init__(self, who, workload, start):
        n, m, batch = workload["features"], workload["hidden"], workload["batch"]
        density = jnp.asarray(workload["density"], jnp.float32)
        importance = jnp.asarray(workload["importance"], jnp.float32)
        k = len(workload["density"])
        if who == "jax-lanes":
            gradient, shape = samples_last, (n, batch)
        else:
            gradient, shape = (batches_first_single if k == 1 else batches_first), (k, batch, n)
        words = np.random.default_rng(1).integers(1, 2**32, size=shape, dtype=np.uint32)
        w = jnp.asarray(start["weights"], jnp.float32).reshape(k, m, n)
        b = jnp.asarray(start["bias"], jnp.float32)
        zeros = jnp.zeros_like
        self.carry = ((w, b), (zeros(w), zeros(b)), (zeros(w), zeros(b)), jnp.float32(0), jnp.asarray(words))

        def step(carry, _):
            parameters, firsts, seconds, t, words = carry
            words = next_words(words)
            t = t + 1
            gradients = gradient(*parameters, words, density, importance, batch)
            rate, root = LEARNING_RATE / (1 - BETA_1**t), 1 / (1 - BETA_2**t)
            firsts = [BETA_1 * a + (1 - BETA_1) * g for a, g in zip(firsts, gradients)]
            seconds = [BETA_2 * a + (1 - BETA_2) * g * g for a, g in zip(seconds, gradients)]
            parameters = [
                x - rate * a / (jnp.sqrt(s * root) + EPSILON) for x, a, s in zip(parameters, firsts, seconds)
            ]
            return (tuple(parameters), tuple(firsts), tuple(seconds), t, words), None

        self.steps = jax.jit(lambda carry: jax.lax.scan(step, carry, None, length=STEPS)[0], donate_argnums=0)
        # Compiled here, so that no step's time has it.
        self.steps = self.steps.lower(self.carry).compile()

    def advance(self, steps):
        if steps % STEPS != 0:
            raise ValueError(f"steps: got {steps}, expected a multiple of {STEPS}")
        begin = time.perf_counter()
        for _ in range(steps // STEPS):
            self.carry = self.steps(self.carry)
        jax.block_until_ready(self.carry)
        return time.perf_counter() - begin

    def state(self):
        w, b = self.carry[0]
        return {"weights": np.asarray(w).reshape(len(w), -1).tolist(), "bias": np.asarray(b).tolist()}


if __name__ == "__main__":
    serve(lambda request: Model(request["who"], request["workload"], request["from"]), {"jax": jax.__version__, "numpy": np.__version__})
