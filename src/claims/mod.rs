//! What the paper says of its figures, checked by numbers (`superposition reproduce`).
//!
//! A file an id, or a few ids of one kind. Each check trains what it needs in a [`Lab`] and gives [`Claim`]s: what the paper says, the
//! rule by which a number decides, the number, and a verdict. Nothing is judged by a picture. The rule stands in the docs of its check
//! and, in short, in the claim itself.

mod absolute;
mod adversarial;
mod basic;
mod dictionary;
mod intro;
mod learning;
mod loss;
mod perturb;
mod phase;
mod polytopes;
mod privileged;
mod reference;
mod sets;
mod uniform;
mod without;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::spec::{Draft, ExperimentSpec, preset};
use crate::sweep::Lab;

/// Whether a claim came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// As the paper says.
    #[serde(rename = "holds")]
    Holds,
    /// The paper's number does not come out; ours, with its tolerance, is stated and met.
    #[serde(rename = "differs as documented")]
    Differs,
    /// Neither.
    #[serde(rename = "fails")]
    Fails,
}

impl Verdict {
    /// [`Verdict::Holds`] where it is so, else [`Verdict::Fails`].
    pub fn holds(it_does: bool) -> Self {
        if it_does { Verdict::Holds } else { Verdict::Fails }
    }

    /// [`Verdict::Differs`] where our own expectation is met, else [`Verdict::Fails`].
    pub fn differs(as_documented: bool) -> Self {
        if as_documented { Verdict::Differs } else { Verdict::Fails }
    }

    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Differs => "differs as documented",
            Verdict::Fails => "fails",
        }
    }
}

/// One thing that the paper says of a figure, and what came out.
#[derive(Debug, Clone, Serialize)]
pub struct Claim {
    /// The figure.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// What the paper says, in our words.
    pub paper: &'static str,
    /// What is measured and which numbers pass.
    pub rule: &'static str,
    /// What was measured, in a line.
    pub measured: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The numbers behind it.
    pub values: serde_json::Value,
}

/// How much is spent on a check.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// All checks together within two minutes on two cores: fewer seeds, densities or cells, the same rules or, where a rule needs
    /// many runs, the part of it that few can decide.
    pub quick: bool,
    /// The first seed; every run's seed is this or later.
    pub seed: u64,
}

impl Effort {
    /// One of two numbers.
    pub fn of<T>(self, whole: T, quick: T) -> T {
        if self.quick { quick } else { whole }
    }
}

/// Checks the claims of one figure.
pub type Check = fn(&dyn Lab, Effort) -> Result<Vec<Claim>, Error>;

/// Every figure with claims, in the order of the catalogue.
#[rustfmt::skip]
pub const CHECKS: &[(&str, Check)] = &[
    ("intro", intro::check),
    ("basic-small", basic::check_small),
    ("basic-large", basic::check_large),
    ("loss-terms", loss::check_terms),
    ("loss-surface", loss::check_surface),
    ("phase-2-1", phase::check_2_1),
    ("phase-3-2", phase::check_3_2),
    ("dimensions", uniform::check_dimensions),
    ("dimensionality", uniform::check_dimensionality),
    ("polytopes", polytopes::check),
    ("perturb", perturb::check),
    ("correlated", sets::check_correlated),
    ("anticorrelated", sets::check_anticorrelated),
    ("local-bases", sets::check_local_bases),
    ("collapse", sets::check_collapse),
    ("energy-levels", learning::check_energy_levels),
    ("trajectories", learning::check_trajectories),
    ("adversarial", adversarial::check),
    ("privileged", privileged::check),
    ("absolute-small", absolute::check_small),
    ("absolute-large", absolute::check_large),
    ("asymmetric", absolute::check_asymmetric),
    ("without", without::check),
    ("dictionary", dictionary::check),
];

/// The check of a figure.
pub fn find(id: &str) -> Option<Check> {
    CHECKS.iter().find(|(name, _)| *name == id).map(|&(_, check)| check)
}

/// The preset of a figure with some fields changed (null takes one away): what its check trains.
///
/// # Errors
/// [`Error::Field`] where the changed fields break a rule.
///
/// # Panics
/// If the figure has no preset, or the fields are no JSON object.
fn spec_of(id: &str, changes: Value) -> Result<ExperimentSpec, Error> {
    let own = preset(id).expect("every figure with claims has a preset");
    let Value::Object(changes) = changes else { panic!("changes to a spec are an object, not {changes}") };
    Draft::from_json(own)?.overlay(changes).check()
}
