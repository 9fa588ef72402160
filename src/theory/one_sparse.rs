//! The loss where exactly one feature is active, split into what representing a feature gains and what it costs the rest.
//!
//! # Source
//! Elhage et al. (2022), "Mathematical Understanding": for very sparse inputs the loss is dominated by inputs with no
//! active feature, which teach nothing but b ≤ 0, and by those with one, the 1-sparse loss. With feature k active at
//! `x_k = x`, output i is `ReLU(W_i·W_k x + b_i)`, so that
//!
//! ```text
//! L_1 = Σ_i I_i ∫ (x − ReLU(‖W_i‖² x + b_i))² dx  +  Σ_{k≠i} I_i ∫ ReLU(W_i·W_k x + b_i)² dx,     x from 0 to 1;
//!       feature benefit                             interference
//! ```
//!
//! the linear model has no ReLU.
//!
//! # Units
//! Here the active feature is drawn evenly from all n, and the loss is the mean over outputs, as everywhere in this crate:
//! all terms are those of the formula over n².
//!
//! [`one_sparse_loss`] takes the two terms apart, each integral in closed form. [`one_sparse_total`] knows of no terms: it
//! runs the whole model on one active feature after the other. That they agree is a claim that the program checks.

use crate::order;
use crate::spec::ModelKind;

/// The terms of the 1-sparse loss.
///
/// # Shapes
/// Each list has n entries, one an output.
#[derive(Debug, Clone, PartialEq)]
pub struct OneSparseLoss {
    /// What is left of each feature's own error: `I_i/n²` when it is not represented and b is 0, times 1/3; 0 when it is
    /// perfect.
    pub feature_benefit: Vec<f64>,
    /// What the other features write to each output.
    pub interference: Vec<f64>,
}

impl OneSparseLoss {
    /// The sum of the first term over all outputs.
    #[must_use]
    pub fn total_benefit(&self) -> f64 {
        self.feature_benefit.iter().sum()
    }

    /// The sum of the second term over all outputs.
    #[must_use]
    pub fn total_interference(&self) -> f64 {
        self.interference.iter().sum()
    }

    /// The whole 1-sparse loss.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total_benefit() + self.total_interference()
    }
}

/// Returns the 1-sparse loss of a linear or ReLU output model, in its two terms.
///
/// # Shapes
/// `w: [m][n]` row-major; `b` and `importance`: n each.
///
/// # Panics
/// For a model of another kind, or when the lengths do not fit.
///
/// # Precision
/// Each integral is a polynomial on the part of [0, 1] where the output is not clipped; nothing is divided by but the
/// coefficient at whose kink it is, so nothing cancels.
///
/// ```
/// use superposition::{spec::ModelKind, theory::one_sparse_loss};
/// // Of an antipodal pair one active feature disturbs nothing, and is itself perfect.
/// assert_eq!(one_sparse_loss(ModelKind::Relu, &[1.0, -1.0], &[0.0; 2], &[1.0; 2]).total(), 0.0);
/// // In the linear model each hears the other with full strength.
/// let linear = one_sparse_loss(ModelKind::Linear, &[1.0, -1.0], &[0.0; 2], &[1.0; 2]);
/// assert_eq!((linear.total_benefit(), linear.total_interference()), (0.0, 1.0 / 6.0));
/// ```
#[must_use]
pub fn one_sparse_loss(kind: ModelKind, w: &[f64], b: &[f64], importance: &[f64]) -> OneSparseLoss {
    let n = assert_model(kind, w, b, importance);
    let mut feature_benefit = vec![0.0; n];
    let mut interference = vec![0.0; n];
    let squared_n = (n * n) as f64;
    for i in 0..n {
        let weight = importance[i] / squared_n;
        for k in 0..n {
            let g: f64 = w.chunks_exact(n).map(|hidden| hidden[i] * hidden[k]).sum();
            let is_clipped = kind == ModelKind::Relu;
            if k == i {
                feature_benefit[i] = weight * squared_error(1.0, g, b[i], is_clipped);
            } else {
                interference[i] += weight * squared_error(0.0, g, b[i], is_clipped);
            }
        }
    }
    OneSparseLoss { feature_benefit, interference }
}

