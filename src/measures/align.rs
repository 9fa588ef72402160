//! Solutions laid side by side: a canonical pose for one, and the best match of one to another.
//!
//! The loss does not change when the hidden space is turned or reflected, nor when features that are alike in importance
//! and density are exchanged. So two seeds give the same solution in different poses. [`canonical_pose`] turns any solution
//! into a pose that depends on its shape only; [`match_solutions`] finds the rotation and the exchange of features that
//! bring one solution as near as can be to another (the orthogonal Procrustes problem; Schönemann, 1966).

use super::REPRESENTED_NORM;
use super::procrustes::{cheapest_assignment, nuclear_norm, polar_factor};
use crate::order;

/// A direction is new to the pose where at least this part of its length lies outside those before.
const NEW_DIRECTION: f64 = 0.1;
/// Where no feature leaves the directions known by that much, one that leaves them by this part of its length has to do.
const LEAST_DIRECTION: f64 = 1e-6;
/// Up to this many exchanges of features are all tried.
const MOST_TRIED: usize = 50_000;

/// Turns and reflects a solution into its canonical pose.
///
/// The first represented feature lies on the first axis; the next one that leaves its line, by at least a tenth of its
/// length, lies in the plane of the first two axes, on the positive side of the second; the next that leaves the plane has a
/// positive third coordinate; and so on. Features that are not represented come after those that are, and where a direction
/// is still missing, all of them once more, however little they leave those known. So the pose is unique wherever W has full
/// rank; what no feature spans is filled up by axes.
///
/// # Shapes
/// `w: [n_hidden][n_features]`, row-major, and so is the result.
///
/// # Panics
/// When `w` has another length than `n_hidden * n_features`.
///
/// ```
/// use superposition::measures::canonical_pose;
/// let pose = canonical_pose(&[0.0, 1.0, -1.0, 0.0], 2, 2);
/// assert_eq!(pose, [1.0, 0.0, 0.0, 1.0]);
/// ```
#[must_use]
pub fn canonical_pose(w: &[f64], n_features: usize, n_hidden: usize) -> Vec<f64> {
    assert_eq!(w.len(), n_features * n_hidden, "w must be [n_hidden][n_features]");
    let column = |i: usize| -> Vec<f64> { (0..n_hidden).map(|k| w[k * n_features + i]).collect() };
    let (represented, rest): (Vec<usize>, Vec<usize>) =
        (0..n_features).partition(|&i| dot(&column(i), &column(i)).sqrt() > REPRESENTED_NORM);
    let axes = (0..n_hidden).map(|k| (0..n_hidden).map(|l| f64::from(u8::from(k == l))).collect());
    // Of the axes, each that is left out has less than this outside a basis; m of those do not make up a missing direction.
    let least_of_axis = 0.5 / (n_hidden as f64).sqrt();
    let features: Vec<Vec<f64>> = represented.into_iter().chain(rest).map(column).collect();
    // Once with the tolerance; once more with what is left of nearly parallel features; then axes.
    let candidates = features
        .iter()
        .map(|feature| (feature.clone(), NEW_DIRECTION))
        .chain(features.iter().map(|feature| (feature.clone(), LEAST_DIRECTION)))
        .chain(axes.map(|axis| (axis, least_of_axis)));

    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(n_hidden);
    for (candidate, least) in candidates {
        if basis.len() == n_hidden {
            break;
        }
        let length = dot(&candidate, &candidate).sqrt();
        let mut left = candidate;
        // Twice, so that rounding leaves nothing behind.
        for _ in 0..2 {
            for known in &basis {
                let along = dot(&left, known);
                left.iter_mut().zip(known).for_each(|(x, b)| *x -= along * b);
            }
        }
        let outside = dot(&left, &left).sqrt();
        if outside > 0.0 && outside >= least * length {
            left.iter_mut().for_each(|x| *x /= outside);
            basis.push(left);
        }
    }
    let mut pose = Vec::with_capacity(w.len());
    for direction in &basis {
        for i in 0..n_features {
            pose.push(direction.iter().enumerate().map(|(k, b)| b * w[k * n_features + i]).sum());
        }
    }
    pose
}

/// How one solution is laid on another.
#[derive(Debug, Clone, PartialEq)]
pub struct SolutionMatch {
    /// Feature i of the reference is matched by feature `permutation[i]` of the other.
    pub permutation: Vec<usize>,
    /// The rotation or reflection of the other's hidden space, `[m][m]` row-major.
    pub rotation: Vec<f64>,
    /// The Frobenius norm of what is left, `‖reference − rotation · permuted other‖`.
    pub residual: f64,
    /// Whether all exchanges were tried, so that no better match exists.
    pub is_exact: bool,
}

