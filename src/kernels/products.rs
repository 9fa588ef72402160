//! Products of matrices, a block of the result in registers while the inner dimension goes by.
//!
//! Of the right matrix a few columns lie in lanes; of the left one, some rows are taken at once. On wasm a level is a matter of the build, not of the caller:
//! each product is compiled once, and the page is smaller.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::lanes::mul_add;
use super::level::{run_at, run_either};
use super::{Aligned, BLOCK, Level};

/// Vectors of the right matrix that a product works on at once.
const COLUMNS: usize = 2;
/// Rows of the left matrix that a product works on at once where there are thirty-two registers (AVX-512), and elsewhere: 8 × 2
/// and 5 × 2 accumulators leave room for what they are made of. What is left over is taken in as few turns as can be: a turn is at least as long as one
/// accumulator's additions one after the other.
const ROWS_WIDE: usize = 8;
const MOST_ROWS_LEFT: usize = 6;
const ROWS: usize = 5;
/// Rows of the left and of the right matrix whose inner products over a tile are taken at once: 4 × 4 accumulators with AVX-512, 3 × 4 with AVX2, else 2 × 4.
const OUTER_ROWS_WIDE: usize = 4;
const OUTER_ROWS_AVX2: usize = 3;
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
    let lanes = S::f32s::LEN;
    let tile = b.len() / inner;
    // Where a vector is left over it is taken alone; on wasm, none is: that is code to download.
    assert!(tile.is_multiple_of(if cfg!(target_arch = "wasm32") { COLUMNS * lanes } else { lanes }), "whole vectors");
    // Rows that are no even number of cache lines apart are not in each other's way.
    let is_uneven = cfg!(not(target_arch = "wasm32")) && !tile.is_multiple_of(2 * BLOCK);
    let packed = b.len() > NEAR_CACHE && !is_uneven;
    let mut at = 0;
    while at < tile {
        let is_left_over = cfg!(not(target_arch = "wasm32")) && tile - at == lanes;
        let width = if is_left_over { lanes } else { COLUMNS * lanes };
        if packed {
            panel.resize(inner * width);
            for (place, row) in panel.chunks_exact_mut(width).zip(b.chunks_exact(tile)) {
                // Vector by vector: as a whole it would be a call, which takes longer.
                for (place, entries) in place.chunks_exact_mut(lanes).zip(row[at..].chunks_exact(lanes)) {
                    S::f32s::from_slice(simd, entries).store_slice(place);
                }
            }
        }
        let (columns, stride) = if packed { (&panel[..], width) } else { (&b[at..], tile) };
        if is_left_over {
            product_columns::<S, FUSED, 1>(simd, a, a_stride, columns, stride, out, [at, tile], adds);
        } else {
            product_columns::<S, FUSED, COLUMNS>(simd, a, a_stride, columns, stride, out, [at, tile], adds);
        }
        at += width;
    }
}

/// `C` vectors of columns of a product, whose rows lie `stride` apart; they go to those from number `at` on of rows of `tile`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "three matrices and how they lie")]
fn product_columns<S: Simd, const FUSED: bool, const C: usize>(
    simd: S,
    a: &[f32],
    a_stride: usize,
    columns: &[f32],
    stride: usize,
    out: &mut [f32],
    [at, tile]: [usize; 2],
    adds: bool,
) {
    let is_wide = S::f32s::LEN == BLOCK;
    let n_rows = out.len() / tile;
    let mut row = 0;
    while row < n_rows {
        let a = &a[row * a_stride..];
        let out = &mut out[row * tile + at..];
        let left = n_rows - row;
        row += if is_wide && left >= ROWS_WIDE {
            product_rows::<S, FUSED, C, ROWS_WIDE>(simd, a, a_stride, columns, stride, out, tile, adds)
        } else if is_wide && left >= MOST_ROWS_LEFT {
            product_rows::<S, FUSED, C, MOST_ROWS_LEFT>(simd, a, a_stride, columns, stride, out, tile, adds)
        } else if left >= ROWS {
            product_rows::<S, FUSED, C, ROWS>(simd, a, a_stride, columns, stride, out, tile, adds)
        } else if cfg!(not(target_arch = "wasm32")) && left >= 4 {
            product_rows::<S, FUSED, C, 4>(simd, a, a_stride, columns, stride, out, tile, adds)
        } else if cfg!(not(target_arch = "wasm32")) && left >= 2 {
            product_rows::<S, FUSED, C, 2>(simd, a, a_stride, columns, stride, out, tile, adds)
        } else {
            product_rows::<S, FUSED, C, 1>(simd, a, a_stride, columns, stride, out, tile, adds)
        };
    }
}

