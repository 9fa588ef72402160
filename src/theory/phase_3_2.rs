//! Three features in two hidden dimensions: the natural solutions and the phase diagram that follows from their losses.
//!
//! # Source
//! Elhage et al. (2022), "Superposition as a Phase Change" (the n = 3, m = 2 diagram). Two dimensions of three leave one
//! direction d out, `W d = 0`, and a natural solution is named by it: an axis is a forgotten feature, a diagonal such as
//! (0, 1, 1) an antipodal pair. Features 0 and 1 have importance 1, the extra one, feature 2, importance I; all three have
//! density p. In each solution the rest of the features are orthogonal to what is said here, and cost nothing.
//!
//! # Units
//! Losses here are the mean over the three features, as everywhere in this crate; the paper sums over them.
//!
//! This module does not know how models are trained; [`classify_3_2`] sees only their weights.

use super::phase_2_1::{Bias, antipodal_error, forgotten_error};

/// Which of the natural solutions a model of three features in two dimensions is.
///
/// `as u8` gives the class of the figures: 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase32 {
    /// `W ⟂ (0, 0, 1)`: the extra feature is forgotten, the others have a dimension each.
    ExtraIgnored = 0,
    /// `W ⟂ (1, 0, 0)`: one of the others is forgotten, the extra feature has a dimension of its own.
    OtherIgnored = 1,
    /// `W ⟂ (0, 1, 1)`: the extra feature and one of the others are an antipodal pair.
    ExtraPaired = 2,
    /// `W ⟂ (1, 1, 0)`: the other two are an antipodal pair, the extra feature has a dimension of its own.
    OthersPaired = 3,
}

impl Phase32 {
    /// All four; of solutions with equal losses the first in this order is taken.
    pub const ALL: [Self; 4] = [Self::ExtraIgnored, Self::OtherIgnored, Self::ExtraPaired, Self::OthersPaired];

    /// The directions that W is orthogonal to, at length 1: one, or two that the symmetry of features 0 and 1 makes alike.
    #[must_use]
    pub fn null_directions(self) -> &'static [[f64; 3]] {
        const R: f64 = std::f64::consts::FRAC_1_SQRT_2;
        match self {
            Self::ExtraIgnored => &[[0.0, 0.0, 1.0]],
            Self::OtherIgnored => &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            Self::ExtraPaired => &[[0.0, R, R], [R, 0.0, R]],
            Self::OthersPaired => &[[R, R, 0.0]],
        }
    }
}

/// Losses that differ by less than this are a tie.
const TIE: f64 = 1e-12;

/// The loss of a natural solution, mean over the three features.
///
/// # Panics
/// When the density is outside [0, 1].
#[must_use]
pub fn natural_loss_3_2(phase: Phase32, density: f64, importance: f64, bias: Bias) -> f64 {
    assert!((0.0..=1.0).contains(&density), "density must be in [0, 1]");
    let sum = match phase {
        Phase32::ExtraIgnored => importance * forgotten_error(density, bias),
        Phase32::OtherIgnored => forgotten_error(density, bias),
        Phase32::ExtraPaired => (1.0 + importance) * antipodal_error(density, bias),
        Phase32::OthersPaired => 2.0 * antipodal_error(density, bias),
    };
    sum / 3.0
}

/// Returns the natural solution with the lowest loss.
///
/// Losses within 1e-12 of each other, as at importance 1, are a tie; the first of [`Phase32::ALL`] wins it.
///
/// # Panics
/// When the density is outside [0, 1].
///
/// ```
/// use superposition::theory::{Bias, Phase32, theory_phase_3_2};
/// assert_eq!(theory_phase_3_2(0.1, 0.5, Bias::Paper), Phase32::ExtraPaired);
/// assert_eq!(theory_phase_3_2(0.1, 2.0, Bias::Paper), Phase32::OthersPaired);
/// assert_eq!(theory_phase_3_2(0.9, 0.5, Bias::Paper), Phase32::ExtraIgnored);
/// ```
#[must_use]
pub fn theory_phase_3_2(density: f64, importance: f64, bias: Bias) -> Phase32 {
    let mut best = (Phase32::ExtraIgnored, f64::INFINITY);
    for phase in Phase32::ALL {
        let loss = natural_loss_3_2(phase, density, importance, bias);
        if loss < best.1 - TIE {
            best = (phase, loss);
        }
    }
    best.0
}

/// Returns the class of a trained model from its weights.
///
/// The rule: v is the direction that W maps to zero, the smallest right singular vector of W. The class is the natural
/// solution that has v nearest to one of its own null directions, up to sign: the greatest `|v · d|`, the first of
/// [`Phase32::ALL`] where two are equal. Turning or reflecting the hidden space, scaling W, and exchanging features 0 and
/// 1 change nothing. A pair counts as a pair until the shorter of its two columns is less than tan 22.5° = 0.41 of the
/// longer one.
///
/// Of a W of rank 1 a whole plane is mapped to zero, and that direction d counts which is nearest to the plane; a W that is
/// zero forgets everything, and counts as the first class. What is no natural solution, such as three vectors at 120°
/// (`W ⟂ (1, 1, 1)`) or two in one direction (`W ⟂ (0, 1, −1)`), counts for the nearest.
///
/// # Shapes
/// `weights: [2][3]`, row-major, column i the direction of feature i.
///
/// ```
/// use superposition::theory::{Phase32, classify_3_2};
/// assert_eq!(classify_3_2(&[1.0, 0.0, 0.0, 0.0, 1.0, -0.9]), Phase32::ExtraPaired);
/// ```
#[must_use]
pub fn classify_3_2(weights: &[f64; 6]) -> Phase32 {
    let [a, b] = [[weights[0], weights[1], weights[2]], [weights[3], weights[4], weights[5]]];
    let (square_a, square_b) = (dot(a, a), dot(b, b));
    let largest = square_a.max(square_b);
    if largest == 0.0 {
        return Phase32::ExtraIgnored;
    }
    let v = cross(a, b);
    let square = dot(v, v);
    // |v|² is the product of the squared singular values: rank 1 is where the smaller of them is below rounding errors.
    let has_rank_1 = square <= 1e-28 * largest * largest;
    let longer = if square_a >= square_b { a } else { b };
    let nearness = |d: [f64; 3]| {
        if has_rank_1 {
            let along = dot(longer, d);
            (1.0 - along * along / largest).max(0.0).sqrt()
        } else {
            dot(v, d).abs() / square.sqrt()
        }
    };
    let mut best = (Phase32::ExtraIgnored, f64::NEG_INFINITY);
    for phase in Phase32::ALL {
        for &direction in phase.null_directions() {
            // Equal up to rounding is equal: the order decides.
            if nearness(direction) > best.1 + TIE {
                best = (phase, nearness(direction));
            }
        }
    }
    best.0
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
