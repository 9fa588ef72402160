//! The asymmetric superposition motif: two features share a neuron with unequal weights, and a second neuron takes back
//! the worse of the two interferences.
//!
//! # Source
//! Elhage et al. (2022), "The asymmetric superposition motif", in models that compute absolute values.
//!
//! # The rule
//! A neuron k of `h = ReLU(W₁x)`, `y = ReLU(W₂h + b)` sends a part `u_a = |w1[k][a] w2[a][k]|` of `x_a` to the answer of a
//! itself. Making k's input weights larger and its output weights smaller by one factor changes nothing, so the weights are
//! given as in a neuron with `max_a |w1[k][a]| = max_a |w2[a][k]|`. A *motif* is a neuron A with two features a and b and a
//! neuron B such that
//!
//! 1. A carries both: `u_a` and `u_b` are at least [`LEAST_USE`] (a one-sided neuron of its own has 1);
//! 2. their input weights have opposite signs, their output weights are positive: A answers to a on one side and to b on
//!    the other, and where they are active on the sides that silence it, it is silent;
//! 3. the sizes are unequal and reciprocal: a's input weight is at least [`LEAST_RATIO`] times b's, and b's output weight at
//!    least [`LEAST_RATIO`] times a's;
//! 4. so a, where it drives A, is heard at b's answer with `|w1[A][a]| w2[b][A]`, much more than either wants, while b is
//!    hardly heard at a's. B is driven by a on the same side, and inhibits: `w2[b][B] < 0`, and what it takes back is at
//!    least [`LEAST_INHIBITION`] of what A wrote.
//!
//! Features that stand for nothing to the reader are the caller's: this module knows only two matrices.

use crate::order;
use serde::Serialize;

/// The least part of a feature that a neuron must carry.
pub const LEAST_USE: f64 = 0.2;
/// The least ratio of the two input weights, and of the two output weights.
pub const LEAST_RATIO: f64 = 1.5;
/// The least part of the interference that the second neuron takes back.
pub const LEAST_INHIBITION: f64 = 0.25;

/// A found motif. Weights are those of neurons at equal largest input and output weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AsymmetricMotif {
    /// The neuron A that carries both features.
    pub shared_neuron: usize,
    /// The neuron B that inhibits.
    pub inhibiting_neuron: usize,
    /// Feature a: large input weight, small output weight.
    pub large_in: usize,
    /// Feature b: small input weight, large output weight.
    pub small_in: usize,
    /// A's input weights from a and from b.
    pub shared_in: [f64; 2],
    /// A's output weights to a and to b.
    pub shared_out: [f64; 2],
    /// B's input weight from a.
    pub inhibiting_in: f64,
    /// B's output weight to b, negative.
    pub inhibiting_out: f64,
    /// The ratio of the two sides: the geometric mean of the input weights' ratio and the output weights' ratio.
    pub ratio: f64,
    /// What A writes to b for one unit of a.
    pub interference: f64,
    /// The part of it that B takes back.
    pub inhibition: f64,
    /// By which motifs are sorted: the smaller of the two uses, times the part taken back (at most 1), times
    /// `1 − 1/ratio`.
    pub strength: f64,
}

/// Finds all motifs, the strongest first.
///
/// # Shapes
/// `encoder: [n_neurons][n_features]`, `decoder: [n_features][n_neurons]`, both row-major.
///
/// # Panics
/// When the lengths do not fit.
#[must_use]
pub fn asymmetric_motifs(
    encoder: &[f64],
    decoder: &[f64],
    n_features: usize,
    n_neurons: usize,
) -> Vec<AsymmetricMotif> {
    assert_eq!(encoder.len(), n_features * n_neurons, "encoder must be [n_neurons][n_features]");
    assert_eq!(decoder.len(), n_features * n_neurons, "decoder must be [n_features][n_neurons]");
    let scales: Vec<f64> = (0..n_neurons).map(|k| balance(encoder, decoder, n_features, n_neurons, k)).collect();
    let input = |k: usize, i: usize| encoder[k * n_features + i] * scales[k];
    let output = |i: usize, k: usize| if scales[k] > 0.0 { decoder[i * n_neurons + k] / scales[k] } else { 0.0 };

    let mut motifs = Vec::new();
    for shared in 0..n_neurons {
        let uses = |i: usize| input(shared, i).abs() * output(i, shared);
        let carried: Vec<usize> = (0..n_features).filter(|&i| uses(i) >= LEAST_USE).collect();
        for (&a, &b) in carried.iter().flat_map(|a| carried.iter().map(move |b| (a, b))) {
            let (in_a, in_b) = (input(shared, a), input(shared, b));
            let (out_a, out_b) = (output(a, shared), output(b, shared));
            let (in_ratio, out_ratio) = (in_a.abs() / in_b.abs(), out_b / out_a);
            if in_a * in_b >= 0.0 || in_ratio < LEAST_RATIO || out_ratio < LEAST_RATIO {
                continue;
            }
            let interference = in_a.abs() * out_b;
            // The neuron that takes back the most, among those that a drives on the same side.
            let taken_back = |k: usize| {
                let drives = input(k, a) * in_a > 0.0;
                if k != shared && drives { input(k, a).abs() * (-output(b, k)).max(0.0) } else { 0.0 }
            };
            let best = (0..n_neurons).map(|k| (k, taken_back(k))).max_by(|x, y| x.1.total_cmp(&y.1));
            let Some((inhibiting, taken)) = best else { continue };
            let inhibition = taken / interference;
            if inhibition < LEAST_INHIBITION {
                continue;
            }
            let ratio = (in_ratio * out_ratio).sqrt();
            motifs.push(AsymmetricMotif {
                shared_neuron: shared,
                inhibiting_neuron: inhibiting,
                large_in: a,
                small_in: b,
                shared_in: [in_a, in_b],
                shared_out: [out_a, out_b],
                inhibiting_in: input(inhibiting, a),
                inhibiting_out: output(b, inhibiting),
                ratio,
                interference,
                inhibition,
                strength: uses(a).min(uses(b)) * inhibition.min(1.0) * (1.0 - 1.0 / ratio),
            });
        }
    }
    order::sort_by(&mut motifs, |x, y| y.strength.total_cmp(&x.strength));
    motifs
}

/// The factor that makes a neuron's largest input weight equal to its largest output weight; 0 for a dead one.
fn balance(encoder: &[f64], decoder: &[f64], n_features: usize, n_neurons: usize, k: usize) -> f64 {
    let largest_in = encoder[k * n_features..][..n_features].iter().fold(0.0_f64, |l, w| l.max(w.abs()));
    let largest_out = (0..n_features).fold(0.0_f64, |l, i| l.max(decoder[i * n_neurons + k].abs()));
    if largest_in > 0.0 && largest_out > 0.0 { (largest_out / largest_in).sqrt() } else { 0.0 }
}
