//! The errors of one network on samples given by what is active in them, one by one.
//!
//! Features lie in lanes; each sum is of single products in a fixed order, so that the bits are those of any vector width. Nothing here
//! knows how likely a sample is.

use super::Network;

/// Numbers that are worked on together: rows are padded with zeros to whole lanes.
const LANES: usize = 8;
type Lanes = [f32; LANES];

/// A network, and what is worked out once for all samples.
#[derive(Debug, Clone)]
pub struct SparseErrors<'a> {
    network: Network<'a>,
    /// `[n_features][n_hidden]`, what a feature writes to h.
    encoder: Matrix,
    /// `[n_hidden][n_features]`, what a hidden unit writes to the outputs.
    decoder: Matrix,
    /// Importances, biases.
    importance: Matrix,
    bias: Matrix,
    h: Vec<Lanes>,
    out: Vec<Lanes>,
}

impl<'a> SparseErrors<'a> {
    /// Of a network.
    pub fn new(network: Network<'a>) -> Self {
        let (n, m) = (network.n_features(), network.n_hidden());
        let decoder = match network.decoder {
            None => Matrix::new(network.w, m, n, [n, 1]),
            Some(decoder) => Matrix::new(decoder, m, n, [1, m]),
        };
        let bias = Matrix::new(network.b, 1, n, [0, 1]);
        SparseErrors {
            network,
            encoder: Matrix::new(network.w, n, m, [1, n]),
            importance: Matrix::new(network.importance, 1, n, [0, 1]),
            h: vec![[0.0; LANES]; m.div_ceil(LANES)],
            out: bias.rows.clone(),
            decoder,
            bias,
        }
    }

    /// The outputs before their ReLU, `Dσ(Wx) + b`.
    ///
    /// # Shapes
    /// `active`: (feature, value), no feature twice; the result has `n_features` entries.
    pub fn outputs(&mut self, active: &[(usize, f32)]) -> &[f32] {
        self.run(active);
        &self.out.as_flattened()[..self.network.n_features()]
    }

    /// The weighted squared error of a sample, summed over features: `Σ_i I_i (y_i − x'_i)²`.
    ///
    /// # Shapes
    /// As [`Self::outputs`].
    pub fn error(&mut self, active: &[(usize, f32)]) -> f64 {
        self.run(active);
        if self.network.relu {
            self.out.as_flattened_mut().iter_mut().for_each(|out| *out = out.max(0.0));
        }
        for &(i, x) in active {
            self.out[i / LANES][i % LANES] -= if self.network.absolute { x.abs() } else { x };
        }
        let mut sums = [0.0; LANES];
        for (out, importance) in self.out.iter().zip(&self.importance.rows) {
            for lane in 0..LANES {
                sums[lane] += importance[lane] * out[lane] * out[lane];
            }
        }
        sums.iter().map(|&sum| f64::from(sum)).sum()
    }

    fn run(&mut self, active: &[(usize, f32)]) {
        self.out.copy_from_slice(&self.bias.rows);
        self.h.fill([0.0; LANES]);
        active.iter().for_each(|&(j, x)| add(&mut self.h, self.encoder.row(j), x));
        for (k, &h) in self.h.as_flattened()[..self.network.n_hidden()].iter().enumerate() {
            let h = if self.network.relu_hidden { h.max(0.0) } else { h };
            if h != 0.0 {
                add(&mut self.out, self.decoder.row(k), h);
            }
        }
    }
}

/// Rows of whole lanes.
#[derive(Debug, Clone)]
struct Matrix {
    /// Lanes a row.
    width: usize,
    rows: Vec<Lanes>,
}

impl Matrix {
    /// Of entries that lie so far from the next row and the next column.
    fn new(entries: &[f32], n_rows: usize, n_columns: usize, strides: [usize; 2]) -> Self {
        let width = n_columns.div_ceil(LANES);
        let mut rows = vec![[0.0; LANES]; n_rows * width];
        for row in 0..n_rows {
            for column in 0..n_columns {
                rows[row * width + column / LANES][column % LANES] = entries[row * strides[0] + column * strides[1]];
            }
        }
        Matrix { width, rows }
    }

    fn row(&self, row: usize) -> &[Lanes] {
        &self.rows[row * self.width..(row + 1) * self.width]
    }
}

/// `sum += factor · row`.
#[inline(never)]
fn add(sum: &mut [Lanes], row: &[Lanes], factor: f32) {
    for (sum, row) in sum.iter_mut().zip(row) {
        for lane in 0..LANES {
            sum[lane] += factor * row[lane];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Multiples of 1/8, so that every sum is exact in any order.
    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|at| ((at * 37 + seed * 11 + at * at * 5) % 17) as f32 / 8.0 - 1.0).collect()
    }

    /// As the formula says it: `Σ_i I_i (y_i − τ(Σ_k D_ik σ(Σ_j W_kj x_j) + b_i))²`.
    fn naive(network: &Network, x: &[f32]) -> f64 {
        let (n, m) = (network.n_features(), network.n_hidden());
        let clip = |value: f64, is_clipped: bool| if is_clipped { value.max(0.0) } else { value };
        let h = |k: usize| clip((0..n).map(|j| f64::from(network.w[k * n + j] * x[j])).sum(), network.relu_hidden);
        let weight = |i: usize, k: usize| f64::from(network.decoder.map_or(network.w[k * n + i], |d| d[i * m + k]));
        let error = |i: usize| {
            let out = f64::from(network.b[i]) + (0..m).map(|k| weight(i, k) * h(k)).sum::<f64>();
            let target = f64::from(if network.absolute { x[i].abs() } else { x[i] });
            f64::from(network.importance[i]) * (target - clip(out, network.relu)).powi(2)
        };
        (0..n).map(error).sum()
    }

    /// Lengths around a row of lanes, and fewer and more active features than hidden units.
    #[test]
    fn every_kind_of_network_has_the_error_of_its_formula() {
        for (n, m) in [(1, 1), (3, 7), (7, 8), (8, 2), (9, 9), (17, 5)] {
            let [w, decoder, b] = [numbers(n * m, 1), numbers(n * m, 2), numbers(n, 3)];
            let importance: Vec<f32> = (0..n).map(|i| 1.0 + i as f32 / 4.0).collect();
            for kind in 0..5 {
                let network = Network {
                    decoder: (kind == 4).then_some(&decoder[..]),
                    relu_hidden: kind >= 2,
                    absolute: kind >= 3,
                    ..Network::tied(&w, &b, &importance, kind != 0)
                };
                let mut errors = SparseErrors::new(network);
                for n_active in 0..=n {
                    let active: Vec<(usize, f32)> = (0..n_active).map(|i| (i, numbers(n, 4)[i])).collect();
                    let x: Vec<f32> = (0..n).map(|i| if i < n_active { active[i].1 } else { 0.0 }).collect();
                    let (found, expected) = (errors.error(&active), naive(&network, &x));
                    assert!(
                        (found - expected).abs() <= 1e-6 * expected,
                        "{found}, expected {expected}, {n}→{m}, kind {kind}"
                    );
                }
            }
        }
    }
}