impl SolutionMatch {
    /// The other solution, with its features exchanged and its hidden space turned.
    ///
    /// # Shapes
    /// `other: [n_hidden][n_features]`, row-major, and so is the result.
    #[must_use]
    pub fn apply(&self, other: &[f64], n_features: usize, n_hidden: usize) -> Vec<f64> {
        let permuted = permuted(other, n_features, &self.permutation);
        multiplied(&self.rotation, &permuted, n_hidden, n_features)
    }
}

/// Finds the rotation or reflection and the exchange of features within groups that bring `other` nearest to `reference`.
///
/// Where there are at most 50 000 exchanges (all those of 8 features among themselves), each is tried. Beyond that, exchange
/// and rotation are improved in turn, the best exchange for a rotation being an assignment problem, from the start
/// that the features' places in the Gram matrix suggest and from each turn that lays one feature on another; that finds a
/// good match, perhaps not the best.
///
/// # Shapes
/// `reference`, `other: [n_hidden][n_features]`, row-major. `groups` are disjoint lists of features that are alike; a
/// feature in none of them stays itself.
///
/// # Panics
/// When the lengths do not fit, or a feature is out of range or in two groups.
#[must_use]
pub fn match_solutions(
    reference: &[f64],
    other: &[f64],
    n_features: usize,
    n_hidden: usize,
    groups: &[Vec<usize>],
) -> SolutionMatch {
    assert_eq!(reference.len(), n_features * n_hidden, "reference must be [n_hidden][n_features]");
    assert_eq!(other.len(), n_features * n_hidden, "other must be [n_hidden][n_features]");
    let mut group_of: Vec<Option<usize>> = vec![None; n_features];
    for (group, members) in groups.iter().enumerate() {
        for &i in members {
            assert!(i < n_features && group_of[i].is_none(), "feature {i} is out of range or in two groups");
            group_of[i] = Some(group);
        }
    }
    let problem = Problem { reference, other, n_features, n_hidden, groups };
    let n_exchanges = groups
        .iter()
        .flat_map(|members| 1..=members.len())
        .try_fold(1_usize, |product, factor| product.checked_mul(factor).filter(|p| *p <= MOST_TRIED));
    let (permutation, is_exact) = match n_exchanges {
        Some(_) => (problem.best_of_all(), true),
        None => (problem.best_in_turn(), false),
    };
    let rotation = problem.rotation(&permutation);
    let mut found = SolutionMatch { permutation, rotation, residual: 0.0, is_exact };
    let laid = found.apply(other, n_features, n_hidden);
    found.residual = reference.iter().zip(&laid).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    found
}

struct Problem<'a> {
    reference: &'a [f64],
    other: &'a [f64],
    n_features: usize,
    n_hidden: usize,
    groups: &'a [Vec<usize>],
}

