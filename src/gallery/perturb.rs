//! `perturb`: five features in two dimensions, one of them rarer or more frequent than the rest (paper, "Perturbing a Single
//! Feature").

use serde_json::{Value, json};

use super::source::source;
use super::{Still, refuse};
use crate::error::Error;
use crate::figures::arrows::Plane;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Shape};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::{Point, Tint};
use crate::measures::canonical_pose;
use crate::number::{fixed, trimmed};
use crate::report::InstanceReport;
use crate::spec::{ExperimentSpec, ModelKind};
use crate::sweep::lab::map;
use crate::sweep::{Lab, job_specs};
use crate::theory::{PerturbLosses, perturb_crossing, perturb_losses};

/// Points of the exact curves.
const CURVE_POINTS: usize = 37;
/// The most solutions drawn as arrows.
const MOST_PLANES: usize = 5;

/// What a trained model is to this figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solution {
    /// All five features, the odd one among them.
    Pentagon,
    /// Two digons of the other four; the odd one is dropped.
    Digons,
    /// Anything else.
    Other,
}

impl Solution {
    /// By the represented features, and for the digons by their shapes. A pentagon is bent too far to be regular where the odd
    /// feature is much rarer or more frequent, so all that represents five counts as one.
    pub fn of(report: &InstanceReport) -> Self {
        match report.measures.represented[..] {
            [0, 1, 2, 3, 4] => Self::Pentagon,
            [1, 2, 3, 4] if report.measures.solution.as_deref() == Some("square") => Self::Digons,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pentagon => "pentagon",
            Self::Digons => "two digons",
            Self::Other => "other",
        }
    }
}

/// The exact losses of the pentagon and of two digons against the odd feature's density, the trained models on them, and the best
/// models of some densities as arrows in one pose.
///
/// # Errors
/// [`Error::Field`] for anything but five relu features in two dimensions, all but the first of one density and all of one importance;
/// else as [`Lab::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = job_specs(spec)?;
    let base = specs[0].densities().get(1).copied().unwrap_or(1.0);
    for spec in &specs {
        refuse_others(spec, base)?;
    }
    let of = |spec: &ExperimentSpec| spec.densities()[0] / base;
    let least = specs.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = specs.iter().map(of).fold(0.0, f64::max);
    // One density alone stands in the middle of an octave.
    let (least, most) = if least < most { (least, most) } else { (least / 1.4, (most * 1.4).min(1.0 / base)) };
    let at = |k: usize| least * (most / least).powf(k as f64 / (CURVE_POINTS - 1) as f64);
    // Rounding may put the last one a little above density 1.
    let relative: Vec<f64> = (0..CURVE_POINTS).map(|k| at(k).min(1.0 / base)).collect();
    let curves = map(lab, "exact losses", CURVE_POINTS, |k| Ok(perturb_losses(relative[k], base)))?;
    let reports = lab.train("models", &specs)?;
    let trained: Vec<Trained> = specs
        .iter()
        .zip(reports)
        .map(|(spec, report)| {
            let solution = Solution::of(&report);
            Trained { relative: of(spec), solution, report }
        })
        .collect();
    let crossing = perturb_crossing(base);
    let curve =
        |value: &dyn Fn(usize) -> f64| -> Vec<Point> { (0..CURVE_POINTS).map(|k| (relative[k], value(k))).collect() };
    let lines = vec![
        Series::new("pentagon", Tint::Kind(0), Mark::Line, curve(&|k| curves[k].pentagon)),
        Series::new("two digons", Tint::Kind(1), Mark::Line, curve(&|k| curves[k].digons)),
    ];
    let mut panels = vec![chart_panel(&trained, lines, (least, most), crossing)];
    let mut best: Vec<&Trained> = Vec::new();
    for model in &trained {
        match best.iter_mut().find(|known| known.relative == model.relative) {
            Some(known) if model.report.loss < known.report.loss => *known = model,
            Some(_) => {}
            None => best.push(model),
        }
    }
    let shown = best.len().min(MOST_PLANES);
    panels.extend((0..shown).map(|k| plane_panel(best[k * (best.len() - 1) / (shown - 1).max(1)])));
    let curves = relative.into_iter().zip(curves).collect();
    Ok(Still::new(Panels::new(panels, 120.0, MOST_PLANES), raw_data(base, curves, trained)))
}

