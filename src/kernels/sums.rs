//! Sums and extremes of rows, for those who work with products of tiles.

use fearless_simd::prelude::*;

use super::Level;
use super::lanes::mul_add;
use super::level::{run_at, run_either};

/// The most that a column of `[rows][tile]` is away from a mean, `[rows]`.
pub fn longest(level: Level, matrix: &[f32], tile: usize, mean: &[f32]) -> f32 {
    run_at!(level, simd, FUSED => longest_lanes::<_, FUSED>(simd, matrix, tile, mean))
}

#[inline(always)]
fn longest_lanes<S: Simd, const FUSED: bool>(simd: S, matrix: &[f32], tile: usize, mean: &[f32]) -> f32 {
    let lanes = S::f32s::LEN;
    let mut longest: f32 = 0.0;
    for first in (0..tile).step_by(lanes) {
        let mut squares = S::f32s::splat(simd, 0.0);
        for (row, &mean) in matrix.chunks_exact(tile).zip(mean) {
            let entries = S::f32s::from_slice(simd, &row[first..first + lanes]) - S::f32s::splat(simd, mean);
            squares = mul_add::<S, FUSED>(entries, entries, squares);
        }
        longest = longest.max(squares.reduce_max());
    }
    longest.sqrt()
}

/// The least number of a row of whole blocks.
pub fn least(level: Level, row: &[f32]) -> f32 {
    run_either!(level, simd => least_lanes(simd, row))
}

#[inline(always)]
fn least_lanes<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let lanes = S::f32s::LEN;
    let mut least = S::f32s::splat(simd, f32::INFINITY);
    for entries in row.chunks_exact(lanes) {
        least = least.min(S::f32s::from_slice(simd, entries));
    }
    least.reduce_min()
}

/// `Σ a` and `Σ a·b` of rows of whole blocks.
pub fn of_products(level: Level, a: &[f32], b: &[f32]) -> (f32, f32) {
    run_at!(level, simd, FUSED => of_products_lanes::<_, FUSED>(simd, a, b))
}

#[inline(always)]
fn of_products_lanes<S: Simd, const FUSED: bool>(simd: S, a: &[f32], b: &[f32]) -> (f32, f32) {
    let lanes = S::f32s::LEN;
    let (mut sum, mut product) = (S::f32s::splat(simd, 0.0), S::f32s::splat(simd, 0.0));
    for (a, b) in a.chunks_exact(lanes).zip(b.chunks_exact(lanes)) {
        let a = S::f32s::from_slice(simd, a);
        sum += a;
        product = mul_add::<S, FUSED>(a, S::f32s::from_slice(simd, b), product);
    }
    (sum.reduce_sum(), product.reduce_sum())
}

/// Adds the sum of each row of `[rows][tile]` to `out`, `[rows]`; returns the sum of all squares.
pub fn add_rows(level: Level, matrix: &[f32], tile: usize, out: &mut [f32]) -> f64 {
    run_at!(level, simd, FUSED => add_rows_lanes::<_, FUSED>(simd, matrix, tile, out))
}

#[inline(always)]
fn add_rows_lanes<S: Simd, const FUSED: bool>(simd: S, matrix: &[f32], tile: usize, out: &mut [f32]) -> f64 {
    let n_rows = out.len();
    let (mut total, mut row) = (0.0, 0);
    while row < n_rows {
        let (rows, out) = (&matrix[row * tile..], &mut out[row..]);
        // More rows at once, so that additions do not wait for each other.
        row += if out.len() >= 4 {
            total += add_some_rows::<S, FUSED, 4>(simd, rows, tile, out);
            4
        } else {
            total += add_some_rows::<S, FUSED, 1>(simd, rows, tile, out);
            1
        };
    }
    total
}

#[inline(always)]
fn add_some_rows<S: Simd, const FUSED: bool, const R: usize>(
    simd: S,
    matrix: &[f32],
    tile: usize,
    out: &mut [f32],
) -> f64 {
    let lanes = S::f32s::LEN;
    let mut rows = [&matrix[..tile]; R];
    for r in 1..R {
        rows[r] = &matrix[r * tile..][..tile];
    }
    let (mut sums, mut squares) = ([S::f32s::splat(simd, 0.0); R], [S::f32s::splat(simd, 0.0); R]);
    for at in (0..tile).step_by(lanes) {
        for r in 0..R {
            let entries = S::f32s::from_slice(simd, &rows[r][at..at + lanes]);
            sums[r] += entries;
            squares[r] = mul_add::<S, FUSED>(entries, entries, squares[r]);
        }
    }
    for r in 0..R {
        out[r] += sums[r].reduce_sum();
        if r > 0 {
            squares[0] += squares[r];
        }
    }
    f64::from(squares[0].reduce_sum())
}

/// `out += a·b`, entry by entry, of rows of whole blocks.
#[inline(never)]
pub fn add_products(level: Level, a: &[f32], b: &[f32], out: &mut [f32]) {
    run_at!(level, simd, FUSED => add_products_lanes::<_, FUSED>(simd, a, b, out));
}

#[inline(always)]
fn add_products_lanes<S: Simd, const FUSED: bool>(simd: S, a: &[f32], b: &[f32], out: &mut [f32]) {
    let lanes = S::f32s::LEN;
    for ((a, b), out) in a.chunks_exact(lanes).zip(b.chunks_exact(lanes)).zip(out.chunks_exact_mut(lanes)) {
        let product = mul_add::<S, FUSED>(
            S::f32s::from_slice(simd, a),
            S::f32s::from_slice(simd, b),
            S::f32s::from_slice(simd, out),
        );
        product.store_slice(out);
    }
}
