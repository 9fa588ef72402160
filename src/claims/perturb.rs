//! `perturb`: where a pentagon with one rare feature gives way to two digons.

use serde_json::{Value, json};

use super::reference::{list, number, training};
use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::perturb::Solution;
use crate::sweep::Lab;
use crate::theory::{perturb_crossing, perturb_losses};

/// The density of the other features.
const BASE: f64 = 0.05;
/// Where the curves cross, by the reference.
const CROSSING: (f64, f64) = (0.269, 0.005);
/// How far, in relative terms, exact losses may be from the reference's, which are good to that (tests/reference/training.json: integrals
/// over Sobol points).
const SAME_LOSS: f64 = 1e-4;
/// How far, in relative terms, a trained loss may be from its curve.
const ON_CURVE: f64 = 0.005;

/// 1. The exact losses of the pentagon and of two digons without the odd feature (p = 0.05, importance 1) are the reference's at its five
///    relative densities to 1e-4, and cross at a relative density of 0.269 ± 0.005. The paper says that the features have to be
///    about 2.5 times less dense, 0.4: this differs.
/// 2. At six relative densities from 1/8 to 2 (quick: two) the best of 40 trained models (quick: 16) is the solution with the lower
///    curve, and the best pentagon and the best two digons that were found lie on their curves within 0.5%. The output of the feature
///    that digons drop may end silent (b < 0), as it had a use for that while it was still represented: no gradient wakes it again,
///    and it costs (rp)²/20 more, 0.7% at r = 1/4, which is added to the curve then. Both solutions are found at one density at
///    least. Four in ten restarts find the digons at r = 1/4 and more find the pentagon above: 16 all miss them in 3 of 10⁴ tries.
pub(super) fn check(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    Ok(vec![crossing_claim(), trained_claim(lab, effort)?])
}

fn crossing_claim() -> Claim {
    let mut farthest = 0.0_f64;
    for row in list(&training()["perturb"]) {
        let losses = perturb_losses(number(&row["relative_density"]), BASE);
        let digons = number(&row["square_loss_with_the_perturbed_feature_dropped"]);
        farthest = farthest.max((losses.pentagon / number(&row["pentagon_loss"]) - 1.0).abs());
        farthest = farthest.max((losses.digons / digons - 1.0).abs());
    }
    let crossing = perturb_crossing(BASE);
    let is_there = crossing.is_some_and(|relative| (relative - CROSSING.0).abs() <= CROSSING.1);
    Claim {
        id: "perturb",
        about: "where the losses cross",
        paper: "a feature that is about 2.5 times less dense than the others (0.4) makes the pentagon snap into two digons",
        rule: "ours: the exact losses are the reference's to 1e-4 and cross at 0.269 ± 0.005, 3.7 times less dense",
        measured: format!(
            "cross at {}; at most {farthest:.1e} from the reference's losses",
            crossing.map_or("no density".into(), |relative| format!("{relative:.4}")),
        ),
        verdict: Verdict::differs(is_there && farthest <= SAME_LOSS),
        values: json!({ "crossing": crossing, "farthest": farthest }),
    }
}

/// The best trained loss of a solution, if it was found, and how far it is from its exact minimum.
struct OnCurve {
    loss: Option<f64>,
    exact: f64,
}

impl OnCurve {
    /// In relative terms; 0 where it was not found.
    fn excess(&self) -> f64 {
        self.loss.map_or(0.0, |loss| (loss / self.exact - 1.0).abs())
    }
}

/// What it costs that the output of a dropped feature is 0 in place of the mean, half its density: the square of that, over five
/// features.
fn silence(relative: f64) -> f64 {
    (relative * BASE / 2.0).powi(2) / 5.0
}

fn trained_claim(lab: &dyn Lab, effort: Effort) -> Result<Claim, Error> {
    let relative = effort.of(&[0.125, 0.25, 0.4, 0.6, 1.0, 2.0][..], &[0.25, 0.4][..]);
    let count = effort.of(40, 16);
    let mut specs = Vec::new();
    for density in relative {
        for idx in 0..count {
            let densities = [density * BASE, BASE, BASE, BASE, BASE];
            let seed = effort.seed + idx;
            let restarts = json!({ "count": 1, "keep": "best" });
            specs.push(spec_of(
                "perturb",
                json!({ "density": densities, "seed": seed, "restarts": restarts, "sweep": null }),
            )?);
        }
    }
    let reports = lab.train("perturb", &specs)?;
    let (mut n_lower, mut n_pentagons, mut n_digons, mut farthest) = (0, 0, 0, 0.0_f64);
    let mut values: Vec<Value> = Vec::new();
    for (density, reports) in relative.iter().zip(reports.chunks(count as usize)) {
        let exact = perturb_losses(*density, BASE);
        let best_of = |solution| {
            let found = reports.iter().filter(|report| Solution::of(report) == solution);
            found.min_by(|a, b| a.loss.total_cmp(&b.loss))
        };
        let (pentagon, digons) = (best_of(Solution::Pentagon), best_of(Solution::Digons));
        let pentagon = OnCurve { loss: pentagon.map(|report| report.loss), exact: exact.pentagon };
        let silent = digons.is_some_and(|report| report.bias[0] < 0.0);
        let exact_digons = exact.digons + if silent { silence(*density) } else { 0.0 };
        let digons = OnCurve { loss: digons.map(|report| report.loss), exact: exact_digons };
        let best = reports.iter().map(|report| report.loss).fold(f64::INFINITY, f64::min);
        let lower = if exact.pentagon < exact.digons { &pentagon } else { &digons };
        n_lower += usize::from(lower.loss == Some(best));
        n_pentagons += usize::from(pentagon.loss.is_some());
        n_digons += usize::from(digons.loss.is_some());
        farthest = farthest.max(pentagon.excess()).max(digons.excess());
        values.push(json!({
            "relative_density": density,
            "best": best,
            "pentagon": { "trained": pentagon.loss, "exact": pentagon.exact },
            "digons": { "trained": digons.loss, "exact": digons.exact },
        }));
    }
    let passed = n_lower == relative.len() && n_pentagons > 0 && n_digons > 0 && farthest <= ON_CURVE;
    Ok(Claim {
        id: "perturb",
        about: "trained models on the curves",
        paper: "as one feature gets rarer the pentagon stretches, then snaps; past the crossing of the two losses models follow the other curve",
        rule: "at each density the best of many models is the solution with the lower exact loss, and the best of each solution found is within 0.5% of its curve (digons whose fifth output fell silent: of the curve and what that costs)",
        measured: format!(
            "{n_lower} of {} densities; pentagons found at {n_pentagons}, digons at {n_digons}; at most {:.3}% off",
            relative.len(),
            100.0 * farthest
        ),
        verdict: Verdict::holds(passed),
        values: values.into(),
    })
}
