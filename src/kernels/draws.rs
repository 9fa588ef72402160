//! Sixteen interleaved streams of random words, and what a word means for a feature.
//!
//! Generator: xoshiro128++ of Blackman and Vigna ("Scrambled linear pseudorandom number generators", 2021), one per lane.
//! Its sixteen lanes are stepped together at every level, so the words do not depend on the vector width.

use fearless_simd::prelude::*;

use super::gaps::gap_scale;
use super::level::run_either;
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
    run_either!(level, simd => fill_lanes(simd, state, out));
}

/// Works through the lanes a vector at a time, so that a generator's four words stay in registers over all rows.
#[inline(always)]
fn fill_lanes<S: Simd>(simd: S, state: &mut LaneState, out: &mut [u32]) {
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

/// How random words become features, for each feature of a model.
///
/// A *paired* reading spends two words a feature, one for whether it is active and one for its value; it is used where
/// some density is so low that the active draws alone would leave the value less than 24 bits, and where features share
/// the word that decides.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Two words a feature instead of one.
    pub paired: bool,
    /// A feature is active where its 31-bit draw is at most this; −1 for never.
    pub last_active: Vec<i32>,
    /// Turns an active draw into a value in [0, 1].
    pub value_scale: Vec<f32>,
    /// Values in [−1, 1] in place of [0, 1].
    pub signed: bool,
    /// Present where features share draws; then the reading is paired.
    pub shared: Option<Shared>,
    /// What makes gaps of exponential numbers, a feature each, where so little is active that samples are listed ([`super::lists`]); else empty.
    pub gap_scales: Vec<f32>,
}

/// Whose draw decides about each feature, and from where on.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The feature whose first word is read.
    pub draw_of: Vec<usize>,
    /// A feature is inactive where the draw is below this: members that exclude each other divide the active draws.
    pub first_active: Vec<i32>,
}

impl Reading {
    /// Below this density the active draws of 31 bits keep less than 24, so the value gets a word of its own.
    const PAIRED_BELOW: f64 = 1.0 / 128.0;
    /// Up to this mean density listing what is active is faster than drawing a word for all, but for networks of a few hidden units (`models/work.rs`).
    const LISTED_UP_TO: f64 = 0.25;

    /// The reading of independent features with these densities and values in [0, 1].
    ///
    /// # Precision
    /// The density met is `round(p·2³¹) / 2³¹`.
    pub fn new(densities: &[f64]) -> Self {
        let is_sparse = densities.iter().sum::<f64>() <= Self::LISTED_UP_TO * densities.len() as f64;
        let gap_scales = if is_sparse { densities.iter().map(|&p| gap_scale(p)).collect() } else { Vec::new() };
        Reading {
            gap_scales,
            paired: densities.iter().any(|&p| p < Self::PAIRED_BELOW),
            last_active: densities.iter().map(|&p| (n_active(p) - 1.0) as i32).collect(),
            value_scale: densities.iter().map(|&p| (1.0 / n_active(p).max(1.0)) as f32).collect(),
            signed: false,
            shared: None,
        }
    }

    /// The same with values in [−1, 1].
    pub fn with_signs(self) -> Self {
        Reading { signed: true, gap_scales: Vec::new(), ..self }
    }

    /// The same where the members of each set are active together (`together`) or exclude each other (`apart`: one of them, each as
    /// likely). A set's density, that of its first member, is the probability that the set is active.
    ///
    /// # Panics
    /// If a set names a feature that does not exist.
    pub fn with_sets(mut self, densities: &[f64], together: &[Vec<usize>], apart: &[Vec<usize>]) -> Self {
        if together.is_empty() && apart.is_empty() {
            return self;
        }
        let n_features = densities.len();
        let mut shared = Shared { draw_of: (0..n_features).collect(), first_active: vec![0; n_features] };
        for set in together {
            for &member in set {
                shared.draw_of[member] = set[0];
                self.last_active[member] = self.last_active[set[0]];
            }
        }
        for set in apart {
            let all = n_active(densities[set[0]]);
            let border = |place: usize| (all * place as f64 / set.len() as f64).round() as i32;
            for (place, &member) in set.iter().enumerate() {
                shared.draw_of[member] = set[0];
                shared.first_active[member] = border(place);
                // In f64, as 2³¹ draws may be active and only the last of them fits.
                self.last_active[member] = ((all * (place + 1) as f64 / set.len() as f64).round() - 1.0) as i32;
            }
        }
        self.paired = true;
        self.shared = Some(shared);
        self.gap_scales.clear();
        self
    }

