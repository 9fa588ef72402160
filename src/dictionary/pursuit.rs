//! Sparse recovery with the true directions known: the bound on what a dictionary learned from h alone could give.
//!
//! Given `h = Wx` and W, orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad, 1993) picks one feature after
//! another, always the one whose direction the residual favours most, and fits the values of all it has picked by least
//! squares. If k features are active and the columns' coherence is μ, it is right whenever `k < (1 + 1/μ)/2` (Tropp,
//! 2004). Compressed sensing (Candès and Tao, 2006; Donoho, 2006) asks for `m ≥ c·k·log(n/k)` random measurements, the
//! condition that the paper names in "Superposition in the literature"; [`recovery_probability`] measures where it
//! lies.
//!
//! All in f64, in a fixed order, `w: [m][n]` row-major. Knows nothing of autoencoders.

use super::subject::Subject;
use super::workspace::{TILE, Workspace};
use crate::kernels::Level;
use crate::order;
use crate::rng::{Purpose, Stream};
use crate::sampler::Reading;
use serde::Serialize;

/// What values a feature may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// None below 0: a feature is picked only where its direction and the residual agree, so that one of an antipodal
    /// pair is never taken for the other.
    NotNegative,
    /// Either sign.
    Signed,
}

/// Sparse values found by [`recover`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// (feature, value), features rising.
    pub active: Vec<(usize, f64)>,
    /// `‖h − Wx‖` for these values.
    pub residual: f64,
}

/// The residual counts as 0 below this fraction of `‖h‖`: some hundreds of rounding errors.
const EXACT: f64 = 1e-12;
/// A direction whose part outside the span of those picked is a smaller fraction of it adds nothing but rounding.
const DEPENDENT: f64 = 1e-9;

/// The columns of W, each with its length, made once for many recoveries.
#[derive(Debug, Clone)]
pub struct Columns {
    n_hidden: usize,
    /// `[n_features][n_hidden]`, each of length 1 or 0.
    unit: Vec<f64>,
    /// `[n_features]`.
    lengths: Vec<f64>,
}

impl Columns {
    /// The columns of `w`.
    ///
    /// # Shapes
    /// `w: [n_hidden][n_features]`.
    ///
    /// # Panics
    /// If `w` is not whole rows of `n_features`.
    pub fn new(w: &[f64], n_features: usize) -> Self {
        assert!(n_features > 0 && w.len().is_multiple_of(n_features), "w: whole rows of n_features");
        let n_hidden = w.len() / n_features;
        let mut columns = Columns { n_hidden, unit: Vec::with_capacity(w.len()), lengths: Vec::new() };
        for feature in 0..n_features {
            let column: Vec<f64> = w[feature..].iter().step_by(n_features).copied().collect();
            let length = dot(&column, &column).sqrt();
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            columns.unit.extend(column.iter().map(|c| c * scale));
            columns.lengths.push(length);
        }
        columns
    }

    fn unit(&self, feature: usize) -> &[f64] {
        &self.unit[feature * self.n_hidden..][..self.n_hidden]
    }

    /// The mutual coherence: the largest `|Ŵ_i · Ŵ_j|` of two features; 0 where there is only one.
    pub fn coherence(&self) -> f64 {
        let mut largest = 0.0_f64;
        for i in 0..self.lengths.len() {
            for j in 0..i {
                largest = largest.max(dot(self.unit(i), self.unit(j)).abs());
            }
        }
        largest
    }

    /// `h = Wx` of sparse values.
    ///
    /// # Shapes
    /// The result: `[n_hidden]`.
    pub fn combine(&self, active: &[(usize, f64)]) -> Vec<f64> {
        let mut h = vec![0.0; self.n_hidden];
        for &(feature, value) in active {
            add_scaled(&mut h, value * self.lengths[feature], self.unit(feature));
        }
        h
    }

