//! The exact expected loss where features come in sets.
//!
//! A correlated set is all active or all zero, decided by one draw; of an anticorrelated set at most one member is active
//! (Elhage et al., 2022, "Correlated and anticorrelated features"; DESIGN.md section 2). Once it is known which of the
//! draws came out how, all features are independent again, those inside sets with density 0 or 1. So
//!
//! - relu: the loss is a mixture of [`exact_loss`](super::exact_loss) over the outcomes of the sets' draws: 2 for a
//!   correlated set, s + 1 for an anticorrelated set of s, multiplied over the sets; at most 27 where n = 6;
//! - linear: two moments are enough, and those within a set are known: `E[x_i x_j]` is `p/4` for two of a correlated set
//!   and 0 for two of an anticorrelated one.
//!
//! The density of a feature in a set is the set's probability of being active; a member of an anticorrelated set of s is
//! active itself with `p/s`.

use super::exact::{ExactScratch, exact_loss_and_gradient_into, is_exact};
use crate::spec::ModelKind;

/// Workspace of [`exact_loss_and_gradient_with_sets_into`].
#[derive(Debug, Clone, Default)]
pub struct SetsScratch {
    exact: ExactScratch,
    density: Vec<f64>,
    dw: Vec<f64>,
    db: Vec<f64>,
    linear: LinearScratch,
}

/// Returns the exact expected loss of a linear or ReLU output model with sets of features.
///
/// # Shapes
/// `w: [m][n]` row-major; `b`, `density`, `importance`: n each. `correlated` and `anticorrelated` list disjoint sets of
/// feature indices; the density of a set is that of its first member.
///
/// # Precision
/// That of [`exact_loss`](super::exact_loss); without sets its very bits.
///
/// # Panics
/// As [`exact_loss`](super::exact_loss), and where an index is out of range or in two sets, or a set is empty.
///
/// ```
/// use superposition::{spec::ModelKind, theory::exact_loss_with_sets};
/// // An antipodal pair whose features are never active together has no interference at all.
/// let (w, p, i) = ([1.0, -1.0], [0.5, 0.5], [1.0, 1.0]);
/// let loss = exact_loss_with_sets(ModelKind::Relu, &w, &[0.0; 2], &p, &[], &[vec![0, 1]], &i);
/// assert!(loss.abs() < 1e-15);
/// ```
#[must_use]
pub fn exact_loss_with_sets(
    kind: ModelKind,
    w: &[f64],
    b: &[f64],
    density: &[f64],
    correlated: &[Vec<usize>],
    anticorrelated: &[Vec<usize>],
    importance: &[f64],
) -> f64 {
    let (mut dw, mut db) = (vec![0.0; w.len()], vec![0.0; b.len()]);
    let scratch = &mut SetsScratch::default();
    exact_loss_and_gradient_with_sets_into(
        kind,
        w,
        b,
        density,
        correlated,
        anticorrelated,
        importance,
        &mut dw,
        &mut db,
        scratch,
    )
}

/// Writes the gradient of the exact expected loss with sets to `dw` and `db` and returns the loss.
///
/// Shapes, precision and panics are those of [`exact_loss_with_sets`]; `dw` has the shape of `w`, `db` that of `b`, and
/// both are overwritten.
#[allow(
    clippy::too_many_arguments,
    reason = "the model, the data, two outputs and the scratch: a struct would hide that"
)]
pub fn exact_loss_and_gradient_with_sets_into(
    kind: ModelKind,
    w: &[f64],
    b: &[f64],
    density: &[f64],
    correlated: &[Vec<usize>],
    anticorrelated: &[Vec<usize>],
    importance: &[f64],
    dw: &mut [f64],
    db: &mut [f64],
    scratch: &mut SetsScratch,
) -> f64 {
    if correlated.is_empty() && anticorrelated.is_empty() {
        return exact_loss_and_gradient_into(kind, w, b, density, importance, dw, db, &mut scratch.exact);
    }
    let n = b.len();
    assert!(n > 0 && w.len().is_multiple_of(n), "w must have a whole number of rows of n = {n} features");
    assert_eq!(density.len(), n, "one density a feature");
    assert_eq!(importance.len(), n, "one importance a feature");
    assert!(is_exact(kind, n), "no exact loss for {kind:?} with {n} features");
    assert_eq!((dw.len(), db.len()), (w.len(), n), "the gradient must have the shape of the model");
    assert_sets(n, correlated, anticorrelated);

    if kind == ModelKind::Linear {
        scratch.linear.fill_moments(density, correlated, anticorrelated);
        return scratch.linear.loss_and_gradient_into(w, b, importance, dw, db);
    }
    let SetsScratch { exact, density: of_outcome, dw: dw_of_outcome, db: db_of_outcome, .. } = scratch;
    of_outcome.clear();
    of_outcome.extend_from_slice(density);
    dw_of_outcome.resize(w.len(), 0.0);
    db_of_outcome.resize(n, 0.0);
    dw.fill(0.0);
    db.fill(0.0);

    let sets: Vec<Set<'_>> = correlated
        .iter()
        .map(|members| Set { members, n_outcomes: 2 })
        .chain(anticorrelated.iter().map(|members| Set { members, n_outcomes: members.len() + 1 }))
        .collect();
    let n_outcomes: usize = sets.iter().map(|set| set.n_outcomes).product();
    let mut loss = 0.0;
    for outcome in 0..n_outcomes {
        let (mut rest, mut probability) = (outcome, 1.0);
        for (set_idx, set) in sets.iter().enumerate() {
            let drawn = rest % set.n_outcomes;
            rest /= set.n_outcomes;
            let is_correlated = set_idx < correlated.len();
            let p = density[set.members[0]];
            probability *= match drawn {
                0 => 1.0 - p,
                _ => p / (set.n_outcomes - 1) as f64,
            };
            for (place, &i) in set.members.iter().enumerate() {
                let is_active = drawn > 0 && (is_correlated || place + 1 == drawn);
                of_outcome[i] = f64::from(u8::from(is_active));
            }
        }
        if probability == 0.0 {
            continue;
        }
        loss += probability
            * exact_loss_and_gradient_into(kind, w, b, of_outcome, importance, dw_of_outcome, db_of_outcome, exact);
        for (total, part) in dw.iter_mut().zip(&*dw_of_outcome).chain(db.iter_mut().zip(&*db_of_outcome)) {
            *total += probability * part;
        }
    }
    loss
}

