//! `correlated`, `anticorrelated`, `local-bases`, `collapse`: where features that occur together, or never do, are put.
//!
//! Gradients are exact where there are six features at most, so a restart costs hundredths of a second, and the best of many is found.
//! Each of 64 restarts finds the best solution with a probability of .2 at least: 24 miss it in 5 of 10³ tries where that is .2 (`collapse` at
//! density .7, where what is missed is a solution 10⁻⁵ worse with the same pairs collapsed), elsewhere (.37 and more) in 2 of 10⁵.

use serde_json::{Value, json};

use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::sets::{cosine, dot, largest_cosines, with_one_more_set};
use crate::measures::collapsed_pairs;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;
use crate::sweep::lab::train_sweep;

/// Two directions are orthogonal below this `|cos|`.
const ORTHOGONAL: f64 = 0.1;
/// Two directions are opposite below this cosine.
const OPPOSITE: f64 = -0.99;
/// A represented feature is longer than this.
const LONG: f64 = 0.5;
/// How far, in degrees, a gap between neighbours may be from a sector of 60°.
const SECTOR: f64 = 15.0;
/// Features of one local basis are orthogonal below this `|cos|`.
const ALMOST_ORTHOGONAL: f64 = 0.15;
/// The pairs that collapse at each density, by the exact minima of the reference.
const COLLAPSED: [(f64, usize); 5] = [(0.03, 0), (0.1, 1), (0.2, 2), (0.35, 2), (0.7, 3)];
/// How far, in relative terms, the best loss may be above the reference's.
const AS_GOOD: f64 = 0.02;

/// The seeds of `n` groups of restarts.
fn seeds(effort: Effort, n: u64) -> Vec<u64> {
    (0..n).map(|idx| effort.seed + 100 * idx).collect()
}

/// The models of a preset, one a group of restarts.
fn models(id: &str, effort: Effort) -> Result<ExperimentSpec, Error> {
    let seeds = seeds(effort, effort.of(5, 2));
    spec_of(id, json!({ "sweep": [{ "field": "seed", "values": seeds }] }))
}

/// All features represented.
fn all_long(w: &[f64], n: usize) -> bool {
    (0..n).all(|i| dot(w, n, i, i).sqrt() > LONG)
}

/// 1. Two correlated sets of two in two dimensions: in the best of 24, for each of five groups of seeds (quick: two), all four features are
///    represented and those of one set have `|cos| < 0.1`.
/// 2. Three such sets, which cannot all be orthogonal: the six features are represented, successive directions around the circle
///    are 60° ± 15° apart, and the two of each set are neighbours.
pub(super) fn check_correlated(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let two = models("correlated", effort)?;
    let three = with_one_more_set(&two).expect("the preset leaves room for a set");
    let (of_two, of_three) = (train_sweep(lab, "correlated", &two)?, train_sweep(lab, "correlated", &three)?);
    let mut largest = 0.0_f64;
    let mut n_orthogonal = 0;
    for report in &of_two {
        let w = report.w();
        let (within, _) = largest_cosines(&w, two.features, &two.correlated);
        largest = largest.max(within);
        n_orthogonal += usize::from(within < ORTHOGONAL && all_long(&w, two.features));
    }
    let hexagons: Vec<Hexagon> = of_three.iter().map(|report| Hexagon::of(report, &three)).collect();
    let n_hexagons = hexagons.iter().filter(|hexagon| hexagon.holds()).count();
    let farthest = hexagons.iter().map(|hexagon| hexagon.deviation).fold(0.0, f64::max);
    Ok(vec![
        Claim {
            id: "correlated",
            about: "two sets of two",
            paper: "features that occur together are put into orthogonal directions",
            rule: "best of 24: all four represented, |cos| < 0.1 within each set, for every group of seeds",
            measured: format!("{n_orthogonal} of {} models; |cos| at most {largest:.3} within a set", of_two.len()),
            verdict: Verdict::holds(n_orthogonal == of_two.len()),
            values: json!({ "largest_cosine": largest, "losses": losses(&of_two) }),
        },
        Claim {
            id: "correlated",
            about: "three sets of two",
            paper: "where there is no room for that, the features of a set lie side by side, six in a hexagon",
            rule: "best of 24: six represented, neighbours 60° ± 15° apart, the two of each set neighbours, for every group of seeds",
            measured: format!("{n_hexagons} of {} models; gaps at most {farthest:.1}° from 60°", of_three.len()),
            verdict: Verdict::holds(n_hexagons == of_three.len()),
            values: json!({ "largest_deviation_degrees": farthest, "losses": losses(&of_three) }),
        },
    ])
}

fn losses(reports: &[InstanceReport]) -> Vec<f64> {
    reports.iter().map(|report| report.loss).collect()
}

/// Directions around the circle.
struct Hexagon {
    /// The largest difference of a gap from an even share of the circle, in degrees.
    deviation: f64,
    /// Whether the features of each set follow each other.
    together: bool,
    /// Whether all are represented.
    whole: bool,
}

impl Hexagon {
    fn of(report: &InstanceReport, spec: &ExperimentSpec) -> Self {
        let (n, w) = (spec.features, report.w());
        let mut order: Vec<(f64, usize)> = (0..n).map(|i| (libm::atan2(w[n + i], w[i]).to_degrees(), i)).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let even = 360.0 / n as f64;
        let gap = |at: usize| (order[(at + 1) % n].0 - order[at].0).rem_euclid(360.0);
        let deviation = (0..n).map(|at| (gap(at) - even).abs()).fold(0.0, f64::max);
        let owner = |i: usize| spec.correlated.iter().position(|set| set.contains(&i));
        let alike = |at: usize, other: usize| owner(order[at % n].1) == owner(order[other % n].1);
        let together = (0..n).all(|at| alike(at, at + 1) || alike(at, at + n - 1));
        Self { deviation, together, whole: all_long(&w, n) }
    }

