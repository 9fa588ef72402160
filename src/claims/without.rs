//! `without`: models that are kept from superposition.

use serde_json::json;

use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::without::{ATTACKS, Outcome, PAPER_SIZE, train_both};
use crate::sweep::Lab;

/// How many features must be kept where superposition ends: more than half of the five dimensions.
const LEAST_KEPT: usize = 3;
/// Without a penalty kept features have at most this mean `D_i`.
const SHARED: f64 = 0.7;
/// Where attacks have removed superposition, no more features are kept than there are dimensions, with at least this mean `D_i`. Below
/// 1, as features that are not represented keep short directions beside them.
const NEARLY_FREE: f64 = 0.85;

/// Two claims on 20 features in 5 dimensions at density .1, the best of the preset's restarts:
/// 1. without a penalty the mean `D_i` of represented features is at most 0.7; at some λ of the sweep at least 3 features are
///    represented and their mean `D_i` is at least 0.98 (`D*` = 1 for what is kept), at the loss that is stated;
/// 2. training against attacks lowers represented features per dimension, from more than one to at most one with a mean `D_i` of at
///    least 0.85, at some size up to 1.6 mean input lengths; the weakest such size is stated beside the paper's 0.8.
///
/// Quick: six λ and three sizes, the best of two.
pub(super) fn check(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let mut changes = json!({ "seed": effort.seed });
    if effort.quick {
        changes["restarts"] = json!({ "count": 2 });
        changes["sweep"] = json!([{ "field": "hidden_l1", "values": [0.0, 0.005, 0.0075, 0.01, 0.0125, 0.015] }]);
    }
    let attacks: &[f64] = if effort.quick { &[PAPER_SIZE, 1.0, 1.2] } else { &ATTACKS };
    let spec = spec_of("without", changes)?;
    let outcomes = train_both(&spec, attacks, lab)?;
    let (plain, penalised) = outcomes.penalties.split_first().expect("a sweep has a value");
    let is_shared = plain.own_dimension.is_some_and(|mean| mean <= SHARED);
    let free = penalised.iter().find(|outcome| outcome.is_free() && outcome.kept >= LEAST_KEPT);
    let attacked = outcomes.attacks.iter().find(|outcome| is_removed(outcome, spec.hidden));
    let numbers = |list: &[Outcome]| list.iter().map(Outcome::json).collect::<Vec<_>>();
    let m = spec.hidden;
    let per_dimension = |outcome: &Outcome| outcome.kept as f64 / m as f64;
    Ok(vec![
        Claim {
            id: "without",
            about: "a penalty on the hidden layer",
            paper: "superposition can be kept away by an L1 penalty on activations, at the price of a worse loss",
            rule: "with no penalty features share dimensions (mean D_i ≤ 0.7); at some λ at least 3 are kept with a mean D_i ≥ 0.98; the loss is stated",
            measured: match free {
                Some(outcome) => format!(
                    "mean D_i {:.2} with λ = 0; {:.3} with λ = {}, {} features, loss {:.1e} for {:.1e}",
                    plain.own_dimension.unwrap_or(0.0),
                    outcome.own_dimension.unwrap_or(0.0),
                    outcome.strength,
                    outcome.kept,
                    outcome.loss,
                    plain.loss
                ),
                None => "features share dimensions at every λ".into(),
            },
            verdict: Verdict::holds(is_shared && free.is_some()),
            values: numbers(&outcomes.penalties).into(),
        },
        Claim {
            id: "without",
            about: "training against attacks",
            paper: "training against attacks lowers superposition, but attacks must be unreasonably large, 80% of the input's length, to remove it",
            rule: "features per dimension fall from above 1 to 1 or less, with a mean D_i ≥ 0.85 of those kept, at some size up to 1.6 input lengths; the weakest such size is stated",
            measured: match attacked {
                Some(outcome) => format!(
                    "{:.1} features per dimension without attacks, {:.1} with attacks of {}, where superposition ends (the paper: {PAPER_SIZE})",
                    per_dimension(plain),
                    per_dimension(outcome),
                    outcome.strength
                ),
                None => "superposition at every size".into(),
            },
            verdict: Verdict::holds(plain.kept > m && attacked.is_some()),
            values: numbers(&outcomes.attacks).into(),
        },
    ])
}

/// Whether something is kept, in no more features than dimensions, and nearly each has its own.
fn is_removed(outcome: &Outcome, n_hidden: usize) -> bool {
    (1..=n_hidden).contains(&outcome.kept) && outcome.own_dimension.is_some_and(|mean| mean >= NEARLY_FREE)
}
