//! `energy-levels`, `trajectories`: what features do while they are learned.

use serde_json::{Value, json};

use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::learning::{Run, opposite_across_sets};
use crate::report::InstanceReport;
use crate::sweep::Lab;
use crate::sweep::lab::train_sweep;

/// The part of the jumps that must go with a drop of the loss.
const WITH_DROP: f64 = 0.8;
/// The chance that must not explain it.
const CHANCE: f64 = 0.01;
/// The least number of regimes of the loss.
const REGIMES: usize = 3;
/// The part of the seeds that must end as an octahedron.
const OCTAHEDRA: f64 = 0.9;

/// The preset from several seeds.
fn trained(id: &str, n_seeds: u64, lab: &dyn Lab, effort: Effort) -> Result<Vec<InstanceReport>, Error> {
    let seeds: Vec<u64> = (0..n_seeds).map(|idx| effort.seed + idx).collect();
    let spec = spec_of(id, json!({ "sweep": [{ "field": "seed", "values": seeds }] }))?;
    train_sweep(lab, id, &spec)
}

/// In six runs (quick: one), all of which end in ten digons: of the jumps, a `D_i` that moves by more than 0.1 within 2% of the run, at
/// least 80% have a loss drop in the same window, faster than 3 times the median rate of all windows; and in each run the drops that go with
/// jumps are more than chance explains, p < .01 against times drawn evenly.
///
/// Twelve runs had 15 to 23 jumps each, 81 to 100% of them with a drop and 96% in all, where 30 to 42% of all windows are drops.
pub(super) fn check_energy_levels(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let reports = trained("energy-levels", effort.of(6, 1), lab, effort)?;
    let (mut n_jumps, mut n_with_drop, mut largest_p, mut n_digons) = (0, 0, 0.0_f64, 0);
    let mut values = Vec::<Value>::new();
    for report in &reports {
        let (_, drops) = Run::of(report)?.jumps(effort.seed);
        n_jumps += drops.n_jumps;
        n_with_drop += drops.n_with_drop;
        largest_p = largest_p.max(drops.p_value);
        n_digons += usize::from(report.measures.solution.as_deref() == Some("10 × digon"));
        values.push(json!(drops));
    }
    let share = n_with_drop as f64 / n_jumps.max(1) as f64;
    let holds = n_jumps > 0 && share >= WITH_DROP && largest_p < CHANCE && n_digons == reports.len();
    Ok(vec![Claim {
        id: "energy-levels",
        about: "jumps and drops",
        paper: "features jump between levels of dimensionality, and the loss drops as they do",
        rule: "runs end in ten digons; ≥ 80% of jumps (D_i by .1 in 2% of the run) with a loss drop over 3 × the median rate; p < .01",
        measured: format!(
            "{n_with_drop} of {n_jumps} jumps in {} runs with a drop; p at most {largest_p:.1e}; {n_digons} end in ten digons",
            reports.len()
        ),
        verdict: Verdict::holds(holds),
        values: Value::Array(values),
    }])
}

/// At least 90% of 32 seeds (quick: 8) end as an octahedron whose opposite vertices belong to different sets, and the log loss of each of these
/// has at least three straight regimes ([`crate::measures::dynamics::regimes`] against the step, noise 0.05).
pub(super) fn check_trajectories(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let reports = trained("trajectories", effort.of(32, 8), lab, effort)?;
    let spec = spec_of("trajectories", json!({}))?;
    let (mut n_octahedra, mut counts) = (0, Vec::new());
    for report in &reports {
        let is_octahedron = report.measures.solution.as_deref() == Some("octahedron");
        if is_octahedron && opposite_across_sets(&spec, report) {
            n_octahedra += 1;
            counts.push(Run::of(report)?.regimes().count());
        }
    }
    let (fewest, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    let share = n_octahedra as f64 / reports.len() as f64;
    Ok(vec![Claim {
        id: "trajectories",
        about: "regimes of the loss",
        paper: "learning goes through distinct regimes and ends in an octahedron that pairs features of different sets",
        rule: "≥ 90% of seeds end in an octahedron, opposite vertices of different sets; each of these with ≥ 3 regimes of the log loss",
        measured: format!(
            "{n_octahedra} of {} seeds ({:.0}%); {fewest} to {most} regimes",
            reports.len(),
            100.0 * share
        ),
        verdict: Verdict::holds(share >= OCTAHEDRA && fewest >= REGIMES),
        values: json!({ "octahedra": n_octahedra, "seeds": reports.len(), "regimes": counts }),
    }])
}
