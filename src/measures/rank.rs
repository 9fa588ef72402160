//! The number of dimensions that an irregular factor spans: its rank, with a tolerance for directions that are hardly
//! used.
//!
//! The eigenvalues of a factor's unit Gram matrix sum to its number of features, and each says how many of them, in
//! squared length, lie along its direction. A direction counts where that is more than [`RANK_TOLERANCE`]. Trained
//! weights are never exactly of lower rank, so a tolerance near rounding errors would find every dimension used. An
//! eigenvalue, unlike the pivots of an elimination, does not depend on the order of the features.

use super::UnitColumns;

/// The least part of one feature that makes a direction a dimension of its factor. At this value two features stop
/// spanning a plane just where they start being a digon or a parallel pair (cosine ±0.85, eigenvalues 1.85 and 0.15).
pub(super) const RANK_TOLERANCE: f64 = super::SHAPE_TOLERANCE;

/// The number of dimensions that these features span. Takes about `k² m` steps for k features in m dimensions, or `k m²`
/// where m is smaller, and the cube of the smaller.
pub(super) fn of_factor(columns: &UnitColumns, features: &[usize]) -> usize {
    let (n_points, n_hidden) = (features.len(), columns.n_hidden);
    // ŴᵀŴ and ŴŴᵀ have the same eigenvalues but for zeros: take the smaller matrix.
    if n_points <= n_hidden {
        let mut gram = vec![0.0; n_points * n_points];
        for (&i, row) in features.iter().zip(gram.chunks_exact_mut(n_points)) {
            columns.cosines_among_into(i, features, row);
        }
        n_eigenvalues_above(RANK_TOLERANCE, gram, n_points)
    } else {
        let coordinates: Vec<f64> =
            (0..n_hidden).flat_map(|k| features.iter().map(move |&i| columns.row(k)[i])).collect();
        let row = |k: usize| &coordinates[k * n_points..][..n_points];
        let mut outer = vec![0.0; n_hidden * n_hidden];
        for k in 0..n_hidden {
            for l in 0..=k {
                let sum = dot(row(k), row(l));
                outer[k * n_hidden + l] = sum;
                outer[l * n_hidden + k] = sum;
            }
        }
        n_eigenvalues_above(RANK_TOLERANCE, outer, n_hidden)
    }
}

/// The number of eigenvalues of a symmetric matrix `a: [n][n]` that are greater than a threshold.
///
/// Householder reflections make the matrix tridiagonal (Golub and Van Loan, "Matrix Computations", section 8.3.1);
/// then the signs of a Sturm sequence count the eigenvalues on either side (section 8.4.1). Both are backward stable,
/// and no eigenvalue is computed.
fn n_eigenvalues_above(threshold: f64, mut a: Vec<f64>, n: usize) -> usize {
    let mut off_diagonal = vec![0.0; n];
    let mut v = vec![0.0; n];
    let mut p = vec![0.0; n];
    for k in 0..n.saturating_sub(1) {
        // The part of column k below the diagonal becomes (±length, 0, …, 0).
        let below = k + 1..n;
        let v = &mut v[below.clone()];
        for (x, i) in v.iter_mut().zip(below.clone()) {
            *x = a[i * n + k];
        }
        let length = dot(v, v).sqrt();
        let head = if v[0] > 0.0 { -length } else { length };
        off_diagonal[k + 1] = head;
        v[0] -= head;
        let square = dot(v, v);
        if square == 0.0 {
            continue;
        }
        // A ← H A H with H = 1 − 2vvᵀ/vᵀv, as A − vqᵀ − qvᵀ with p = 2Av/vᵀv and q = p − (pᵀv/vᵀv) v.
        let p = &mut p[below.clone()];
        for (x, i) in p.iter_mut().zip(below.clone()) {
            *x = 2.0 / square * dot(&a[i * n..][below.clone()], v);
        }
        let along = dot(p, v) / square;
        for (x, y) in p.iter_mut().zip(&*v) {
            *x -= along * y;
        }
        for (i, (vi, pi)) in below.clone().zip(v.iter().zip(&*p)) {
            for (x, (vj, pj)) in a[i * n..][below.clone()].iter_mut().zip(v.iter().zip(&*p)) {
                *x -= vi * pj + pi * vj;
            }
        }
    }
    let mut pivot = 1.0;
    (0..n)
        .filter(|&k| {
            pivot = a[k * n + k] - threshold - off_diagonal[k] * off_diagonal[k] / pivot;
            if pivot == 0.0 {
                pivot = -f64::MIN_POSITIVE.sqrt(); // on the threshold is not above it
            }
            pivot > 0.0
        })
        .count()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_are_counted_on_either_side_of_a_threshold() {
        // The second difference matrix has the eigenvalues 2 − 2 cos(kπ/(n + 1)); dense here, through a change of basis.
        for n in 1..=12 {
            let eigenvalue = |k: usize| 2.0 - 2.0 * (k as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
            let mut second_difference = vec![0.0; n * n];
            for i in 0..n {
                second_difference[i * n + i] = 2.0;
                if i > 0 {
                    second_difference[i * n + i - 1] = -1.0;
                    second_difference[(i - 1) * n + i] = -1.0;
                }
            }
            let dense = reflected(&second_difference, n);
            for k in 1..=n {
                assert_eq!(n_eigenvalues_above(eigenvalue(k) - 1e-9, dense.clone(), n), n - k + 1, "n {n}, k {k}");
                assert_eq!(n_eigenvalues_above(eigenvalue(k) + 1e-9, dense.clone(), n), n - k, "n {n}, k {k}");
            }
        }
    }

    /// `H A H` with the reflection along (1, 2, …, n).
    fn reflected(a: &[f64], n: usize) -> Vec<f64> {
        let square: f64 = (1..=n).map(|i| (i * i) as f64).sum();
        let h = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * ((i + 1) * (j + 1)) as f64 / square;
        let mut out = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                for k in 0..n {
                    for l in 0..n {
                        out[i * n + j] += h(i, k) * a[k * n + l] * h(l, j);
                    }
                }
            }
        }
        out
    }

    #[test]
    fn both_gram_matrices_give_the_same_rank() {
        // Four features in a plane of a space of 3 dimensions (more features than dimensions), then of 5 (fewer).
        let plane = [[1.0, 0.6, -0.2, 0.9], [0.0, 0.8, 1.0, -0.3]];
        for n_hidden in [3, 5] {
            let mut w = vec![0.0; n_hidden * 4];
            w[..4].copy_from_slice(&plane[0]);
            w[(n_hidden - 1) * 4..].copy_from_slice(&plane[1]);
            let columns = UnitColumns::of(&w, 4, n_hidden);
            assert_eq!(of_factor(&columns, &[0, 1, 2, 3]), 2);
            assert_eq!(of_factor(&columns, &[0]), 1);
        }
    }

    #[test]
    fn a_direction_counts_from_the_tolerance_on() {
        for (cosine, dimension) in [(0.849, 2), (0.851, 1), (-0.849, 2), (-0.851, 1)] {
            let w = [1.0, cosine, 0.0, f64::sqrt(1.0 - cosine * cosine)];
            assert_eq!(of_factor(&UnitColumns::of(&w, 2, 2), &[0, 1]), dimension, "cosine {cosine}");
        }
    }
}
