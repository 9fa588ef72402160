//! The exact expected loss of a model, and its gradient.
//!
//! The loss is the design's: the mean over features of `I_i E(x_i − x'_i)²`, with independent features, `x_i = 0` with
//! probability `1 − p_i` and uniform on [0, 1] else. Both models here see W only through `G = WᵀW`, row by row: output
//! i gives a row of `∂L/∂G`, and `∂L/∂W = W (∂L/∂G + ∂L/∂Gᵀ)`.
//!
//! - linear: `x' = Gx + b`. With `K = 1 − G`, mean `μ_j = p_j/2` and variance `s_j = p_j/3 − p_j²/4` of feature j, the
//!   error of output i has mean `e_i = Σ_j K_ij μ_j − b_i` and second moment `e_i² + Σ_j K_ij² s_j`;
//! - relu: `x' = ReLU(Gx + b)`, see `clipped.rs`, for n ≤ 6.

use super::clipped::{ClippedOutput, MAX_FEATURES};
use super::pair::{Feature, pair_output};
use crate::spec::ModelKind;

/// Workspace of [`exact_loss_and_gradient_into`]: after one call of a given size no further call allocates.
#[derive(Debug, Clone, Default)]
pub struct ExactScratch {
    /// One row of G, and the derivative of the loss by it.
    row: Vec<f64>,
    d_row: Vec<f64>,
    clipped: ClippedOutput,
}

/// Tells whether the expected loss of a model of this kind and size is known exactly.
///
/// The linear model needs two moments, at any n; the ReLU output model a walk over the cube's vertices, up to n = 6.
#[must_use]
pub fn is_exact(kind: ModelKind, n_features: usize) -> bool {
    match kind {
        ModelKind::Linear => true,
        ModelKind::Relu => n_features <= MAX_FEATURES,
        ModelKind::ReluHidden | ModelKind::Absolute => false,
    }
}

/// Returns the exact expected loss of a linear or ReLU output model.
///
/// # Shapes
/// `w: [m][n]` row-major, `b`, `density` and `importance`: n each, with `m = w.len() / n`.
///
/// # Units
/// Mean squared error over the features, each weighted by its importance; the paper's figures sum over features.
///
/// # Precision
/// Absolute error below 1e-13 times `max(1, |b|, ‖W‖²)²` and the mean importance, whatever the ratio of the weights to
/// each other; coefficients of G below 1e-36 count as zero.
///
/// # Panics
/// When [`is_exact`] is false for the model, or the lengths do not fit.
///
/// # Source
/// Elhage et al. (2022), "Demonstrating Superposition", setup of the experiments.
///
/// ```
/// use superposition::{spec::ModelKind, theory::exact_loss};
/// // Two features in one dimension, antipodal: they interfere only where both are active.
/// let loss = exact_loss(ModelKind::Relu, &[1.0, -1.0], &[0.0, 0.0], &[0.5, 0.5], &[1.0, 1.0]);
/// assert!((loss - 0.25 / 6.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn exact_loss(kind: ModelKind, w: &[f64], b: &[f64], density: &[f64], importance: &[f64]) -> f64 {
    loss_and_gradient(kind, w, b, density, importance, None, &mut ExactScratch::default())
}

/// Writes the gradient of the exact expected loss to `dw` and `db` and returns the loss.
///
/// Shapes, units, precision and panics are those of [`exact_loss`]; `dw` has the shape of `w`, `db` that of `b`, and
/// both are overwritten. Where the loss has a kink (`b_i = 0` and a zero column i, where z is 0 always) the derivative
/// of the ReLU at 0 counts as 0. Weights that are not finite give a loss or gradient that is not finite; there is no
/// panic.
#[allow(
    clippy::too_many_arguments,
    reason = "the model, the data, two outputs and the scratch: a struct would hide that"
)]
pub fn exact_loss_and_gradient_into(
    kind: ModelKind,
    w: &[f64],
    b: &[f64],
    density: &[f64],
    importance: &[f64],
    dw: &mut [f64],
    db: &mut [f64],
    scratch: &mut ExactScratch,
) -> f64 {
    assert_eq!(dw.len(), w.len(), "dw must have the shape of w");
    assert_eq!(db.len(), b.len(), "db must have the shape of b");
    loss_and_gradient(kind, w, b, density, importance, Some((dw, db)), scratch)
}

