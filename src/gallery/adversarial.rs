//! `adversarial`: models with more features per dimension are more vulnerable (paper, "Relationship to Adversarial Robustness").
//!
//! The models of a sweep over density are attacked twice: with the spec's attack, and with the same fraction of the other mean input
//! length. Vulnerability `L′ − L` is relative to the densest model's, which is without superposition.

use serde_json::{Value, json};

use super::source::source;
use super::{Still, models_of, refuse};
use crate::attack::{self, AttackReport};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Shape, Source};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::number::fixed;
use crate::order;
use crate::report::InstanceReport;
use crate::spec::{Attack, Density, ExperimentSpec, ModelKind, RelativeTo};
use crate::sweep::lab::map;
use crate::sweep::{Lab, n_jobs};
use crate::train::{Status, level_of};

/// The most models in one picture.
const MAX_MODELS: usize = 128;

/// A model of the sweep under both attacks.
#[derive(Debug, Clone)]
pub(crate) struct Attacked {
    /// 1/(1 − S).
    pub inverse_density: f64,
    /// 1/D*.
    pub features_per_dimension: f64,
    /// The attack whose size is the same for all models.
    pub same_size: AttackReport,
    /// The attack whose size follows each model's own inputs.
    pub own_size: AttackReport,
    /// The model.
    source: Source,
}

impl Attacked {
    /// Its numbers.
    pub fn json(&self) -> Value {
        json!({
            "inverse_density": self.inverse_density,
            "features_per_dimension": self.features_per_dimension,
            "same_size": self.same_size,
            "own_size": self.own_size,
        })
    }
}

