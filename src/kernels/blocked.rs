//! Loss and gradient of a network of any size and kind: blocked matrix products over tiles with samples in lanes.
//!
//! Of a tile of T samples, each matrix is stored feature by feature (`X: [n][T]`, `H: [m][T]`), so that a vector holds
//! one feature of several samples here too. With the decoder D (`Wᵀ` where it is tied) and the inputs Z (X, or X under attack),
//! a step is five products: `H = WZ`, `X' = DH + b`, `dH = DᵀG`, `dD += GHᵀ` (added to dW as `HGᵀ` where it is tied) and `dW += dH·Zᵀ`.
//! [`super::products`] has those.

use fearless_simd::prelude::*;

use super::draws::Reading;
use super::lanes::{mul_add, zero_where};
use super::level::{run_at, run_either};
use super::network::{Network, Perturbation, Sums};
use super::products::{OuterSums, product_lanes};
use super::{Aligned, BLOCK, Level};

/// Vectors a tile's row: 64 samples with four lanes, 256 with sixteen. Longer rows begin and end the sums of `HGᵀ` more rarely;
/// shorter ones keep X, H and G in the nearer caches.
const TILE_VECTORS: usize = 16;

/// The matrices of a tile; one is enough for any number of models, as large as the largest needs.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Wᵀ, or Dᵀ where the decoder is a matrix of its own.
    transposed: Vec<f32>,
    x: Aligned<f32>,
    /// The perturbed inputs; empty where there is no perturbation.
    z: Aligned<f32>,
    h: Aligned<f32>,
    g: Aligned<f32>,
    dh: Aligned<f32>,
    dw: OuterSums,
    d_decoder: OuterSums,
    totals: Vec<f32>,
    panel: Aligned<f32>,
}

/// Samples a tile at this level.
pub fn tile_samples(level: Level) -> usize {
    run_either!(level, simd => tile_samples_of(simd))
}

#[inline(always)]
fn tile_samples_of<S: Simd>(_: S) -> usize {
    TILE_VECTORS * S::f32s::LEN
}

/// Makes ready for a network's step: transposes a matrix and clears its sums over tiles.
pub fn begin(level: Level, network: Network, workspace: &mut Workspace) {
    let (n_features, n_hidden) = (network.n_features(), network.n_hidden());
    let Workspace { transposed, dw, d_decoder, .. } = workspace;
    match network.decoder {
        None => transpose_into(network.w, n_features, transposed),
        Some(decoder) => transpose_into(decoder, n_hidden, transposed),
    }
    dw.zeros(level, network.w.len());
    d_decoder.zeros(level, network.decoder.map_or(0, <[f32]>::len));
}

fn transpose_into(matrix: &[f32], n_columns: usize, out: &mut Vec<f32>) {
    let n_rows = matrix.len() / n_columns;
    out.resize(matrix.len(), 0.0);
    for (row_idx, row) in matrix.chunks_exact(n_columns).enumerate() {
        for (column_idx, &entry) in row.iter().enumerate() {
            out[column_idx * n_rows + row_idx] = entry;
        }
    }
}

