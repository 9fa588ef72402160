//! What is active in sparse samples, as lists that are drawn without looking at what is not, and their products with dense rows.
//!
//! From one sample in which a feature is active to the next there is a gap at random ([`super::gaps`]). So a batch costs
//! as many draws as it has active features, and one more a feature. The lists are the rows of a sparse matrix (*compressed sparse rows*), by feature as
//! they are drawn, or by sample when they are transposed; a product with a dense matrix reads a row of that for each entry.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::gaps;
use super::lanes::mul_add;
use super::level::{run_at, run_either};
use super::{BLOCK, Level};

/// The most samples that are listed at once.
pub const TILE: usize = 1024;
/// Gaps that are made at once, with as many values: another such number.
const AT_ONCE: usize = 256;
/// Whether lists are drawn by sample, too: in Chromium that takes as long as to transpose them, and would be code to download.
const CAN_HAVE_ROOM: bool = cfg!(not(target_arch = "wasm32"));
/// Entries of a cache line.
const ENTRIES_A_LINE: usize = 8;

/// An active feature of a sample: its value in [0, 1), and the other one of its two numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Entry {
    /// `x_i`; in front, as a load into all lanes takes no offset.
    pub value: f32,
    /// The sample where lists are by feature, the feature where they are by sample.
    pub row: u32,
}

/// A list for each feature, or for each sample.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    entries: Vec<Entry>,
    /// Where each list begins and ends.
    bounds: Vec<[u32; 2]>,
}

/// The lists of some samples as they are drawn.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// A list for each feature.
    pub by_feature: Lists,
    by_sample: Lists,
    /// How many entries each sample has, where there are no lists by sample; there may be samples behind the last.
    counts: Vec<u32>,
}

/// Where a feature's entries go in lists by sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// What tells the feature there.
    pub row: u32,
    /// Which of the two classes that get lists of their own: 0 or 1.
    pub class: u32,
}

/// Draws lists; holds the random numbers that are made at once.
#[derive(Debug)]
pub struct Skipper {
    /// How many entries a sample has room for in lists that are drawn by sample, too, or 0.
    room: usize,
    words: [u32; 2 * AT_ONCE],
    exponentials: [f32; AT_ONCE],
    gaps: [i32; AT_ONCE],
    values: [f32; AT_ONCE],
}

impl Default for Skipper {
    fn default() -> Self {
        let (exponentials, values) = ([0.0; AT_ONCE], [0.0; AT_ONCE]);
        Skipper { room: 0, words: [0; 2 * AT_ONCE], exponentials, gaps: [0; AT_ONCE], values }
    }
}

/// How many samples are listed at once where this part of their features is active, at every level: the draws depend on it, so it is part of every
/// published result. As few as leave each feature some entries, so that the lists and what they are multiplied with stay in the nearest cache.
pub fn tile_samples(density: f64) -> usize {
    let mut tile = TILE;
    while tile > 128 && tile as f64 * density > 32.0 {
        tile /= 2;
    }
    tile
}

impl Skipper {
    /// One that draws lists by sample as well, where so many features are active on average and that is faster than to transpose them: [`Drawn::by_sample`] has them then.
    pub fn by_sample(n_active: f64) -> Self {
        if !CAN_HAVE_ROOM || n_active < 1.0 {
            return Self::default();
        }
        // Four standard deviations more; if a sample has more than that, all are transposed. Whole cache lines, an odd number of them: of
        // lines that lie a power of two apart the nearest cache keeps only a few.
        let lines = ((n_active + 4.0 * n_active.sqrt()) as usize).div_ceil(ENTRIES_A_LINE) | 1;
        Skipper { room: lines * ENTRIES_A_LINE, ..Self::default() }
    }

