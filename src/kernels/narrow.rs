//! Loss and gradient of a tied model of a few hidden units, which stay in registers: samples in lanes, four passes over the features.
//!
//! The function is `x' = τ(Wᵀ W x + b)` (DESIGN.md section 2; paper, "Demonstrating Superposition"). A vector holds one feature, or one hidden unit, of several samples.
//! The first pass adds up `h = Wx`; the second makes each output of h, its error and the gradient g there; the third adds up `dh = Wg`, apart from the second, since h and dh together
//! leave too few of sixteen registers; the fourth adds `h gᵀ + dh xᵀ` to the
//! gradient's accumulators, one vector for each weight, which are added up over lanes once a batch. A dense product ([`super::products`]) of so few rows would spend its time
//! reading and writing h, dh and the outputs.
//!
//! Only the numbers of hidden units that [`suits`] names are compiled, as constants; any number of features goes by in a loop.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::draws::{Reading, inputs};
use super::lanes::{mul_add, zero_where};
use super::level::{run_at, run_either};
use super::lists::lanes_of;
use super::network::{Network, Sums};
use super::{Aligned, BLOCK, Level};

/// The numbers of hidden units that have a kernel here: a plane's, and that of the paper's small model. Each costs the page a kilobyte or two, so one joins only for
/// models that readers watch in training.
const WIDTHS: [usize; 2] = [2, 5];
/// Up to this many features the accumulators stay in the nearest cache.
const MOST_FEATURES: usize = 64;

/// Blocks of a tile: a whole number of strips, no matter how many.
pub const TILE_BLOCKS: usize = 8;
/// Samples whose inputs are made at once: four of the widest vectors.
const STRIP: usize = if cfg!(target_arch = "wasm32") { BLOCK } else { 4 * BLOCK };
/// Numbers of a feature in [`Workspace::model`]: its weights, then its bias and twice its importance, in the last two places.
const PARAMETERS: usize = 8;

/// Whether a network has a kernel here: a linear or ReLU output model without a penalty of few hidden units and not too many features.
pub fn suits(network: &Network) -> bool {
    network.is_plain() && WIDTHS.contains(&network.n_hidden()) && network.n_features() <= MOST_FEATURES
}

/// A batch's accumulators, and what a few samples are worked out in.
#[derive(Debug, Default)]
pub struct Workspace {
    /// `[n_features]`.
    model: Vec<[f32; PARAMETERS]>,
    /// `[n_features][n_hidden + 1][lanes]`: dW, and db.
    sums: Aligned<f32>,
    /// `[n_features][STRIP]`.
    x: Aligned<f32>,
    /// `[n_features]`, of the samples that are worked on at once.
    g: Aligned<f32>,
}

/// Makes ready for a batch.
pub fn begin(level: Level, network: Network, workspace: &mut Workspace) {
    let (n, m) = (network.n_features(), network.n_hidden());
    assert!(suits(&network), "no narrow kernel for {n}→{m}");
    let Workspace { model, sums, x, g } = workspace;
    model.clear();
    for i in 0..n {
        let mut parameters = [0.0; PARAMETERS];
        for k in 0..m {
            parameters[k] = network.w[k * n + i];
        }
        parameters[PARAMETERS - 2..].copy_from_slice(&[network.b[i], 2.0 * network.importance[i]]);
        model.push(parameters);
    }
    sums.zeros(n * (m + 1) * lanes_of(level));
    x.resize(n * STRIP);
    g.resize(n * STRIP);
}

/// Adds a tile's loss to `sums`, and its part of the gradient to the workspace.
///
/// # Shapes
/// `draws`: `[blocks][words][BLOCK]`, a whole number of strips; the first `n_samples` samples count.
///
/// # Panics
/// If the shapes do not fit, or [`begin`] was not called.
pub fn add_tile(
    level: Level,
    network: Network,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    workspace: &mut Workspace,
    sums: &mut Sums,
) {
    let n_features = network.n_features();
    assert_eq!(workspace.model.len(), n_features, "begin() comes first");
    assert_eq!(reading.last_active.len(), n_features, "one density a feature");
    assert!(draws.len() >= n_samples.next_multiple_of(STRIP) * reading.words(), "a tile holds its samples");
    let tile = Tile { reading, draws, n_samples, relu: network.relu };
    let twice_loss = if network.n_hidden() == 2 {
        run_at!(level, simd, FUSED => add::<_, FUSED, 2>(simd, tile, workspace))
    } else {
        run_at!(level, simd, FUSED => add::<_, FUSED, 5>(simd, tile, workspace))
    };
    sums.loss += 0.5 * twice_loss;
}

/// Adds the workspace's gradient to `sums`.
pub fn finish(level: Level, workspace: &Workspace, sums: &mut Sums) {
    run_either!(level, simd => finish_lanes(simd, workspace, sums));
}

#[inline(always)]
fn finish_lanes<S: Simd>(simd: S, workspace: &Workspace, sums: &mut Sums) {
    let n = workspace.model.len();
    let each = workspace.sums.len() / n;
    for (i, feature) in workspace.sums.chunks_exact(each).enumerate() {
        for (k, lanes) in feature.chunks_exact(S::f32s::LEN).enumerate() {
            let sum = if k * n < sums.dw.len() { &mut sums.dw[k * n + i] } else { &mut sums.db[i] };
            *sum += f64::from(S::f32s::from_slice(simd, lanes).reduce_sum());
        }
    }
}

