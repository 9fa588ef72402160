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
/// The weakest and the strongest attack, in mean input lengths, at which superposition may end.
const ENDS: (f64, f64) = (0.4, 1.2);

/// Two claims on 20 features in 5 dimensions at density .1, the best of the preset's restarts:
/// 1. without a penalty the mean `D_i` of represented features is at most 0.7; at some λ of the sweep at least 3 features are
///    represented and their mean `D_i` is at least 0.98 (`D*` = 1 for what is kept), at the loss that is stated;
/// 2. training against attacks lowers represented features per dimension, from more than one to at most one, and the weakest attack
///    from which on what is kept has a mean `D_i` of at least 0.98 is between 0.4 and 1.2 mean input lengths (the paper: 0.8).
///
/// Quick: λ = 0 and .01, attacks of 0.4 and 0.8, of two shorter runs each.
pub(super) fn check(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let mut changes = json!({ "seed": effort.seed });
    if effort.quick {
        changes["steps"] = json!(2000);
        changes["restarts"] = json!({ "count": 2 });
        changes["sweep"] = json!([{ "field": "hidden_l1", "values": [0.0, 0.01] }]);
    }
    let attacks: &[f64] = if effort.quick { &[0.4, PAPER_SIZE] } else { &ATTACKS };
    let spec = spec_of("without", changes)?;
    let outcomes = train_both(&spec, attacks, lab)?;
    let (plain, penalised) = outcomes.penalties.split_first().expect("a sweep has a value");
    let is_shared = plain.own_dimension.is_some_and(|mean| mean <= SHARED);
    let free = penalised.iter().find(|outcome| outcome.is_free() && outcome.kept >= LEAST_KEPT);
    let attacked = outcomes.attacks.iter().find(|outcome| outcome.is_free());
    let numbers = |list: &[Outcome]| list.iter().map(Outcome::json).collect::<Vec<_>>();
    let m = spec.hidden;
    let per_dimension = |outcome: &Outcome| outcome.kept as f64 / m as f64;
    let ends = |outcome: &Outcome| (ENDS.0..=ENDS.1).contains(&outcome.strength) && (1..=m).contains(&outcome.kept);
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
            rule: "features per dimension fall from above 1 to 1 or less, and the weakest attack that removes superposition (mean D_i ≥ 0.98) is of 0.4 to 1.2 input lengths",
            measured: match attacked {
                Some(outcome) => format!(
                    "{:.1} features per dimension without attacks, {:.1} with attacks of {}, where superposition ends (the paper: {PAPER_SIZE})",
                    per_dimension(plain),
                    per_dimension(outcome),
                    outcome.strength
                ),
                None => "superposition at every size".into(),
            },
            verdict: Verdict::holds(plain.kept > m && attacked.is_some_and(ends)),
            values: numbers(&outcomes.attacks).into(),
        },
    ])
}