/// Adds a tile's loss and `db` to `sums`, and its part of the other gradients to the workspace.
///
/// # Shapes
/// `draws`: `[tile_samples / BLOCK][words][BLOCK]`; the first `n_samples` samples count, and a perturbation has as many choices.
///
/// # Panics
/// If the shapes do not fit.
#[allow(
    clippy::too_many_arguments,
    reason = "the network, its data and two places for results: a struct would hide that"
)]
#[inline(never)] // The page finds it by its name: the opening figure does without.
pub fn add_tile(
    level: Level,
    network: Network,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    perturbation: Option<Perturbation>,
    workspace: &mut Workspace,
    sums: &mut Sums,
) {
    let (n_features, n_hidden) = (network.n_features(), network.n_hidden());
    let tile = tile_samples(level);
    assert_eq!(draws.len(), tile * reading.words(), "draws: a whole tile");
    assert!(n_samples <= tile, "a tile holds its samples");
    assert_eq!(workspace.dw.len(), network.w.len(), "begin() comes first");
    assert_eq!(workspace.d_decoder.len(), network.decoder.map_or(0, <[f32]>::len), "begin() comes first");
    for (rows, matrix) in [
        (n_features, &mut workspace.x),
        (n_features, &mut workspace.g),
        (n_hidden, &mut workspace.h),
        (n_hidden, &mut workspace.dh),
    ] {
        matrix.resize(rows * tile);
    }
    reading.inputs_into(level, draws, &mut workspace.x);
    workspace.z.resize(0);
    if let Some(Perturbation { directions, choices }) = perturbation {
        assert!(choices.len() >= n_samples, "a choice a sample");
        workspace.z.resize(workspace.x.len());
        workspace.z.copy_from_slice(&workspace.x);
        for (i, row) in workspace.z.chunks_exact_mut(tile).enumerate() {
            for (z, &choice) in row.iter_mut().zip(&choices[..n_samples]) {
                *z += directions[choice as usize * n_features + i];
            }
        }
    }
    run_at!(level, simd, FUSED => step_tile::<_, FUSED>(simd, network, n_samples, workspace, sums));
}

/// Adds the workspace's gradients to `sums`.
pub fn finish(level: Level, workspace: &mut Workspace, sums: &mut Sums) {
    let Workspace { dw, d_decoder, totals, .. } = workspace;
    for (sums, parts) in [(&mut sums.dw, dw), (&mut sums.d_decoder, d_decoder)] {
        parts.totals_into(level, totals);
        for (sum, &part) in sums.iter_mut().zip(&*totals) {
            *sum += f64::from(part);
        }
    }
}

#[inline(always)]
fn step_tile<S: Simd, const FUSED: bool>(
    simd: S,
    network: Network,
    n_samples: usize,
    workspace: &mut Workspace,
    sums: &mut Sums,
) {
    let Workspace { transposed, x, z, h, g, dh, dw, d_decoder, panel, .. } = workspace;
    let (n_features, n_hidden) = (network.n_features(), network.n_hidden());
    let z = if z.is_empty() { &**x } else { &**z };
    product_lanes::<S, FUSED>(simd, network.w, n_features, n_features, z, panel, h, false);
    if network.relu_hidden {
        silence::<S>(simd, h);
    }
    // The decoder, and its transpose.
    let (decode, encode) = match network.decoder {
        None => (&**transposed, network.w),
        Some(decoder) => (decoder, &**transposed),
    };
    product_lanes::<S, FUSED>(simd, decode, n_hidden, n_hidden, h, panel, g, false);
    errors_to_gradients_lanes::<S, FUSED>(simd, network, n_samples, x, g, sums);
    product_lanes::<S, FUSED>(simd, encode, n_features, n_features, g, panel, dh, false);
    if network.hidden_l1 > 0.0 {
        add_penalty::<S>(simd, n_features as f32 * network.hidden_l1, n_samples, h, dh);
    }
    if network.relu_hidden {
        silence_where::<S>(simd, h, dh);
    }
    let (of_decoder, of_encoder) = ((&**h, &**g), (&**dh, z));
    if network.decoder.is_some() {
        d_decoder.add_lanes::<S, FUSED>(simd, &[(g, h)], n_hidden);
        dw.add_lanes::<S, FUSED>(simd, &[of_encoder], n_features);
    } else {
        dw.add_lanes::<S, FUSED>(simd, &[of_decoder, of_encoder], n_features);
    }
}

/// `values = max(values, 0)`.
#[inline(always)]
fn silence<S: Simd>(simd: S, values: &mut [f32]) {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    for values in values.chunks_exact_mut(lanes) {
        let value = S::f32s::from_slice(simd, values);
        zero_where(simd, value.simd_le(zero), value).store_slice(values);
    }
}

/// Zeroes the entries of `gradient` where those of `h`, which went through a ReLU, are 0.
#[inline(always)]
fn silence_where<S: Simd>(simd: S, h: &[f32], gradient: &mut [f32]) {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    for (h, gradient) in h.chunks_exact(lanes).zip(gradient.chunks_exact_mut(lanes)) {
        let silent = S::f32s::from_slice(simd, h).simd_le(zero);
        zero_where(simd, silent, S::f32s::from_slice(simd, gradient)).store_slice(gradient);
    }
}

