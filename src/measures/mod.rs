//! What a trained matrix looks like, measured: how long each feature's direction is, how much of a dimension it has to
//! itself, which features hang together, and what solid they form.
//!
//! The formulas are those of "Toy Models of Superposition" (Elhage et al., 2022): superposition (section "Demonstrating
//! superposition"), dimensions per feature `D*` and dimensionality `D_i` (sections "The geometry of superposition" and
//! "Feature dimensionality"), tegum products and the geometry of their factors ("Uniform superposition"). `D_i` is also
//! the capacity of Scherlis et al. (2022).
//!
//! In goes one matrix `w: [m][n]`, row-major, whose column i is the direction `W_i` of feature i; `Ŵ_i` is the same
//! column at length 1. Out comes a [`Measures`] of plain values, and from it a [`sentence`] that says what a picture of
//! the matrix shows.
//!
//! Beside that: [`align`] lays solutions side by side, [`neurons`] and [`motif`] look at a privileged basis, [`dynamics`] at
//! recordings of a training, and [`polytopes`] and [`hull`] hold the solids themselves.
//!
//! The module knows of no model, no bias, no data and no training: a matrix typed in by hand is measured like any other.

pub mod align;
pub mod dynamics;
pub mod hull;
pub mod motif;
pub mod neurons;
pub mod polytopes;
mod procrustes;
mod rank;
mod recognise;
mod sentence;
mod shapes;
mod solution;
mod tegum;

use serde::Serialize;

pub use align::{SolutionMatch, canonical_pose, match_solutions};
pub use hull::{Hull, convex_hull};
pub use neurons::{NeuronKind, collapsed_pairs, neuron_kinds};
pub use polytopes::{Polytope, polytopes};
pub(crate) use sentence::capitalised;
pub use sentence::sentence;
pub use shapes::{SHAPE_TOLERANCE, Shape};

/// A feature is represented where its norm is greater than this.
pub const REPRESENTED_NORM: f64 = 0.5;

/// Two represented features belong to one tegum factor where `|Ŵ_i · Ŵ_j|` is greater than this.
pub const JOINING_COSINE: f64 = 0.1;

/// All measures of one matrix of weights.
///
/// # Units
/// `norms` and `superposition` are in the units of the weights (squared, for the latter); `dimensionality` is a fraction
/// of a dimension, in [0, 1]; `dimensions_per_feature` is in dimensions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// `‖W_i‖`, one a feature.
    pub norms: Vec<f64>,
    /// `Σ_{j≠i} (Ŵ_i · W_j)²`, one a feature: 0 for one with a dimension of its own, and for a zero column.
    pub superposition: Vec<f64>,
    /// `D_i = ‖W_i‖² / Σ_j (Ŵ_i · W_j)²` with j = i included, one a feature: 0 for a zero column.
    pub dimensionality: Vec<f64>,
    /// `D* = m / ‖W‖_F²`; none where W is zero.
    pub dimensions_per_feature: Option<f64>,
    /// The features with a norm greater than [`REPRESENTED_NORM`], in order.
    pub represented: Vec<usize>,
    /// The tegum factors of the represented features, in the order of their first features.
    pub geometry: Vec<Factor>,
    /// The product of all factors by its name: `pentagon`, `square`, `digon + single`; `none` where no feature is
    /// represented.
    pub solution: String,
}

/// One tegum factor: represented features that are joined, directly or through others, by a cosine of more than
/// [`JOINING_COSINE`], and that are nearly orthogonal to all the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// Its features, in order.
    pub features: Vec<usize>,
    /// The number of dimensions that it spans: those of its shape or, of an irregular one, the number of directions
    /// that carry at least 0.15 of a feature (eigenvalues of the unit Gram matrix).
    pub dimension: usize,
    /// The shape that its features form.
    pub shape: Shape,
}

