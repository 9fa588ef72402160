//! Five features in two dimensions, one of them rarer or more frequent than the rest: what the pentagon and two digons
//! cost, and where they change places.
//!
//! # Source
//! Elhage et al. (2022), "Perturbing a single feature": all features have importance 1 and density p, but one has density
//! `r p`. As r falls, the pentagon stretches until it is no longer worth its place, and two digons with that feature
//! dropped take over. Both losses here are exact minima; the paper's are of trained models.
//!
//! # Units
//! Mean squared error over the five features. Relative densities are factors of the base density.

use super::minimum::{PolishedModel, polish};
use super::phase_2_1::{Bias, best_antipodal_bias, forgotten_error};
use crate::spec::ModelKind;

/// What the two solutions cost at their minima.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerturbLosses {
    /// All five features, as a pentagon that gives way where the odd feature is rare or frequent.
    pub pentagon: f64,
    /// Four features as two antipodal pairs at right angles, the odd one dropped.
    pub digons: f64,
}

/// The relative density grows or falls by at most this factor from one minimum of the pentagon to the next, so that the
/// descent follows the pentagon and does not jump off it.
const STRIDE: f64 = 1.1;

/// The exact losses of both solutions, feature 0 being the odd one.
///
/// # Panics
/// When a density is not in (0, 1].
#[must_use]
pub fn perturb_losses(relative_density: f64, base_density: f64) -> PerturbLosses {
    PerturbLosses {
        pentagon: perturbed_pentagon(relative_density, base_density).loss,
        digons: two_digons_loss(relative_density, base_density),
    }
}

/// The pentagon at its local minimum: the regular one followed from relative density 1 to the one asked for.
///
/// Feature i is at vertex i, the odd one is feature 0.
///
/// # Panics
/// When a density is not in (0, 1].
#[must_use]
pub fn perturbed_pentagon(relative_density: f64, base_density: f64) -> PolishedModel {
    assert_densities(relative_density, base_density);
    let angle = |i: u32| std::f64::consts::TAU / 5.0 * f64::from(i);
    let mut w: Vec<f64> = (0..5).map(|i| libm::cos(angle(i))).chain((0..5).map(|i| libm::sin(angle(i)))).collect();
    // A little longer than 1 and with a threshold that cuts the interference of neighbours: near the minimum.
    w.iter_mut().for_each(|x| *x *= 1.1);
    let mut b = vec![-0.2; 5];
    let n_strides = (libm::log(relative_density).abs() / libm::log(STRIDE)).ceil() as i32;
    let mut model = None;
    for stride in 0..=n_strides {
        let part = if n_strides == 0 { 0.0 } else { f64::from(stride) / f64::from(n_strides) };
        let mut density = [base_density; 5];
        density[0] *= libm::pow(relative_density, part);
        let polished = polish(ModelKind::Relu, &w, &b, &density, &[], &[], &[1.0; 5]);
        w.clone_from(&polished.weights);
        b.clone_from(&polished.bias);
        model = Some(polished);
    }
    model.expect("there is at least one stride")
}

/// Two digons and a dropped feature share no dimension, so that their errors add up.
fn two_digons_loss(relative_density: f64, base_density: f64) -> f64 {
    assert_densities(relative_density, base_density);
    let b = [best_antipodal_bias(base_density); 2];
    let digon = polish(ModelKind::Relu, &[1.0, -1.0], &b, &[base_density; 2], &[], &[], &[1.0; 2]);
    (4.0 * digon.loss + forgotten_error(relative_density * base_density, Bias::Best)) / 5.0
}

/// The relative density at which pentagon and digons cost the same, to 1e-6; none where they do not cross between 1/8
/// and 1.
///
/// # Panics
/// When the base density is not in (0, 1].
#[must_use]
pub fn perturb_crossing(base_density: f64) -> Option<f64> {
    let is_pentagon_better = |relative: f64| {
        let losses = perturb_losses(relative, base_density);
        losses.pentagon < losses.digons
    };
    let (mut low, mut high) = (0.125, 1.0);
    if is_pentagon_better(low) || !is_pentagon_better(high) {
        return None;
    }
    while high - low > 1e-6 {
        let middle = f64::midpoint(low, high);
        if is_pentagon_better(middle) { high = middle } else { low = middle }
    }
    Some(f64::midpoint(low, high))
}

fn assert_densities(relative: f64, base: f64) {
    let is_density = |p: f64| p > 0.0 && p <= 1.0;
    assert!(is_density(base) && is_density(relative * base), "densities must be in (0, 1]");
}
