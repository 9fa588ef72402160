//! Products of matrices, a block of the result in registers while the inner dimension goes by.
//!
//! Of the right matrix a few columns lie in lanes; of the left one, some rows are taken at once. On wasm a level is a matter of the build, not of the caller:
//! each product is compiled once, and the page is smaller.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::lanes::mul_add;
use super::level::run_at;
use super::{Aligned, BLOCK, Level};

/// Vectors of the right matrix that a product works on at once.
const COLUMNS: usize = 2;
/// Rows of the left matrix that a product works on at once where there are thirty-two registers (AVX-512), and elsewhere: 8 × 2
/// and 5 × 2 accumulators leave room for what they are made of.
const ROWS_WIDE: usize = 8;
const ROWS: usize = 5;
/// Rows of the left and of the right matrix whose inner products over a tile are taken at once: 4 × 4 accumulators, or 2 × 4.
const OUTER_ROWS_WIDE: usize = 4;
const OUTER_ROWS: usize = 2;
const OUTER_COLUMNS: usize = 4;

/// Numbers that a processor's nearest cache holds for sure: 32 KiB.
const NEAR_CACHE: usize = 8192;

/// `out = a · b` with the columns of `b` in lanes.
///
/// # Shapes
/// `a: [rows][inner]`, `b: [inner][tile]`, `out: [rows][tile]`, the tile a whole number of [`BLOCK`]s.
///
/// # Panics
/// If the shapes do not fit.
#[inline(never)] // Called now and then, from many places.
pub fn product(level: Level, a: &[f32], inner: usize, b: &[f32], out: &mut [f32]) {
    product_with(level, a, inner, b, &mut Aligned::default(), out);
}

/// [`product`] with memory for its panels.
///
/// # Panics
/// As there.
pub fn product_with(level: Level, a: &[f32], inner: usize, b: &[f32], panel: &mut Aligned<f32>, out: &mut [f32]) {
    assert_eq!(out.len() * inner, (a.len() / inner) * b.len(), "out: rows × tile");
    product_of_rows(level, a, inner, inner, b, panel, out, false);
}

/// [`product`] of the first `inner` numbers of rows that lie `stride` apart; added to `out` or in place of it.
///
/// # Shapes
/// `a: [rows][stride]`, `b: [inner][columns]` with rows of whole [`super::lists::row_len`], `out: [rows][columns]`.
///
/// # Panics
/// If the shapes do not fit.
#[allow(clippy::too_many_arguments, reason = "two matrices, how they lie, and places for results")]
pub fn product_of_rows(
    level: Level,
    a: &[f32],
    stride: usize,
    inner: usize,
    b: &[f32],
    panel: &mut Aligned<f32>,
    out: &mut [f32],
    adds: bool,
) {
    run_at!(level, simd, FUSED => product_lanes::<_, FUSED>(simd, a, stride, inner, b, panel, out, adds));
}

/// The columns of `b` are taken a few vectors at a time. Where `b` is larger than the nearest cache they are copied side by side first
/// (`panel`): rows of a tile lie a power of two apart, and such a cache keeps only a handful of those.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[allow(clippy::too_many_arguments, reason = "three matrices and how they lie")]
pub(super) fn product_lanes<S: Simd, const FUSED: bool>(
    simd: S,
    a: &[f32],
    a_stride: usize,
    inner: usize,
    b: &[f32],
    panel: &mut Aligned<f32>,
    out: &mut [f32],
    adds: bool,
) {
    let width = COLUMNS * S::f32s::LEN;
    let tile = b.len() / inner;
    assert!(tile.is_multiple_of(width), "a row is a whole number of column groups");
    let n_rows = out.len() / tile;
    let packed = b.len() > NEAR_CACHE;
    for at in (0..tile).step_by(width) {
        if packed {
            panel.resize(inner * width);
            for (place, row) in panel.chunks_exact_mut(width).zip(b.chunks_exact(tile)) {
                place.copy_from_slice(&row[at..at + width]);
            }
        }
        let (columns, stride) = if packed { (&panel[..], width) } else { (&b[at..], tile) };
        let mut row = 0;
        while row < n_rows {
            let a_here = &a[row * a_stride..];
            let out_here = &mut out[row * tile + at..];
            let left = n_rows - row;
            row += if S::f32s::LEN == BLOCK && left >= ROWS_WIDE {
                product_rows::<S, FUSED, ROWS_WIDE>(simd, a_here, a_stride, columns, stride, out_here, tile, adds)
            } else if left >= ROWS {
                product_rows::<S, FUSED, ROWS>(simd, a_here, a_stride, columns, stride, out_here, tile, adds)
            } else if cfg!(not(target_arch = "wasm32")) && left >= 2 {
                product_rows::<S, FUSED, 2>(simd, a_here, a_stride, columns, stride, out_here, tile, adds)
            } else {
                product_rows::<S, FUSED, 1>(simd, a_here, a_stride, columns, stride, out_here, tile, adds)
            };
        }
    }
}

