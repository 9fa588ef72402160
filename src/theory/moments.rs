//! Power series of a few orders: the moments of features where the ReLU has no kink, and their products.
//!
//! Part of `clipped.rs`, which says what they are for. Entry r of a series is a moment divided by r!, so that the
//! product of two series has the moments of the sum of two independent terms. How many orders count, L, is known when
//! this is compiled: the loops are unrolled.

use super::clipped::MAX_FEATURES;

/// A series with room for the orders 0…n+2, the most that any depth of the walk needs.
pub type Orders = [f64; MAX_FEATURES + 3];

/// The series of zeros.
pub const NO_ORDERS: Orders = [0.0; MAX_FEATURES + 3];

/// 1/k, to step from `v^{k−1}/(k−1)!` to `v^k/k!`; entry 0 is not used.
const RECIPROCAL: Orders = [0.0, 1.0, 1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0, 1.0 / 6.0, 1.0 / 7.0, 1.0 / 8.0];

/// Returns `v^k / k!` for k from 0.
#[inline(always)]
pub fn scaled_powers<const L: usize>(v: f64) -> [f64; L] {
    let mut powers = [1.0; L];
    for k in 1..L {
        powers[k] = powers[k - 1] * v * RECIPROCAL[k];
    }
    powers
}

/// Returns the moments of one feature with coefficient g: `E[(g x)^k] / k! = p g^k / (k+1)!` for k > 0, and where the
/// feature is the output's own, `(1 − ∂/∂g)` of that.
#[inline(always)]
pub fn moments_of<const L: usize>(g: f64, density: f64, is_own: bool) -> Orders {
    let mut moments = NO_ORDERS;
    moments[0] = 1.0;
    let mut before = density;
    for k in 1..L {
        // `before` is `p g^{k−1} / k!`, `scaled` the same over k + 1.
        let scaled = before * RECIPROCAL[k + 1];
        let power = scaled * g;
        moments[k] = if is_own { power - k as f64 * scaled } else { power };
        before = power;
    }
    moments
}

/// Returns the derivatives of [`moments_of`] by g.
#[inline(always)]
pub fn moment_slopes_of<const L: usize>(g: f64, density: f64, is_own: bool) -> Orders {
    let mut slopes = NO_ORDERS;
    let (mut power, mut behind) = (density, 0.0);
    for k in 1..L {
        // Now `power` is `p g^{k−1} / (k+1)!`, and `behind` is `p g^{k−2} / (k+1)!`.
        power *= RECIPROCAL[k + 1];
        behind *= RECIPROCAL[k + 1];
        let count = k as f64;
        slopes[k] = count * if is_own { power - (count - 1.0) * behind } else { power };
        behind = power;
        power *= g;
    }
    slopes
}

/// Returns the product of two series.
#[inline(always)]
pub fn product<const L: usize>(a: &Orders, b: &Orders) -> Orders {
    let mut product = NO_ORDERS;
    for r in 0..L {
        for k in 0..=r {
            product[r] += a[k] * b[r - k];
        }
    }
    product
}

/// From the derivatives `d` by the entries of [`product`], returns those by a and adds those by b to `d_b`.
#[inline(always)]
pub fn product_backwards<const L: usize>(d: &Orders, a: &Orders, b: &Orders, d_b: &mut Orders) -> Orders {
    let (mut by_a, mut by_b) = (NO_ORDERS, NO_ORDERS);
    for r in 1..L {
        for k in 0..=r {
            by_a[k] += d[r] * b[r - k];
            by_b[r - k] += d[r] * a[k];
        }
    }
    for r in 0..L {
        d_b[r] += by_b[r];
    }
    by_a
}