    /// Whether samples can be drawn as lists, and should: independent features, values in [0, 1], few of them active.
    pub fn is_sparse(&self) -> bool {
        !self.gap_scales.is_empty()
    }

    /// Samples that are listed at once.
    pub fn listed_at_once(&self) -> usize {
        super::lists::tile_samples(self.mean_active() / self.last_active.len() as f64)
    }

    /// How many features of a sample are active on average, were they independent.
    pub fn mean_active(&self) -> f64 {
        self.last_active.iter().map(|&last| f64::from(last) + 1.0).sum::<f64>() / 2_147_483_648.0
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
        self.inputs_in_order(level, draws, &[], x);
    }

    /// The same with feature `order[row]` in each row, all features in their own order where that is empty.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn inputs_in_order(&self, level: Level, draws: &[u32], order: &[u32], x: &mut [f32]) {
        let n_blocks = draws.len() / (self.words() * BLOCK);
        assert_eq!(draws.len(), n_blocks * self.words() * BLOCK, "draws: whole blocks");
        let n_rows = if order.is_empty() { self.last_active.len() } else { order.len() };
        assert_eq!(x.len(), n_blocks * BLOCK * n_rows, "x: a row of a tile's samples for each feature");
        run_either!(level, simd => inputs(simd, self, draws, order, x));
    }
}

/// Active draws of 2³¹ at this density.
fn n_active(density: f64) -> f64 {
    (density * 2_147_483_648.0).round()
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn inputs<S: Simd>(simd: S, reading: &Reading, draws: &[u32], order: &[u32], x: &mut [f32]) {
    let n_rows = if order.is_empty() { reading.last_active.len() } else { order.len() };
    let row_len = x.len() / n_rows;
    let per_feature = if reading.paired { 2 * BLOCK } else { BLOCK };
    for (row, out) in x.chunks_exact_mut(row_len).enumerate() {
        let i = if order.is_empty() { row } else { order[row] as usize };
        let (source, first_active) = match &reading.shared {
            None => (i, 0),
            Some(shared) => (shared.draw_of[i], shared.first_active[i]),
        };
        let (last, scale) = (reading.last_active[i], reading.value_scale[i]);
        for (block, out) in draws.chunks_exact(reading.words() * BLOCK).zip(out.chunks_exact_mut(BLOCK)) {
            let words = &block[i * per_feature..][..per_feature];
            let draws = &block[source * per_feature..][..BLOCK];
            for first in (0..BLOCK).step_by(S::u32s::LEN) {
                let draw = S::u32s::from_slice(simd, &draws[first..first + S::u32s::LEN]);
                let own = if reading.paired {
                    Some(S::u32s::from_slice(simd, &words[BLOCK + first..BLOCK + first + S::u32s::LEN]))
                } else {
                    None
                };
                let mut value = super::lanes::feature_value(simd, draw, own, last, scale);
                if first_active > 0 || reading.signed {
                    let draw: S::i32s = (draw >> 1).bitcast();
                    if reading.signed {
                        // Inactive features must stay 0 under 2v − 1.
                        let inactive = draw.simd_gt(S::i32s::splat(simd, last));
                        value = super::lanes::zero_where(simd, inactive, value + value - S::f32s::splat(simd, 1.0));
                    }
                    let early = draw.simd_lt(S::i32s::splat(simd, first_active));
                    value = super::lanes::zero_where(simd, early, value);
                }
                value.store_slice(&mut out[first..first + S::u32s::LEN]);
            }
        }
    }
}
