//! Loss and gradient of a tied model whose inputs are mostly zero, through its Gram matrix: what it costs falls with the density.
//!
//! With `G = WᵀW`, made once a batch, the outputs of a sample are `b` plus the columns of G that belong to its active features, each times
//! its value: h is never made. Backward, the gradient g at the outputs is added to those same columns of `P = Σ g xᵀ`, and as
//! `h = Wx` and `dh = Wg`, the whole gradient `Σ h gᵀ + dh xᵀ` is `W(P + Pᵀ)`, once a batch. A sample in which nothing is active has
//! the outputs b, so such samples are only counted.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::actives::Actives;
use super::draws::Reading;
use super::lanes::{mul_add, zero_where};
use super::level::{run_at, run_either};
use super::network::{Network, Sums};
use super::{Aligned, BLOCK, Level, blocked};

/// Rows of G and P are padded to a multiple of this, which [`blocked::product`] asks for.
const PADDING: usize = 2 * BLOCK;
/// The most vectors of outputs that are worked on at once: twice as many accumulators stay in thirty-two registers (AVX-512), and in sixteen.
const MOST_VECTORS_WIDE: usize = 8;
/// Where vectors are short always so many: each width is code that the page downloads, and the figures have twenty features, or a multiple.
const VECTORS: usize = 5;

/// The matrices of a batch, and the active features of a tile.
#[derive(Debug, Default)]
pub struct Workspace {
    row_len: usize,
    /// Wᵀ, `[n][m]`.
    transposed: Vec<f32>,
    /// W with padded rows, then W(P + Pᵀ): `[m][row_len]`.
    padded: Aligned<f32>,
    /// G, then P + Pᵀ: `[n][row_len]`.
    gram: Aligned<f32>,
    /// Pᵀ: row j is `Σ x_j g`. `[n][row_len]`.
    pairs: Aligned<f32>,
    /// `[row_len]` each.
    b: Aligned<f32>,
    twice_importance: Aligned<f32>,
    db: Aligned<f32>,
    n_empty: usize,
    actives: Actives,
}

/// Whether a network with these inputs can go through here: a linear or ReLU output model without a penalty, independent features with
/// values in [0, 1].
pub fn suits(network: &Network, reading: &Reading) -> bool {
    is_tied(network) && Actives::can_read(reading)
}

fn is_tied(network: &Network) -> bool {
    network.decoder.is_none() && !network.relu_hidden && !network.absolute && network.hidden_l1 == 0.0
}

/// Whether this is clearly faster than dense products of a batch: a count of what a sample costs, in multiply-adds of vectors, with prices
/// that were fitted to measurements of 20 to 400 features at densities from 0.001 to 1, what grows with `lanes` to those with sixteen alone.
pub fn pays(level: Level, network: &Network, reading: &Reading, batch: usize) -> bool {
    let (n, m) = (network.n_features() as f64, network.n_hidden() as f64);
    let lanes = lanes_of(level) as f64;
    let vectors = (n / lanes).ceil();
    let densities = reading.last_active.iter().map(|&last| (f64::from(last) + 1.0) / 2_147_483_648.0);
    let (active, p_none) = densities.fold((0.0, 1.0), |(sum, none), p| (sum + p, none * (1.0 - p)));
    // A column of G and a row of P for each active feature (what is not in a near cache comes no faster for wide vectors), and finding it;
    // an output; a guess where a list ends; G and dW once a batch.
    let megabytes = 8e-6 * n * n;
    let here = active * ((3.3 + 0.11 * lanes * megabytes) * vectors + 8.0)
        + vectors * (9.0 + 21.0 * (1.0 - p_none))
        + lanes * (1.0 - p_none)
        + 2.0 * n * m * vectors / batch as f64;
    let dense = (5.0 * m + 18.0) * n / lanes;
    here < 0.9 * dense
}

fn lanes_of(level: Level) -> usize {
    run_either!(level, simd => lanes_of_simd(simd))
}

#[inline(always)]
fn lanes_of_simd<S: Simd>(_: S) -> usize {
    S::f32s::LEN
}

