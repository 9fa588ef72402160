//! Which features of a sample are active, as a list: what sparse features cost where only the active ones are looked at.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use std::ops::Range;

use fearless_simd::prelude::*;

use super::draws::Reading;
use super::lanes::mul_add;
use super::level::{run_at, run_either};
use super::{Aligned, BLOCK, Level};

/// Features whose sixteen samples a word has a bit for.
const ROUND: usize = 64 / BLOCK;
/// Entries that are read without asking whether there are so many.
const GUESSED: usize = if cfg!(target_arch = "wasm32") { 1 } else { 4 };
/// Vectors of a row that are worked on at once.
const PAIR: usize = 2;

/// A feature that is active, and its value in [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Active {
    /// i.
    pub feature: u32,
    /// `x_i`.
    pub value: f32,
}

/// The active features of a tile's samples.
#[derive(Debug, Default)]
pub struct Actives {
    n_features: usize,
    row_len: usize,
    /// `[samples][n_features]`, of which each sample's first few count.
    entries: Vec<Active>,
    /// `[samples]`, how many count.
    counts: Vec<u32>,
    /// `[samples][row_len]`: the same as numbers, zeros included.
    x: Aligned<f32>,
    /// Samples in which something is active, in order.
    filled: Vec<u32>,
}

impl Actives {
    /// Whether a reading can be read so: of independent features with values in [0, 1].
    pub fn can_read(reading: &Reading) -> bool {
        reading.shared.is_none() && !reading.signed
    }

    /// Reads the first `n_samples` samples of a tile, the same that [`Reading::inputs_into`] makes.
    ///
    /// # Shapes
    /// `draws`: `[blocks][words][BLOCK]`; rows of [`Actives::x`] become `row_len` long.
    ///
    /// # Panics
    /// If the shapes do not fit, or this cannot read it.
    pub fn read(&mut self, level: Level, reading: &Reading, draws: &[u32], n_samples: usize, row_len: usize) {
        let n_blocks = n_samples.div_ceil(BLOCK);
        let (n, samples) = (reading.last_active.len(), n_blocks * BLOCK);
        assert!(Self::can_read(reading), "independent features, values in [0, 1]");
        assert!(row_len >= n, "rows hold all features");
        assert!(draws.len() >= n_blocks * reading.words() * BLOCK, "draws: every sample's");
        if (self.n_features, self.row_len) != (n, row_len) || self.counts.len() < samples {
            self.x.zeros(samples * row_len);
            let x = std::mem::take(&mut self.x);
            let (entries, counts) = (vec![Active::default(); samples * n], vec![0; samples]);
            *self = Actives { n_features: n, row_len, entries, counts, x, filled: Vec::with_capacity(samples) };
        } else {
            let Actives { entries, counts, x, filled, .. } = &mut *self;
            let (entries, counts, x) = (&entries[..], &counts[..], &mut x[..]);
            for &sample in filled.iter() {
                let row = &mut x[sample as usize * row_len..][..row_len];
                for entry in &entries[sample as usize * n..][..counts[sample as usize] as usize] {
                    row[entry.feature as usize] = 0.0;
                }
            }
            self.counts.fill(0);
        }
        run_either!(level, simd => read_lanes(simd, reading, draws, n_samples, self));
        self.filled.clear();
        self.filled.extend((0..n_samples as u32).filter(|&sample| self.counts[sample as usize] > 0));
    }

    /// Samples in which something is active, in order.
    pub fn filled(&self) -> &[u32] {
        &self.filled
    }

    /// What is active in a sample, in the order of the features.
    #[inline(always)]
    pub fn of(&self, sample: u32) -> &[Active] {
        &self.entries[sample as usize * self.n_features..][..self.counts[sample as usize] as usize]
    }

    /// The inputs, zeros included: `[samples][row_len]`.
    pub fn x(&self) -> &[f32] {
        &self.x
    }
}

/// A bit for each of a block's samples in which a feature with these words is active.
#[inline(always)]
fn active_in<S: Simd>(simd: S, words: &[u32], last_active: i32) -> u64 {
    let lanes = S::u32s::LEN;
    let last = S::i32s::splat(simd, last_active);
    let mut inactive = 0;
    for first in (0..BLOCK).step_by(lanes) {
        let draw: S::i32s = (S::u32s::from_slice(simd, &words[first..first + lanes]) >> 1).bitcast();
        inactive |= draw.simd_gt(last).to_bitmask() << first;
    }
    !inactive & 0xffff
}

/// Where the values of active features are, and what turns a word into one.
#[derive(Clone, Copy)]
struct Values<'a> {
    /// Words from a feature's first one to those of its values.
    offset: usize,
    shift: u32,
    /// `[n_features]`, where the word that decides is the value's as well.
    scale: &'a [f32],
}

