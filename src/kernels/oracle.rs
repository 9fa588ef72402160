//! The same sums in plain scalar f64, one sample and one feature at a time: what the vector kernels are held to.
//!
//! Nothing here is fast or clever, and nothing here shares code with what it checks.

use super::BLOCK;
use super::draws::{LaneState, Reading};
use super::network::{Network, Perturbation, Sums};

/// One row of sixteen words of xoshiro128++.
pub fn next_row(state: &mut LaneState) -> [u32; BLOCK] {
    std::array::from_fn(|lane| {
        let mut s: [u32; 4] = std::array::from_fn(|word| state[word][lane]);
        let result = s[0].wrapping_add(s[3]).rotate_left(7).wrapping_add(s[0]);
        let t = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(11);
        for (word, value) in s.into_iter().enumerate() {
            state[word][lane] = value;
        }
        result
    })
}

/// The inputs of sample `sample_idx`, in f32 as the kernels see them.
pub fn inputs(reading: &Reading, draws: &[u32], sample_idx: usize) -> Vec<f32> {
    let per_feature = if reading.paired { 2 } else { 1 };
    let block = &draws[(sample_idx / BLOCK) * reading.words() * BLOCK..];
    let word = |at: usize| block[at * BLOCK + sample_idx % BLOCK];
    (0..reading.last_active.len())
        .map(|i| {
            let (decider, first) = match &reading.shared {
                Some(shared) => (shared.draw_of[i], shared.first_active[i]),
                None => (i, 0),
            };
            let draw = (word(decider * per_feature) >> 1) as i32;
            if draw < first || draw > reading.last_active[i] {
                return 0.0;
            }
            let value = if reading.paired {
                (word(i * per_feature + 1) >> 8) as f32 / 16_777_216.0
            } else {
                draw as f32 * reading.value_scale[i]
            };
            if reading.signed { value + value - 1.0 } else { value }
        })
        .collect()
}

/// The sums over samples, the sums of their terms' magnitudes, and how near an output came to the ReLU's kink.
#[derive(Debug, Clone)]
pub struct Reference {
    /// What the kernels compute.
    pub sums: Sums,
    /// The same with every term's magnitude in place of the term.
    pub magnitudes: Sums,
    /// The least `|out_i|` relative to the magnitude of its terms: near 0 rounding decides which side it is on.
    pub nearest_kink: f64,
}

/// Loss and gradient sums of a network over the first `n_samples` samples, their inputs perturbed where that is asked for.
///
/// The sums in `magnitudes` count the penalty's part of dW too.
pub fn sums(
    network: Network,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    perturbation: Option<Perturbation>,
) -> Reference {
    let all: Vec<Vec<f32>> = (0..n_samples).map(|sample_idx| inputs(reading, draws, sample_idx)).collect();
    sums_over(network, &all, perturbation)
}

/// [`sums`] over samples with these inputs.
pub fn sums_of(network: Network, inputs: &[Vec<f32>]) -> Reference {
    sums_over(network, inputs, None)
}

fn sums_over(network: Network, inputs: &[Vec<f32>], perturbation: Option<Perturbation>) -> Reference {
    let (n, m) = (network.n_features(), network.n_hidden());
    let w = |k: usize, i: usize| f64::from(network.w[k * n + i]);
    let decode = |i: usize, k: usize| network.decoder.map_or_else(|| w(k, i), |d| f64::from(d[i * m + k]));
    let zeros = || if network.decoder.is_some() { Sums::zeros_untied(n, m) } else { Sums::zeros(n, m) };
    let (mut sums, mut magnitudes) = (zeros(), zeros());
    let mut nearest_kink = f64::INFINITY;
    for (sample_idx, x) in inputs.iter().enumerate() {
        let x: Vec<f64> = x.iter().copied().map(f64::from).collect();
        let mut z = x.clone();
        if let Some(Perturbation { directions, choices }) = perturbation {
            let direction = &directions[choices[sample_idx] as usize * n..][..n];
            z.iter_mut().zip(direction).for_each(|(z, &d)| *z += f64::from(d));
        }
        let mut h: Vec<f64> = (0..m).map(|k| (0..n).map(|i| w(k, i) * z[i]).sum()).collect();
        let mut h_size: Vec<f64> = (0..m).map(|k| (0..n).map(|i| (w(k, i) * z[i]).abs()).sum()).collect();
        let mut slope = vec![1.0; m];
        for k in 0..m {
            if (network.relu_hidden || network.hidden_l1 > 0.0) && h_size[k] > 0.0 {
                nearest_kink = nearest_kink.min(h[k].abs() / h_size[k]);
            }
            if network.relu_hidden && h[k] <= 0.0 {
                (h[k], h_size[k], slope[k]) = (0.0, 0.0, 0.0);
            }
        }
        let mut g = vec![0.0; n];
        let mut g_size = vec![0.0; n];
        for i in 0..n {
            let b = f64::from(network.b[i]);
            let out = b + (0..m).map(|k| decode(i, k) * h[k]).sum::<f64>();
            let out_size = b.abs() + (0..m).map(|k| decode(i, k).abs() * h_size[k]).sum::<f64>();
            if network.relu && out_size > 0.0 {
                nearest_kink = nearest_kink.min(out.abs() / out_size);
            }
            let silent = network.relu && out <= 0.0;
            let target = if network.absolute { x[i].abs() } else { x[i] };
            let error = if silent { 0.0 } else { out } - target;
            let error_size = if silent { 0.0 } else { out_size } + target.abs();
            let importance = f64::from(network.importance[i]);
            sums.loss += importance * error * error;
            magnitudes.loss += importance * error_size * error_size;
            if !silent {
                g[i] = 2.0 * importance * error;
                g_size[i] = 2.0 * importance * error_size;
            }
            sums.db[i] += g[i];
            magnitudes.db[i] += g_size[i];
        }
        let penalty = n as f64 * f64::from(network.hidden_l1);
        for k in 0..m {
            let sign = if h[k] == 0.0 { 0.0 } else { h[k].signum() };
            let dh = slope[k] * ((0..n).map(|i| decode(i, k) * g[i]).sum::<f64>() + penalty * sign);
            let dh_size = slope[k] * ((0..n).map(|i| decode(i, k).abs() * g_size[i]).sum::<f64>() + penalty);
            for i in 0..n {
                let (own, own_size) = (h[k] * g[i], h_size[k] * g_size[i]);
                sums.dw[k * n + i] += z[i] * dh;
                magnitudes.dw[k * n + i] += z[i].abs() * dh_size;
                if network.decoder.is_some() {
                    sums.d_decoder[i * m + k] += own;
                    magnitudes.d_decoder[i * m + k] += own_size;
                } else {
                    sums.dw[k * n + i] += own;
                    magnitudes.dw[k * n + i] += own_size;
                }
            }
        }
    }
    Reference { sums, magnitudes, nearest_kink }
}

/// `a · b` and the sums of the terms' magnitudes, for `a: [rows][inner]` and `b: [inner][columns]`.
pub fn product(a: &[f32], inner: usize, b: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let columns = b.len() / inner;
    let rows = a.len() / inner;
    let term = |r: usize, j: usize, c: usize| f64::from(a[r * inner + j]) * f64::from(b[j * columns + c]);
    let entry = |f: &dyn Fn(f64) -> f64| {
        (0..rows * columns)
            .map(|at| (0..inner).map(|j| f(term(at / columns, j, at % columns))).sum())
            .collect::<Vec<f64>>()
    };
    (entry(&|t| t), entry(&f64::abs))
}
