//! Loss and gradient of a tied model whose inputs are mostly zero, through its Gram matrix: what it costs falls with the density.
//!
//! With `G = WᵀW`, made once a batch, the outputs of a sample are `b` plus the rows of G that belong to its active features, each times
//! its value: h is never made. Backward, the gradients g at the outputs of the samples in which feature j is active, each times its value,
//! are row j of `P = Σ x gᵀ`; as `h = Wx` and `dh = Wg`, the whole gradient `Σ h gᵀ + dh xᵀ` is `W(P + Pᵀ)`, once a batch. The outputs and P are products of the samples'
//! lists, by sample and by feature. A sample in which nothing is active has the outputs b, so such samples are only counted.

use super::lists::{self, Drawn, Lists};
use super::network::{Network, Sums};
use super::rows::Outputs;
use super::{Aligned, BLOCK, Level, products};

/// The matrices of a batch, and those of a tile.
#[derive(Debug, Default)]
pub struct Workspace {
    row_len: usize,
    /// Wᵀ with padded rows, `[n][hidden_len]`, and W with padded rows, `[m][row_len]`.
    transposed: Aligned<f32>,
    padded: Aligned<f32>,
    /// G, `[n][row_len]`, and P.
    gram: Aligned<f32>,
    pairs: Aligned<f32>,
    /// Outputs, then the gradients there: `[samples][row_len]`.
    g: Aligned<f32>,
    panel: Aligned<f32>,
    outputs: Outputs,
    n_empty: usize,
    /// All features, and those that are active in a tile.
    features: Vec<u32>,
    active: Vec<u32>,
    by_sample: Lists,
    /// The samples in which something is active.
    filled: Vec<u32>,
}

/// Whether this is faster than going through h: multiply-adds a sample and feature, with prices that suit measurements of 40 to 400 features in Chromium and natively.
pub fn pays(network: &Network, n_active: f64, batch: usize) -> bool {
    let (n, m) = (network.n_features() as f64, network.n_hidden() as f64);
    // A row of G and one of the gradients for each active feature: each entry is read for one multiply-add, and what no near cache holds comes slower.
    let megabytes = 8e-6 * n * n;
    let of_lists = 2.0 * n_active * (0.8 + 0.9 * megabytes);
    // Once a batch G, the product of P, and P's sum with its transpose, against encoding's share of three products a sample.
    let once = 3.0 * m * n / batch as f64;
    of_lists + once < 3.0 * m
}

/// Makes ready for a batch.
pub fn begin(level: Level, network: Network, workspace: &mut Workspace) {
    let (n, m) = (network.n_features(), network.n_hidden());
    let (row_len, hidden_len) = (lists::short_row_len(level, n), lists::row_len(level, m));
    let Workspace { transposed, padded, gram, pairs, features, panel, .. } = workspace;
    for (matrix, len) in [(&mut *transposed, n * hidden_len), (padded, m * row_len), (pairs, n * row_len)] {
        matrix.zeros(len);
    }
    for (k, row) in network.w.chunks_exact(n).enumerate() {
        workspace.padded[k * row_len..][..n].copy_from_slice(row);
        for (column, &entry) in transposed.chunks_exact_mut(hidden_len).zip(row) {
            column[k] = entry;
        }
    }
    gram.resize(n * row_len);
    products::product_of_rows(level, transposed, hidden_len, m, &workspace.padded, panel, gram, false);
    features.clear();
    features.extend(0..n as u32);
    workspace.outputs.begin(level, network, features, row_len);
    (workspace.row_len, workspace.n_empty) = (row_len, 0);
}

/// Adds a tile's samples, listed by feature: their loss to `sums`, their part of the gradient to the workspace.
///
/// # Panics
/// If the shapes do not fit, or [`begin`] was not called.
#[inline(never)] // The page finds it by its name: the opening figure does without.
pub fn add_tile(
    level: Level,
    network: Network,
    drawn: &Drawn,
    n_samples: usize,
    workspace: &mut Workspace,
    sums: &mut Sums,
) {
    let n = network.n_features();
    let Workspace { row_len, gram, pairs, g, outputs, n_empty, active, by_sample, filled, .. } = workspace;
    let row_len = *row_len;
    assert_eq!(gram.len(), n * row_len, "begin() comes first");
    let lists = &drawn.by_feature;
    let by_sample = drawn.by_sample().unwrap_or_else(|| {
        drawn.transpose_into(n_samples, by_sample);
        by_sample
    });
    by_sample.filled_into(0..n_samples, filled);
    lists.filled_into(0..n, active);
    *n_empty += n_samples - filled.len();
    g.resize(n_samples * row_len);
    sums.loss += outputs.errors_of_products(level, by_sample, filled, gram, g);
    lists.add_products(level, active, 0, g, row_len, n, pairs, true);
}

/// Adds the batch's gradients, and what its empty samples cost, to `sums`.
pub fn finish(level: Level, network: Network, workspace: &mut Workspace, sums: &mut Sums) {
    let n = network.n_features();
    let Workspace { row_len, padded, pairs, panel, outputs, n_empty, .. } = workspace;
    let n_empty = *n_empty as f64;
    add_transposed(n, *row_len, pairs);
    // The place of W is no longer needed.
    products::product_of_rows(level, network.w, n, n, pairs, panel, padded, false);
    for (sums, row) in sums.dw.chunks_exact_mut(n).zip(padded.chunks_exact(*row_len)) {
        for (sum, &part) in sums.iter_mut().zip(row) {
            *sum += f64::from(part);
        }
    }
    for i in 0..n {
        let output = f64::from(if network.relu { network.b[i].max(0.0) } else { network.b[i] });
        let weighted = n_empty * f64::from(network.importance[i]) * output;
        sums.loss += weighted * output;
        sums.db[i] += f64::from(outputs.db()[i]) + 2.0 * weighted;
    }
}

/// `P + Pᵀ` in the place of P, whose rows lie so far apart.
#[inline(never)] // Once a batch.
fn add_transposed(n: usize, row_len: usize, pairs: &mut [f32]) {
    // A few rows at a time: their columns are a few numbers of each other row.
    for rows in (0..n).step_by(BLOCK) {
        let end = (rows + BLOCK).min(n);
        for j in 0..end {
            for i in rows.max(j)..end {
                let (here, there) = (i * row_len + j, j * row_len + i);
                let sum = pairs[here] + pairs[there];
                (pairs[here], pairs[there]) = (sum, sum);
            }
        }
    }
}