    /// Draws which of `n_samples` samples each feature is active in, and its values, uniform in [0, 1) with 24 bits.
    ///
    /// `fill` fills rows of [`BLOCK`] words; it is called for a whole number of them, whatever the level.
    ///
    /// # Panics
    /// If there are more than [`TILE`] samples.
    ///
    /// # Precision
    /// The probability of each gap is met to a relative 1e-6.
    #[inline(never)] // Here it is compiled for speed.
    pub fn draw(
        &mut self,
        level: Level,
        gap_scales: &[f32],
        n_samples: usize,
        fill: &mut dyn FnMut(&mut [u32]),
        drawn: &mut Drawn,
    ) {
        assert!(n_samples <= TILE, "a tile holds its samples");
        // All samples of one feature, then all of the next: a walk over one line, as long as the densities stay the same.
        let shift = n_samples.next_power_of_two().trailing_zeros();
        let mask = (1 << shift) - 1_usize;
        let Drawn { by_feature: Lists { entries, bounds }, by_sample, counts } = drawn;
        bounds.clear();
        bounds.resize(gap_scales.len(), [0; 2]);
        // Where each sample's next entry goes by sample: how many it has, behind the room of those before.
        let edges = counts;
        edges.clear();
        let slots = &mut by_sample.entries;
        if self.has_room() {
            edges.extend(self.starts().take(mask + 1));
            slots.resize((self.room << shift).next_power_of_two(), Entry::default());
        } else {
            edges.resize(mask + 1, 0);
        }
        let (mut len, mut spent, mut first) = (0, AT_ONCE, 0);
        for scales in gap_scales.chunk_by(|a, b| a == b) {
            let mut place = first << shift;
            first += scales.len();
            let end = first << shift;
            self.gaps_from(level, spent, scales[0]);
            while place < end {
                if spent == AT_ONCE {
                    self.refill(level, scales[0], fill);
                    spent = 0;
                }
                if entries.len() < len + AT_ONCE {
                    make_room(entries, len + AT_ONCE);
                }
                let made = (&self.gaps[spent..], &self.values[spent..]);
                let n_placed;
                let at = [place, end];
                (place, n_placed) = if self.has_room() {
                    place_entries::<true>(made, at, shift, len, entries, bounds, edges, slots)
                } else {
                    place_entries::<false>(made, at, shift, len, entries, bounds, edges, slots)
                };
                len += n_placed;
                // The one that led behind the end is spent, too.
                spent = (spent + n_placed + usize::from(place >= end)).min(AT_ONCE);
            }
        }
        let mut end = 0;
        for bounds in bounds {
            *bounds = [end, end.max(bounds[1])];
            end = bounds[1];
        }
        by_sample.bounds.clear();
        if self.has_room() {
            // Of the samples behind the last, too: what one has no room for is in the place of another.
            let has_room = |(start, &edge): (u32, &u32)| (edge - start) as usize <= self.room;
            if self.starts().zip(&*edges).all(has_room) {
                by_sample.bounds.extend(self.starts().zip(&*edges).take(n_samples).map(|(start, &edge)| [start, edge]));
            } else {
                edges.iter_mut().zip(self.starts()).for_each(|(edge, start)| *edge -= start);
            }
        }
        if !n_samples.is_power_of_two() {
            drawn.by_feature.keep_first(n_samples);
        }
    }

    /// Whether lists are drawn by sample, too.
    fn has_room(&self) -> bool {
        CAN_HAVE_ROOM && self.room > 0
    }

    /// Where each sample's room begins.
    fn starts(&self) -> impl Iterator<Item = u32> + use<> {
        let room = self.room as u32;
        (0..).map(move |sample| sample * room)
    }

    /// Makes new numbers.
    fn refill(&mut self, level: Level, scale: f32, fill: &mut dyn FnMut(&mut [u32])) {
        fill(&mut self.words);
        let Skipper { words, exponentials, values, .. } = self;
        run_either!(level, simd => gaps::convert(simd, words, exponentials, values));
        self.gaps_from(level, 0, scale);
    }

    /// Makes gaps of the numbers that are left.
    fn gaps_from(&mut self, level: Level, spent: usize, scale: f32) {
        let first = spent / BLOCK * BLOCK;
        let Skipper { exponentials, gaps, .. } = self;
        if first < exponentials.len() {
            run_either!(level, simd => gaps::gaps_of(simd, &exponentials[first..], scale, &mut gaps[first..]));
        }
    }
}