/// How the vectors of a row are divided evenly into chunks: (chunks, vectors a chunk).
fn chunks_of(n_features: usize, lanes: usize) -> (usize, usize) {
    let n_vectors = n_features.div_ceil(lanes);
    if lanes < BLOCK {
        return (n_vectors.div_ceil(VECTORS), VECTORS);
    }
    let n_chunks = n_vectors.div_ceil(MOST_VECTORS_WIDE);
    (n_chunks, n_vectors.div_ceil(n_chunks))
}

fn row_len_of<S: Simd>(_: S, n_features: usize) -> usize {
    let (n_chunks, n_vectors) = chunks_of(n_features, S::f32s::LEN);
    (n_chunks * n_vectors * S::f32s::LEN).next_multiple_of(PADDING)
}

/// Makes ready for a batch.
///
/// # Panics
/// If the network is of another kind.
pub fn begin(level: Level, network: Network, workspace: &mut Workspace) {
    assert!(is_tied(&network), "a tied model without a penalty");
    let (n, m) = (network.n_features(), network.n_hidden());
    let row_len = run_either!(level, simd => row_len_of(simd, n));
    let Workspace { transposed, padded, gram, pairs, b, twice_importance, db, .. } = workspace;
    for (matrix, n_rows) in [(&mut *padded, m), (gram, n), (pairs, n), (b, 1), (twice_importance, 1), (db, 1)] {
        matrix.zeros(n_rows * row_len);
    }
    transposed.resize(n * m, 0.0);
    for (k, row) in network.w.chunks_exact(n).enumerate() {
        padded[k * row_len..][..n].copy_from_slice(row);
        for (i, &entry) in row.iter().enumerate() {
            transposed[i * m + k] = entry;
        }
    }
    workspace.b[..n].copy_from_slice(network.b);
    for (twice, &importance) in workspace.twice_importance.iter_mut().zip(network.importance) {
        *twice = 2.0 * importance;
    }
    blocked::product(level, transposed, m, padded, &mut workspace.gram);
    workspace.row_len = row_len;
    workspace.n_empty = 0;
}

/// Adds the first `n_samples` samples of a tile: their loss to `sums`, their part of the gradient to the workspace.
///
/// # Shapes
/// `draws`: `[blocks][words][BLOCK]`.
///
/// # Panics
/// If the shapes do not fit, or [`begin`] was not called.
#[inline(never)] // The page finds it by its name: the opening figure does without.
pub fn add_tile(
    level: Level,
    network: Network,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    workspace: &mut Workspace,
    sums: &mut Sums,
) {
    assert_eq!(workspace.gram.len(), network.n_features() * workspace.row_len, "begin() comes first");
    workspace.actives.read(level, reading, draws, n_samples, workspace.row_len);
    workspace.n_empty += n_samples - workspace.actives.filled().len();
    // Outputs at or below the floor are silent.
    let floor = if network.relu { 0.0 } else { f32::NEG_INFINITY };
    run_at!(level, simd, FUSED => add::<_, FUSED>(simd, network.n_features(), floor, workspace, sums));
}

#[inline(always)]
fn add<S: Simd, const FUSED: bool>(simd: S, n: usize, floor: f32, workspace: &mut Workspace, sums: &mut Sums) {
    let (n_chunks, n_vectors) = chunks_of(n, S::f32s::LEN);
    for chunk in 0..n_chunks {
        let first = chunk * n_vectors * S::f32s::LEN;
        // Every width that comes is compiled, so that the accumulators are registers.
        let wide = S::f32s::LEN == BLOCK;
        sums.loss += match n_vectors {
            1 if wide => add_chunk::<S, FUSED, 1>(simd, first, floor, workspace),
            2 if wide => add_chunk::<S, FUSED, 2>(simd, first, floor, workspace),
            3 if wide => add_chunk::<S, FUSED, 3>(simd, first, floor, workspace),
            4 if wide => add_chunk::<S, FUSED, 4>(simd, first, floor, workspace),
            6 if wide => add_chunk::<S, FUSED, 6>(simd, first, floor, workspace),
            7 if wide => add_chunk::<S, FUSED, 7>(simd, first, floor, workspace),
            8 if wide => add_chunk::<S, FUSED, 8>(simd, first, floor, workspace),
            _ => add_chunk::<S, FUSED, VECTORS>(simd, first, floor, workspace),
        };
    }
}