/// A set, and the number of ways in which its draw can come out: 0 is "none active".
struct Set<'a> {
    members: &'a [usize],
    n_outcomes: usize,
}

fn assert_sets(n: usize, correlated: &[Vec<usize>], anticorrelated: &[Vec<usize>]) {
    let mut is_taken = vec![false; n];
    for members in correlated.iter().chain(anticorrelated) {
        assert!(!members.is_empty(), "a set has at least one feature");
        for &i in members {
            assert!(i < n && !is_taken[i], "feature {i} is out of range or in two sets");
            is_taken[i] = true;
        }
    }
}

/// The moments of the inputs, and workspace for the linear model.
#[derive(Debug, Clone, Default)]
struct LinearScratch {
    mean: Vec<f64>,
    /// `[n][n]`.
    covariance: Vec<f64>,
    k: Vec<f64>,
    k_covariance: Vec<f64>,
}

impl LinearScratch {
    fn fill_moments(&mut self, density: &[f64], correlated: &[Vec<usize>], anticorrelated: &[Vec<usize>]) {
        let n = density.len();
        // The probability with which the feature itself is active.
        let mut own = density.to_vec();
        let sets = || correlated.iter().map(|set| (set, true)).chain(anticorrelated.iter().map(|set| (set, false)));
        for (members, is_correlated) in sets() {
            let p = density[members[0]];
            for &i in members {
                own[i] = if is_correlated { p } else { p / members.len() as f64 };
            }
        }
        self.mean.clear();
        self.mean.extend(own.iter().map(|p| p / 2.0));
        self.covariance.clear();
        self.covariance.resize(n * n, 0.0);
        for (i, p) in own.iter().enumerate() {
            self.covariance[i * n + i] = p / 3.0 - p * p / 4.0;
        }
        for (members, is_correlated) in sets() {
            let p = density[members[0]];
            let together = if is_correlated { p / 4.0 } else { 0.0 };
            for &i in members {
                for &j in members.iter().filter(|&&j| j != i) {
                    self.covariance[i * n + j] = together - own[i] * own[j] / 4.0;
                }
            }
        }
    }

    /// With `K = 1 − WᵀW`: the error of output i has mean `e = K_i μ − b_i` and variance `K_i C K_iᵀ`.
    fn loss_and_gradient_into(
        &mut self,
        w: &[f64],
        b: &[f64],
        importance: &[f64],
        dw: &mut [f64],
        db: &mut [f64],
    ) -> f64 {
        let n = b.len();
        self.k.resize(n, 0.0);
        self.k_covariance.resize(n, 0.0);
        dw.fill(0.0);
        let mut loss = 0.0;
        for i in 0..n {
            self.k.fill(0.0);
            self.k[i] = 1.0;
            for hidden in w.chunks_exact(n) {
                for (k, weight) in self.k.iter_mut().zip(hidden) {
                    *k -= hidden[i] * weight;
                }
            }
            let mut mean = -b[i];
            for j in 0..n {
                mean += self.k[j] * self.mean[j];
                let row = &self.covariance[j * n..][..n];
                self.k_covariance[j] = row.iter().zip(&self.k).map(|(c, k)| c * k).sum();
            }
            let variance: f64 = self.k.iter().zip(&self.k_covariance).map(|(k, ck)| k * ck).sum();
            let weight = importance[i] / n as f64;
            loss += weight * (variance + mean * mean);
            db[i] = -2.0 * weight * mean;
            // The derivative by row i of G, carried over to W: `W (D + Dᵀ)` where D has that one row.
            for (hidden, d_hidden) in w.chunks_exact(n).zip(dw.chunks_exact_mut(n)) {
                let mut d_own = 0.0;
                for j in 0..n {
                    let d = -2.0 * weight * (self.k_covariance[j] + mean * self.mean[j]);
                    d_hidden[j] += hidden[i] * d;
                    d_own += hidden[j] * d;
                }
                d_hidden[i] += d_own;
            }
        }
        loss
    }
}
