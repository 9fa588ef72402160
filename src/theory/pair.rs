//! One output of the ReLU model with two features: `clipped.rs` unrolled by hand.
//!
//! The phase diagram trains tens of thousands of models of n = 2, so this case has code of its own, of the same
//! formulas, with the same names and the same precision. What two features add: of the two children of a kinked root
//! at most one has a kink (their ranges, `g_1` apart and no wider, don't overlap), and that one has a single vertex
//! where z > 0. The shape of the walk is thus known, and divisions, powers and moments are done only where they are
//! needed: 38 ns a loss and gradient with two outputs, where the general walk takes 200 (one thread of an AMD EPYC,
//! x86-64 baseline build, trained models).

use super::clipped::NEGLIGIBLE;

/// Ψ of one output and its derivatives.
#[derive(Debug, Clone, Copy)]
pub struct PairOutput {
    /// Ψ itself.
    pub half: f64,
    /// By the bias.
    pub d_bias: f64,
    /// By the coefficient of the output's own feature.
    pub d_own: f64,
    /// By the other's.
    pub d_cross: f64,
}

/// A feature in z: its coefficient and its density.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// The coefficient.
    pub g: f64,
    /// The density.
    pub density: f64,
}

/// Returns Ψ for `z = bias + own.g x_i + cross.g x_j`.
pub fn pair_output(bias: f64, own: Feature, cross: Feature) -> PairOutput {
    let (own, cross) = (own.without_negligible(), cross.without_negligible());
    if own.g.abs() >= cross.g.abs() {
        let walk = walk::<true>(bias, own, cross);
        PairOutput { half: walk.half, d_bias: walk.d_v, d_own: walk.d_first, d_cross: walk.d_second }
    } else {
        let walk = walk::<false>(bias, cross, own);
        PairOutput { half: walk.half, d_bias: walk.d_v, d_own: walk.d_second, d_cross: walk.d_first }
    }
}

/// Ψ with its derivatives by b and by the two coefficients.
struct Walk {
    half: f64,
    d_v: f64,
    d_first: f64,
    d_second: f64,
}

/// What a child returns: its share of Ψ, and the derivatives of that by v, by its two coefficients and by `g_2`.
struct Child {
    half: f64,
    d_v: f64,
    d_c: [f64; 2],
    d_second: f64,
}

/// The coefficients e and o of a division by g, and their derivatives by g.
struct Division {
    e: f64,
    o: f64,
    slope_e: f64,
    slope_o: f64,
}

impl Feature {
    fn without_negligible(self) -> Self {
        Self { g: if self.g.abs() < NEGLIGIBLE { 0.0 } else { self.g }, ..self }
    }

    #[inline(always)]
    fn division<const OWN: bool>(self) -> Division {
        let reciprocal = 1.0 / self.g;
        let plain = self.density * reciprocal;
        let slope = -plain * reciprocal;
        if OWN {
            let e = plain * (1.0 + reciprocal);
            Division { e, o: plain, slope_e: slope * (1.0 + 2.0 * reciprocal), slope_o: slope }
        } else {
            Division { e: plain, o: 0.0, slope_e: slope, slope_o: 0.0 }
        }
    }

    /// The moments of orders 1, 2, 3 and their derivatives by g.
    #[inline(always)]
    fn moments<const OWN: bool>(self) -> ([f64; 3], [f64; 3]) {
        let Self { g, density: p } = self;
        let (half, sixth, least) = (p * (1.0 / 2.0), p * (1.0 / 6.0), p * (1.0 / 24.0));
        if OWN {
            let moments = [half * (g - 1.0), sixth * (g * (g - 2.0)), least * (g * g * (g - 3.0))];
            (moments, [half, sixth * (2.0 * g - 2.0), least * (g * (3.0 * g - 6.0))])
        } else {
            ([half * g, sixth * (g * g), least * (g * g * g)], [half, sixth * (2.0 * g), least * (3.0 * (g * g))])
        }
    }
}

