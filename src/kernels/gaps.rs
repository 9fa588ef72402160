//! Gaps between the samples in which a feature is active, from random words.
//!
//! From one such sample to the next there are `⌊E / −ln(1 − p)⌋` in which it is not, where E is an exponential random number and p the feature's density: a geometric
//! gap by inversion (Devroye, "Non-Uniform Random Variate Generation", 1986, chapter X.2).

#![allow(clippy::needless_range_loop, reason = "closures, so iterators' adapters too, lose the level's instructions")]

use fearless_simd::prelude::*;

/// No gap is longer, so that sums of gaps stay whole numbers; it leaves any tile.
const LONGEST_GAP: f32 = 1e9;

/// What an exponential number is multiplied by, so that its whole part is the gap between samples in which a feature of this density is active.
pub fn gap_scale(density: f64) -> f32 {
    // Where 1 − p would lose digits, the first terms of the series have them all. 0 at density 1: no gaps.
    let rate = if density < 1e-4 {
        density * (1.0 + density * (1.0 / 2.0 + density * (1.0 / 3.0 + density / 4.0)))
    } else {
        -libm::log(1.0 - density)
    };
    (1.0 / rate) as f32
}

/// As many gaps as there are exponential numbers, of one feature's scale.
#[inline(always)]
pub(super) fn gaps_of<S: Simd>(simd: S, exponentials: &[f32], scale: f32, gaps: &mut [i32]) {
    let lanes = S::f32s::LEN;
    let (scale, longest) = (S::f32s::splat(simd, scale), S::f32s::splat(simd, LONGEST_GAP));
    for (exponentials, gaps) in exponentials.chunks_exact(lanes).zip(gaps.chunks_exact_mut(lanes)) {
        let gap = (S::f32s::from_slice(simd, exponentials) * scale).min(longest);
        gap.to_int::<S::i32s>().store_slice(gaps);
    }
}

/// Exponential numbers of the first half of the words, uniform ones of the second.
#[inline(always)]
pub(super) fn convert<S: Simd>(simd: S, words: &[u32], exponentials: &mut [f32], values: &mut [f32]) {
    let lanes = S::u32s::LEN;
    let (for_gaps, for_values) = words.split_at(exponentials.len());
    // Not as constants: browsers make each anew of three instructions wherever it is used, and load it in one.
    let log1p = std::hint::black_box(&LOG1P);
    let width = CHAINS * lanes;
    debug_assert!(for_gaps.len().is_multiple_of(width), "whole turns");
    for (words, out) in for_gaps.chunks_exact(width).zip(exponentials.chunks_exact_mut(width)) {
        let mut chains = [S::u32s::splat(simd, 0); CHAINS];
        for c in 0..CHAINS {
            chains[c] = S::u32s::from_slice(simd, &words[c * lanes..(c + 1) * lanes]);
        }
        let numbers = exponential(simd, chains, log1p);
        for c in 0..CHAINS {
            numbers[c].store_slice(&mut out[c * lanes..(c + 1) * lanes]);
        }
    }
    for (words, out) in for_values.chunks_exact(lanes).zip(values.chunks_exact_mut(lanes)) {
        let word: S::i32s = (S::u32s::from_slice(simd, words) >> 8).bitcast();
        (word.to_float::<S::f32s>() * S::f32s::splat(simd, 1.0 / 16_777_216.0)).store_slice(out);
    }
}

/// `ln(1 + f)` is `f − f²/2 + f³` times this polynomial in f, to a relative 6e-9 from √½ − 1 to √2 − 1: a minimax fit.
const LOG1P: [f32; 8] =
    [0.333_333_3, -0.250_008_23, 0.200_012_2, -0.166_233_26, 0.142_018_92, -0.131_606_64, 0.127_607_97, -0.076_321_27];
/// The bits of √½ and of 1.
const ROOT_HALF: i32 = 0x3f35_04f3;
const ONE: i32 = 0x3f80_0000;

/// Vectors of exponential numbers that are worked out at once: each is one long chain of operations, and others fill the waits.
const CHAINS: usize = if cfg!(target_arch = "wasm32") { 1 } else { 4 };

/// `−ln v` with v the middle of one of 2³¹ equal parts of [0, 1], rounded the same at every level: to a relative 2⁻²² from the longest to the shortest.
#[inline(always)]
fn exponential<S: Simd>(simd: S, words: [S::u32s; CHAINS], log1p: &[f32; 8]) -> [S::f32s; CHAINS] {
    let splat = |x: f32| S::f32s::splat(simd, x);
    let (half, part) = (splat(0.5), splat(1.0 / 2_147_483_648.0));
    let zeros = [splat(0.0); CHAINS];
    let (mut whole, mut f, mut polynomial) = (zeros, zeros, [splat(log1p[7]); CHAINS]);
    for c in 0..CHAINS {
        let place: S::i32s = (words[c] >> 1).bitcast();
        let v = (place.to_float::<S::f32s>() + half) * part;
        // Near 1, v has lost what makes a short gap; 1 − v has it.
        let rest = ((S::i32s::splat(simd, i32::MAX) - place).to_float::<S::f32s>() + half) * part;
        // v = 2^e (1 + f) with f between √½ − 1 and √2 − 1.
        let bits: S::i32s = v.bitcast();
        let shifted = bits + S::i32s::splat(simd, ONE - ROOT_HALF);
        let e = (shifted >> 23) - S::i32s::splat(simd, 127);
        let mantissa = (shifted & S::i32s::splat(simd, 0x007f_ffff)) + S::i32s::splat(simd, ROOT_HALF);
        let is_near = shifted.simd_ge(S::i32s::splat(simd, ONE));
        let far: S::f32s = mantissa.bitcast();
        f[c] = is_near.select(splat(0.0) - rest, far - splat(1.0));
        whole[c] = e.to_float::<S::f32s>() * splat(std::f32::consts::LN_2);
    }
    for at in (0..7).rev() {
        for c in 0..CHAINS {
            polynomial[c] = polynomial[c] * f[c] + splat(log1p[at]);
        }
    }
    let mut out = zeros;
    for c in 0..CHAINS {
        let log = f[c] + f[c] * f[c] * (f[c] * polynomial[c] - half);
        out[c] = splat(0.0) - (whole[c] + log);
    }
    out
}
