//! Local minima of the exact loss, to the last digits that f64 can tell.
//!
//! Training stops somewhere near a minimum; what a solution costs *at* its minimum is a number of the model alone, and
//! curves of such numbers are what "Perturbing a single feature" and the opening figure are about (Elhage et al., 2022).
//! [`polish`] goes downhill from given weights and a given bias with BFGS (Nocedal and Wright, "Numerical Optimization",
//! chapter 6); [`minimise`] is the method itself, for any smooth function.
//!
//! # Why the line search looks at slopes
//! A gradient of 1e-10 changes the loss by 1e-20 or less, which no difference of two losses can show. So a step is
//! accepted by its slope (the approximate Wolfe conditions of Hager and Zhang, 2005), and the value must only not have
//! grown by more than rounding.
//!
//! The module knows of no trainer: it is as deterministic as [`super::exact_loss`] is.

use super::sets::{SetsScratch, exact_loss_and_gradient_with_sets_into};
use crate::spec::ModelKind;

/// Where a descent ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The parameters.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// The Euclidean norm of the gradient there.
    pub gradient_norm: f64,
    /// The number of steps taken.
    pub steps: usize,
}

/// A model at a local minimum of its exact loss.
#[derive(Debug, Clone, PartialEq)]
pub struct PolishedModel {
    /// The weights, `[m][n]`.
    pub weights: Vec<f64>,
    /// The bias, n numbers.
    pub bias: Vec<f64>,
    /// The exact loss, mean over features.
    pub loss: f64,
    /// The Euclidean norm of the gradient that is left.
    pub gradient_norm: f64,
}

/// The gradient norm at which [`polish`] stops.
pub const POLISHED_GRADIENT: f64 = 1e-11;

/// The most steps of [`polish`]: a minimum of six features takes 30 to 200.
const MAX_STEPS: usize = 3000;

/// Goes downhill from a model to a local minimum of its exact loss.
///
/// A column that starts at zero stays zero where the gradient says so. The rotation of the hidden space is free: the
/// result lies where the descent happens to end on that orbit.
///
/// # Shapes
/// `w: [m][n]`, `b`, `density`, `importance`: n each; sets as in [`super::exact_loss_with_sets`].
///
/// # Panics
/// As [`super::exact_loss_with_sets`].
///
/// # Precision
/// Ends at a gradient norm of [`POLISHED_GRADIENT`], or where rounding lets no slope fall any more; either way
/// `gradient_norm` says what was reached.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "the model and the data: a struct would hide that")]
pub fn polish(
    kind: ModelKind,
    w: &[f64],
    b: &[f64],
    density: &[f64],
    correlated: &[Vec<usize>],
    anticorrelated: &[Vec<usize>],
    importance: &[f64],
) -> PolishedModel {
    let n_weights = w.len();
    let mut scratch = SetsScratch::default();
    let loss = |at: &[f64], gradient: &mut [f64]| {
        let ((w, b), (dw, db)) = (at.split_at(n_weights), gradient.split_at_mut(n_weights));
        exact_loss_and_gradient_with_sets_into(
            kind,
            w,
            b,
            density,
            correlated,
            anticorrelated,
            importance,
            dw,
            db,
            &mut scratch,
        )
    };
    let minimum = minimise(loss, [w, b].concat(), POLISHED_GRADIENT, MAX_STEPS);
    let mut weights = minimum.at;
    let bias = weights.split_off(n_weights);
    PolishedModel { weights, bias, loss: minimum.value, gradient_norm: minimum.gradient_norm }
}

/// A slope is flat enough when it is this share of the first one.
const CURVATURE: f64 = 0.1;
/// The share of the first slope that a step has to gain on average.
const DECREASE: f64 = 0.1;
/// A value may grow by this share, which is rounding.
const ROUNDING: f64 = 1e-14;