/// Adds `weight · sign h` to the gradient of the first `n_samples` samples.
#[inline(always)]
fn add_penalty<S: Simd>(simd: S, weight: f32, n_samples: usize, h: &[f32], gradient: &mut [f32]) {
    let lanes = S::f32s::LEN;
    let tile = TILE_VECTORS * lanes;
    let zero = S::f32s::splat(simd, 0.0);
    let mut weights = [0.0_f32; TILE_VECTORS * BLOCK];
    weights[..n_samples].fill(weight);
    for (h_row, row) in h.chunks_exact(tile).zip(gradient.chunks_exact_mut(tile)) {
        for at in (0..tile).step_by(lanes) {
            let weight = S::f32s::from_slice(simd, &weights[at..at + lanes]);
            let h = S::f32s::from_slice(simd, &h_row[at..at + lanes]);
            let up = zero_where(simd, h.simd_le(zero), weight);
            let down = zero_where(simd, h.simd_ge(zero), weight);
            let gradient = S::f32s::from_slice(simd, &row[at..at + lanes]) + (up - down);
            gradient.store_slice(&mut row[at..at + lanes]);
        }
    }
}

/// Turns `DH` in `g` into the gradient at the outputs, and adds up loss and `db`, of the first `n_samples` samples of a tile.
///
/// # Shapes
/// `x`, `g`: `[n_features][tile_samples]`.
pub fn errors_to_gradients(
    level: Level,
    network: Network,
    n_samples: usize,
    x: &[f32],
    g: &mut [f32],
    sums: &mut Sums,
) {
    run_at!(level, simd, FUSED => errors_to_gradients_lanes::<_, FUSED>(simd, network, n_samples, x, g, sums));
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn errors_to_gradients_lanes<S: Simd, const FUSED: bool>(
    simd: S,
    network: Network,
    n_samples: usize,
    x: &[f32],
    g: &mut [f32],
    sums: &mut Sums,
) {
    let lanes = S::f32s::LEN;
    let tile = TILE_VECTORS * lanes;
    // Without branches on what is the same for all: no linear output is silent, as nothing is at most NaN, and only an absolute value loses its sign bit.
    let floor = S::f32s::splat(simd, if network.relu { 0.0 } else { f32::NAN });
    let kept = S::i32s::splat(simd, if network.absolute { i32::MAX } else { -1 });
    // Lane l of vector v is sample v·lanes + l; surplus samples of the last tile weigh nothing.
    let mut weights = [0.0_f32; TILE_VECTORS * BLOCK];
    weights[..n_samples].fill(1.0);
    let weights = &weights[..tile];
    for (i, (x_row, g_row)) in x.chunks_exact(tile).zip(g.chunks_exact_mut(tile)).enumerate() {
        let b = S::f32s::splat(simd, network.b[i]);
        let importance = S::f32s::splat(simd, network.importance[i]);
        let (mut loss, mut db) = (S::f32s::splat(simd, 0.0), S::f32s::splat(simd, 0.0));
        for at in (0..tile).step_by(lanes) {
            let here = at..at + lanes;
            let out = S::f32s::from_slice(simd, &g_row[here.clone()]) + b;
            let silent = out.simd_le(floor);
            let x: S::i32s = S::f32s::from_slice(simd, &x_row[here.clone()]).bitcast();
            let target: S::f32s = (x & kept).bitcast();
            let error = (zero_where(simd, silent, out) - target) * S::f32s::from_slice(simd, &weights[here.clone()]);
            let weighted = importance * error;
            loss = mul_add::<S, FUSED>(weighted, error, loss);
            let gradient = zero_where(simd, silent, weighted + weighted);
            db += gradient;
            gradient.store_slice(&mut g_row[here]);
        }
        sums.loss += f64::from(loss.reduce_sum());
        sums.db[i] += f64::from(db.reduce_sum());
    }
}