/// Goes on from a place on the line of all samples of one feature, then all of the next, until the numbers or the line end; returns the place, and
/// how many entries it made. `len` there are before.
#[inline(never)] // Its own registers: there are hardly enough.
#[allow(clippy::too_many_arguments, reason = "where the walk is and the four lists that it writes")]
fn place_entries<const BY_SAMPLE: bool>(
    (gaps, values): (&[i32], &[f32]),
    [mut place, end]: [usize; 2],
    shift: u32,
    len: usize,
    entries: &mut [Entry],
    bounds: &mut [[u32; 2]],
    edges: &mut [u32],
    slots: &mut [Entry],
) -> (usize, usize) {
    // Powers of two; no slots where there is no room.
    let (last_sample, last_slot) = (edges.len() - 1, slots.len().wrapping_sub(1));
    let mut n_placed = 0;
    for ((&gap, &value), entry) in gaps.iter().zip(values).zip(&mut entries[len..]) {
        place += gap as u32 as usize;
        if place >= end {
            break;
        }
        let (list, sample) = (place >> shift, place & last_sample);
        *entry = Entry { row: sample as u32, value };
        let slot = edges[sample];
        edges[sample] = slot + 1;
        if BY_SAMPLE {
            slots[slot as usize & last_slot] = Entry { row: list as u32, value };
        }
        n_placed += 1;
        bounds[list][1] = (len + n_placed) as u32;
        place += 1;
    }
    (place, n_placed)
}

#[inline(never)] // Once or twice in a run.
fn make_room(entries: &mut Vec<Entry>, len: usize) {
    entries.resize(len, Entry::default());
}

impl Lists {
    /// Of lists by feature, only the first samples.
    #[inline(never)] // In the last tile of some batches.
    fn keep_first(&mut self, n_samples: usize) {
        let mut len = 0;
        for bounds in &mut self.bounds {
            let [start, end] = *bounds;
            bounds[0] = len as u32;
            for at in start as usize..end as usize {
                self.entries[len] = self.entries[at];
                len += usize::from((self.entries[len].row as usize) < n_samples);
            }
            bounds[1] = len as u32;
        }
    }

    /// How many lists.
    pub fn n_lists(&self) -> usize {
        self.bounds.len()
    }

    /// One of them, its rows rising where lists are by feature.
    #[inline(always)]
    pub fn of(&self, list: usize) -> &[Entry] {
        let [start, end] = self.bounds[list];
        &self.entries[start as usize..end as usize]
    }

    /// The lists of a range that are not empty, shorter ones first where they are long: loops over lists of one length are guessed.
    pub fn filled_into(&self, lists: std::ops::Range<usize>, out: &mut Vec<u32>) {
        let bounds = &self.bounds[lists.clone()];
        out.resize(lists.len(), 0);
        let length = |&[start, end]: &[u32; 2]| ((end - start) as usize).min(LEVELS - 1);
        let first_list = lists.start as u32;
        let n_entries: u32 = bounds.iter().map(|&[start, end]| end - start).sum();
        if (n_entries as usize) < bounds.len() {
            // Most have one entry at most.
            let mut count = 0;
            for (list, bounds) in (first_list..).zip(bounds) {
                out[count] = list;
                count += length(bounds).min(1);
            }
            out.truncate(count);
            return;
        }
        let lengths: Vec<usize> = bounds.iter().map(length).collect();
        let n_empty = order_by_level(&lengths, out)[0] as usize;
        out.iter_mut().for_each(|list| *list += first_list);
        out.drain(..n_empty);
    }

    /// Writes, or adds, to row `l − first` of `out` the sum over the entries of list l of their values times `rows[entry.row]`, for the lists named.
    ///
    /// # Shapes
    /// `rows: [entries' rows][row_len]`, `out: [lists][row_len]`, of which the first `n_columns`, rounded up to whole vectors, are read and written.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[allow(clippy::too_many_arguments, reason = "which lists, two matrices and how they lie")]
    pub fn add_products(
        &self,
        level: Level,
        which: &[u32],
        first: usize,
        rows: &[f32],
        row_len: usize,
        n_columns: usize,
        out: &mut [f32],
        adds: bool,
    ) {
        assert!(n_columns.next_multiple_of(lanes_of(level)) <= row_len, "rows are whole vectors");
        let shape = Shape { first_list: first, row_len, n_columns, adds };
        run_at!(level, simd, FUSED => add_products::<_, FUSED>(simd, self, which, shape, rows, out));
    }
}