#[derive(Clone, Copy)]
struct Tile<'a> {
    reading: &'a Reading,
    draws: &'a [u32],
    n_samples: usize,
    relu: bool,
}

/// Adds a tile; returns twice its loss.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn add<S: Simd, const FUSED: bool, const M: usize>(simd: S, tile: Tile, workspace: &mut Workspace) -> f64 {
    let mut twice_loss = S::f32s::splat(simd, 0.0);
    let strips = tile.draws.chunks_exact(tile.reading.words() * STRIP);
    for (strip, draws) in strips.take(tile.n_samples.div_ceil(STRIP)).enumerate() {
        inputs(simd, tile.reading, draws, &[], &mut workspace.x);
        let n_samples = tile.n_samples - strip * STRIP;
        // Vectors at once, as many as registers hold, of which there are sixteen, or thirty-two: each weight that is read serves them all.
        twice_loss = match (M == 2, S::f32s::LEN == BLOCK) {
            (true, true) => add_strip::<S, FUSED, M, 4>(simd, tile.relu, n_samples, workspace, twice_loss),
            (false, false) => add_strip::<S, FUSED, M, 1>(simd, tile.relu, n_samples, workspace, twice_loss),
            _ => add_strip::<S, FUSED, M, 2>(simd, tile.relu, n_samples, workspace, twice_loss),
        };
    }
    f64::from(twice_loss.reduce_sum())
}

/// The first `n_samples` samples of a strip, or all of it.
#[inline(always)]
fn add_strip<S: Simd, const FUSED: bool, const M: usize, const V: usize>(
    simd: S,
    relu: bool,
    n_samples: usize,
    workspace: &mut Workspace,
    mut twice_loss: S::f32s,
) -> S::f32s {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    let floor = S::f32s::splat(simd, if relu { 0.0 } else { f32::NEG_INFINITY });
    let Workspace { model, sums, x, g } = workspace;
    // Surplus samples of the last strip weigh nothing: they were drawn, because blocks are always drawn whole.
    let mut weights = [0.0_f32; STRIP];
    weights[..n_samples.min(STRIP)].fill(1.0);
    for first in (0..n_samples.min(STRIP)).step_by(V * lanes) {
        // Which it is already; the compiler sees now that all vectors lie within a strip.
        let first = first & (STRIP - V * lanes);
        let weights = load::<S, V>(simd, &weights[first..]);
        let mut h = [[zero; V]; M];
        for (feature, x) in model.iter().zip(x.as_chunks::<STRIP>().0) {
            let x = load::<S, V>(simd, &x[first..]);
            for k in 0..M {
                let w = S::f32s::splat(simd, feature[k]);
                for v in 0..V {
                    h[k][v] = mul_add::<S, FUSED>(w, x[v], h[k][v]);
                }
            }
        }
        let rows = x.as_chunks::<STRIP>().0.iter().zip(g.chunks_exact_mut(V * lanes));
        for (feature, (x, g)) in model.iter().zip(rows) {
            let mut out = [S::f32s::splat(simd, feature[PARAMETERS - 2]); V];
            for k in 0..M {
                let w = S::f32s::splat(simd, feature[k]);
                for v in 0..V {
                    out[v] = mul_add::<S, FUSED>(w, h[k][v], out[v]);
                }
            }
            let twice_importance = S::f32s::splat(simd, feature[PARAMETERS - 1]);
            let x = load::<S, V>(simd, &x[first..]);
            for v in 0..V {
                let silent = out[v].simd_le(floor);
                let error = (zero_where(simd, silent, out[v]) - x[v]) * weights[v];
                let weighted = twice_importance * error;
                twice_loss = mul_add::<S, FUSED>(weighted, error, twice_loss);
                zero_where(simd, silent, weighted).store_slice(&mut g[v * lanes..(v + 1) * lanes]);
            }
        }
        let mut dh = [[zero; V]; M];
        for (feature, g) in model.iter().zip(g.chunks_exact(V * lanes)) {
            let g = load::<S, V>(simd, g);
            for k in 0..M {
                let w = S::f32s::splat(simd, feature[k]);
                for v in 0..V {
                    dh[k][v] = mul_add::<S, FUSED>(w, g[v], dh[k][v]);
                }
            }
        }
        let rows = x.as_chunks::<STRIP>().0.iter().zip(g.chunks_exact(V * lanes));
        for (sums, (x, g)) in sums.chunks_exact_mut((M + 1) * lanes).zip(rows) {
            let (x, g) = (load::<S, V>(simd, &x[first..]), load::<S, V>(simd, g));
            for k in 0..M {
                let place = &mut sums[k * lanes..(k + 1) * lanes];
                let mut sum = S::f32s::from_slice(simd, place);
                for v in 0..V {
                    sum = mul_add::<S, FUSED>(h[k][v], g[v], sum);
                    sum = mul_add::<S, FUSED>(dh[k][v], x[v], sum);
                }
                sum.store_slice(place);
            }
            let place = &mut sums[M * lanes..];
            let mut sum = S::f32s::from_slice(simd, place);
            for v in 0..V {
                sum += g[v];
            }
            sum.store_slice(place);
        }
    }
    twice_loss
}

#[inline(always)]
fn load<S: Simd, const V: usize>(simd: S, numbers: &[f32]) -> [S::f32s; V] {
    let mut vectors = [S::f32s::splat(simd, 0.0); V];
    for v in 0..V {
        vectors[v] = S::f32s::from_slice(simd, &numbers[v * S::f32s::LEN..(v + 1) * S::f32s::LEN]);
    }
    vectors
}
