//! Products of lists with a matrix of short rows, turned into gradients at outputs while they are in registers. Natively: browsers have too few registers, and
//! would download it.
//!
//! A list's inputs are laid into a row of zeros while its entries are at hand, so that errors are differences of vectors; [`super::rows`] reads, changes and
//! writes outputs one by one. What is rounded differs, so levels that must have the page's bits do as the page does.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::Level;
use super::lanes::{mul_add, zero_where};
use super::level::run_either;
use super::lists::{Lists, lanes_of};
use super::rows::Outputs;

/// The most vectors that a product of a list has in registers.
const WIDEST: usize = 8;
/// Samples that are worked on at once, each with a row for its inputs: what is written there number by number must have reached the cache when it is read by
/// vectors.
const SAMPLES: usize = 32;

/// Whether rows are short enough, and the level may round as it likes.
pub fn suits(level: Level, outputs: &Outputs) -> bool {
    level.is_fused() && outputs.n_columns <= WIDEST * lanes_of(level)
}

/// [`Outputs::errors_of_products`] where [`suits`] holds.
///
/// # Panics
/// If the shapes do not fit.
pub fn errors(
    level: Level,
    outputs: &mut Outputs,
    lists: &Lists,
    samples: &[u32],
    matrix: &[f32],
    g: &mut [f32],
) -> f64 {
    let len = SAMPLES * outputs.row_len;
    if outputs.x.len() != len {
        outputs.x.zeros(len);
    }
    let mut twice_loss = 0.0;
    for samples in samples.chunks(SAMPLES) {
        let of_samples = run_either!(level, simd => multiply(simd, outputs, lists, samples, matrix, g));
        twice_loss += f64::from(of_samples);
    }
    0.5 * twice_loss
}

/// [`multiply_columns`] of all columns.
#[inline(always)]
fn multiply<S: Simd>(
    simd: S,
    outputs: &mut Outputs,
    lists: &Lists,
    samples: &[u32],
    matrix: &[f32],
    g: &mut [f32],
) -> f32 {
    match outputs.n_columns / S::f32s::LEN {
        1 => multiply_columns::<S, 1>(simd, outputs, lists, samples, matrix, g),
        2 => multiply_columns::<S, 2>(simd, outputs, lists, samples, matrix, g),
        3 => multiply_columns::<S, 3>(simd, outputs, lists, samples, matrix, g),
        4 => multiply_columns::<S, 4>(simd, outputs, lists, samples, matrix, g),
        5 => multiply_columns::<S, 5>(simd, outputs, lists, samples, matrix, g),
        6 => multiply_columns::<S, 6>(simd, outputs, lists, samples, matrix, g),
        7 => multiply_columns::<S, 7>(simd, outputs, lists, samples, matrix, g),
        _ => multiply_columns::<S, WIDEST>(simd, outputs, lists, samples, matrix, g),
    }
}

/// Products of lists with a matrix of `V` vectors a row, the gradients at which are written, and twice the loss.
#[inline(always)]
fn multiply_columns<S: Simd, const V: usize>(
    simd: S,
    outputs: &mut Outputs,
    lists: &Lists,
    samples: &[u32],
    matrix: &[f32],
    g: &mut [f32],
) -> f32 {
    let lanes = S::f32s::LEN;
    let row_len = outputs.row_len;
    let floor = S::f32s::splat(simd, if outputs.relu { 0.0 } else { f32::NEG_INFINITY });
    let (b, twice_importance) = (&outputs.b[..V * lanes], &outputs.twice_importance[..V * lanes]);
    let db_place = &mut outputs.db[..V * lanes];
    let mut twice_loss = S::f32s::splat(simd, 0.0);
    let mut db = [twice_loss; V];
    for v in 0..V {
        db[v] = S::f32s::from_slice(simd, &db_place[v * lanes..(v + 1) * lanes]);
    }
    // Where the last row begins: the bounds of each are checked once.
    let last = matrix.len().checked_sub(V * lanes).expect("a row at least");
    let zero = S::f32s::splat(simd, 0.0);
    for (&sample, x) in samples.iter().zip(outputs.x.chunks_exact_mut(row_len)) {
        let x = &mut x[..V * lanes];
        let mut sums = db;
        for v in 0..V {
            sums[v] = S::f32s::from_slice(simd, &b[v * lanes..(v + 1) * lanes]);
        }
        for entry in lists.of(sample as usize) {
            let start = entry.row as usize * row_len;
            assert!(start <= last, "a row of the matrix");
            let row = &matrix[start..start + V * lanes];
            let value = S::f32s::splat(simd, entry.value);
            x[entry.row as usize] = entry.value;
            for v in 0..V {
                let row = S::f32s::from_slice(simd, &row[v * lanes..(v + 1) * lanes]);
                sums[v] = mul_add::<S, true>(value, row, sums[v]);
            }
        }
        let g = &mut g[sample as usize * row_len..][..V * lanes];
        for v in 0..V {
            let here = v * lanes..(v + 1) * lanes;
            let silent = sums[v].simd_le(floor);
            let error = zero_where(simd, silent, sums[v]) - S::f32s::from_slice(simd, &x[here.clone()]);
            zero.store_slice(&mut x[here.clone()]);
            let weighted = S::f32s::from_slice(simd, &twice_importance[here.clone()]) * error;
            twice_loss = mul_add::<S, true>(weighted, error, twice_loss);
            let gradient = zero_where(simd, silent, weighted);
            gradient.store_slice(&mut g[here]);
            db[v] += gradient;
        }
    }
    for v in 0..V {
        db[v].store_slice(&mut db_place[v * lanes..(v + 1) * lanes]);
    }
    twice_loss.reduce_sum()
}
