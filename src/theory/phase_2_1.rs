//! Two features in one hidden dimension: the natural solutions and the phase diagram that follows from their losses.
//!
//! # Source
//! Elhage et al. (2022), "Superposition as a Phase Change" (the n = 2, m = 1 diagram). The natural solutions there are
//! `W = [1, 0]`, `W = [0, 1]` and `W = [1, −1]`. The first feature has importance 1, the extra one importance I; both
//! have density p. The losses below were integrated by hand from the data distribution and are checked against
//! [`super::exact_loss`] by the tests.
//!
//! # Units
//! Losses here are the mean over the two features, as everywhere in this crate; the paper sums over them.
//!
//! This module does not know how models are trained; [`classify`] sees only their weights.

/// Which of the natural solutions a model of two features in one dimension is, by what becomes of the extra feature.
///
/// `as u8` gives the class of the figures: 0, 1, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase21 {
    /// The extra feature is forgotten: `W = [1, 0]`.
    Ignored = 0,
    /// The extra feature has the only dimension to itself: `W = [0, 1]`.
    Dedicated = 1,
    /// Both features share the dimension in opposite directions: `W = [1, −1]`.
    Superposition = 2,
}

/// Which bias the natural solutions are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bias {
    /// The mean p/2 for a forgotten feature, as it is best there, and 0 for the others.
    Paper,
    /// 0 everywhere.
    Zero,
    /// The best bias of each solution; for the antipodal pair the root found by [`best_antipodal_bias`].
    Best,
}

/// The loss of a natural solution, mean over the two features.
///
/// With a bias of p/2 the forgotten feature costs its variance `p/3 − p²/4`, with a bias of 0 its second moment `p/3`.
/// The antipodal pair interferes where both features are active: `p²/6` each with a bias of 0.
///
/// # Panics
/// When the density is outside [0, 1].
#[must_use]
pub fn natural_loss(phase: Phase21, density: f64, importance: f64, bias: Bias) -> f64 {
    assert!((0.0..=1.0).contains(&density), "density must be in [0, 1]");
    let p = density;
    let forgotten = forgotten_error(p, bias);
    let sum = match phase {
        Phase21::Ignored => importance * forgotten,
        Phase21::Dedicated => forgotten,
        Phase21::Superposition => (1.0 + importance) * antipodal_error(p, bias),
    };
    sum / 2.0
}

/// Returns the natural solution with the lowest loss.
///
/// Ties, as between the two single features at importance 1, go to the first of ignored, dedicated, superposition.
///
/// # Panics
/// When the density is outside [0, 1].
///
/// # Source
/// With [`Bias::Paper`] superposition wins where `p < 4 / (5 + 2 max(I, 1/I))`: below 4/7 at equal importance.
///
/// ```
/// use superposition::theory::{Bias, Phase21, theory_phase};
/// assert_eq!(theory_phase(0.5, 1.0, Bias::Paper), Phase21::Superposition);
/// assert_eq!(theory_phase(0.6, 1.0, Bias::Paper), Phase21::Ignored);
/// assert_eq!(theory_phase(0.6, 2.0, Bias::Paper), Phase21::Dedicated);
/// ```
#[must_use]
pub fn theory_phase(density: f64, importance: f64, bias: Bias) -> Phase21 {
    let mut best = (Phase21::Ignored, natural_loss(Phase21::Ignored, density, importance, bias));
    for phase in [Phase21::Dedicated, Phase21::Superposition] {
        let loss = natural_loss(phase, density, importance, bias);
        if loss < best.1 {
            best = (phase, loss);
        }
    }
    best.0
}

/// The expected squared error of a forgotten feature.
pub(super) fn forgotten_error(p: f64, bias: Bias) -> f64 {
    match bias {
        Bias::Zero => p / 3.0,
        Bias::Paper | Bias::Best => p / 3.0 - p * p / 4.0,
    }
}