impl<'a> Values<'a> {
    #[inline(always)]
    fn of(reading: &'a Reading) -> Self {
        let (offset, shift) = if reading.paired { (BLOCK, 8) } else { (0, 1) };
        Values { offset, shift, scale: &reading.value_scale }
    }

    /// The value of a feature whose words for the block begin at a place.
    #[inline(always)]
    fn get(self, feature: usize, words: &[u32], place: usize) -> f32 {
        let scale = if self.offset > 0 { 1.0 / 16_777_216.0 } else { self.scale[feature] };
        (words[place + self.offset] >> self.shift) as i32 as f32 * scale
    }
}

#[inline(always)]
fn read_lanes<S: Simd>(simd: S, reading: &Reading, draws: &[u32], n_samples: usize, actives: &mut Actives) {
    let Actives { n_features, row_len, entries, counts, x, .. } = actives;
    let (n, row_len) = (*n_features, *row_len);
    // Slices, and all that is read of them, stay in registers; what is behind a reference is loaded again after each store.
    let (entries, counts, x) = (&mut entries[..], &mut counts[..], &mut x[..]);
    let (last_active, values) = (&reading.last_active[..], Values::of(reading));
    let per_feature = if reading.paired { 2 * BLOCK } else { BLOCK };
    for (block_idx, block) in draws.chunks_exact(reading.words() * BLOCK).take(n_samples.div_ceil(BLOCK)).enumerate() {
        let first_sample = block_idx * BLOCK;
        let n_counting = (n_samples - first_sample).min(BLOCK);
        let counting = 0x0001_0001_0001_0001 * (0xffff_u64 >> (BLOCK - n_counting));
        // Four features a round: fewer and longer loops over what is active are better guessed.
        for (round, rows) in block.chunks(ROUND * per_feature).enumerate() {
            let first_feature = round * ROUND;
            let mut active = 0;
            for (place, words) in rows.chunks_exact(per_feature).enumerate() {
                active |= active_in(simd, words, last_active[first_feature + place]) << (place * BLOCK);
            }
            active &= counting;
            while active != 0 {
                let bit = active.trailing_zeros() as usize;
                active &= active - 1;
                let (place, lane) = (bit / BLOCK, bit % BLOCK);
                let feature = first_feature + place;
                let value = values.get(feature, rows, place * per_feature + lane);
                let sample = first_sample + lane;
                entries[sample * n + counts[sample] as usize] = Active { feature: feature as u32, value };
                counts[sample] += 1;
                x[sample * row_len + feature] = value;
            }
        }
    }
}

/// A sample in which a feature is active, and its value in [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Entry {
    /// s.
    pub sample: u32,
    /// `x_i` of it.
    pub value: f32,
}

/// The same of a tile, feature by feature.
#[derive(Debug, Default)]
pub struct ByFeature {
    entries: Vec<Entry>,
    /// `[features + 1]`, where each feature's entries begin.
    starts: Vec<u32>,
}

impl ByFeature {
    /// Reads the first `n_samples` samples of a tile, features in this order.
    ///
    /// # Panics
    /// If the shapes do not fit, or [`Actives::can_read`] says no.
    pub fn read(&mut self, level: Level, reading: &Reading, draws: &[u32], n_samples: usize, order: &[u32]) {
        assert!(Actives::can_read(reading), "independent features, values in [0, 1]");
        assert!(draws.len() >= n_samples.div_ceil(BLOCK) * reading.words() * BLOCK, "draws: every sample's");
        self.entries.resize(n_samples.next_multiple_of(BLOCK) * order.len() + GUESSED, Entry::default());
        self.starts.clear();
        self.starts.push(0);
        run_either!(level, simd => read_features(simd, reading, draws, n_samples, order, self));
    }