impl Drawn {
    /// A list for each sample, its features rising, where a [`Skipper::by_sample`] drew and all entries had room.
    pub fn by_sample(&self) -> Option<&Lists> {
        Some(&self.by_sample).filter(|lists| CAN_HAVE_ROOM && lists.n_lists() > 0)
    }

    /// Makes lists by sample, features rising.
    ///
    /// # Panics
    /// If these lists were not drawn for so many samples, or there are lists by sample.
    pub fn transpose_into(&self, n_samples: usize, out: &mut Lists) {
        self.deal::<false>(&[], n_samples, out, &mut []);
    }

    /// Makes lists by sample, one for each class of features: that of class c and sample s is number `c · n_samples + s`. Features
    /// rise in those of class 0, and fall in those of class 1, which grow from the end of what a sample has. `sums` gets the sum of each feature's values, and that of
    /// their squares: what is read here anyway.
    ///
    /// # Shapes
    /// `places`: a feature each; `sums: [n_features][2]`.
    ///
    /// # Panics
    /// If these lists were not drawn for so many samples, or there are lists by sample, or if the shapes do not fit.
    pub fn split_into(&self, places: &[Place], n_samples: usize, out: &mut Lists, sums: &mut [[f32; 2]]) {
        self.deal::<true>(places, n_samples, out, sums);
    }

    #[inline(always)]
    fn deal<const SPLIT: bool>(&self, places: &[Place], n_samples: usize, out: &mut Lists, sums: &mut [[f32; 2]]) {
        assert!(self.by_sample().is_none(), "there is nothing left to do");
        let Lists { entries, bounds } = out;
        let total = self.by_feature.bounds.last().map_or(0, |bounds| bounds[1] as usize);
        let mut end = 0;
        bounds.clear();
        bounds.extend(self.counts[..n_samples].iter().map(|&count| {
            end += count;
            [end - count; 2]
        }));
        if SPLIT {
            bounds.extend_from_within(1..);
            bounds.push([end; 2]);
        }
        entries.resize(total.max(entries.len()), Entry::default());
        let edges = bounds.as_flattened_mut();
        for list in 0..self.by_feature.n_lists() {
            let Place { row, class } = if SPLIT { places[list] } else { Place { row: list as u32, class: 0 } };
            let edges = &mut edges[2 * class as usize * n_samples..];
            let side = 1 - class as usize;
            let (mut sum, mut square) = (0.0, 0.0);
            for entry in self.by_feature.of(list) {
                // Behind the last of class 0, before the first of class 1.
                let edge = &mut edges[2 * entry.row as usize + side];
                let at = *edge - class;
                *edge = at + 1 - class;
                entries[at as usize] = Entry { row, value: entry.value };
                if SPLIT {
                    sum += entry.value;
                    square += entry.value * entry.value;
                }
            }
            if SPLIT {
                sums[list] = [sum, square];
            }
        }
    }
}

/// How what is multiplied lies.
#[derive(Clone, Copy)]
struct Shape {
    first_list: usize,
    row_len: usize,
    n_columns: usize,
    adds: bool,
}

/// How many levels [`order_by_level`] knows.
pub const LEVELS: usize = 64;

/// Indices in the order of their levels, all below [`LEVELS`]; returns where each level ends.
#[inline(never)] // Once or twice a tile.
pub fn order_by_level(levels: &[usize], order: &mut Vec<u32>) -> [u32; LEVELS] {
    let mut ends = [0_u32; LEVELS];
    levels.iter().for_each(|&level| ends[level] += 1);
    let mut start = 0;
    for end in &mut ends {
        (start, *end) = (start + *end, start);
    }
    order.resize(levels.len(), 0);
    for (index, &level) in levels.iter().enumerate() {
        order[ends[level] as usize] = index as u32;
        ends[level] += 1;
    }
    ends
}

/// Numbers a vector.
pub(super) fn lanes_of(level: Level) -> usize {
    run_either!(level, simd => lanes_of_simd(simd))
}

#[inline(always)]
fn lanes_of_simd<S: Simd>(_: S) -> usize {
    S::f32s::LEN
}