/// The root. `OWN` tells that the first feature, the one with the larger |g|, is the output's own; else the second is.
#[inline(always)]
fn walk<const OWN: bool>(bias: f64, first: Feature, second: Feature) -> Walk {
    if bias + (first.g.max(0.0) + second.g.max(0.0)) <= 0.0 {
        return Walk { half: 0.0, d_v: 0.0, d_first: 0.0, d_second: 0.0 };
    }
    if bias + (first.g.min(0.0) + second.g.min(0.0)) >= 0.0 {
        // No kink: Ψ is a quadratic in the moments of both.
        let ([a1, a2, _], [slope_a1, slope_a2, _]) =
            if OWN { first.moments::<true>() } else { first.moments::<false>() };
        let ([b1, b2, _], [slope_b1, slope_b2, _]) =
            if OWN { second.moments::<false>() } else { second.moments::<true>() };
        return Walk {
            half: 0.5 * bias * bias + bias * (a1 + b1) + (a2 + b2 + a1 * b1),
            d_v: bias + (a1 + b1),
            d_first: slope_a1 * (bias + b1) + slope_a2,
            d_second: slope_b1 * (bias + a1) + slope_b2,
        };
    }
    let Division { e, o, slope_e, slope_o } = if OWN { first.division::<true>() } else { first.division::<false>() };
    let stay = 1.0 - first.density;
    let at_0 = child::<OWN>(bias, [stay, -e], second);
    let at_1 = child::<OWN>(bias + first.g, [-o, e], second);
    let difference = at_1.d_c[1] - at_0.d_c[1];
    Walk {
        half: at_0.half + at_1.half,
        d_v: at_0.d_v + at_1.d_v,
        d_first: at_1.d_v + slope_e * difference - slope_o * at_1.d_c[0],
        d_second: at_0.d_second + at_1.d_second,
    }
}

/// A child of the root, where the first feature is placed and the second is left.
#[inline(always)]
fn child<const FIRST_IS_OWN: bool>(v: f64, c: [f64; 2], second: Feature) -> Child {
    let g = second.g;
    if v + g.max(0.0) <= 0.0 {
        return Child { half: 0.0, d_v: 0.0, d_c: [0.0; 2], d_second: 0.0 };
    }
    let (half_square, v_cubed) = (0.5 * v * v, v * v * v);
    if v + g.min(0.0) >= 0.0 {
        let ([m1, m2, m3], slopes) = if FIRST_IS_OWN { second.moments::<false>() } else { second.moments::<true>() };
        let expected = [v + m1, half_square + v * m1 + m2, v_cubed * (1.0 / 6.0) + half_square * m1 + (v * m2 + m3)];
        let d_moments = [c[0] * v + c[1] * half_square, c[0] + c[1] * v, c[1]];
        return Child {
            half: c[0] * expected[1] + c[1] * expected[2],
            d_v: c[0] * expected[0] + c[1] * expected[1],
            d_c: [expected[1], expected[2]],
            d_second: d_moments[0] * slopes[0] + d_moments[1] * slopes[1] + d_moments[2] * slopes[2],
        };
    }
    let Division { e, o, slope_e, slope_o } =
        if FIRST_IS_OWN { second.division::<false>() } else { second.division::<true>() };
    // The one vertex with z > 0; the weights of c there, and of the c one order higher.
    let at_1 = g > 0.0;
    let z = if at_1 { v + g } else { v };
    let (same, higher) = if at_1 { (-o, e) } else { (1.0 - second.density, -e) };
    let square = 0.5 * z * z;
    let powers = [z, square, z * square * (1.0 / 3.0), square * square * (1.0 / 6.0)];
    let d_c = [same * powers[1] + higher * powers[2], same * powers[2] + higher * powers[3]];
    let d_v = c[0] * (same * powers[0] + higher * powers[1]) + c[1] * (same * powers[1] + higher * powers[2]);
    let by_same = c[0] * powers[1] + c[1] * powers[2];
    let by_higher = c[0] * powers[2] + c[1] * powers[3];
    let d_second = if at_1 { d_v + by_higher * slope_e - by_same * slope_o } else { -by_higher * slope_e };
    Child { half: c[0] * d_c[0] + c[1] * d_c[1], d_v, d_c, d_second }
}