    /// Where the feature at this place of the order is active, in the order of the samples.
    #[inline(always)]
    pub fn of(&self, place: usize) -> &[Entry] {
        &self.entries[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// `Σ x_i` and `Σ x_i²` of the feature at this place.
    pub fn sums(&self, place: usize) -> (f32, f32) {
        // In four parts: an addition takes as long as four can be begun.
        let mut parts = [[0.0_f32; 2]; 4];
        for (at, entry) in self.of(place).iter().enumerate() {
            let part = &mut parts[at % 4];
            *part = [part[0] + entry.value, part[1] + entry.value * entry.value];
        }
        let [a, b, c, d] = parts;
        ((a[0] + b[0]) + (c[0] + d[0]), (a[1] + b[1]) + (c[1] + d[1]))
    }

    /// How long rows of so many numbers are in what follows: whole pairs of vectors.
    pub fn row_len(level: Level, n_numbers: usize) -> usize {
        n_numbers.next_multiple_of(PAIR * run_either!(level, simd => lanes_of(simd)))
    }

    /// Adds `x_i` times a feature's row to the row of each sample, for the features at these places.
    ///
    /// # Shapes
    /// `features: [order][row_len]`, `samples: [samples][row_len]`.
    pub fn add_columns(
        &self,
        level: Level,
        places: Range<usize>,
        features: &[f32],
        row_len: usize,
        samples: &mut [f32],
    ) {
        run_at!(level, simd, FUSED => add_columns::<_, FUSED>(simd, self, places, features, row_len, samples));
    }

    /// Adds `Σ x_i` times the samples' rows to the row of each feature at these places.
    ///
    /// # Shapes
    /// As in [`ByFeature::add_columns`].
    pub fn add_products(
        &self,
        level: Level,
        places: Range<usize>,
        samples: &[f32],
        row_len: usize,
        features: &mut [f32],
    ) {
        run_at!(level, simd, FUSED => add_products::<_, FUSED>(simd, self, places, samples, row_len, features));
    }
}

#[inline(always)]
fn lanes_of<S: Simd>(_: S) -> usize {
    S::f32s::LEN
}

/// A pair of vectors of a feature's row stays in registers while the samples' rows come by.
#[inline(always)]
fn add_columns<S: Simd, const FUSED: bool>(
    simd: S,
    lists: &ByFeature,
    places: Range<usize>,
    features: &[f32],
    row_len: usize,
    samples: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    for place in places {
        let row = &features[place * row_len..][..row_len];
        for (pair, row) in row.chunks_exact(PAIR * lanes).enumerate() {
            let row = [S::f32s::from_slice(simd, &row[..lanes]), S::f32s::from_slice(simd, &row[lanes..])];
            for entry in lists.of(place) {
                let x = S::f32s::splat(simd, entry.value);
                let sums = &mut samples[entry.sample as usize * row_len + pair * PAIR * lanes..][..PAIR * lanes];
                for v in 0..PAIR {
                    let sums = &mut sums[v * lanes..(v + 1) * lanes];
                    mul_add::<S, FUSED>(x, row[v], S::f32s::from_slice(simd, sums)).store_slice(sums);
                }
            }
        }
    }
}

#[inline(always)]
fn add_products<S: Simd, const FUSED: bool>(
    simd: S,
    lists: &ByFeature,
    places: Range<usize>,
    samples: &[f32],
    row_len: usize,
    features: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    for place in places {
        let row = &mut features[place * row_len..][..row_len];
        for (pair, row) in row.chunks_exact_mut(PAIR * lanes).enumerate() {
            let mut sums = [S::f32s::from_slice(simd, &row[..lanes]), S::f32s::from_slice(simd, &row[lanes..])];
            for entry in lists.of(place) {
                let x = S::f32s::splat(simd, entry.value);
                let row = &samples[entry.sample as usize * row_len + pair * PAIR * lanes..][..PAIR * lanes];
                for v in 0..PAIR {
                    sums[v] =
                        mul_add::<S, FUSED>(x, S::f32s::from_slice(simd, &row[v * lanes..(v + 1) * lanes]), sums[v]);
                }
            }
            for v in 0..PAIR {
                sums[v].store_slice(&mut row[v * lanes..(v + 1) * lanes]);
            }
        }
    }
}

#[inline(always)]
fn read_features<S: Simd>(
    simd: S,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    order: &[u32],
    lists: &mut ByFeature,
) {
    let ByFeature { entries, starts } = lists;
    let (entries, last_active, values) = (&mut entries[..], &reading.last_active[..], Values::of(reading));
    let per_feature = reading.words() / reading.last_active.len() * BLOCK;
    let (row, mut len) = (reading.words() * BLOCK, 0);
    for &feature in order {
        let feature = feature as usize;
        let last_active = last_active[feature];
        for first_block in (0..n_samples.div_ceil(BLOCK)).step_by(ROUND) {
            let blocks = &draws[first_block * row..];
            let first_sample = first_block * BLOCK;
            let n_here = (n_samples - first_sample).min(ROUND * BLOCK);
            let mut active = 0;
            for (place, block) in blocks.chunks_exact(row).take(n_here.div_ceil(BLOCK)).enumerate() {
                active |= active_in(simd, &block[feature * per_feature..][..BLOCK], last_active) << (place * BLOCK);
            }
            active &= u64::MAX >> (64 - n_here);
            let end = len + active.count_ones() as usize;
            // A few a round, the last ones past the end for nothing: how many rounds is better guessed than how many entries.
            while len < end {
                for entry in &mut entries[len..len + GUESSED] {
                    let bit = active.trailing_zeros() as usize % 64;
                    active &= active.wrapping_sub(1);
                    let place = bit / BLOCK * row + feature * per_feature + bit % BLOCK;
                    let value = values.get(feature, blocks, place);
                    *entry = Entry { sample: (first_sample + bit) as u32, value };
                }
                len += GUESSED;
            }
            len = end;
        }
        starts.push(len as u32);
    }
}
