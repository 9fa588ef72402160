//! The linear algebra of matching: the nearest rotation, the nuclear norm, and the cheapest assignment.
//!
//! Matrices are small (a hidden dimension on a side), square and row-major. The singular value decomposition is one-sided
//! Jacobi (Golub and Van Loan, "Matrix Computations", section 8.6.3): slow, short, and right to the last digits.

/// Rotates pairs of columns of `a` until they are orthogonal; returns `(a V, V)`.
fn orthogonalised(a: &[f64], m: usize) -> (Vec<f64>, Vec<f64>) {
    const SWEEPS: usize = 60;
    let mut u = a.to_vec();
    let mut v: Vec<f64> = (0..m * m).map(|at| f64::from(u8::from(at % (m + 1) == 0))).collect();
    for _ in 0..SWEEPS {
        let mut is_done = true;
        for p in 0..m {
            for q in p + 1..m {
                let (mut alpha, mut beta, mut gamma) = (0.0, 0.0, 0.0);
                for row in u.chunks_exact(m) {
                    alpha += row[p] * row[p];
                    beta += row[q] * row[q];
                    gamma += row[p] * row[q];
                }
                if gamma * gamma <= 1e-30 * alpha * beta {
                    continue;
                }
                is_done = false;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = 1.0_f64.copysign(zeta) / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                let s = c * t;
                for row in u.chunks_exact_mut(m).chain(v.chunks_exact_mut(m)) {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
            }
        }
        if is_done {
            break;
        }
    }
    (u, v)
}

fn column_norms(u: &[f64], m: usize) -> Vec<f64> {
    (0..m).map(|k| u.chunks_exact(m).map(|row| row[k] * row[k]).sum::<f64>().sqrt()).collect()
}

/// The sum of the singular values of `a: [m][m]`.
pub(super) fn nuclear_norm(a: &[f64], m: usize) -> f64 {
    if let [p, q, r, s] = *a {
        // (σ1 + σ2)² = ‖a‖² + 2 |det a|.
        return (p * p + q * q + r * r + s * s + 2.0 * (p * s - q * r).abs()).sqrt();
    }
    column_norms(&orthogonalised(a, m).0, m).iter().sum()
}

/// The orthogonal matrix R with the greatest `tr(Rᵀ a)`: `U Vᵀ` of the singular value decomposition.
///
/// Where `a` is not of full rank, R is one of several, and completed by what axes leave outside.
pub(super) fn polar_factor(a: &[f64], m: usize) -> Vec<f64> {
    let (u, v) = orthogonalised(a, m);
    let norms = column_norms(&u, m);
    let largest = norms.iter().fold(0.0_f64, |x, y| x.max(*y));
    let mut left: Vec<Option<Vec<f64>>> = (0..m)
        .map(|k| {
            (norms[k] > 1e-12 * largest).then(|| u.chunks_exact(m).map(|row| row[k] / norms[k]).collect::<Vec<f64>>())
        })
        .collect();
    for k in 0..m {
        if left[k].is_none() {
            left[k] = Some(orthogonal_to(left.iter().flatten(), m));
        }
    }
    let mut rotation = vec![0.0; m * m];
    for (k, direction) in left.iter().enumerate() {
        let Some(direction) = direction else { continue };
        for i in 0..m {
            for j in 0..m {
                rotation[i * m + j] += direction[i] * v[j * m + k];
            }
        }
    }
    rotation
}

/// A unit vector orthogonal to fewer than m unit vectors that are so among themselves.
fn orthogonal_to<'a>(known: impl Iterator<Item = &'a Vec<f64>> + Clone, m: usize) -> Vec<f64> {
    let outside = |axis: usize| {
        let mut left: Vec<f64> = (0..m).map(|k| f64::from(u8::from(k == axis))).collect();
        for _ in 0..2 {
            for other in known.clone() {
                let along: f64 = left.iter().zip(other).map(|(x, y)| x * y).sum();
                left.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
            }
        }
        let length = left.iter().map(|x| x * x).sum::<f64>().sqrt();
        (length, left)
    };
    let (length, left) = (0..m).map(outside).max_by(|a, b| a.0.total_cmp(&b.0)).expect("there is at least one axis");
    left.into_iter().map(|x| x / length).collect()
}

/// The column of each row in the assignment with the lowest sum of costs `[n][n]`: shortest augmenting paths with
/// potentials (Kuhn, 1955; Jonker and Volgenant, 1987), `n³` steps.
pub(super) fn cheapest_assignment(costs: &[f64], n: usize) -> Vec<usize> {
    // Rows and columns are counted from 1; row 0 and column 0 stand for "none".
    let (mut of_row, mut of_column) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    let mut row_at = vec![0; n + 1];
    let mut before = vec![0; n + 1];
    for row in 1..=n {
        row_at[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; n + 1];
        let mut is_done = vec![false; n + 1];
        while row_at[column] != 0 {
            is_done[column] = true;
            let current = row_at[column];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for j in 1..=n {
                if is_done[j] {
                    continue;
                }
                let reduced = costs[(current - 1) * n + j - 1] - of_row[current] - of_column[j];
                if reduced < least[j] {
                    (least[j], before[j]) = (reduced, column);
                }
                if least[j] < delta {
                    (delta, next) = (least[j], j);
                }
            }
            for j in 0..=n {
                if is_done[j] {
                    of_row[row_at[j]] += delta;
                    of_column[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            row_at[column] = row_at[before[column]];
            column = before[column];
        }
    }
    let mut assignment = vec![0; n];
    for column in 1..=n {
        assignment[row_at[column] - 1] = column - 1;
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (*state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    #[test]
    fn the_polar_factor_is_orthogonal_and_reaches_the_nuclear_norm() {
        let mut state = 1;
        for m in 1..=6 {
            for rank in 1..=m {
                let (left, right): (Vec<f64>, Vec<f64>) =
                    (0..m * rank).map(|_| (noise(&mut state), noise(&mut state))).unzip();
                let a: Vec<f64> = (0..m * m)
                    .map(|at| (0..rank).map(|k| left[at / m * rank + k] * right[at % m * rank + k]).sum())
                    .collect();
                let rotation = polar_factor(&a, m);
                for i in 0..m {
                    for j in 0..m {
                        let product: f64 = (0..m).map(|k| rotation[i * m + k] * rotation[j * m + k]).sum();
                        assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "m={m}, rank {rank}");
                    }
                }
                let trace: f64 = rotation.iter().zip(&a).map(|(r, a)| r * a).sum();
                assert!((trace - nuclear_norm(&a, m)).abs() < 1e-7, "m={m}, rank {rank}: {trace}");
            }
        }
    }

    #[test]
    fn the_cheapest_assignment_is_the_best_of_all() {
        let mut state = 2;
        for n in 1..=6_usize {
            for _ in 0..50 {
                let costs: Vec<f64> = (0..n * n).map(|_| noise(&mut state)).collect();
                let total = |order: &[usize]| order.iter().enumerate().map(|(i, &j)| costs[i * n + j]).sum::<f64>();
                let mut best = f64::INFINITY;
                for code in 0..n.pow(n as u32) {
                    let order: Vec<usize> = (0..n).map(|i| code / n.pow(i as u32) % n).collect();
                    let is_permutation = (0..n).all(|j| order.contains(&j));
                    if is_permutation {
                        best = best.min(total(&order));
                    }
                }
                assert!((total(&cheapest_assignment(&costs, n)) - best).abs() < 1e-12);
            }
        }
    }
}