/// Trains the models of a sweep over density and attacks them; the densest comes first.
///
/// # Errors
/// [`Error::Field`] for a spec without a sweep over density, without an attack, or of a model whose features have no dimensions; else
/// as [`Lab::train`].
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn attacked(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Vec<Attacked>, Error> {
    let (bare, reports) = trained(spec, lab)?;
    attack_all(spec, &bare, &reports, lab)
}

/// The models, with their specs, as far as they are trained.
fn trained(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<(Vec<ExperimentSpec>, Vec<InstanceReport>), Error> {
    let n_models = n_jobs(spec);
    if n_models < 2 || spec.sweep.iter().any(|axis| axis.field != "density") {
        return refuse("sweep", format!("{n_models} models"), "one axis, density, of at least two values");
    }
    let jobs = models_of(spec, MAX_MODELS)?;
    if spec.model == ModelKind::Absolute {
        return refuse("model", spec.model.name(), "a model with one matrix W for this figure");
    }
    if spec.attack.is_none() {
        return refuse("attack", "null", "an attack for this figure");
    }
    let bare: Vec<ExperimentSpec> = jobs.into_iter().map(|job| ExperimentSpec { attack: None, ..job }).collect();
    let reports = lab.train("models", &bare)?;
    Ok((bare, reports))
}

/// 1/p and 1/D* of a model.
fn place(spec: &ExperimentSpec, report: &InstanceReport) -> Result<(f64, f64), Error> {
    let Density::Uniform(density) = spec.density else {
        return refuse("density", "a list", "one density for all features of a model");
    };
    let Some(dimensions) = report.measures.dimensions_per_feature else {
        return refuse("seed", spec.seed, "one whose models represent something");
    };
    Ok((1.0 / density, 1.0 / dimensions))
}

fn attack_all(
    spec: &ExperimentSpec,
    bare: &[ExperimentSpec],
    reports: &[InstanceReport],
    lab: &dyn Lab,
) -> Result<Vec<Attacked>, Error> {
    let norm = spec.attack.map_or(0.0, |attack| attack.norm);
    let mut models = map(lab, "attacks", bare.len(), |idx| {
        let (spec, report) = (&bare[idx], &reports[idx]);
        let (inverse_density, features_per_dimension) = place(spec, report)?;
        let (subject, law, level) = (report.subject(spec), spec.input_law(), level_of(spec)?);
        let under = |relative_to| attack::evaluate(&subject, &Attack { norm, relative_to }, &law, spec.seed, level);
        Ok(Attacked {
            inverse_density,
            features_per_dimension,
            same_size: under(RelativeTo::Dense),
            own_size: under(RelativeTo::Own),
            source: source(report),
        })
    })?;
    order::sort_by(&mut models, |a, b| a.inverse_density.total_cmp(&b.inverse_density));
    Ok(models)
}

/// Vulnerabilities relative to the first model's.
pub(crate) fn relative(models: &[Attacked], report: impl Fn(&Attacked) -> &AttackReport) -> Vec<f64> {
    let base = models.first().map_or(1.0, |model| report(model).vulnerability);
    models.iter().map(|model| report(model).vulnerability / base).collect()
}

/// Pearson's correlation of two lists of equal length.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(&x, &y)| f(x - mx, y - my)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// Relative vulnerability and features per dimension against 1/(1 − S), and against each other.
///
/// # Errors
/// As [`attacked`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let (bare, reports) = trained(spec, lab)?;
    if reports.iter().any(|report| report.status == Status::Running) {
        return on_the_way(&bare, &reports);
    }
    let models = attack_all(spec, &bare, &reports, lab)?;
    let same = relative(&models, |model| &model.same_size);
    let own = relative(&models, |model| &model.own_size);
    let features: Vec<f64> = models.iter().map(|model| model.features_per_dimension).collect();
    let r = correlation(&features, &same);
    let places: Vec<f64> = models.iter().map(|model| model.inverse_density).collect();
    let sources: Vec<Source> = models.iter().map(|model| model.source).collect();
    let line = |name: &str, tint, mark, values: &[f64]| {
        let points = places.iter().copied().zip(values.iter().copied()).collect();
        Series::new(name, tint, mark, points).with_sources(sources.clone())
    };
    let most = |values: &[f64]| 1.1 * values.iter().copied().fold(1.0, f64::max);
    let x = || Axis::log("1/(1 − S)", places[0], places[places.len() - 1]);
    let vulnerability = Chart::new(
        x(),
        Axis::linear("(L′ − L)/(L′₀ − L₀)", 0.0, most(&same).max(most(&own))).called("vulnerability"),
        vec![
            line("one size", Tint::Kind(0), Mark::LineDots, &same),
            line("own size", Tint::Kind(1), Mark::LineDots, &own),
        ],
    )
    .with_rules(vec![Rule::level(1.0, "")]);
    let per_dimension = per_dimension_chart(&places, &features, &sources);
    let dots = features.iter().copied().zip(same.iter().copied()).collect();
    let top = most(&features).max(most(&same));
    let scatter = Chart::new(
        Axis::linear("features per dimension", 0.0, top),
        Axis::linear("relative vulnerability", 0.0, top),
        vec![
            Series::new("", Tint::Faint, Mark::Dashed, vec![(0.0, 0.0), (top, top)]),
            Series::new("", Tint::Kind(0), Mark::Dots(Shape::Disc, 3.6), dots).with_sources(sources.clone()),
        ],
    );
    let size = models[0].same_size.size;
    let fraction = 100.0 * spec.attack.map_or(0.0, |attack| attack.norm);
    let words = format!(
        "Attacks of one size, {}, for all models, and of {}% of each density’s own mean input length; relative to the densest model.",
        fixed(size, 2),
        fixed(fraction, 0)
    );
    let last = models.len() - 1;
    let panels = vec![
        Panel::new("Vulnerability to attacks", words, View::Chart(vulnerability)),
        Panel::new(
            "Features per dimension",
            format!("From {} to {} as features get sparser.", fixed(features[0], 1), fixed(features[last], 1)),
            View::Chart(per_dimension),
        ),
        Panel::new(
            "One against the other",
            format!("Correlation r = {} with attacks of one size; the dashed line is equality.", fixed(r, 3)),
            View::Chart(scatter),
        ),
    ];
    Ok(Still::new(Panels::new(panels, 270.0, 3), raw_data(models, same, own, r)))
}

/// The attacks on each model, the vulnerabilities relative to the densest one's, and the correlation of the first with features per
/// dimension.
fn raw_data(models: Vec<Attacked>, same: Vec<f64>, own: Vec<f64>, r: f64) -> impl Fn() -> Value {
    move || {
        json!({
            "models": models.iter().map(Attacked::json).collect::<Vec<_>>(),
            "relative_vulnerability": same,
            "relative_vulnerability_own_size": own,
            "correlation": r,
        })
    }
}

fn per_dimension_chart(places: &[f64], features: &[f64], sources: &[Source]) -> Chart {
    let points = places.iter().copied().zip(features.iter().copied()).collect();
    Chart::new(
        Axis::log("1/(1 − S)", places[0], places[places.len() - 1]),
        Axis::linear("1/D* = ‖W‖²/m", 0.0, 1.1 * features.iter().copied().fold(1.0, f64::max)),
        vec![Series::new("", Tint::Kind(0), Mark::LineDots, points).with_sources(sources.to_vec())],
    )
    .with_rules(vec![Rule::level(1.0, "")])
}

/// What can be shown before the models are trained, and with them their attacks.
fn on_the_way(bare: &[ExperimentSpec], reports: &[InstanceReport]) -> Result<Still, Error> {
    let mut models = bare
        .iter()
        .zip(reports)
        .map(|(spec, report)| Ok((place(spec, report)?, source(report))))
        .collect::<Result<Vec<_>, Error>>()?;
    order::sort_by(&mut models, |a, b| a.0.0.total_cmp(&b.0.0));
    let (places, sources): (Vec<(f64, f64)>, Vec<Source>) = models.into_iter().unzip();
    let (places, features): (Vec<f64>, Vec<f64>) = places.into_iter().unzip();
    let words = "So far; the attacks are worked out when all models are trained.";
    let chart = per_dimension_chart(&places, &features, &sources);
    let panel = Panel::new("Features per dimension", words, View::Chart(chart)).in_own_row();
    Ok(Still::new(Panels::new(vec![panel], 270.0, 3), early_raw_data(features)))
}

/// What is known before the attacks.
fn early_raw_data(features_per_dimension: Vec<f64>) -> impl Fn() -> Value {
    move || json!({ "features_per_dimension": features_per_dimension })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_of_a_line_and_of_a_cross() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[5.0, 3.0, 1.0]) + 1.0).abs() < 1e-12);
        assert!((correlation(&[1.0, 2.0, 4.0], &[1.0, 2.0, 4.0]) - 1.0).abs() < 1e-12);
        assert!(correlation(&[-1.0, 1.0, 0.0, 0.0], &[0.0, 0.0, -1.0, 1.0]).abs() < 1e-12);
    }
}