impl Problem<'_> {
    /// `reference · permuted otherᵀ`, `[m][m]`: its nuclear norm is the greatest overlap under any rotation.
    fn overlap(&self, permutation: &[usize]) -> Vec<f64> {
        let n = self.n_features;
        let mut overlap = Vec::with_capacity(self.n_hidden * self.n_hidden);
        for row in self.reference.chunks_exact(n) {
            for other in self.other.chunks_exact(n) {
                overlap.push(row.iter().zip(permutation).map(|(x, &i)| x * other[i]).sum());
            }
        }
        overlap
    }

    fn rotation(&self, permutation: &[usize]) -> Vec<f64> {
        polar_factor(&self.overlap(permutation), self.n_hidden)
    }

    fn quality(&self, permutation: &[usize]) -> f64 {
        nuclear_norm(&self.overlap(permutation), self.n_hidden)
    }

    /// Goes through all exchanges, group by group, by Heap's algorithm.
    fn best_of_all(&self) -> Vec<usize> {
        let mut permutation: Vec<usize> = (0..self.n_features).collect();
        let mut best = (permutation.clone(), f64::NEG_INFINITY);
        self.try_group(0, &mut permutation, &mut best);
        best.0
    }

    fn try_group(&self, group: usize, permutation: &mut Vec<usize>, best: &mut (Vec<usize>, f64)) {
        match self.groups.get(group) {
            None => {
                let quality = self.quality(permutation);
                // The first of equals stays, so that the identity wins where nothing is gained.
                if quality > best.1 * (1.0 + 1e-12) || best.1 == f64::NEG_INFINITY {
                    *best = (permutation.clone(), quality);
                }
            }
            Some(members) => self.try_members(group, members.len(), permutation, best),
        }
    }

    fn try_members(&self, group: usize, n_left: usize, permutation: &mut Vec<usize>, best: &mut (Vec<usize>, f64)) {
        if n_left <= 1 {
            return self.try_group(group + 1, permutation, best);
        }
        let members = &self.groups[group];
        for k in 0..n_left {
            permutation.swap(members[k], members[n_left - 1]);
            self.try_members(group, n_left - 1, permutation, best);
            permutation.swap(members[k], members[n_left - 1]);
        }
    }

    /// The best exchange for a rotation of the other: within each group, the assignment with the greatest overlap.
    fn exchange(&self, rotation: &[f64]) -> Vec<usize> {
        let n = self.n_features;
        let turned = multiplied(rotation, self.other, self.n_hidden, n);
        let overlap =
            |i: usize, j: usize| (0..self.n_hidden).map(|k| self.reference[k * n + i] * turned[k * n + j]).sum::<f64>();
        self.assigned(|i, j| -overlap(i, j))
    }

    fn assigned(&self, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
        let mut permutation: Vec<usize> = (0..self.n_features).collect();
        for members in self.groups {
            let costs: Vec<f64> =
                members.iter().flat_map(|&i| members.iter().map(move |&j| (i, j))).map(|(i, j)| cost(i, j)).collect();
            for (place, chosen) in cheapest_assignment(&costs, members.len()).into_iter().enumerate() {
                permutation[members[place]] = members[chosen];
            }
        }
        permutation
    }

    fn best_in_turn(&self) -> Vec<usize> {
        const ROUNDS: usize = 50;
        let mut starts = vec![self.by_signature(), (0..self.n_features).collect()];
        // Whatever the match is, it lays some feature on the first of the largest group.
        if let Some(members) = self.groups.iter().max_by_key(|members| members.len()) {
            let pose = |w: &[f64], first: usize| {
                let order: Vec<usize> =
                    std::iter::once(first).chain((0..self.n_features).filter(|i| *i != first)).collect();
                (canonical_pose(&permuted(w, self.n_features, &order), self.n_features, self.n_hidden), order)
            };
            let (reference, order) = pose(self.reference, members[0]);
            for &first in members {
                let (other, other_order) = pose(self.other, first);
                let distance = |i: usize, j: usize| {
                    let (i, j) = (place_in(&order, i), place_in(&other_order, j));
                    (0..self.n_hidden)
                        .map(|k| reference[k * self.n_features + i] - other[k * self.n_features + j])
                        .map(|d| d * d)
                        .sum()
                };
                starts.push(self.assigned(distance));
            }
        }
        let mut best = (starts[0].clone(), f64::NEG_INFINITY);
        for mut permutation in starts {
            let mut quality = self.quality(&permutation);
            for _ in 0..ROUNDS {
                let next = self.exchange(&self.rotation(&permutation));
                let next_quality = self.quality(&next);
                if next_quality <= quality * (1.0 + 1e-12) {
                    break;
                }
                (permutation, quality) = (next, next_quality);
            }
            if quality > best.1 {
                best = (permutation, quality);
            }
        }
        best.0
    }

    /// Features whose sorted rows of the Gram matrix are alike are put together: rows do not turn with the hidden space.
    fn by_signature(&self) -> Vec<usize> {
        let signatures = |w: &[f64]| -> Vec<Vec<f64>> {
            let n = self.n_features;
            let signature = |i: usize| {
                let mut row: Vec<f64> =
                    (0..n).map(|j| w.chunks_exact(n).map(|hidden| hidden[i] * hidden[j]).sum()).collect();
                order::sort(&mut row);
                row
            };
            (0..n).map(signature).collect()
        };
        let (own, other) = (signatures(self.reference), signatures(self.other));
        self.assigned(|i, j| own[i].iter().zip(&other[j]).map(|(a, b)| (a - b) * (a - b)).sum())
    }
}

fn place_in(order: &[usize], feature: usize) -> usize {
    order.iter().position(|&i| i == feature).expect("an order holds every feature")
}

fn permuted(w: &[f64], n_features: usize, permutation: &[usize]) -> Vec<f64> {
    w.chunks_exact(n_features).flat_map(|row| permutation.iter().map(|&i| row[i])).collect()
}

/// `rotation · w`.
fn multiplied(rotation: &[f64], w: &[f64], n_hidden: usize, n_features: usize) -> Vec<f64> {
    let mut product = vec![0.0; n_hidden * n_features];
    for (row, out) in rotation.chunks_exact(n_hidden).zip(product.chunks_exact_mut(n_features)) {
        for (r, hidden) in row.iter().zip(w.chunks_exact(n_features)) {
            out.iter_mut().zip(hidden).for_each(|(o, x)| *o += r * x);
        }
    }
    product
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
