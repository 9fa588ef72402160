//! Matrices with a sample a row: errors of outputs, and what is told of columns.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::lanes::{mul_add, zero_where};
use super::level::run_at;
use super::lists::{Entry, Lists, lanes_of};
use super::{Aligned, Level, Network};

/// What turns `DH` into outputs and their errors into gradients, rows padded with zeros.
#[derive(Debug, Default)]
pub struct Outputs {
    /// `[row_len]` each.
    pub(super) b: Aligned<f32>,
    pub(super) twice_importance: Aligned<f32>,
    pub(super) db: Aligned<f32>,
    /// Inputs of a few samples for [`super::turned`], a row each: all 0 but for those of the sample that is worked on.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) x: Aligned<f32>,
    pub(super) relu: bool,
    pub(super) row_len: usize,
    /// Of a row, those that count, rounded up to whole vectors.
    pub(super) n_columns: usize,
}

/// Samples whose rows stay in the nearest cache from one look to the next.
const SAMPLES: usize = 16;
/// Vectors of columns whose sums are taken at once: an addition takes as long as several can be begun.
const AT_ONCE: usize = 3;

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
    /// With r an output, `I (r − x)²` is `I r²` and, where x is not 0, `I x² − 2I r x`; so is its gradient `2I r`, and less by `2I x` where x is not 0 and the output
    /// not silent. What is active is few: only the first of these is worked out for all.
    ///
    /// # Shapes
    /// `lists`: by sample, of these outputs' features; `g: [samples][row_len]`.
    pub fn errors(&mut self, level: Level, lists: &Lists, samples: &[u32], g: &mut [f32]) -> f64 {
        let mut twice_loss = 0.0;
        for samples in samples.chunks(SAMPLES) {
            let of_outputs = run_at!(level, simd, FUSED => add_outputs::<_, FUSED>(simd, self, samples, g));
            twice_loss += f64::from(of_outputs) + f64::from(self.subtract_inputs(lists, samples, g));
        }
        0.5 * twice_loss
    }

    /// [`Self::errors`] of the products of the lists with the rows of `matrix`, which it writes to `g`.
    ///
    /// # Shapes
    /// As there; `matrix: [features][row_len]`.
    pub fn errors_of_products(
        &mut self,
        level: Level,
        lists: &Lists,
        samples: &[u32],
        matrix: &[f32],
        g: &mut [f32],
    ) -> f64 {
        #[cfg(not(target_arch = "wasm32"))]
        if super::turned::suits(level, self) {
            return super::turned::errors(level, self, lists, samples, matrix, g);
        }
        lists.add_products(level, samples, 0, matrix, self.row_len, self.n_columns, g, false);
        self.errors(level, lists, samples, g)
    }

    /// Takes the inputs into account; returns what they add to twice the loss.
    #[inline(never)]
    fn subtract_inputs(&mut self, lists: &Lists, samples: &[u32], g: &mut [f32]) -> f32 {
        let row_len = self.row_len;
        let (twice_importance, db) = (&self.twice_importance[..row_len], &mut self.db[..row_len]);
        let floor = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        let relu = if self.relu { u32::MAX } else { 0 };
        let mut twice_loss = 0.0;
        for &sample in samples {
            let g = &mut g[sample as usize * row_len..][..row_len];
            // Of its own: those of several samples are added at once.
            let mut of_sample = 0.0;
            for &Entry { row, value } in lists.of(sample as usize) {
                let i = row as usize;
                let weighted = twice_importance[i] * value;
                of_sample += (weighted - (g[i] + g[i])) * value;
                // The gradient so far is 0 where the output is silent, and positive elsewhere. Not by a branch, which could not be guessed: of a choice between
                // floats browsers make one, of bits rustc does.
                let back = if cfg!(target_arch = "wasm32") {
                    let silent = (g[i].to_bits() as i32).wrapping_sub(1) >> 31;
                    f32::from_bits(weighted.to_bits() & !(silent as u32 & relu))
                } else if g[i] <= floor {
                    0.0
                } else {
                    weighted
                };
                g[i] -= back;
                db[i] -= back;
            }
            twice_loss += of_sample;
        }
        twice_loss
    }

    /// The sums of gradients so far, an output each.
    pub fn db(&self) -> &[f32] {
        &self.db
    }
}

/// The gradients and twice the loss of samples in which all inputs are 0.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn add_outputs<S: Simd, const FUSED: bool>(simd: S, outputs: &mut Outputs, samples: &[u32], g: &mut [f32]) -> f32 {
    let lanes = S::f32s::LEN;
    let mut twice_loss = [S::f32s::splat(simd, 0.0); AT_ONCE];
    let mut at = 0;
    while at < outputs.n_columns {
        at = if outputs.n_columns - at >= AT_ONCE * lanes {
            add_columns::<S, FUSED, AT_ONCE>(simd, outputs, samples, at, g, &mut twice_loss)
        } else {
            add_columns::<S, FUSED, 1>(simd, outputs, samples, at, g, &mut twice_loss)
        };
    }
    (twice_loss[0] + twice_loss[1] + twice_loss[2]).reduce_sum()
}

/// `V` vectors of columns from number `first` on, whose sums stay in registers; returns the number behind them.
#[inline(always)]
fn add_columns<S: Simd, const FUSED: bool, const V: usize>(
    simd: S,
    outputs: &mut Outputs,
    samples: &[u32],
    first: usize,
    g: &mut [f32],
    twice_loss: &mut [S::f32s; AT_ONCE],
) -> usize {
    let lanes = S::f32s::LEN;
    let here = first..first + V * lanes;
    let floor = S::f32s::splat(simd, if outputs.relu { 0.0 } else { f32::NEG_INFINITY });
    let (b, twice_importance) = (&outputs.b[here.clone()], &outputs.twice_importance[here.clone()]);
    let db_place = &mut outputs.db[here];
    let zeros = [S::f32s::splat(simd, 0.0); V];
    let (mut biases, mut weights, mut db, mut sums) = (zeros, zeros, zeros, zeros);
    for v in 0..V {
        let here = v * lanes..(v + 1) * lanes;
        biases[v] = S::f32s::from_slice(simd, &b[here.clone()]);
        weights[v] = S::f32s::from_slice(simd, &twice_importance[here.clone()]);
        db[v] = S::f32s::from_slice(simd, &db_place[here]);
    }
    for &sample in samples {
        let g = &mut g[sample as usize * outputs.row_len + first..][..V * lanes];
        for v in 0..V {
            let place = &mut g[v * lanes..(v + 1) * lanes];
            let out = S::f32s::from_slice(simd, place) + biases[v];
            let out = zero_where(simd, out.simd_le(floor), out);
            let gradient = weights[v] * out;
            gradient.store_slice(place);
            sums[v] = mul_add::<S, FUSED>(gradient, out, sums[v]);
            db[v] += gradient;
        }
    }
    for v in 0..V {
        db[v].store_slice(&mut db_place[v * lanes..(v + 1) * lanes]);
        twice_loss[v] += sums[v];
    }
    first + V * lanes
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
