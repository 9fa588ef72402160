//! The few lane operations that the kernels share.

use fearless_simd::prelude::*;

use super::BLOCK;

/// `a·b + c`, fused where `FUSED` and the level allows it, else rounded twice as on every four-lane machine.
#[inline(always)]
pub(super) fn mul_add<S: Simd, const FUSED: bool>(a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `value` with 0 in the lanes of the mask.
///
/// Masks of the narrow levels are whole lanes of ones, so clearing bits does it in one instruction; a selection takes three
/// in the code that browsers make of `v128.bitselect`. AVX-512 has mask registers, and selects for free.
#[inline(always)]
pub(super) fn zero_where<S: Simd>(simd: S, mask: S::mask32s, value: S::f32s) -> S::f32s {
    if S::f32s::LEN == BLOCK {
        mask.select(S::f32s::splat(simd, 0.0), value)
    } else {
        let bits: S::i32s = value.bitcast();
        (bits & !mask.to_vector()).bitcast()
    }
}

/// The values of one feature from its random words: `draw` decides whether it is active and, where `own_value` is
/// given, that word holds the value.
///
/// A feature is active where its 31-bit draw is at most `last_active`; the value is then the draw times `value_scale`
/// (uniform over the active draws), or the other word's upper 24 bits times 2⁻²⁴.
#[inline(always)]
pub(super) fn feature_value<S: Simd>(
    simd: S,
    draw: S::u32s,
    own_value: Option<S::u32s>,
    last_active: i32,
    value_scale: f32,
) -> S::f32s {
    let draw: S::i32s = (draw >> 1).bitcast();
    // "Greater" is one instruction everywhere, "at most" two on x86.
    let inactive = draw.simd_gt(S::i32s::splat(simd, last_active));
    let value = match own_value {
        None => draw.to_float::<S::f32s>() * S::f32s::splat(simd, value_scale),
        Some(word) => {
            let word: S::i32s = (word >> 8).bitcast();
            word.to_float::<S::f32s>() * S::f32s::splat(simd, 1.0 / 16_777_216.0)
        }
    };
    zero_where(simd, inactive, value)
}
