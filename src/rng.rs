//! Random streams: one for each (seed, purpose), the same words on every machine and at every vector width.
//!
//! A stream is sixteen interleaved xoshiro128++ generators (Blackman and Vigna, 2021; see [`crate::kernels::draws`]), their
//! states filled by SplitMix64 from seed and purpose. It implements `rand`'s traits, so everything in `rand` and
//! `rand_distr` can draw from it; training takes whole rows of sixteen words instead.
//!
//! It is not a cryptographic generator, and knows nothing of what its words are for.

use rand::rand_core::{Infallible, SeedableRng, TryRng, utils};
use serde::{Deserialize, Serialize};

use crate::kernels::draws::{self, LaneState};
use crate::kernels::{BLOCK, Level};

/// What a stream is for. The numbers are part of every published result: never change one, only add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights.
    Weights = 1,
    /// The samples of the training batches.
    Batches = 2,
    /// The samples that estimate a loss after training.
    Evaluation = 3,
    /// A dictionary's initial weights and the draws of its resampling.
    Dictionary = 4,
    /// The samples of a dictionary's batches.
    DictionaryBatches = 5,
    /// The samples that score a dictionary, and those of sparse recovery.
    DictionaryEvaluation = 6,
    /// Which feature's attack each sample of a batch is trained against.
    Attacks = 7,
}

/// A portable stream of random words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    state: LaneState,
    /// The row that single words are taken from, and how many of it are spent.
    row: [u32; BLOCK],
    spent: usize,
}

impl Stream {
    /// The stream of a seed and a purpose.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..].copy_from_slice(&(purpose as u64).to_le_bytes());
        Self::from_seed(bytes)
    }

    /// Fills `out` with rows of sixteen words, one from each lane; drops what single draws left of the last row.
    ///
    /// # Shapes
    /// `out`: `[rows][16]`.
    pub fn fill_rows(&mut self, level: Level, out: &mut [u32]) {
        self.spent = BLOCK;
        draws::fill(level, &mut self.state, out);
    }

    /// A uniform number in [0, 1) with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        let Ok(word) = self.try_next_u64();
        (word >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Two independent standard normals (Box and Muller, 1958), in portable arithmetic.
    pub fn normals(&mut self) -> [f64; 2] {
        // 1 − u lies in (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        let angle = std::f64::consts::TAU * self.uniform();
        [radius * libm::cos(angle), radius * libm::sin(angle)]
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the usual way to fill larger states from one word.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl SeedableRng for Stream {
    /// Seed and purpose, 8 little-endian bytes each.
    type Seed = [u8; 16];

    fn from_seed(bytes: [u8; 16]) -> Self {
        let [seed, purpose]: [u64; 2] = utils::read_words(&bytes);
        // Scrambled before they meet, so that neighbouring seeds and purposes start from unrelated places.
        let (mut from_seed, mut from_purpose) = (seed, purpose ^ 0x5eed_0f70_79a5_e5e5);
        let mut place = split_mix(&mut from_seed) ^ split_mix(&mut from_purpose).rotate_left(32);
        let mut state = [[0; BLOCK]; 4];
        for lane in 0..BLOCK {
            let words = [split_mix(&mut place), split_mix(&mut place)];
            for (word, row) in state.iter_mut().enumerate() {
                row[lane] = (words[word / 2] >> (32 * (word % 2))) as u32;
            }
        }
        Stream { state, row: [0; BLOCK], spent: BLOCK }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        if self.spent == BLOCK {
            self.row = crate::kernels::oracle::next_row(&mut self.state);
            self.spent = 0;
        }
        self.spent += 1;
        Ok(self.row[self.spent - 1])
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        utils::next_u64_via_u32(self)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(dst, || self.try_next_u32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_same_words_as_single_draws() {
        let mut rows = vec![0; 5 * BLOCK];
        Stream::new(7, Purpose::Batches).fill_rows(Level::best(), &mut rows);
        let mut single = Stream::new(7, Purpose::Batches);
        let words: Vec<u32> = (0..5 * BLOCK).map(|_| single.try_next_u32().unwrap()).collect();
        assert_eq!(rows, words);
    }

    /// The generator itself, against the published reference code's recurrence run by hand on the state 1, 2, 3, 4.
    #[test]
    fn a_lane_is_xoshiro128_plus_plus() {
        let mut state = [[1; BLOCK], [2; BLOCK], [3; BLOCK], [4; BLOCK]];
        let words: Vec<u32> = (0..4).map(|_| crate::kernels::oracle::next_row(&mut state)[3]).collect();
        assert_eq!(words, [641, 1_573_767, 3_222_811_527, 3_517_856_514]);
    }
}
