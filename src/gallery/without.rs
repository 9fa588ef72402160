//! `without`: models that are kept from superposition, by a penalty on the hidden layer or by training against attacks (paper,
//! "Approach 1: Creating models without superposition", and "Relationship to Adversarial Robustness").
//!
//! D* counts squared lengths, which both means shorten, so that it rises above 1 where nothing is shared. What is asked here is
//! whether features share dimensions, so D* is taken over the represented features at unit length: the mean of their `D_i`, which
//! does not depend on length, is 1 exactly where each has a dimension to itself.

use serde_json::{Map, Value, json};

use super::source::source;
use super::{Still, refuse};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Source};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::figures::written;
use crate::number::shortest;
use crate::report::InstanceReport;
use crate::spec::{ExperimentSpec, Keep, ModelKind};
use crate::sweep::{Lab, n_jobs};

/// Sizes of the attacks that are trained against, as fractions of the mean length of an input.
pub(crate) const ATTACKS: [f64; 9] = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6];
/// The size at which the paper found no superposition left.
pub(crate) const PAPER_SIZE: f64 = 0.8;
/// From this mean `D_i` on the kept features count as free of superposition.
pub(crate) const FREE: f64 = 0.98;
/// The most strengths of the penalty.
const MAX_STRENGTHS: usize = 64;

/// A model trained at one strength of a penalty or an attack.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// λ, or the attack's size.
    pub strength: f64,
    /// Represented features.
    pub kept: usize,
    /// The mean of their `D_i`; none where nothing is kept.
    pub own_dimension: Option<f64>,
    /// The loss on clean inputs, penalty left out.
    pub loss: f64,
    /// The model.
    source: Source,
}

impl Outcome {
    fn of(strength: f64, report: &InstanceReport) -> Self {
        let kept = &report.measures.represented;
        let dimensionality = report.measures.dimensionality.as_deref().unwrap_or_default();
        let sum: f64 = kept.iter().map(|&i| dimensionality[i]).sum();
        let own_dimension = (!kept.is_empty()).then(|| sum / kept.len() as f64);
        Outcome { strength, kept: kept.len(), own_dimension, loss: report.loss, source: source(report) }
    }

    /// Whether something is kept, and nothing of it in superposition.
    pub fn is_free(&self) -> bool {
        self.own_dimension.is_some_and(|mean| mean >= FREE)
    }

    /// Its numbers.
    pub fn json(&self) -> Value {
        json!({
            "strength": self.strength,
            "features": self.kept,
            "mean_dimensionality": self.own_dimension,
            "loss": self.loss,
        })
    }
}

/// The models of the spec's penalties, and those of the same spec trained against attacks instead.
pub(crate) struct Outcomes {
    /// By λ, rising; the first is 0 where the sweep begins so.
    pub penalties: Vec<Outcome>,
    /// By size, rising.
    pub attacks: Vec<Outcome>,
}

/// Trains both.
///
/// # Errors
/// [`Error::Field`] for a spec that is no sweep of `hidden_l1` alone, for restarts that are kept apart, or for another model than
/// `linear` and `relu`; else as [`Lab::train`].
pub(crate) fn train_both(spec: &ExperimentSpec, attacks: &[f64], lab: &dyn Lab) -> Result<Outcomes, Error> {
    if spec.sweep.len() != 1 || spec.sweep[0].field != "hidden_l1" {
        let fields: Vec<&str> = spec.sweep.iter().map(|axis| axis.field.as_str()).collect();
        return refuse("sweep", format!("{fields:?}"), "one axis, hidden_l1");
    }
    if !matches!(spec.model, ModelKind::Relu | ModelKind::Linear) {
        return refuse("model", spec.model.name(), "\"relu\" or \"linear\" for this figure");
    }
    if spec.restarts.keep == Keep::All {
        return refuse("restarts.keep", "\"all\"", "\"best\" for this figure");
    }
    let n_penalties = n_jobs(spec);
    if n_penalties > MAX_STRENGTHS {
        return refuse("sweep", format!("{n_penalties} values"), format!("at most {MAX_STRENGTHS}"));
    }
    let mut specs = (0..n_penalties).map(|idx| spec.cell(idx)).collect::<Result<Vec<_>, _>>()?;
    let strengths: Vec<f64> = specs.iter().map(|spec| spec.hidden_l1).chain(attacks.iter().copied()).collect();
    for &size in attacks {
        let mut changes = Map::new();
        changes.insert("hidden_l1".into(), 0.0.into());
        changes.insert("adversarial_training".into(), json!({ "norm": size }));
        specs.push(specs[0].changed(changes)?);
    }
    let reports = lab.train("models", &specs)?;
    let mut outcomes: Vec<Outcome> =
        strengths.iter().zip(&reports).map(|(&strength, report)| Outcome::of(strength, report)).collect();
    let attacks = outcomes.split_off(n_penalties);
    Ok(Outcomes { penalties: outcomes, attacks })
}

