//! Which features of a sample are active, as a list: what sparse features cost where only the active ones are looked at.

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

use super::draws::Reading;
use super::level::run_at;
use super::{BLOCK, Level};

/// Features whose sixteen samples a word has a bit for.
const ROUND: usize = 64 / BLOCK;

/// A feature that is active, and its value in [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Active {
    /// i.
    pub feature: u32,
    /// `x_i`.
    pub value: f32,
}

/// The active features of a tile's samples.
#[derive(Debug, Clone, Default)]
pub struct Actives {
    n_features: usize,
    row_len: usize,
    /// `[samples][n_features]`, of which each sample's first few count.
    entries: Vec<Active>,
    /// `[samples]`, how many count.
    counts: Vec<u32>,
    /// `[samples][row_len]`: the same as numbers, zeros included.
    x: Vec<f32>,
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
            let x = vec![0.0; samples * row_len];
            let (entries, counts) = (vec![Active::default(); samples * n], vec![0; samples]);
            *self = Actives { n_features: n, row_len, entries, counts, x, filled: Vec::with_capacity(samples) };
        } else {
            for &sample in &self.filled {
                for entry in &self.entries[sample as usize * n..][..self.counts[sample as usize] as usize] {
                    self.x[sample as usize * row_len + entry.feature as usize] = 0.0;
                }
            }
            self.counts.fill(0);
        }
        run_at!(level, simd, FUSED => read_lanes::<_, FUSED>(simd, reading, draws, n_samples, self));
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

#[inline(always)]
fn read_lanes<S: Simd, const FUSED: bool>(
    simd: S,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    actives: &mut Actives,
) {
    let lanes = S::u32s::LEN;
    let Actives { n_features, row_len, entries, counts, x, .. } = actives;
    let (n, row_len) = (*n_features, *row_len);
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
                let last = S::i32s::splat(simd, reading.last_active[first_feature + place]);
                let mut inactive = 0;
                for first in (0..BLOCK).step_by(lanes) {
                    let draw: S::i32s = (S::u32s::from_slice(simd, &words[first..first + lanes]) >> 1).bitcast();
                    inactive |= draw.simd_gt(last).to_bitmask() << first;
                }
                active |= (!inactive & 0xffff) << (place * BLOCK);
            }
            active &= counting;
            while active != 0 {
                let bit = active.trailing_zeros() as usize;
                active &= active - 1;
                let (place, lane) = (bit / BLOCK, bit % BLOCK);
                let feature = first_feature + place;
                let value = if reading.paired {
                    (rows[place * per_feature + BLOCK + lane] >> 8) as f32 * (1.0 / 16_777_216.0)
                } else {
                    (rows[place * per_feature + lane] >> 1) as i32 as f32 * reading.value_scale[feature]
                };
                let sample = first_sample + lane;
                entries[sample * n + counts[sample] as usize] = Active { feature: feature as u32, value };
                counts[sample] += 1;
                x[sample * row_len + feature] = value;
            }
        }
    }
}