/// The expected squared error of one feature of the antipodal pair, whose two outputs have the same bias b in [0, 1].
///
/// `(1−p)² b² + p(1−p)(b² + b³/3) + p² {[(1−b)³ + b³]/3 − (1−b)⁴/6}`: no feature active, one of the two, both.
pub(super) fn antipodal_error(p: f64, bias: Bias) -> f64 {
    let b = match bias {
        Bias::Paper | Bias::Zero => 0.0,
        Bias::Best => best_antipodal_bias(p),
    };
    let (q, rest) = (1.0 - p, 1.0 - b);
    let (square, cube) = (b * b, b * b * b);
    let both = (rest * rest * rest + cube) / 3.0 - rest * rest * rest * rest / 6.0;
    q * q * square + p * q * (square + cube / 3.0) + p * p * both
}

/// Returns the bias of the antipodal pair with the lowest loss, the same for both outputs.
///
/// It is the root in [0, 1] of half the derivative of the error, in which the importance drops out,
/// `h(b) = 2(1−p) b + p(1−p) b² + p² (2b − 1 + ⅔(1−b)³)`, found by Newton's method from b = 1.
///
/// # Precision
/// The root is bracketed by `h(0) = −p²/3 ≤ 0 < h(1)`, and h is increasing and convex on [0, 1]: Newton's iterates
/// fall towards the root from above and cannot pass it but by rounding, so no bisection is needed to stay in the
/// bracket. The search ends when an iterate no longer falls, with an absolute error below 1e-15. The loss is at its
/// minimum there, and so is right to the last digits.
///
/// # Panics
/// When the density is outside [0, 1].
#[must_use]
pub fn best_antipodal_bias(density: f64) -> f64 {
    assert!((0.0..=1.0).contains(&density), "density must be in [0, 1]");
    let (p, q) = (density, 1.0 - density);
    let mut b = 1.0_f64;
    loop {
        let rest = 1.0 - b;
        let h = 2.0 * q * b + p * q * b * b + p * p * (2.0 * b - 1.0 + 2.0 / 3.0 * rest * rest * rest);
        // At the root, b > 0 or p = 0: the slope vanishes at b = 0, p = 1 only.
        let slope = 2.0 * q + 2.0 * p * q * b + 2.0 * p * p * (1.0 - rest * rest);
        let next = (b - h / slope).max(0.0);
        if next >= b {
            return b;
        }
        b = next;
    }
}

/// The smaller weight of a model in superposition is more than this share of the larger one.
///
/// Of models trained with exact gradients to the best of ten restarts, over densities 0.01…1 and importances 0.1…10,
/// none has a share between 0.5 and 0.6: the pairs lie above, the single features mostly below 0.05 (some still on
/// their way to 0).
const PAIR_SHARE: f64 = 0.5;

/// Returns the class of a trained model from its two weights, the first feature's and the extra one's.
///
/// Superposition: the weights have opposite signs and the smaller is more than half the larger. Else the feature with
/// the larger weight has the dimension: dedicated if that is the extra one, ignored if it is the first or both are 0.
///
/// The share decides, not the norm of each as for "represented": so the class does not depend on how far the weights
/// have grown when training ends. Two weights of the same sign, the "confused" solution of T. McGrath's comment in the
/// paper, are no natural solution; they count for the larger one.
///
/// ```
/// use superposition::theory::{Phase21, classify};
/// assert_eq!(classify(&[-1.02, 0.71]), Phase21::Superposition);
/// assert_eq!(classify(&[0.0, -0.99]), Phase21::Dedicated);
/// assert_eq!(classify(&[0.9, 0.2]), Phase21::Ignored);
/// ```
#[must_use]
pub fn classify(weights: &[f64; 2]) -> Phase21 {
    let [first, extra] = weights.map(f64::abs);
    let opposite = (weights[0] < 0.0) != (weights[1] < 0.0);
    if opposite && first.min(extra) > PAIR_SHARE * first.max(extra) {
        Phase21::Superposition
    } else if extra > first {
        Phase21::Dedicated
    } else {
        Phase21::Ignored
    }
}