/// The exact curves with the crossing of both, and the trained models.
fn raw_data(base: f64, curves: Vec<(f64, PerturbLosses)>, trained: Vec<Trained>) -> impl Fn() -> Value {
    move || {
        let curve = |(relative, losses): &(f64, PerturbLosses)| json!({ "relative_density": relative, "pentagon": losses.pentagon, "digons": losses.digons });
        let model = |model: &Trained| {
            json!({
                "relative_density": model.relative,
                "solution": model.solution.name(),
                "loss": model.report.loss,
                "weights": model.report.weights,
            })
        };
        json!({
            "base_density": base,
            "crossing": perturb_crossing(base),
            "curves": curves.iter().map(curve).collect::<Vec<Value>>(),
            "models": trained.iter().map(model).collect::<Vec<Value>>(),
        })
    }
}

/// A trained model at a relative density of feature 0.
struct Trained {
    relative: f64,
    solution: Solution,
    report: InstanceReport,
}

fn refuse_others(spec: &ExperimentSpec, base: f64) -> Result<(), Error> {
    if spec.model != ModelKind::Relu {
        return refuse("model", spec.model.name(), "relu for this figure");
    }
    if spec.features != 5 {
        return refuse("features", spec.features, "5 for this figure");
    }
    if spec.hidden != 2 {
        return refuse("hidden", spec.hidden, "2 for this figure");
    }
    let (densities, importances) = (spec.densities(), spec.importances());
    let independent = spec.correlated.is_empty() && spec.anticorrelated.is_empty();
    if !independent || densities[1..].iter().any(|density| *density != base) {
        return refuse("density", format!("{densities:?}"), "independent features, all but the first of one density");
    }
    if importances.iter().any(|importance| *importance != 1.0) {
        return refuse("importance", format!("{importances:?}"), "1 for all features");
    }
    Ok(())
}

fn chart_panel(trained: &[Trained], lines: Vec<Series>, range: (f64, f64), crossing: Option<f64>) -> Panel {
    let losses = lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
    let (low, high) = losses.fold((f64::INFINITY, 0.0_f64), |(low, high), loss| (low.min(loss), high.max(loss)));
    let dots = |solution: Solution, tint, shape| {
        let models: Vec<&Trained> = trained.iter().filter(|model| model.solution == solution).collect();
        let points = models.iter().map(|model| (model.relative, model.report.loss)).collect();
        let sources = models.iter().map(|model| source(&model.report)).collect();
        Series::new("", tint, Mark::Dots(shape, 3.4), points).with_sources(sources)
    };
    let mut series = vec![dots(Solution::Other, Tint::Soft, Shape::Cross)];
    series.extend(lines);
    series.push(dots(Solution::Pentagon, Tint::Kind(0), Shape::Disc));
    series.push(dots(Solution::Digons, Tint::Kind(1), Shape::Square));
    let crossed = crossing.filter(|relative| (range.0..=range.1).contains(relative));
    let rules = crossed.map(|relative| Rule::upright(relative, fixed(relative, 3))).into_iter().collect();
    let ticks = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
        .into_iter()
        .zip(["1/8", "1/4", "1/2", "1", "2", "4", "8", "16"])
        .filter(|(relative, _)| (range.0 * 0.99..=range.1 * 1.01).contains(relative))
        .map(|(relative, name)| (relative, name.to_owned()));
    let chart = Chart::new(
        Axis::log("density of the odd feature, relative to the others’", range.0, range.1)
            .with_ticks(ticks.collect())
            .called("relative density"),
        Axis::log("loss", low * 0.9, high * 1.12),
        series,
    );
    let count = |solution| trained.iter().filter(|model| model.solution == solution).count();
    let words = format!(
        "Lines: exact minima{}. Marks: {} trained models, {} with all five features, {} as two digons without the odd one, {} otherwise (crosses).",
        crossed.map_or(String::new(), |relative| format!(", which cross at {}", fixed(relative, 3))),
        trained.len(),
        count(Solution::Pentagon),
        count(Solution::Digons),
        count(Solution::Other),
    );
    Panel::new("Two solutions change places", words, View::Chart(chart.with_rules(rules).with_aspect(0.56)))
        .in_own_row()
}

/// The best model of a density, feature 0 along the first axis where it is represented.
fn plane_panel(model: &Trained) -> Panel {
    let pose = canonical_pose(&model.report.w(), 5, 2).into_iter().map(|weight| weight as f32).collect();
    let tints = (0..5).map(|i| if i == 0 { Tint::Kind(2) } else { Tint::Soft }).collect();
    let names = (0..5).map(|i| if i == 0 { "odd".into() } else { String::new() }).collect();
    let plane = Plane::new(5, pose).with_tints(tints).with_names(names);
    Panel::new(format!("Density × {}", short(model.relative)), model.solution.name(), View::Plane(plane))
        .of_job(model.report.index)
}

/// A number in two significant decimals or so.
fn short(value: f64) -> String {
    trimmed(value, if value < 1.0 { 3 } else { 2 })
}
