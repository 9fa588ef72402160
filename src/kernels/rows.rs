//! Matrices with a sample a row: errors of outputs, and what is told of columns.

use fearless_simd::prelude::*;

use super::lanes::{mul_add, zero_where};
use super::level::run_at;
use super::lists::{Lists, lanes_of};
use super::{Aligned, Level, Network};

/// What turns `DH` into outputs and their errors into gradients, rows padded with zeros.
#[derive(Debug, Default)]
pub struct Outputs {
    /// `[row_len]` each.
    b: Aligned<f32>,
    twice_importance: Aligned<f32>,
    db: Aligned<f32>,
    /// Inputs of a few samples, `[SAMPLES][row_len]`.
    x: Aligned<f32>,
    relu: bool,
    row_len: usize,
    /// Of a row, those that count, rounded up to whole vectors.
    n_columns: usize,
}

const SAMPLES: usize = 16;

impl Outputs {
    /// Makes ready for a batch: of the outputs with these indices.
    pub fn begin(&mut self, level: Level, network: Network, features: &[u32], row_len: usize) {
        for row in [&mut self.b, &mut self.twice_importance, &mut self.db] {
            row.zeros(row_len);
        }
        for (place, &i) in features.iter().enumerate() {
            self.b[place] = network.b[i as usize];
            self.twice_importance[place] = 2.0 * network.importance[i as usize];
        }
        (self.relu, self.row_len) = (network.relu, row_len);
        self.n_columns = features.len().next_multiple_of(lanes_of(level));
    }

    /// Turns `DH` in the rows of `g` that are named into the gradients at the outputs; returns their loss.
    ///
    /// # Shapes
    /// `lists`: by sample, of these outputs' features; `g: [samples][row_len]`.
    pub fn errors(&mut self, level: Level, lists: &Lists, samples: &[u32], g: &mut [f32]) -> f64 {
        let row_len = self.row_len;
        let mut loss = 0.0;
        // A few at a time: written long before they are read, and still near.
        for samples in samples.chunks(SAMPLES) {
            self.x.zeros(samples.len() * row_len);
            for (&sample, x) in samples.iter().zip(self.x.chunks_exact_mut(row_len)) {
                for entry in lists.of(sample as usize) {
                    x[entry.row as usize] = entry.value;
                }
            }
            loss += run_at!(level, simd, FUSED => errors::<_, FUSED>(simd, self, samples, g));
        }
        loss
    }

    /// The sums of gradients so far, an output each.
    pub fn db(&self) -> &[f32] {
        &self.db
    }
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn errors<S: Simd, const FUSED: bool>(simd: S, outputs: &mut Outputs, samples: &[u32], g: &mut [f32]) -> f64 {
    let lanes = S::f32s::LEN;
    let Outputs { b, twice_importance, db, x, relu, row_len, n_columns } = outputs;
    let (b, twice_importance, db, x, row_len) = (&b[..], &twice_importance[..], &mut db[..], &x[..], *row_len);
    let floor = S::f32s::splat(simd, if *relu { 0.0 } else { f32::NEG_INFINITY });
    let mut twice_loss = S::f32s::splat(simd, 0.0);
    let len = *n_columns;
    let (b, twice_importance, db) = (&b[..len], &twice_importance[..len], &mut db[..len]);
    for (&sample, x) in samples.iter().zip(x.chunks_exact(row_len)) {
        let x = &x[..len];
        let g = &mut g[sample as usize * row_len..][..len];
        for at in (0..len).step_by(lanes) {
            let here = at..at + lanes;
            let out = S::f32s::from_slice(simd, &g[here.clone()]) + S::f32s::from_slice(simd, &b[here.clone()]);
            let silent = out.simd_le(floor);
            let error = zero_where(simd, silent, out) - S::f32s::from_slice(simd, &x[here.clone()]);
            let weighted = S::f32s::from_slice(simd, &twice_importance[here.clone()]) * error;
            twice_loss = mul_add::<S, FUSED>(weighted, error, twice_loss);
            let gradient = zero_where(simd, silent, weighted);
            gradient.store_slice(&mut g[here.clone()]);
            (S::f32s::from_slice(simd, &db[here.clone()]) + gradient).store_slice(&mut db[here]);
        }
    }
    0.5 * f64::from(twice_loss.reduce_sum())
}

/// The first columns of a matrix as rows.
///
/// # Shapes
/// `rows: [rows][row_len]`, `out: [columns][rows]`.
#[inline(never)] // Here it is compiled for speed.
pub fn transpose_into(rows: &[f32], row_len: usize, out: &mut [f32]) {
    let n_rows = rows.len() / row_len;
    for (k, out) in out.chunks_exact_mut(n_rows).enumerate() {
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(row_len)) {
            *out = row[k];
        }
    }
}

/// How far each row is from a mean.
///
/// # Shapes
/// `rows: [rows][row_len]`, of whole [`super::lists::row_len`]s; `mean` as long or longer.
#[inline(never)]
pub fn distances_into(rows: &[f32], row_len: usize, mean: &[f32], out: &mut Vec<f32>) {
    const AT_ONCE: usize = 8;
    out.clear();
    for row in rows.chunks_exact(row_len) {
        // Sums side by side: an addition takes as long as several can be begun.
        let mut squares = [0.0_f32; AT_ONCE];
        for (row, mean) in row.chunks_exact(AT_ONCE).zip(mean.chunks_exact(AT_ONCE)) {
            for lane in 0..AT_ONCE {
                squares[lane] += (row[lane] - mean[lane]) * (row[lane] - mean[lane]);
            }
        }
        out.push(squares.into_iter().sum::<f32>().sqrt());
    }
}

/// Writes `shift − twice · part` into each row.
///
/// # Shapes
/// `parts`, `out`: `[rows][shift.len()]`.
#[inline(never)]
pub fn shifted_into(parts: &[f32], shift: &[f32], twice: f32, out: &mut [f32]) {
    for (out, part) in out.chunks_exact_mut(shift.len()).zip(parts.chunks_exact(shift.len())) {
        for ((out, &shift), &part) in out.iter_mut().zip(shift).zip(part) {
            *out = shift - twice * part;
        }
    }
}

/// Subtracts twice `h` from `dh`; adds the columns of `h` to `sums`, and those of its products with `part` to `crossed`, entry by entry.
///
/// # Shapes
/// `dh`, `h`, `part`: `[rows][sums.len()]`; `crossed` as `sums`.
#[inline(never)]
pub fn subtract_and_sum(dh: &mut [f32], h: &[f32], part: &[f32], twice: f32, sums: &mut [f32], crossed: &mut [f32]) {
    let len = sums.len();
    for ((dh, h), part) in dh.chunks_exact_mut(len).zip(h.chunks_exact(len)).zip(part.chunks_exact(len)) {
        let here = dh.iter_mut().zip(h).zip(part).zip(sums.iter_mut().zip(crossed.iter_mut()));
        for (((dh, &h), &part), (sum, crossed)) in here {
            *dh -= twice * h;
            *sum += h;
            *crossed += h * part;
        }
    }
}