/// `R` rows of a product by a few columns, the rows of which lie `stride` apart; returns `R`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "three matrices and how they lie")]
fn product_rows<S: Simd, const FUSED: bool, const R: usize>(
    simd: S,
    a: &[f32],
    a_stride: usize,
    columns: &[f32],
    stride: usize,
    out: &mut [f32],
    tile: usize,
    adds: bool,
) -> usize {
    let lanes = S::f32s::LEN;
    let width = COLUMNS * lanes;
    let mut acc = [[S::f32s::splat(simd, 0.0); COLUMNS]; R];
    if adds {
        for r in 0..R {
            for c in 0..COLUMNS {
                acc[r][c] = S::f32s::from_slice(simd, &out[r * tile + c * lanes..][..lanes]);
            }
        }
    }
    let inner = columns.len().div_ceil(stride);
    // One slice a row, so that the bounds are checked once.
    let mut rows = [&a[..inner]; R];
    for r in 1..R {
        rows[r] = &a[r * a_stride..][..inner];
    }
    let acc = add_products::<S, FUSED, R>(simd, rows, columns, stride, acc);
    for r in 0..R {
        let row = &mut out[r * tile..][..width];
        for c in 0..COLUMNS {
            acc[r][c].store_slice(&mut row[c * lanes..(c + 1) * lanes]);
        }
    }
    R
}

/// `acc` and the products of `R` rows with a few columns.
#[inline(always)]
fn add_products<S: Simd, const FUSED: bool, const R: usize>(
    simd: S,
    rows: [&[f32]; R],
    columns: &[f32],
    stride: usize,
    mut acc: [[S::f32s; COLUMNS]; R],
) -> [[S::f32s; COLUMNS]; R] {
    let lanes = S::f32s::LEN;
    let width = COLUMNS * lanes;
    let inner = rows[0].len();
    // Of one length for all who look: the bounds are checked once.
    let mut rows = rows;
    for r in 0..R {
        rows[r] = &rows[r][..inner];
    }
    for (j, b) in columns.chunks(stride).take(inner).enumerate() {
        let b = &b[..width];
        let mut right = [S::f32s::splat(simd, 0.0); COLUMNS];
        for c in 0..COLUMNS {
            right[c] = S::f32s::from_slice(simd, &b[c * lanes..(c + 1) * lanes]);
        }
        for r in 0..R {
            let left = S::f32s::splat(simd, rows[r][j]);
            for c in 0..COLUMNS {
                acc[r][c] = mul_add::<S, FUSED>(left, right[c], acc[r][c]);
            }
        }
    }
    acc
}

/// An entry of a product that is not above its column's floor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Low {
    /// Its row of `a`.
    pub row: u32,
    /// Its column of `b`.
    pub column: u32,
    /// What it is.
    pub value: f32,
}