/// Goes downhill from `start` by BFGS; `f(x, gradient)` returns the value and writes the gradient.
///
/// Stops at a gradient norm of `tolerance`, after `max_steps`, or where no step can be accepted in spite of a fresh start
/// along the gradient.
///
/// # Panics
/// When `start` is empty.
pub fn minimise(
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: Vec<f64>,
    tolerance: f64,
    max_steps: usize,
) -> Minimum {
    let n = start.len();
    assert!(n > 0, "there must be something to vary");
    let mut x = start;
    let mut gradient = vec![0.0; n];
    let mut value = f(&x, &mut gradient);
    let mut inverse = identity(n);
    // Whether `inverse` is the identity, that is, nothing was learned yet.
    let mut is_fresh = true;
    let mut steps = 0;
    while steps < max_steps && norm(&gradient) > tolerance {
        let mut direction: Vec<f64> = inverse.chunks_exact(n).map(|row| -dot(row, &gradient)).collect();
        if dot(&direction, &gradient) >= 0.0 {
            direction = gradient.iter().map(|g| -g).collect();
            inverse = identity(n);
            is_fresh = true;
        }
        // The first step of all is of length 0.1 at most; later ones know the scale.
        let first = if is_fresh { (0.1 / norm(&direction)).min(1.0) } else { 1.0 };
        let Some((next, next_value, next_gradient)) = line_search(&mut f, &x, value, &gradient, &direction, first)
        else {
            if is_fresh {
                break;
            }
            inverse = identity(n);
            is_fresh = true;
            continue;
        };
        let step: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        if is_fresh {
            // The scale of the first curvature seen, for all directions (Nocedal and Wright, equation 6.20).
            let scale = dot(&step, &change) / dot(&change, &change);
            if scale > 0.0 && scale.is_finite() {
                inverse.iter_mut().for_each(|entry| *entry *= scale);
            }
        }
        update_inverse(&mut inverse, &step, &change);
        is_fresh = false;
        (x, value, gradient) = (next, next_value, next_gradient);
        steps += 1;
    }
    Minimum { gradient_norm: norm(&gradient), at: x, value, steps }
}

/// Finds a point along a direction that satisfies the approximate Wolfe conditions: the slope's root is bracketed and
/// narrowed by secants and halvings. None where rounding hides it.
fn line_search(
    f: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
    x: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &[f64],
    first: f64,
) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let slope_0 = dot(gradient, direction);
    let limit = value + ROUNDING * value.abs();
    let mut gradient_at = vec![0.0; x.len()];
    let (mut low, mut low_slope) = (0.0, slope_0);
    // The upper end, and its slope where that is positive.
    let mut high: Option<(f64, Option<f64>)> = None;
    let mut at = first;
    for round in 0..60 {
        let point: Vec<f64> = x.iter().zip(direction).map(|(x, d)| x + at * d).collect();
        let value_at = f(&point, &mut gradient_at);
        let slope = dot(&gradient_at, direction);
        let is_down = value_at <= limit;
        if is_down && slope.abs() <= -CURVATURE * slope_0 {
            return Some((point, value_at, gradient_at));
        }
        // A slope that cannot be brought lower is good enough if the value has clearly fallen.
        if is_down && round > 12 && value_at <= value + DECREASE * at * slope_0 {
            return Some((point, value_at, gradient_at));
        }
        if !is_down || slope > 0.0 || !slope.is_finite() {
            high = Some((at, (is_down && slope.is_finite()).then_some(slope)));
        } else {
            (low, low_slope) = (at, slope);
        }
        at = match high {
            None => at * 4.0,
            Some((end, Some(end_slope))) if round % 3 != 2 => {
                let secant = low - low_slope * (end - low) / (end_slope - low_slope);
                // Inside the bracket, and not on its ends.
                secant.clamp(low + 0.02 * (end - low), end - 0.02 * (end - low))
            }
            Some((end, _)) => f64::midpoint(low, end),
        };
        if !(at.is_finite() && at > 0.0) {
            return None;
        }
    }
    None
}

/// The BFGS update of the inverse Hessian; left out where the curvature seen is not positive.
fn update_inverse(inverse: &mut [f64], step: &[f64], change: &[f64]) {
    let n = step.len();
    let curvature = dot(step, change);
    if curvature.is_nan() || curvature <= 1e-14 * norm(step) * norm(change) {
        return;
    }
    let h_change: Vec<f64> = inverse.chunks_exact(n).map(|row| dot(row, change)).collect();
    let factor = (1.0 + dot(change, &h_change) / curvature) / curvature;
    for (i, row) in inverse.chunks_exact_mut(n).enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            *entry += factor * step[i] * step[j] - (h_change[i] * step[j] + step[i] * h_change[j]) / curvature;
        }
    }
}

fn identity(n: usize) -> Vec<f64> {
    (0..n * n).map(|at| if at % (n + 1) == 0 { 1.0 } else { 0.0 }).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