/// How long rows of so many numbers are where they are also columns of a [`super::products::product`].
pub fn row_len(level: Level, n_numbers: usize) -> usize {
    n_numbers.next_multiple_of(2 * lanes_of(level))
}

/// The same with as few numbers behind the last as can be: rows that fill the nearest cache, or that lie a power of two apart, make it forget some.
pub fn short_row_len(level: Level, n_numbers: usize) -> usize {
    if cfg!(target_arch = "wasm32") { row_len(level, n_numbers) } else { n_numbers.next_multiple_of(lanes_of(level)) }
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn add_products<S: Simd, const FUSED: bool>(
    simd: S,
    lists: &Lists,
    which: &[u32],
    shape: Shape,
    rows: &[f32],
    out: &mut [f32],
) {
    let mut left = shape.n_columns.div_ceil(S::f32s::LEN);
    // Columns are taken a few vectors at a time, which stay in registers over a list: natively evenly, and every width is compiled.
    let widest = left.div_ceil(left.div_ceil(8));
    let mut first = 0;
    while left > 0 {
        let done = if cfg!(not(target_arch = "wasm32")) {
            match widest.min(left) {
                1 => add_columns::<S, FUSED, 1>(simd, lists, which, shape, first, rows, out),
                2 => add_columns::<S, FUSED, 2>(simd, lists, which, shape, first, rows, out),
                3 => add_columns::<S, FUSED, 3>(simd, lists, which, shape, first, rows, out),
                4 => add_columns::<S, FUSED, 4>(simd, lists, which, shape, first, rows, out),
                5 => add_columns::<S, FUSED, 5>(simd, lists, which, shape, first, rows, out),
                6 => add_columns::<S, FUSED, 6>(simd, lists, which, shape, first, rows, out),
                7 => add_columns::<S, FUSED, 7>(simd, lists, which, shape, first, rows, out),
                _ => add_columns::<S, FUSED, 8>(simd, lists, which, shape, first, rows, out),
            }
        } else if left == 9 {
            // A pass over all lists for one vector more would cost more than the vector: 100 features end so.
            add_columns::<S, FUSED, 9>(simd, lists, which, shape, first, rows, out)
        } else if left >= 8 {
            add_columns::<S, FUSED, 8>(simd, lists, which, shape, first, rows, out)
        } else if left >= 4 {
            add_columns::<S, FUSED, 4>(simd, lists, which, shape, first, rows, out)
        } else {
            add_columns::<S, FUSED, 1>(simd, lists, which, shape, first, rows, out)
        };
        left -= done;
        first += done * S::f32s::LEN;
    }
}

/// `V` vectors of columns from number `first` on; returns `V`.
#[inline(always)]
fn add_columns<S: Simd, const FUSED: bool, const V: usize>(
    simd: S,
    lists: &Lists,
    which: &[u32],
    shape: Shape,
    first: usize,
    rows: &[f32],
    out: &mut [f32],
) -> usize {
    let lanes = S::f32s::LEN;
    let Shape { first_list, row_len, adds, .. } = shape;
    let rows = &rows[first..];
    // Where the last row begins: the bounds of each are checked once.
    let last = rows.len().checked_sub(V * lanes).expect("a row at least");
    for &list in which {
        let place = &mut out[(list as usize - first_list) * row_len + first..][..V * lanes];
        let mut sums = [S::f32s::splat(simd, 0.0); V];
        if adds {
            for v in 0..V {
                sums[v] = S::f32s::from_slice(simd, &place[v * lanes..(v + 1) * lanes]);
            }
        }
        for entry in lists.of(list as usize) {
            let start = entry.row as usize * row_len;
            assert!(start <= last, "a row of the matrix");
            let row = &rows[start..start + V * lanes];
            let value = S::f32s::splat(simd, entry.value);
            for v in 0..V {
                let row = S::f32s::from_slice(simd, &row[v * lanes..(v + 1) * lanes]);
                sums[v] = mul_add::<S, FUSED>(value, row, sums[v]);
            }
        }
        for v in 0..V {
            sums[v].store_slice(&mut place[v * lanes..(v + 1) * lanes]);
        }
    }
    V
}
