//! Sixteen interleaved streams of random words, and what a word means for a feature.
//!
//! Generator: xoshiro128++ of Blackman and Vigna ("Scrambled linear pseudorandom number generators", 2021), one per lane.
//! Its sixteen lanes are stepped together at every level, so the words do not depend on the vector width.

use fearless_simd::prelude::*;

use super::level::run_at;
use super::{BLOCK, Level};

/// The state of sixteen xoshiro128++ generators: word by word, `BLOCK` lanes each.
pub type LaneState = [[u32; BLOCK]; 4];

/// Fills `out` with rows of [`BLOCK`] words, each lane from its own generator, and advances `state`.
///
/// # Shapes
/// `out`: `[rows][BLOCK]`.
///
/// # Panics
/// If `out` is not a whole number of rows.
pub fn fill(level: Level, state: &mut LaneState, out: &mut [u32]) {
    assert_eq!(out.len() % BLOCK, 0, "draws come in rows of {BLOCK}");
    run_at!(level, simd, FUSED => fill_lanes::<_, FUSED>(simd, state, out));
}

/// Works through the lanes a vector at a time, so that a generator's four words stay in registers over all rows.
#[inline(always)]
fn fill_lanes<S: Simd, const FUSED: bool>(simd: S, state: &mut LaneState, out: &mut [u32]) {
    let lanes = S::u32s::LEN;
    for first in (0..BLOCK).step_by(lanes) {
        let here = first..first + lanes;
        let mut s0 = S::u32s::from_slice(simd, &state[0][here.clone()]);
        let mut s1 = S::u32s::from_slice(simd, &state[1][here.clone()]);
        let mut s2 = S::u32s::from_slice(simd, &state[2][here.clone()]);
        let mut s3 = S::u32s::from_slice(simd, &state[3][here.clone()]);
        for row in out.chunks_exact_mut(BLOCK) {
            let sum = s0 + s3;
            let result = ((sum << 7) | (sum >> 25)) + s0;
            result.store_slice(&mut row[here.clone()]);
            let shifted = s1 << 9;
            s2 ^= s0;
            s3 ^= s1;
            s1 ^= s2;
            s0 ^= s3;
            s2 ^= shifted;
            s3 = (s3 << 11) | (s3 >> 21);
        }
        s0.store_slice(&mut state[0][here.clone()]);
        s1.store_slice(&mut state[1][here.clone()]);
        s2.store_slice(&mut state[2][here.clone()]);
        s3.store_slice(&mut state[3][here]);
    }
}

/// How a feature's random word is read, for each feature of a model.
///
/// A *paired* reading spends two words a feature, one for whether it is active and one for its value; it is used where
/// some density is so low that the active draws alone would leave the value less than 24 bits.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Two words a feature instead of one.
    pub paired: bool,
    /// A feature is active where its 31-bit draw is at most this; −1 for never.
    pub last_active: Vec<i32>,
    /// Turns an active draw into a value in [0, 1].
    pub value_scale: Vec<f32>,
}

impl Reading {
    /// Below this density the active draws of 31 bits keep less than 24, so the value gets a word of its own.
    const PAIRED_BELOW: f64 = 1.0 / 128.0;

    /// The reading for these densities.
    ///
    /// # Precision
    /// The density met is `round(p·2³¹) / 2³¹`.
    pub fn new(densities: &[f64]) -> Self {
        let n_active = |p: f64| (p * 2_147_483_648.0).round();
        Reading {
            paired: densities.iter().any(|&p| p < Self::PAIRED_BELOW),
            last_active: densities.iter().map(|&p| (n_active(p) - 1.0) as i32).collect(),
            value_scale: densities.iter().map(|&p| (1.0 / n_active(p).max(1.0)) as f32).collect(),
        }
    }

    /// Random words a sample.
    pub fn words(&self) -> usize {
        self.last_active.len() * if self.paired { 2 } else { 1 }
    }

    /// Writes the inputs of a tile.
    ///
    /// # Shapes
    /// `draws`: `[blocks][words][BLOCK]`; `x`: `[n_features][blocks · BLOCK]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn inputs_into(&self, level: Level, draws: &[u32], x: &mut [f32]) {
        let n_blocks = draws.len() / (self.words() * BLOCK);
        assert_eq!(draws.len(), n_blocks * self.words() * BLOCK, "draws: whole blocks");
        assert_eq!(x.len(), n_blocks * BLOCK * self.last_active.len(), "x: n_features rows of a tile's samples");
        run_at!(level, simd, FUSED => inputs::<_, FUSED>(simd, self, draws, x));
    }
}

#[inline(always)]
fn inputs<S: Simd, const FUSED: bool>(simd: S, reading: &Reading, draws: &[u32], x: &mut [f32]) {
    let n_features = reading.last_active.len();
    let row_len = x.len() / n_features;
    let per_feature = if reading.paired { 2 * BLOCK } else { BLOCK };
    for (block_idx, block) in draws.chunks_exact(reading.words() * BLOCK).enumerate() {
        for (i, words) in block.chunks_exact(per_feature).enumerate() {
            let out = &mut x[i * row_len + block_idx * BLOCK..][..BLOCK];
            for first in (0..BLOCK).step_by(S::u32s::LEN) {
                let draw = S::u32s::from_slice(simd, &words[first..first + S::u32s::LEN]);
                let own = if reading.paired {
                    Some(S::u32s::from_slice(simd, &words[BLOCK + first..BLOCK + first + S::u32s::LEN]))
                } else {
                    None
                };
                let (last, scale) = (reading.last_active[i], reading.value_scale[i]);
                super::lanes::feature_value(simd, draw, own, last, scale)
                    .store_slice(&mut out[first..first + S::u32s::LEN]);
            }
        }
    }
}