/// Both public functions: the loss, and the gradient where it is asked for.
fn loss_and_gradient(
    kind: ModelKind,
    w: &[f64],
    b: &[f64],
    density: &[f64],
    importance: &[f64],
    mut gradient: Option<(&mut [f64], &mut [f64])>,
    scratch: &mut ExactScratch,
) -> f64 {
    let n = b.len();
    assert!(n > 0 && w.len().is_multiple_of(n), "w must have a whole number of rows of n = {n} features");
    assert_eq!(density.len(), n, "one density a feature");
    assert_eq!(importance.len(), n, "one importance a feature");
    assert!(is_exact(kind, n), "no exact loss for {kind:?} with {n} features");
    if kind == ModelKind::Relu && n == 2 {
        return pair_loss_and_gradient(w, b, density, importance, gradient);
    }

    if let Some((dw, _)) = &mut gradient {
        dw.fill(0.0);
    }
    let ExactScratch { row, d_row, clipped } = scratch;
    row.resize(n, 0.0);
    d_row.resize(n, 0.0);
    let mut loss = 0.0;
    for i in 0..n {
        if importance[i] == 0.0 {
            if let Some((_, db)) = &mut gradient {
                db[i] = 0.0;
            }
            continue;
        }
        gram_row_into(w, n, i, row);
        let (error, d_bias) = match kind {
            ModelKind::Relu => {
                let (half, d_half) = clipped.evaluate_into(b[i], i, row, density, d_row);
                for d in d_row.iter_mut() {
                    *d *= 2.0;
                }
                (density[i] / 3.0 + 2.0 * half, 2.0 * d_half)
            }
            _ => linear_output_into(b[i], i, row, density, d_row),
        };
        let weight = importance[i] / n as f64;
        loss += weight * error;
        if let Some((dw, db)) = &mut gradient {
            db[i] = weight * d_bias;
            add_row_gradient(w, n, i, weight, d_row, dw);
        }
    }
    loss
}

/// The ReLU model with two features, which has an output routine of its own.
fn pair_loss_and_gradient(
    w: &[f64],
    b: &[f64],
    density: &[f64],
    importance: &[f64],
    gradient: Option<(&mut [f64], &mut [f64])>,
) -> f64 {
    let (mut norm_0, mut norm_1, mut dot) = (0.0, 0.0, 0.0);
    for hidden in w.chunks_exact(2) {
        norm_0 += hidden[0] * hidden[0];
        norm_1 += hidden[1] * hidden[1];
        dot += hidden[0] * hidden[1];
    }
    let output = |i: usize, norm: f64| {
        let (own, cross) = (density[i], density[1 - i]);
        pair_output(b[i], Feature { g: norm, density: own }, Feature { g: dot, density: cross })
    };
    let (first, second) = (output(0, norm_0), output(1, norm_1));
    // Half the importance, as n = 2, times p/3 + 2Ψ.
    let weights = [importance[0], importance[1]];
    if let Some((dw, db)) = gradient {
        db[0] = weights[0] * first.d_bias;
        db[1] = weights[1] * second.d_bias;
        let (d_norm_0, d_norm_1) = (weights[0] * first.d_own, weights[1] * second.d_own);
        let d_dot = weights[0] * first.d_cross + weights[1] * second.d_cross;
        for (hidden, d_hidden) in w.chunks_exact(2).zip(dw.chunks_exact_mut(2)) {
            d_hidden[0] = 2.0 * d_norm_0 * hidden[0] + d_dot * hidden[1];
            d_hidden[1] = 2.0 * d_norm_1 * hidden[1] + d_dot * hidden[0];
        }
    }
    weights[0] * (density[0] / 6.0 + first.half) + weights[1] * (density[1] / 6.0 + second.half)
}

/// Row i of `WᵀW`.
fn gram_row_into(w: &[f64], n: usize, i: usize, row: &mut [f64]) {
    row.fill(0.0);
    for hidden in w.chunks_exact(n) {
        let own = hidden[i];
        for (g, &weight) in row.iter_mut().zip(hidden) {
            *g += own * weight;
        }
    }
}

/// Adds `weight · W (D + Dᵀ)` to `dw`, where D has `d_row` as its row i and is zero elsewhere.
fn add_row_gradient(w: &[f64], n: usize, i: usize, weight: f64, d_row: &[f64], dw: &mut [f64]) {
    for (hidden, d_hidden) in w.chunks_exact(n).zip(dw.chunks_exact_mut(n)) {
        let own = weight * hidden[i];
        let mut d_own = 0.0;
        for ((d, &entry), &d_entry) in d_hidden.iter_mut().zip(hidden).zip(d_row) {
            *d += own * d_entry;
            d_own += entry * d_entry;
        }
        d_hidden[i] += weight * d_own;
    }
}

/// The expected squared error of output i of the linear model and its derivative by `b_i`; those by row i of G go to
/// `d_row`.
fn linear_output_into(bias: f64, i: usize, row: &[f64], density: &[f64], d_row: &mut [f64]) -> (f64, f64) {
    let mut mean = -bias;
    let mut variance = 0.0;
    for (j, (&g, &p)) in row.iter().zip(density).enumerate() {
        let k = if j == i { 1.0 - g } else { -g };
        mean += k * (p / 2.0);
        variance += k * k * (p / 3.0 - p * p / 4.0);
    }
    for (j, ((d, &g), &p)) in d_row.iter_mut().zip(row).zip(density).enumerate() {
        let k = if j == i { 1.0 - g } else { -g };
        *d = -2.0 * (k * (p / 3.0 - p * p / 4.0) + mean * (p / 2.0));
    }
    (variance + mean * mean, -2.0 * mean)
}