/// `R` rows of a product by `C` vectors of columns, the rows of which lie `stride` apart; returns `R`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "three matrices and how they lie")]
fn product_rows<S: Simd, const FUSED: bool, const C: usize, const R: usize>(
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
    let mut acc = [[S::f32s::splat(simd, 0.0); C]; R];
    if adds {
        for r in 0..R {
            for c in 0..C {
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
    let acc = add_products::<S, FUSED, C, R>(simd, rows, columns, stride, acc);
    for r in 0..R {
        let row = &mut out[r * tile..][..C * lanes];
        for c in 0..C {
            acc[r][c].store_slice(&mut row[c * lanes..(c + 1) * lanes]);
        }
    }
    R
}

/// `acc` and the products of `R` rows with `C` vectors of columns.
#[inline(always)]
fn add_products<S: Simd, const FUSED: bool, const C: usize, const R: usize>(
    simd: S,
    rows: [&[f32]; R],
    columns: &[f32],
    stride: usize,
    mut acc: [[S::f32s; C]; R],
) -> [[S::f32s; C]; R] {
    let width = C * S::f32s::LEN;
    let inner = rows[0].len();
    // Of one length for all who look: the bounds are checked once.
    let mut rows = rows;
    for r in 0..R {
        rows[r] = &rows[r][..inner];
    }
    if cfg!(target_arch = "wasm32") {
        for (j, right) in columns.chunks(stride).take(inner).enumerate() {
            add_step::<S, FUSED, C, R>(simd, &rows, j, &right[..width], &mut acc);
        }
        return acc;
    }
    // Where the last row can begin, so that the bounds of each are checked once: natively 3 to 8% faster, but in Chromium a sixth slower.
    let last = columns.len().checked_sub(width).expect("a row at least");
    let mut at = 0;
    for j in 0..inner {
        assert!(at <= last, "a row of the matrix");
        add_step::<S, FUSED, C, R>(simd, &rows, j, &columns[at..at + width], &mut acc);
        at += stride;
    }
    acc
}

/// Adds the products of the `j`th numbers of `R` rows with a row of `C` vectors of columns.
#[inline(always)]
fn add_step<S: Simd, const FUSED: bool, const C: usize, const R: usize>(
    simd: S,
    rows: &[&[f32]; R],
    j: usize,
    columns: &[f32],
    acc: &mut [[S::f32s; C]; R],
) {
    let lanes = S::f32s::LEN;
    let mut right = [S::f32s::splat(simd, 0.0); C];
    for c in 0..C {
        right[c] = S::f32s::from_slice(simd, &columns[c * lanes..(c + 1) * lanes]);
    }
    for r in 0..R {
        let left = S::f32s::splat(simd, rows[r][j]);
        for c in 0..C {
            acc[r][c] = mul_add::<S, FUSED>(left, right[c], acc[r][c]);
        }
    }
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
    let products = add_products::<S, FUSED, COLUMNS, R>(simd, rows, columns, tile, zeros);
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

/// Numbers that sums may take in the next but nearest cache, beside what they are made of: 256 KiB.
const MOST_PARTS: usize = 65_536;

/// Sums of outer products `Σ a · bᵀ` over the samples of many tiles. With more than four lanes each is a vector until it is asked for, unless there are too many: adding
/// up the lanes costs as much as a few samples, and is done once a batch. Four lanes of four sums are added up in a few instructions, a tile at a time.
#[derive(Debug, Default)]
pub struct OuterSums {
    /// `[rows][columns][parts]`.
    sums: Aligned<f32>,
    /// Numbers a sum.
    parts: usize,
}

impl OuterSums {
    /// So many sums, all 0, to be added to at this level.
    pub fn zeros(&mut self, level: Level, len: usize) {
        let lanes = super::lists::lanes_of(level);
        self.parts = if lanes > 4 && len * lanes <= MOST_PARTS { lanes } else { 1 };
        self.sums.zeros(len * self.parts);
    }

    /// How many sums.
    pub fn len(&self) -> usize {
        self.sums.len() / self.parts.max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Adds the outer products of one or more pairs of matrices.
    ///
    /// # Shapes
    /// `pairs`: `[rows][tile]` and `[n_columns][tile]` each, the tile a whole number of [`BLOCK`]s.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add(&mut self, level: Level, pairs: &[(&[f32], &[f32])], n_columns: usize) {
        for (a, b) in pairs {
            assert!(n_columns > 0 && b.len().is_multiple_of(n_columns), "whole rows");
            let tile = b.len() / n_columns;
            assert!(tile > 0 && tile.is_multiple_of(BLOCK), "a tile is a whole number of blocks");
            assert_eq!(self.len() * tile, a.len() * n_columns, "rows × columns");
        }
        run_at!(level, simd, FUSED => self.add_lanes::<_, FUSED>(simd, pairs, n_columns));
    }

    /// Subtracts from one of them.
    pub fn subtract(&mut self, index: usize, part: f32) {
        self.sums[index * self.parts] -= part;
    }

    /// The sums, `[rows][columns]`.
    #[inline(never)] // Once a batch.
    pub fn totals_into(&self, level: Level, out: &mut Vec<f32>) {
        out.resize(self.len(), 0.0);
        if self.parts == 1 {
            out.copy_from_slice(&self.sums);
        } else {
            run_either!(level, simd => totals_into(simd, &self.sums, out));
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn add_lanes<S: Simd, const FUSED: bool>(
        &mut self,
        simd: S,
        pairs: &[(&[f32], &[f32])],
        n_columns: usize,
    ) {
        let parts = self.parts;
        debug_assert!(parts == 1 || parts == S::f32s::LEN, "added at the level that zeros() was told");
        let row_len = n_columns * parts;
        let n_rows = self.sums.len() / row_len;
        let mut row = 0;
        while row < n_rows {
            let out = &mut self.sums[row * row_len..];
            let left = n_rows - row;
            row += if S::f32s::LEN == BLOCK && left >= OUTER_ROWS_WIDE {
                outer_rows::<S, FUSED, OUTER_ROWS_WIDE>(simd, pairs, row, n_columns, parts, out)
            } else if 2 * S::f32s::LEN == BLOCK && left >= OUTER_ROWS_AVX2 {
                outer_rows::<S, FUSED, OUTER_ROWS_AVX2>(simd, pairs, row, n_columns, parts, out)
            } else if left >= OUTER_ROWS {
                outer_rows::<S, FUSED, OUTER_ROWS>(simd, pairs, row, n_columns, parts, out)
            } else {
                outer_rows::<S, FUSED, 1>(simd, pairs, row, n_columns, parts, out)
            };
        }
    }
}

#[inline(always)]
fn totals_into<S: Simd>(simd: S, sums: &[f32], out: &mut [f32]) {
    for (out, lanes) in out.iter_mut().zip(sums.chunks_exact(S::f32s::LEN)) {
        *out = S::f32s::from_slice(simd, lanes).reduce_sum();
    }
}

/// `R` rows of outer products from number `row` on, whose place is `out`; returns `R`.
#[inline(always)]
fn outer_rows<S: Simd, const FUSED: bool, const R: usize>(
    simd: S,
    pairs: &[(&[f32], &[f32])],
    row: usize,
    n_columns: usize,
    parts: usize,
    out: &mut [f32],
) -> usize {
    let mut column = 0;
    while column < n_columns {
        let out = &mut out[column * parts..];
        column += if n_columns - column >= OUTER_COLUMNS && !(R == 1 && cfg!(target_arch = "wasm32")) {
            outer_block::<S, FUSED, R, OUTER_COLUMNS>(simd, pairs, [row, column], n_columns, parts, out)
        } else if cfg!(target_arch = "wasm32") {
            // Row by row: a block of a width that seldom comes is code that the page downloads.
            for r in 0..R {
                let out = &mut out[r * n_columns * parts..];
                outer_block::<S, FUSED, 1, 1>(simd, pairs, [row + r, column], n_columns, parts, out);
            }
            1
        } else {
            outer_block::<S, FUSED, R, 1>(simd, pairs, [row, column], n_columns, parts, out)
        };
    }
    R
}

/// A block of `R × C` sums from this row and column on, whose place is `out`; returns `C`.
#[inline(always)]
fn outer_block<S: Simd, const FUSED: bool, const R: usize, const C: usize>(
    simd: S,
    pairs: &[(&[f32], &[f32])],
    [row, column]: [usize; 2],
    n_columns: usize,
    parts: usize,
    out: &mut [f32],
) -> usize {
    let lanes = S::f32s::LEN;
    let is_vector = lanes > 4 && parts == lanes;
    let mut acc = [[S::f32s::splat(simd, 0.0); C]; R];
    if is_vector {
        for r in 0..R {
            for c in 0..C {
                acc[r][c] = S::f32s::from_slice(simd, &out[(r * n_columns + c) * lanes..][..lanes]);
            }
        }
    }
    for (a, b) in pairs {
        let tile = b.len() / n_columns;
        let (a, b) = (&a[row * tile..], &b[column * tile..]);
        let (mut a_rows, mut b_rows) = ([&a[..tile]; R], [&b[..tile]; C]);
        for r in 1..R {
            a_rows[r] = &a[r * tile..][..tile];
        }
        for c in 1..C {
            b_rows[c] = &b[c * tile..][..tile];
        }
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
    }
    if is_vector {
        for r in 0..R {
            for c in 0..C {
                acc[r][c].store_slice(&mut out[(r * n_columns + c) * lanes..][..lanes]);
            }
        }
    } else if C == OUTER_COLUMNS {
        let mut fours = [S::f32s::splat(simd, 0.0); R];
        for r in 0..R {
            fours[r] = add_fours::<S>([acc[r][0], acc[r][1 % C], acc[r][2 % C], acc[r][3 % C]]);
        }
        let rows_a_vector = lanes / C;
        for first in (0..R).step_by(rows_a_vector) {
            let row = |r: usize| fours[(first + r) % R];
            if lanes == C {
                // The sums of a row lie as the row does.
                let place = &mut out[first * n_columns..][..C];
                (S::f32s::from_slice(simd, place) + row(0)).store_slice(place);
                continue;
            }
            let sums = if lanes == 2 * C {
                add_neighbours::<S>(row(0), row(1))
            } else {
                add_fours::<S>([row(0), row(1), row(2), row(3)])
            };
            let mut parts = [0.0; BLOCK];
            sums.store_slice(&mut parts[..lanes]);
            for (r, parts) in (first..R).zip(parts[..lanes].chunks_exact(C)) {
                let place = &mut out[r * n_columns..][..C];
                for c in 0..C {
                    place[c] += parts[c];
                }
            }
        }
    } else {
        for r in 0..R {
            for c in 0..C {
                out[r * n_columns + c] += acc[r][c].reduce_sum();
            }
        }
    }
    C
}

/// The sums of neighbours, and of neighbours among these, in four vectors.
#[inline(always)]
fn add_fours<S: Simd>([a, b, c, d]: [S::f32s; 4]) -> S::f32s {
    add_neighbours::<S>(add_neighbours::<S>(a, b), add_neighbours::<S>(c, d))
}

/// The sums of neighbours in a pair of vectors.
#[inline(always)]
fn add_neighbours<S: Simd>(a: S::f32s, b: S::f32s) -> S::f32s {
    a.unzip_low(b) + a.unzip_high(b)
}