/// `V` vectors of outputs, from number `first` on, of every sample in which something is active; returns their loss.
#[inline(always)]
fn add_chunk<S: Simd, const FUSED: bool, const V: usize>(
    simd: S,
    first: usize,
    floor: f32,
    workspace: &mut Workspace,
) -> f64 {
    let lanes = S::f32s::LEN;
    let width = V * lanes;
    let Workspace { row_len, gram, pairs, b, twice_importance, db, actives, .. } = workspace;
    let row_len = *row_len;
    let zero = S::f32s::splat(simd, 0.0);
    let floor = S::f32s::splat(simd, floor);
    let (b, twice_importance) = (&b[first..first + width], &twice_importance[first..first + width]);
    let mut twice_loss = zero;
    let mut db_here = [zero; V];
    for &sample in actives.filled() {
        let active = actives.of(sample);
        let mut out = [zero; V];
        for v in 0..V {
            out[v] = S::f32s::from_slice(simd, &b[v * lanes..(v + 1) * lanes]);
        }
        for entry in active {
            let column = &gram[entry.feature as usize * row_len + first..][..width];
            let value = S::f32s::splat(simd, entry.value);
            for v in 0..V {
                let column = S::f32s::from_slice(simd, &column[v * lanes..(v + 1) * lanes]);
                out[v] = mul_add::<S, FUSED>(value, column, out[v]);
            }
        }
        let x = &actives.x()[sample as usize * row_len + first..][..width];
        for v in 0..V {
            let silent = out[v].simd_le(floor);
            let error = zero_where(simd, silent, out[v]) - S::f32s::from_slice(simd, &x[v * lanes..(v + 1) * lanes]);
            let weighted = S::f32s::from_slice(simd, &twice_importance[v * lanes..(v + 1) * lanes]) * error;
            twice_loss = mul_add::<S, FUSED>(weighted, error, twice_loss);
            out[v] = zero_where(simd, silent, weighted);
            db_here[v] += out[v];
        }
        for entry in active {
            let row = &mut pairs[entry.feature as usize * row_len + first..][..width];
            let value = S::f32s::splat(simd, entry.value);
            for v in 0..V {
                let row = &mut row[v * lanes..(v + 1) * lanes];
                mul_add::<S, FUSED>(value, out[v], S::f32s::from_slice(simd, row)).store_slice(row);
            }
        }
    }
    for v in 0..V {
        let db = &mut db[first + v * lanes..][..lanes];
        (S::f32s::from_slice(simd, db) + db_here[v]).store_slice(db);
    }
    0.5 * f64::from(twice_loss.reduce_sum())
}

/// Adds the batch's gradients, and what its empty samples cost, to `sums`.
pub fn finish(level: Level, network: Network, workspace: &mut Workspace, sums: &mut Sums) {
    let n = network.n_features();
    let Workspace { row_len, padded, gram, pairs, db, n_empty, .. } = workspace;
    let (row_len, n_empty) = (*row_len, *n_empty as f64);
    for i in 0..n {
        for j in 0..=i {
            let both = pairs[i * row_len + j] + pairs[j * row_len + i];
            gram[i * row_len + j] = both;
            gram[j * row_len + i] = both;
        }
    }
    blocked::product(level, network.w, n, gram, padded);
    for (sums, row) in sums.dw.chunks_exact_mut(n).zip(padded.chunks_exact(row_len)) {
        sums.iter_mut().zip(row).for_each(|(sum, &part)| *sum += f64::from(part));
    }
    for i in 0..n {
        let output = f64::from(if network.relu { network.b[i].max(0.0) } else { network.b[i] });
        let weighted = n_empty * f64::from(network.importance[i]) * output;
        sums.loss += weighted * output;
        sums.db[i] += f64::from(db[i]) + 2.0 * weighted;
    }
}