/// `∫_0^1 (t x − z)² dx` with `z = g x + b`, clipped at 0 where that is asked for.
#[must_use]
pub fn squared_error(t: f64, g: f64, b: f64, is_clipped: bool) -> f64 {
    // The part of [0, 1] where z > 0, from one of the ends to the kink.
    let (low, high) = if !is_clipped || (b >= 0.0 && b + g >= 0.0) {
        (0.0, 1.0)
    } else if b <= 0.0 && b + g <= 0.0 {
        (0.0, 0.0)
    } else if b > 0.0 {
        (0.0, -b / g)
    } else {
        (-b / g, 1.0)
    };
    let powers = |x: f64| [x, x * x, x * x * x];
    let ([low_1, low_2, low_3], [high_1, high_2, high_3]) = (powers(low), powers(high));
    let slope = t - g;
    let inside = slope * slope * (high_3 - low_3) / 3.0 - slope * b * (high_2 - low_2) + b * b * (high_1 - low_1);
    // Elsewhere the output is 0.
    inside + t * t * (1.0 - (high_3 - low_3)) / 3.0
}

/// Returns the same loss by another route: the model is run on each active feature, and the summed squared error of all
/// outputs is integrated over its value.
///
/// Between the kinks of all outputs together the error is a quadratic, for which Gauss–Legendre with two nodes is exact.
///
/// Shapes, units and panics are those of [`one_sparse_loss`].
#[must_use]
pub fn one_sparse_total(kind: ModelKind, w: &[f64], b: &[f64], importance: &[f64]) -> f64 {
    let n = assert_model(kind, w, b, importance);
    let n_hidden = w.len() / n;
    let mut hidden = vec![0.0; n_hidden];
    let mut output = vec![0.0; n];
    let mut run = |active: usize, x: f64, output: &mut [f64]| {
        for (h, row) in hidden.iter_mut().zip(w.chunks_exact(n)) {
            *h = row[active] * x;
        }
        output.copy_from_slice(b);
        for (h, row) in hidden.iter().zip(w.chunks_exact(n)) {
            for (z, weight) in output.iter_mut().zip(row) {
                *z += weight * h;
            }
        }
    };
    let mut sum = 0.0;
    for active in 0..n {
        let mut cuts = vec![0.0, 1.0];
        if kind == ModelKind::Relu {
            run(active, 1.0, &mut output);
            cuts.extend(output.iter().zip(b).map(|(z, b)| b / (b - z)).filter(|x| *x > 0.0 && *x < 1.0));
            order::sort(&mut cuts);
        }
        for piece in cuts.windows(2) {
            let (middle, half) = (f64::midpoint(piece[0], piece[1]), (piece[1] - piece[0]) / 2.0);
            let node = half / 3.0_f64.sqrt();
            for x in [middle - node, middle + node] {
                run(active, x, &mut output);
                for (i, &z) in output.iter().enumerate() {
                    let answer = if kind == ModelKind::Relu { z.max(0.0) } else { z };
                    let error = if i == active { x - answer } else { answer };
                    sum += half * importance[i] * error * error;
                }
            }
        }
    }
    sum / (n * n) as f64
}

fn assert_model(kind: ModelKind, w: &[f64], b: &[f64], importance: &[f64]) -> usize {
    let n = b.len();
    assert!(matches!(kind, ModelKind::Linear | ModelKind::Relu), "no 1-sparse loss for {kind:?}");
    assert!(n > 0 && w.len().is_multiple_of(n), "w must have a whole number of rows of n = {n} features");
    assert_eq!(importance.len(), n, "one importance a feature");
    n
}