/// What each strength keeps, and at what loss.
///
/// # Errors
/// As [`train_both`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let outcomes = train_both(spec, &ATTACKS, lab)?;
    let Outcomes { penalties, attacks } = &outcomes;
    let m = spec.hidden;
    let panels = vec![
        Panel::new(
            "A penalty on the hidden layer",
            free_words(penalties, "λ =", m),
            sharing(penalties, "λ, the weight of Σ|h|", None),
        ),
        Panel::new(
            "Training against attacks",
            free_words(attacks, "attacks of", m),
            sharing(attacks, "size of the attack, in mean input lengths", Some(PAPER_SIZE)),
        ),
        Panel::new(
            "What is kept",
            "Represented features; the dashed line is one a dimension.",
            kept_chart(&outcomes, m),
        ),
        Panel::new(
            "What it costs",
            "Loss on clean inputs against the share of a dimension that a kept feature has.",
            cost_chart(&outcomes),
        ),
    ];
    Ok(Still::new(Panels::new(panels, 320.0, 2), raw_data(outcomes)))
}

/// What each strength keeps.
fn raw_data(outcomes: Outcomes) -> impl Fn() -> Value {
    move || {
        let numbers = |list: &[Outcome]| list.iter().map(Outcome::json).collect::<Vec<_>>();
        json!({ "penalties": numbers(&outcomes.penalties), "attacks": numbers(&outcomes.attacks) })
    }
}

/// Where superposition ends.
fn free_words(outcomes: &[Outcome], of: &str, m: usize) -> String {
    match outcomes.iter().find(|outcome| outcome.is_free()) {
        Some(outcome) => format!(
            "With {of} {} no kept feature shares its dimension: {} are kept in {m} dimensions, at a loss of {}.",
            shortest(outcome.strength),
            outcome.kept,
            written(outcome.loss, 2)
        ),
        None => "Features share dimensions at every strength shown.".into(),
    }
}

/// The mean `D_i` of kept features against strength.
fn sharing(outcomes: &[Outcome], title: &str, paper: Option<f64>) -> View {
    let seen = outcomes.iter().filter_map(|outcome| Some(((outcome.strength, outcome.own_dimension?), outcome.source)));
    let (points, sources): (Vec<(f64, f64)>, Vec<Source>) = seen.unzip();
    let most = outcomes.iter().map(|outcome| outcome.strength).fold(0.0, f64::max);
    let mut rules = vec![Rule::level(1.0, "1")];
    rules.extend(paper.map(|size| Rule::upright(size, "the paper’s 80%")));
    let chart = Chart::new(
        Axis::linear(title, 0.0, if most > 0.0 { 1.03 * most } else { 1.0 }),
        Axis::linear("dimensions per kept feature", 0.0, 1.1),
        vec![Series::new("", Tint::Kind(0), Mark::LineDots, points).with_sources(sources)],
    );
    View::Chart(chart.with_rules(rules))
}

/// Kept features against the strength as a share of the greatest.
fn kept_chart(outcomes: &Outcomes, m: usize) -> View {
    let series = |name: &str, tint, list: &[Outcome]| {
        let most = list.iter().map(|outcome| outcome.strength).fold(f64::MIN_POSITIVE, f64::max);
        let points = list.iter().map(|outcome| (outcome.strength / most, outcome.kept as f64)).collect();
        Series::new(name, tint, Mark::LineDots, points)
            .with_sources(list.iter().map(|outcome| outcome.source).collect())
    };
    let all = outcomes.penalties.iter().chain(&outcomes.attacks);
    let most = all.map(|outcome| outcome.kept).fold(m, usize::max) as f64;
    let chart = Chart::new(
        Axis::linear("strength, as a share of the greatest", 0.0, 1.03),
        Axis::linear("represented features", 0.0, 1.1 * most),
        vec![
            series("penalty", Tint::Kind(0), &outcomes.penalties),
            series("attacks", Tint::Kind(1), &outcomes.attacks),
        ],
    );
    View::Chart(chart.with_rules(vec![Rule::level(m as f64, "m")]))
}

/// Loss against the mean `D_i` of kept features.
fn cost_chart(outcomes: &Outcomes) -> View {
    let points = |list: &[Outcome]| {
        let seen = list.iter().filter(|outcome| outcome.loss > 0.0);
        seen.filter_map(|outcome| Some(((outcome.own_dimension?, outcome.loss), outcome.source))).collect::<Vec<_>>()
    };
    let lists = [points(&outcomes.penalties), points(&outcomes.attacks)];
    let losses = || lists.iter().flatten().map(|(point, _)| point.1);
    let (low, high) = (losses().fold(f64::INFINITY, f64::min), losses().fold(0.0, f64::max));
    let (low, high) = if low < high { (0.8 * low, 1.25 * high) } else { (1e-4, 1.0) };
    let [penalties, attacks] = lists.map(|list| list.into_iter().unzip());
    let series = |name: &str, tint, (points, sources): (Vec<(f64, f64)>, Vec<Source>)| {
        Series::new(name, tint, Mark::LineDots, points).with_sources(sources)
    };
    let chart = Chart::new(
        Axis::linear("dimensions per kept feature", 0.0, 1.05),
        Axis::log("loss", low, high),
        vec![series("penalty", Tint::Kind(0), penalties), series("attacks", Tint::Kind(1), attacks)],
    );
    View::Chart(chart.with_rules(vec![Rule::upright(1.0, "no superposition")]))
}