/// Finds what is low in the product of some rows of `a` with `b`, which is not kept.
///
/// `which` names rows of `a`; the columns that are taken at once see the first few of them, as many as `counts` says.
///
/// # Shapes
/// `a: [rows][stride]`, `b: [inner][columns]`, `floors: [columns]`, `counts`: one for each [`super::lists::row_len`] of a single number.
///
/// # Panics
/// If the shapes do not fit.
#[allow(
    clippy::too_many_arguments,
    reason = "two matrices, how they lie, what of them counts, and a place for results"
)]
pub fn find_low(
    level: Level,
    a: &[f32],
    stride: usize,
    inner: usize,
    b: &[f32],
    which: &[u32],
    counts: &[u32],
    floors: &[f32],
    found: &mut Vec<Low>,
) {
    run_at!(level, simd, FUSED => find_low_lanes::<_, FUSED>(simd, a, stride, inner, b, which, counts, floors, found));
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[allow(clippy::too_many_arguments, reason = "as above")]
fn find_low_lanes<S: Simd, const FUSED: bool>(
    simd: S,
    a: &[f32],
    stride: usize,
    inner: usize,
    b: &[f32],
    which: &[u32],
    counts: &[u32],
    floors: &[f32],
    found: &mut Vec<Low>,
) {
    let lanes = S::f32s::LEN;
    let width = COLUMNS * lanes;
    let tile = floors.len();
    for ((at, floors), &count) in (0..tile).step_by(width).zip(floors.chunks_exact(width)).zip(counts) {
        let mut which = &which[..count as usize];
        while !which.is_empty() {
            let columns = &b[at..];
            let done = if lanes == BLOCK && which.len() >= ROWS_WIDE {
                find_in_rows::<S, FUSED, ROWS_WIDE>(simd, a, stride, inner, columns, tile, which, at, floors, found)
            } else if which.len() >= ROWS {
                find_in_rows::<S, FUSED, ROWS>(simd, a, stride, inner, columns, tile, which, at, floors, found)
            } else {
                find_in_rows::<S, FUSED, 1>(simd, a, stride, inner, columns, tile, which, at, floors, found)
            };
            which = &which[done..];
        }
    }
}

/// `R` of the rows, a few columns from number `at` on; returns `R`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "as above")]
fn find_in_rows<S: Simd, const FUSED: bool, const R: usize>(
    simd: S,
    a: &[f32],
    stride: usize,
    inner: usize,
    columns: &[f32],
    tile: usize,
    which: &[u32],
    at: usize,
    floors: &[f32],
    found: &mut Vec<Low>,
) -> usize {
    let lanes = S::f32s::LEN;
    let mut rows = [&a[..inner]; R];
    for r in 0..R {
        rows[r] = &a[which[r] as usize * stride..][..inner];
    }
    let zeros = [[S::f32s::splat(simd, 0.0); COLUMNS]; R];
    let products = add_products::<S, FUSED, R>(simd, rows, columns, tile, zeros);
    let mut is_low = false;
    for c in 0..COLUMNS {
        let mut least = products[0][c];
        for r in 1..R {
            least = least.min(products[r][c]);
        }
        let floors = S::f32s::from_slice(simd, &floors[c * lanes..(c + 1) * lanes]);
        is_low |= least.simd_le(floors).to_bitmask() != 0;
    }
    if is_low {
        for r in 0..R {
            let mut values = [0.0; COLUMNS * BLOCK];
            for c in 0..COLUMNS {
                products[r][c].store_slice(&mut values[c * lanes..(c + 1) * lanes]);
            }
            note_low(&values[..COLUMNS * lanes], which[r], at, floors, found);
        }
    }
    R
}

/// Notes what is low in a few columns of a row.
#[inline(never)] // Seldom called.
fn note_low(values: &[f32], row: u32, at: usize, floors: &[f32], found: &mut Vec<Low>) {
    for (column, (&value, &floor)) in values.iter().zip(floors).enumerate() {
        if value <= floor {
            found.push(Low { row, column: (at + column) as u32, value });
        }
    }
}

/// `out += a · bᵀ`, summing over the lanes of a tile.
///
/// # Shapes
/// `a: [rows][tile]`, `b: [columns][tile]`, `out: [rows][columns]`, the tile a whole number of [`BLOCK`]s.
///
/// # Panics
/// If the shapes do not fit.
pub fn add_outer(level: Level, a: &[f32], b: &[f32], n_columns: usize, out: &mut [f32]) {
    assert!(n_columns > 0 && b.len().is_multiple_of(n_columns), "whole rows");
    let tile = b.len() / n_columns;
    assert!(tile > 0 && tile.is_multiple_of(BLOCK), "a tile is a whole number of blocks");
    assert_eq!(out.len() * tile, a.len() * n_columns, "out: rows × columns");
    run_at!(level, simd, FUSED => add_outer_lanes::<_, FUSED>(simd, a, b, n_columns, out));
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn add_outer_lanes<S: Simd, const FUSED: bool>(
    simd: S,
    a: &[f32],
    b: &[f32],
    n_columns: usize,
    out: &mut [f32],
) {
    let tile = b.len() / n_columns;
    let n_rows = a.len() / tile;
    let mut row = 0;
    while row < n_rows {
        let (a, out) = (&a[row * tile..], &mut out[row * n_columns..]);
        row += if S::f32s::LEN == BLOCK && n_rows - row >= OUTER_ROWS_WIDE {
            outer_rows::<S, FUSED, OUTER_ROWS_WIDE>(simd, a, b, n_columns, out)
        } else if n_rows - row >= OUTER_ROWS {
            outer_rows::<S, FUSED, OUTER_ROWS>(simd, a, b, n_columns, out)
        } else {
            outer_rows::<S, FUSED, 1>(simd, a, b, n_columns, out)
        };
    }
}

/// `R` rows of an outer product; returns `R`.
#[inline(always)]
fn outer_rows<S: Simd, const FUSED: bool, const R: usize>(
    simd: S,
    a: &[f32],
    b: &[f32],
    n_columns: usize,
    out: &mut [f32],
) -> usize {
    let tile = b.len() / n_columns;
    let mut column = 0;
    while column < n_columns {
        let b = &b[column * tile..];
        column += if n_columns - column >= OUTER_COLUMNS && !(R == 1 && cfg!(target_arch = "wasm32")) {
            outer_block::<S, FUSED, R, OUTER_COLUMNS>(simd, a, b, tile, n_columns, &mut out[column..])
        } else if cfg!(target_arch = "wasm32") {
            // Row by row: a block of a width that seldom comes is code that the page downloads.
            for r in 0..R {
                let out = &mut out[r * n_columns + column..];
                outer_block::<S, FUSED, 1, 1>(simd, &a[r * tile..], b, tile, n_columns, out);
            }
            1
        } else {
            outer_block::<S, FUSED, R, 1>(simd, a, b, tile, n_columns, &mut out[column..])
        };
    }
    R
}

/// A block of `R × C` inner products over a tile; returns `C`.
#[inline(always)]
fn outer_block<S: Simd, const FUSED: bool, const R: usize, const C: usize>(
    simd: S,
    a: &[f32],
    b: &[f32],
    tile: usize,
    n_columns: usize,
    out: &mut [f32],
) -> usize {
    let lanes = S::f32s::LEN;
    let (mut a_rows, mut b_rows) = ([&a[..tile]; R], [&b[..tile]; C]);
    for r in 1..R {
        a_rows[r] = &a[r * tile..][..tile];
    }
    for c in 1..C {
        b_rows[c] = &b[c * tile..][..tile];
    }
    let mut acc = [[S::f32s::splat(simd, 0.0); C]; R];
    for at in (0..tile).step_by(lanes) {
        let mut left = [S::f32s::splat(simd, 0.0); R];
        for r in 0..R {
            left[r] = S::f32s::from_slice(simd, &a_rows[r][at..at + lanes]);
        }
        for c in 0..C {
            let right = S::f32s::from_slice(simd, &b_rows[c][at..at + lanes]);
            for r in 0..R {
                acc[r][c] = mul_add::<S, FUSED>(left[r], right, acc[r][c]);
            }
        }
    }
    if R * C < lanes {
        for r in 0..R {
            for c in 0..C {
                out[r * n_columns + c] += acc[r][c].reduce_sum();
            }
        }
        return C;
    }
    if C == lanes {
        // The sums of a row lie as the row does.
        for r in 0..R {
            let first = add_neighbours::<S>(acc[r][0], acc[r][1 % C]);
            let sums = add_neighbours::<S>(first, add_neighbours::<S>(acc[r][2 % C], acc[r][3 % C]));
            let place = &mut out[r * n_columns..][..lanes];
            (S::f32s::from_slice(simd, place) + sums).store_slice(place);
        }
        return C;
    }
    // As many at once as there are lanes: each round adds neighbours of pairs of vectors, and halves their number.
    for first in (0..R * C).step_by(lanes) {
        let mut sums = [S::f32s::splat(simd, 0.0); BLOCK];
        for at in 0..lanes {
            sums[at] = acc[(first + at) / C][(first + at) % C];
        }
        let mut count = lanes;
        while count > 1 {
            count /= 2;
            for at in 0..count {
                sums[at] = add_neighbours::<S>(sums[2 * at], sums[2 * at + 1]);
            }
        }
        for at in 0..lanes {
            out[(first + at) / C * n_columns + (first + at) % C] += sums[0][at];
        }
    }
    C
}

/// The sums of neighbours in a pair of vectors.
#[inline(always)]
fn add_neighbours<S: Simd>(a: S::f32s, b: S::f32s) -> S::f32s {
    a.unzip_low(b) + a.unzip_high(b)
}
