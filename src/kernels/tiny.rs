//! Loss and gradient of a tied model so small that its weights live in registers: samples in lanes, one pass.
//!
//! The function is `x' = ReLU(WᵀWx + b)` (DESIGN.md section 2; paper, "Demonstrating Superposition"). A vector holds one feature of several samples. For each vector of samples the kernel reads the
//! random words, makes x, runs the model forward and backward and adds to the gradient's accumulators, which stay in
//! registers (or on the stack, in the first cache line) over the whole tile; nothing of a sample is ever stored.
//!
//! Only what [`suits`] names is compiled, with n and m as constants so that every loop unrolls; the rest goes through
//! [`super::blocked`].

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::draws::Reading;
use super::lanes::{feature_value, mul_add, zero_where};
use super::level::run_at;
use super::network::{Network, Sums};
use super::{BLOCK, Level};

/// The (n_features, n_hidden) that have a kernel of their own: the hero's. Each costs the page some ten kilobytes compressed,
/// so a shape joins only when a figure that readers watch trains it by sampling.
pub const SHAPES: [(usize, usize); 1] = [(5, 2)];

/// Whether a network has a kernel here: a ReLU output model of one of [`SHAPES`] without a penalty, its words read one a feature,
/// its features independent.
pub fn suits(network: &Network, reading: &Reading) -> bool {
    let plain = network.decoder.is_none() && network.relu && !network.relu_hidden && !network.absolute;
    let shape = (network.n_features(), network.n_hidden());
    plain && network.hidden_l1 == 0.0 && reading.is_plain() && SHAPES.contains(&shape)
}

/// Whether every sample is weighed, though only the last block needs it: one copy of the code is less to download, and takes 3% longer.
const WEIGHED: bool = cfg!(target_arch = "wasm32");

/// The most blocks a tile: sums over 1024 samples stay in f32, sums over tiles are f64.
pub const TILE_BLOCKS: usize = 64;

/// Adds a tile's sums to `sums`.
///
/// # Shapes
/// `draws`: `[blocks][words][BLOCK]`, at most [`TILE_BLOCKS`] blocks; the first `n_samples` samples count.
///
/// # Panics
/// If the shapes do not fit, or nothing here [`suits`] the model.
pub fn add_tile(level: Level, model: Network, reading: &Reading, draws: &[u32], n_samples: usize, sums: &mut Sums) {
    let (n_features, n_hidden) = (model.n_features(), model.n_hidden());
    let n_blocks = draws.len() / (reading.words() * BLOCK);
    assert_eq!(reading.last_active.len(), n_features, "one density a feature");
    assert_eq!(sums.db.len(), n_features, "sums of the model's shape");
    assert!(n_samples <= n_blocks * BLOCK && n_blocks <= TILE_BLOCKS, "a tile holds its samples");
    assert!(suits(&model, reading), "no tiny kernel for {n_features}→{n_hidden}");
    let tile = Tile { model, reading, draws, n_samples };
    run_at!(level, simd, FUSED => add::<_, FUSED, 5, 2>(simd, tile, sums));
}

#[derive(Clone, Copy)]
struct Tile<'a> {
    model: Network<'a>,
    reading: &'a Reading,
    draws: &'a [u32],
    n_samples: usize,
}

/// A model's numbers in every lane, made once a tile: a product with memory is cheaper than a splat.
struct Splats<S: Simd, const N: usize, const M: usize> {
    w: [[S::f32s; N]; M],
    b: [S::f32s; N],
    twice_importance: [S::f32s; N],
    last_active: [i32; N],
    value_scale: [f32; N],
}

/// The accumulators of a tile, a vector each.
struct Accumulators<S: Simd, const N: usize, const M: usize> {
    twice_loss: S::f32s,
    db: [S::f32s; N],
    dw: [[S::f32s; N]; M],
}

// Plain loops throughout: a closure handed to a library function is compiled without the level's instructions.