impl Measures {
    /// Measures a matrix.
    ///
    /// It takes `n² m` multiplications and memory for a few copies of the matrix, never for its Gram matrix: a few
    /// microseconds for n = 5, m = 2.
    ///
    /// # Shapes
    /// `w: [n_hidden][n_features]`, row-major; column i is the direction of feature i.
    ///
    /// # Panics
    /// Where `w` has another length than `n_hidden * n_features`.
    ///
    /// # Precision
    /// That of f64 sums, for weights from 1e-150 to 1e150 in magnitude (all that an f32 can hold). A column whose squared
    /// length underflows counts as zero.
    ///
    /// ```
    /// use superposition::measures::Measures;
    ///
    /// // Two features point opposite ways, a third one has an axis of its own, the fourth is forgotten.
    /// let measures = Measures::of(&[1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0], 4, 2);
    /// assert_eq!(measures.superposition, [1.0, 1.0, 0.0, 0.0]);
    /// assert_eq!(measures.dimensionality, [0.5, 0.5, 1.0, 0.0]);
    /// assert_eq!(measures.represented, [0, 1, 2]);
    /// assert_eq!(measures.solution, "digon + single");
    /// ```
    pub fn of(w: &[f64], n_features: usize, n_hidden: usize) -> Self {
        assert_eq!(w.len(), n_hidden * n_features, "w must have n_hidden × n_features entries");
        let columns = UnitColumns::of(w, n_features, n_hidden);
        let norms = &columns.norms;
        let is_represented: Vec<bool> = norms.iter().map(|&norm| norm > REPRESENTED_NORM).collect();

        // Each pair is visited once: it adds to the interference of both, and joins both if they are not orthogonal.
        let mut superposition = vec![0.0; n_features];
        let mut joined = tegum::Components::new(n_features);
        let mut cosines = vec![0.0; n_features];
        for i in 0..n_features {
            let later = i + 1..n_features;
            let cosines = &mut cosines[later.clone()];
            columns.cosines_into(i, later.clone(), cosines);
            let mut sum = 0.0;
            for ((&cosine, &norm), other) in cosines.iter().zip(&norms[later.clone()]).zip(&mut superposition[later]) {
                let (to_me, to_other) = (cosine * norm, cosine * norms[i]);
                sum += to_me * to_me;
                // A zero column has no direction, and a cosine of zero, so that it gets nothing here.
                *other += to_other * to_other;
            }
            superposition[i] += sum;
            if is_represented[i] {
                for (j, &cosine) in (i + 1..).zip(&*cosines) {
                    if cosine.abs() > JOINING_COSINE && is_represented[j] {
                        joined.join(i, j);
                    }
                }
            }
        }

        let dimensionality =
            norms.iter().zip(&superposition).map(|(&norm, &others)| share_of_dimension(norm * norm, others)).collect();
        let frobenius: f64 = norms.iter().map(|norm| norm * norm).sum();
        let represented: Vec<usize> = (0..n_features).filter(|&i| is_represented[i]).collect();
        let geometry = tegum::factors(joined.groups(&represented), &columns);
        let solution = solution::name(&geometry);
        let dimensions_per_feature = (frobenius > 0.0).then(|| n_hidden as f64 / frobenius);
        Self {
            norms: columns.norms,
            superposition,
            dimensionality,
            dimensions_per_feature,
            represented,
            geometry,
            solution,
        }
    }
}

/// `D_i` from `‖W_i‖²` and the superposition of i; 0 for a zero column.
fn share_of_dimension(own: f64, others: f64) -> f64 {
    if own > 0.0 { own / (own + others) } else { 0.0 }
}

/// The columns of a matrix at length 1, and their lengths. A zero column stays zero, so that all its cosines are 0.
///
/// # Shapes
/// `unit: [n_hidden][n_features]`, row-major.
struct UnitColumns {
    n_features: usize,
    n_hidden: usize,
    norms: Vec<f64>,
    unit: Vec<f64>,
}

impl UnitColumns {
    fn of(w: &[f64], n_features: usize, n_hidden: usize) -> Self {
        let mut norms = vec![0.0; n_features];
        // `max(1)`: without features there are no rows to speak of, and chunks of length 0 are refused.
        for row in w.chunks_exact(n_features.max(1)) {
            for (sum, x) in norms.iter_mut().zip(row) {
                *sum += x * x;
            }
        }
        norms.iter_mut().for_each(|norm| *norm = norm.sqrt());
        let mut unit = w.to_vec();
        for row in unit.chunks_exact_mut(n_features.max(1)) {
            for (x, &norm) in row.iter_mut().zip(&norms) {
                *x = if norm > 0.0 { *x / norm } else { 0.0 };
            }
        }
        Self { n_features, n_hidden, norms, unit }
    }

    /// Row k: the k-th coordinate of every unit column.
    fn row(&self, k: usize) -> &[f64] {
        &self.unit[k * self.n_features..][..self.n_features]
    }

    /// Writes `Ŵ_i · Ŵ_j` for the j of a range. Row by row, so that the sums run side by side over j and vectorise.
    fn cosines_into(&self, i: usize, others: std::ops::Range<usize>, cosines: &mut [f64]) {
        cosines.fill(0.0);
        for k in 0..self.n_hidden {
            let row = self.row(k);
            for (sum, x) in cosines.iter_mut().zip(&row[others.clone()]) {
                *sum += row[i] * x;
            }
        }
    }

    /// Writes `Ŵ_i · Ŵ_j` for the listed j.
    fn cosines_among_into(&self, i: usize, others: &[usize], cosines: &mut [f64]) {
        cosines.fill(0.0);
        for k in 0..self.n_hidden {
            let row = self.row(k);
            for (sum, &j) in cosines.iter_mut().zip(others) {
                *sum += row[i] * row[j];
            }
        }
    }
}
