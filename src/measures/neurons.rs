//! What the neurons of a privileged basis stand for, and which features have collapsed into one direction.
//!
//! # Source
//! Elhage et al. (2022), "Superposition in a privileged basis", "Computation in superposition", "Collapsing of correlated
//! features". The thresholds are those of DESIGN.md section 2.
//!
//! A neuron is a row of W (relu-hidden) or of W₁ (absolute): its weights from the features.

use serde::Serialize;

/// A neuron is live from this sum of squared weights on.
pub const LIVE_SQUARE: f64 = 0.01;
/// A live neuron is monosemantic from this share of its largest squared weight in the sum on.
pub const MONOSEMANTIC_SHARE: f64 = 0.9;
/// Two features of a set have collapsed where the angle between them is less than this, in degrees.
pub const COLLAPSED_DEGREES: f64 = 10.0;
/// Two features have collapsed only where both norms are greater than this.
pub const COLLAPSED_NORM: f64 = 0.2;

/// What a neuron stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NeuronKind {
    /// Its weights are next to nothing.
    Dead,
    /// One feature has at least 0.9 of its squared weights.
    Monosemantic,
    /// It is shared by several features.
    Polysemantic,
}

/// The kind of every neuron.
///
/// # Shapes
/// `w: [n_neurons][n_features]`, row-major.
///
/// # Panics
/// When `w` has no whole number of rows.
///
/// ```
/// use superposition::measures::{NeuronKind, neuron_kinds};
/// let kinds = neuron_kinds(&[0.01, 0.02, 1.0, 0.2, 1.0, -1.0], 2);
/// assert_eq!(kinds, [NeuronKind::Dead, NeuronKind::Monosemantic, NeuronKind::Polysemantic]);
/// ```
#[must_use]
pub fn neuron_kinds(w: &[f64], n_features: usize) -> Vec<NeuronKind> {
    assert!(n_features > 0 && w.len().is_multiple_of(n_features), "w must have whole rows of {n_features} features");
    w.chunks_exact(n_features).map(neuron_kind).collect()
}

fn neuron_kind(weights: &[f64]) -> NeuronKind {
    let sum: f64 = weights.iter().map(|w| w * w).sum();
    let largest = weights.iter().fold(0.0_f64, |largest, w| largest.max(w * w));
    if sum < LIVE_SQUARE {
        NeuronKind::Dead
    } else if largest >= MONOSEMANTIC_SHARE * sum {
        NeuronKind::Monosemantic
    } else {
        NeuronKind::Polysemantic
    }
}

/// The pairs of features of one set that have collapsed into one direction: within 10° of each other, both norms above
/// 0.2.
///
/// # Shapes
/// `w: [n_hidden][n_features]`, row-major; `sets`: feature indices. Pairs come in the order of the sets, the smaller place
/// in the set first.
///
/// # Panics
/// When `w` has another length than `n_hidden * n_features`, or an index is out of range.
#[must_use]
pub fn collapsed_pairs(w: &[f64], n_features: usize, n_hidden: usize, sets: &[Vec<usize>]) -> Vec<(usize, usize)> {
    assert_eq!(w.len(), n_features * n_hidden, "w must be [n_hidden][n_features]");
    let dot = |i: usize, j: usize| w.chunks_exact(n_features).map(|row| row[i] * row[j]).sum::<f64>();
    let least_cosine = libm::cos(COLLAPSED_DEGREES.to_radians());
    let least_square = COLLAPSED_NORM * COLLAPSED_NORM;
    let mut pairs = Vec::new();
    for set in sets {
        for (place, &i) in set.iter().enumerate() {
            for &j in &set[place + 1..] {
                let (square_i, square_j) = (dot(i, i), dot(j, j));
                let are_long = square_i > least_square && square_j > least_square;
                if are_long && dot(i, j) > least_cosine * (square_i * square_j).sqrt() {
                    pairs.push((i, j));
                }
            }
        }
    }
    pairs
}