    /// At most `k` active features and their values from `h`, by orthogonal matching pursuit.
    ///
    /// Ends early where nothing is left to explain, or where no direction helps.
    ///
    /// # Panics
    /// If `h` is not of the columns' length.
    pub fn recover(&self, h: &[f64], k: usize, values: Values) -> Recovery {
        assert_eq!(h.len(), self.n_hidden, "h: n_hidden entries");
        let size = dot(h, h).sqrt();
        let mut residual = h.to_vec();
        let mut picked: Vec<usize> = Vec::new();
        // Directions picked, made orthonormal: q_j, and the triangle R with Ŵ_j = Σ_i R_ij q_i.
        let mut basis: Vec<Vec<f64>> = Vec::new();
        let mut triangle: Vec<Vec<f64>> = Vec::new();
        let mut refused = vec![false; self.lengths.len()];
        while picked.len() < k.min(self.n_hidden) && dot(&residual, &residual).sqrt() > EXACT * size {
            let Some(feature) = self.favourite(&residual, &picked, &refused, values) else { break };
            let mut direction = self.unit(feature).to_vec();
            let mut row = vec![0.0; basis.len()];
            // Twice is enough (Kahan): what the first pass leaves of the span is rounding, and the second removes it.
            for _ in 0..2 {
                for (r, q) in row.iter_mut().zip(&basis) {
                    let along = dot(&direction, q);
                    *r += along;
                    add_scaled(&mut direction, -along, q);
                }
            }
            let length = dot(&direction, &direction).sqrt();
            if length < DEPENDENT {
                refused[feature] = true;
                continue;
            }
            direction.iter_mut().for_each(|d| *d /= length);
            let along = dot(&residual, &direction);
            add_scaled(&mut residual, -along, &direction);
            row.push(length);
            triangle.push(row);
            basis.push(direction);
            picked.push(feature);
        }
        let mut active = self.solve(h, &picked, &basis, &triangle);
        order::sort_by_key(&mut active, |a| a.0);
        Recovery { active, residual: dot(&residual, &residual).sqrt() }
    }

    /// The feature whose direction the residual favours most; of equal ones the first.
    fn favourite(&self, residual: &[f64], picked: &[usize], refused: &[bool], values: Values) -> Option<usize> {
        let mut best = (0.0, None);
        for (feature, &refused) in refused.iter().enumerate() {
            let along = dot(self.unit(feature), residual);
            let along = if values == Values::Signed { along.abs() } else { along };
            if along > best.0 && !refused && !picked.contains(&feature) {
                best = (along, Some(feature));
            }
        }
        best.1
    }

    /// Back substitution of `R a = Qᵀh`, the coefficients divided by the columns' lengths.
    fn solve(&self, h: &[f64], picked: &[usize], basis: &[Vec<f64>], triangle: &[Vec<f64>]) -> Vec<(usize, f64)> {
        let mut coefficients: Vec<f64> = basis.iter().map(|q| dot(q, h)).collect();
        for j in (0..picked.len()).rev() {
            coefficients[j] /= triangle[j][j];
            for i in 0..j {
                coefficients[i] -= triangle[j][i] * coefficients[j];
            }
        }
        picked.iter().zip(coefficients).map(|(&feature, a)| (feature, a / self.lengths[feature])).collect()
    }
}

/// The largest k below `(1 + 1/μ)/2`: with so many active features pursuit is right, whatever they are (Tropp, 2004,
/// Corollary 3.6).
///
/// `n_hidden` where μ is 0: orthogonal directions can all be active.
pub fn guaranteed_active(coherence: f64, n_hidden: usize) -> usize {
    let bound = 0.5 * (1.0 + 1.0 / coherence);
    if bound > n_hidden as f64 { n_hidden } else { (bound.ceil() as usize).saturating_sub(1) }
}

/// The measurements that compressed sensing asks for, `c·k·log(n/k)` with the natural logarithm; c depends on the
/// matrices and on what counts as recovered, and is of the order of 2 for random ones.
pub fn measurements_needed(n_features: usize, k: usize, c: f64) -> f64 {
    let (n, k) = (n_features as f64, k as f64);
    c * k * libm::log(n / k)
}

/// Share of `trials` in which pursuit finds all of k active features, random ones of random directions.
///
/// Each trial draws a new matrix of independent normal entries, k distinct features, and values uniform on [0, 1] as in
/// the paper's data; values below 1e-3 are drawn again, as no method sees them.
///
/// # Panics
/// If `k` exceeds `n_features`, or there is nothing to try.
pub fn recovery_probability(n_features: usize, n_hidden: usize, k: usize, trials: usize, seed: u64) -> f64 {
    assert!(k <= n_features && n_hidden > 0 && trials > 0, "k of n features, in some trials");
    let mut stream = Stream::new(seed, Purpose::DictionaryEvaluation);
    let mut w = vec![0.0; n_hidden * n_features];
    let mut found = 0;
    for _ in 0..trials {
        w.chunks_mut(2).for_each(|pair| {
            let normals = stream.normals();
            pair.copy_from_slice(&normals[..pair.len()]);
        });
        let columns = Columns::new(&w, n_features);
        let truth = random_active(n_features, k, &mut stream);
        let recovery = columns.recover(&columns.combine(&truth), k, Values::NotNegative);
        found += usize::from(recovery.active.iter().map(|a| a.0).eq(truth.iter().map(|a| a.0)));
    }
    found as f64 / trials as f64
}