#[inline(always)]
fn add<S: Simd, const FUSED: bool, const N: usize, const M: usize>(simd: S, tile: Tile, sums: &mut Sums) {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    let mut acc = Accumulators::<S, N, M> { twice_loss: zero, db: [zero; N], dw: [[zero; N]; M] };
    let mut splats = Splats::<S, N, M> {
        w: [[zero; N]; M],
        b: [zero; N],
        twice_importance: [zero; N],
        last_active: [0; N],
        value_scale: [0.0; N],
    };
    for i in 0..N {
        for k in 0..M {
            splats.w[k][i] = S::f32s::splat(simd, tile.model.w[k * N + i]);
        }
        splats.b[i] = S::f32s::splat(simd, tile.model.b[i]);
        splats.twice_importance[i] = S::f32s::splat(simd, 2.0 * tile.model.importance[i]);
        splats.last_active[i] = tile.reading.last_active[i];
        splats.value_scale[i] = tile.reading.value_scale[i];
    }

    // The last block's surplus samples weigh nothing: they were drawn, because blocks are always drawn whole.
    let whole = tile.n_samples / BLOCK;
    let rest = tile.n_samples % BLOCK;
    for (idx, block) in tile.draws.chunks_exact(N * BLOCK).take(tile.n_samples.div_ceil(BLOCK)).enumerate() {
        let mut weights = [1.0; BLOCK];
        if idx == whole {
            weights[rest..].fill(0.0);
        }
        // One vector at a time: two share their loads, but need more registers than wasm's engines have.
        for first in (0..BLOCK).step_by(lanes) {
            if WEIGHED || idx == whole {
                let weight = S::f32s::from_slice(simd, &weights[first..first + lanes]);
                add_vector::<S, FUSED, N, M>(simd, &splats, block, first, Some(weight), &mut acc);
            } else {
                add_vector::<S, FUSED, N, M>(simd, &splats, block, first, None, &mut acc);
            }
        }
    }

    sums.loss += 0.5 * f64::from(acc.twice_loss.reduce_sum());
    for i in 0..N {
        sums.db[i] += f64::from(acc.db[i].reduce_sum());
        for k in 0..M {
            sums.dw[k * N + i] += f64::from(acc.dw[k][i].reduce_sum());
        }
    }
}

/// One vector of samples: forward, error, backward.
#[inline(always)]
fn add_vector<S: Simd, const FUSED: bool, const N: usize, const M: usize>(
    simd: S,
    model: &Splats<S, N, M>,
    block: &[u32],
    first: usize,
    weight: Option<S::f32s>,
    acc: &mut Accumulators<S, N, M>,
) {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    let mut x = [zero; N];
    let mut h = [zero; M];
    for i in 0..N {
        let at = i * BLOCK + first;
        let draw = S::u32s::from_slice(simd, &block[at..at + lanes]);
        x[i] = feature_value(simd, draw, None, model.last_active[i], model.value_scale[i]);
        for k in 0..M {
            h[k] = mul_add::<S, FUSED>(model.w[k][i], x[i], h[k]);
        }
    }
    let mut dh = [zero; M];
    let mut g = [zero; N];
    for i in 0..N {
        let mut out = model.b[i];
        for k in 0..M {
            out = mul_add::<S, FUSED>(model.w[k][i], h[k], out);
        }
        let silent = out.simd_le(zero);
        let mut error = zero_where(simd, silent, out) - x[i];
        if let Some(weight) = weight {
            error *= weight;
        }
        let weighted = model.twice_importance[i] * error;
        acc.twice_loss = mul_add::<S, FUSED>(weighted, error, acc.twice_loss);
        g[i] = zero_where(simd, silent, weighted);
        acc.db[i] += g[i];
        for k in 0..M {
            dh[k] = mul_add::<S, FUSED>(model.w[k][i], g[i], dh[k]);
        }
    }
    // Both parts of dW at once: each accumulator is read and written a single time.
    for i in 0..N {
        for k in 0..M {
            acc.dw[k][i] = mul_add::<S, FUSED>(h[k], g[i], acc.dw[k][i]);
            acc.dw[k][i] = mul_add::<S, FUSED>(x[i], dh[k], acc.dw[k][i]);
        }
    }
}