    fn holds(&self) -> bool {
        self.whole && self.together && self.deviation < SECTOR
    }
}

/// Two anticorrelated sets of two in two dimensions: in the best of 24, for each of five groups of seeds (quick: two), all four features
/// are represented, those of one set have a cosine below −0.99, and those of different sets `|cos| < 0.1`.
pub(super) fn check_anticorrelated(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let spec = models("anticorrelated", effort)?;
    let reports = train_sweep(lab, "anticorrelated", &spec)?;
    let (mut n_opposite, mut least_opposite, mut largest_across) = (0, -1.0_f64, 0.0_f64);
    for report in &reports {
        let w = report.w();
        let within = spec.anticorrelated.iter().map(|set| cosine(&w, spec.features, set[0], set[1]));
        let within = within.fold(-1.0, f64::max);
        let (_, across) = largest_cosines(&w, spec.features, &spec.anticorrelated);
        least_opposite = least_opposite.max(within);
        largest_across = largest_across.max(across);
        n_opposite += usize::from(within < OPPOSITE && across < ORTHOGONAL && all_long(&w, spec.features));
    }
    Ok(vec![Claim {
        id: "anticorrelated",
        about: "two sets of two",
        paper: "features that never occur together are put into opposite directions",
        rule: "best of 24: all four represented, cos < −0.99 within each set, |cos| < 0.1 across, for every group of seeds",
        measured: format!(
            "{n_opposite} of {} models; cos at most {least_opposite:.4} within a set, |cos| at most {largest_across:.3} across",
            reports.len()
        ),
        verdict: Verdict::holds(n_opposite == reports.len()),
        values: json!({ "within": least_opposite, "across": largest_across, "losses": losses(&reports) }),
    }])
}

/// Two correlated sets of ten in ten dimensions: in the best of four, for each of three groups of seeds (quick: one), all twenty features
/// are represented and those of one set have `|cos| < 0.15`. All of sixteen single runs met it (largest 0.05) at this density;
/// at twice the density one in four did.
pub(super) fn check_local_bases(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let seeds = seeds(effort, effort.of(3, 1));
    let spec = spec_of("local-bases", json!({ "sweep": [{ "field": "seed", "values": seeds }] }))?;
    let reports = train_sweep(lab, "local-bases", &spec)?;
    let (mut n_bases, mut largest) = (0, (0.0_f64, 0.0_f64));
    for report in &reports {
        let w = report.w();
        let (within, across) = largest_cosines(&w, spec.features, &spec.correlated);
        largest = (largest.0.max(within), largest.1.max(across));
        n_bases += usize::from(within < ALMOST_ORTHOGONAL && all_long(&w, spec.features));
    }
    Ok(vec![Claim {
        id: "local-bases",
        about: "two sets of ten",
        paper: "each set of features that occur together has a nearly orthogonal basis of its own",
        rule: "best of 4: all twenty represented, |cos| < 0.15 within each set of ten, for every group of seeds",
        measured: format!(
            "{n_bases} of {} models; |cos| at most {:.3} within a set, {:.3} across",
            reports.len(),
            largest.0,
            largest.1
        ),
        verdict: Verdict::holds(n_bases == reports.len()),
        values: json!({ "within": largest.0, "across": largest.1, "losses": losses(&reports) }),
    }])
}

/// Three correlated pairs in two dimensions at five densities: the best of 48 (quick: 24) has 0, 1, 2, 2, 3 collapsed pairs at
/// p = .03, .1, .2, .35, .7, as the reference's exact minima have, and its loss is at most 2% above the reference's best.
///
/// The paper's own ranges are "about" .05 to .15 for one pair, .15 to .2 for two, .25 to .5 for all three, and above .5 for PCA. By
/// exact losses the thresholds are .07, .16 and .39, so that .35 has two collapsed pairs and not three.
pub(super) fn check_collapse(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let specs = COLLAPSED
        .iter()
        .map(|(density, _)| {
            let restarts = json!({ "count": effort.of(48, 24), "keep": "best" });
            spec_of("collapse", json!({ "density": density, "seed": effort.seed, "restarts": restarts, "sweep": null }))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let reports = lab.train("collapse", &specs)?;
    let reference = super::reference::list(&super::reference::training()["collapse"]);
    let (mut found, mut excess, mut values) = (Vec::new(), f64::NEG_INFINITY, Vec::<Value>::new());
    for ((spec, report), row) in specs.iter().zip(&reports).zip(reference) {
        let n_pairs = collapsed_pairs(&report.w(), spec.features, spec.hidden, &spec.correlated).len();
        found.push(n_pairs);
        excess = excess.max(report.loss / super::reference::number(&row["best_loss"]) - 1.0);
        values.push(json!({ "density": row["density"], "collapsed_pairs": n_pairs, "loss": report.loss }));
    }
    let as_expected = found.iter().zip(&COLLAPSED).all(|(found, (_, expected))| found == expected);
    let shown: Vec<String> = found.iter().map(usize::to_string).collect();
    Ok(vec![Claim {
        id: "collapse",
        about: "three pairs from sparse to dense",
        paper: "as features get denser, correlated pairs collapse one after the other into their principal components",
        rule: "best of many: 0, 1, 2, 2, 3 pairs within 10° at p = .03, .1, .2, .35, .7; losses at most 2% above the reference's",
        measured: format!("{} pairs; loss at most {:+.2}% from the reference's", shown.join(", "), 100.0 * excess),
        verdict: Verdict::holds(as_expected && excess <= AS_GOOD),
        values: Value::Array(values),
    }])
}