/// k distinct features with their values, features rising: selection sampling (Knuth, volume 2, algorithm S).
fn random_active(n_features: usize, k: usize, stream: &mut Stream) -> Vec<(usize, f64)> {
    let mut active = Vec::with_capacity(k);
    for feature in 0..n_features {
        if stream.uniform() * ((n_features - feature) as f64) < (k - active.len()) as f64 {
            let mut value = stream.uniform();
            while value < 1e-3 {
                value = stream.uniform();
            }
            active.push((feature, value));
        }
    }
    active
}

/// What pursuit with the true directions finds in a trained model's own activations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PursuitReport {
    /// The coherence of the represented features' directions.
    pub coherence: f64,
    /// So many active features are always recovered.
    pub guaranteed_active: usize,
    /// Samples looked at that have at least one active represented feature.
    pub samples: usize,
    /// Share of those in which exactly the active features are found.
    pub exact: f64,
    /// Share of all active features that are found.
    pub found: f64,
    /// Mean of `Σ (x_i − x̂_i)²` over represented features as a fraction of the mean of `Σ x_i²`.
    pub unexplained: f64,
}

/// Samples behind a [`PursuitReport`], a multiple of the tile.
const SAMPLES: usize = 16 * TILE;

/// Runs pursuit on samples of a model with linear activations `h = Wx`, told how many represented features are active.
///
/// Features that are not represented still disturb h, as they do for the model.
///
/// # Panics
/// If the model has a ReLU between W and h: then h is no sum of directions.
pub fn bound(subject: &Subject, reading: &Reading, seed: u64, level: Level) -> PursuitReport {
    assert!(!subject.relu_hidden(), "pursuit is for linear hidden layers");
    let (n, m) = (subject.n_features(), subject.n_hidden());
    let represented: Vec<usize> = subject.true_directions().iter().map(|truth| truth.feature).collect();
    let rows = subject.weights().chunks_exact(n);
    let w: Vec<f64> = rows.flat_map(|row| represented.iter().map(|&i| f64::from(row[i]))).collect();
    let mut report =
        PursuitReport { coherence: 0.0, guaranteed_active: 0, samples: 0, exact: 0.0, found: 0.0, unexplained: 0.0 };
    if represented.is_empty() {
        return report;
    }
    let columns = Columns::new(&w, represented.len());
    report.coherence = columns.coherence();
    report.guaranteed_active = guaranteed_active(report.coherence, m);
    let mut workspace = Workspace::default();
    workspace.fit(subject, reading, 0);
    let mut stream = Stream::new(seed, Purpose::DictionaryEvaluation);
    let (mut exact, mut found, mut active, mut missed, mut squares) = (0, 0, 0, 0.0, 0.0);
    for _ in 0..SAMPLES / TILE {
        workspace.draw(level, subject, reading, &mut stream);
        for sample in 0..TILE {
            let mut x: Vec<f64> = represented.iter().map(|&i| f64::from(workspace.x[i * TILE + sample])).collect();
            let k = x.iter().filter(|x| **x != 0.0).count();
            if k == 0 {
                continue;
            }
            let h: Vec<f64> = workspace.h[sample..].iter().step_by(TILE).map(|&h| f64::from(h)).collect();
            let recovery = columns.recover(&h, k, Values::NotNegative);
            squares += dot(&x, &x);
            let hits = recovery.active.iter().filter(|(i, _)| x[*i] != 0.0).count();
            recovery.active.iter().for_each(|&(i, value)| x[i] -= value);
            missed += dot(&x, &x);
            report.samples += 1;
            exact += usize::from(hits == k);
            found += hits;
            active += k;
        }
    }
    if report.samples > 0 {
        report.exact = exact as f64 / report.samples as f64;
        report.found = found as f64 / active as f64;
        report.unexplained = missed / squares;
    }
    report
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `to += scale · from`.
fn add_scaled(to: &mut [f64], scale: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += scale * from);
}
