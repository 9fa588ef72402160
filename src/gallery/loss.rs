//! `loss-terms`, `loss-surface`: what a model gains by a feature and what it pays, and the landscape that follows (paper,
//! "Mathematical Understanding", and T. McGrath's comment there).

use serde_json::{Value, json};

use super::source::source;
use super::{Still, refuse};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Series, Source};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::surface::Field;
use crate::figures::{Point, Tint};
use crate::number::{fixed, trimmed};
use crate::report::InstanceReport;
use crate::rng::{Purpose, Stream};
use crate::spec::{Density, ExperimentSpec, ModelKind};
use crate::sweep::lab::map;
use crate::sweep::{Lab, job_specs};
use crate::theory::{OneSparseLoss, Surface, SurfaceBias, SurfaceKind, SurfaceMinimum, one_sparse_loss};

/// The two terms of the 1-sparse loss of trained models against density, a panel a kind of model; and what features evenly
/// around a circle do to each other.
///
/// # Errors
/// [`Error::Field`] for a model other than linear and relu, for densities that differ between features, or for restarts that
/// are all kept; else as [`Lab::train`].
pub fn make_terms(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = job_specs(spec)?;
    for spec in &specs {
        if !matches!(spec.model, ModelKind::Linear | ModelKind::Relu) {
            return refuse("model", spec.model.name(), "linear or relu for the two terms of the loss");
        }
        if matches!(spec.density, Density::Each(_)) {
            return refuse("density", "a list", "one number for all features in this figure");
        }
    }
    let reports = lab.train("models", &specs)?;
    let rows: Vec<Row> = specs.iter().zip(&reports).map(|(spec, report)| Row::of(spec, report)).collect();
    let highest = rows.iter().map(|row| row.terms.total()).fold(1e-9, f64::max);
    let mut panels = Vec::new();
    for (kind, title) in [(ModelKind::Linear, "Linear model"), (ModelKind::Relu, "ReLU output model")] {
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
        if !of_kind.is_empty() {
            panels.push(Panel::new(title, terms_sentence(&of_kind), View::Chart(terms_chart(&of_kind, highest))));
        }
    }
    panels.push(circle_panel());
    Ok(Still::new(Panels::new(panels, 280.0, 3), terms_raw_data(rows)))
}

/// Both terms of each model.
fn terms_raw_data(rows: Vec<Row>) -> impl Fn() -> Value {
    move || json!({ "models": rows.iter().map(Row::json).collect::<Vec<Value>>() })
}

/// A trained model and its terms.
struct Row {
    kind: ModelKind,
    density: f64,
    represented: usize,
    terms: OneSparseLoss,
    source: Source,
}

impl Row {
    fn of(spec: &ExperimentSpec, report: &InstanceReport) -> Self {
        let w = report.w();
        let b: Vec<f64> = report.bias.iter().copied().map(f64::from).collect();
        let terms = one_sparse_loss(spec.model, &w, &b, &spec.importances());
        let represented = report.measures.represented.len();
        Row { kind: spec.model, density: spec.densities()[0], represented, terms, source: source(report) }
    }

    fn json(&self) -> Value {
        json!({
            "model": self.kind.name(),
            "density": self.density,
            "represented": self.represented,
            "feature_benefit": self.terms.feature_benefit,
            "interference": self.terms.interference,
        })
    }
}

/// Both terms and their sum against density, from dense to sparse.
fn terms_chart(rows: &[&Row], highest: f64) -> Chart {
    let line = |name: &str, tint, mark, value: &dyn Fn(&OneSparseLoss) -> f64| {
        let points = rows.iter().map(|row| (row.density, value(&row.terms))).collect();
        Series::new(name, tint, mark, points).with_sources(rows.iter().map(|row| row.source).collect())
    };
    let densities = || rows.iter().map(|row| row.density);
    let (least, most) = (densities().fold(f64::INFINITY, f64::min), densities().fold(0.0, f64::max));
    Chart::new(
        Axis::log("density 1 − S", most, if least < most { least } else { most / 10.0 }),
        Axis::linear("1-sparse loss", 0.0, highest * 1.08),
        vec![
            line("both", Tint::Ink, Mark::Dashed, &OneSparseLoss::total),
            line("own error", Tint::Kind(0), Mark::LineDots, &OneSparseLoss::total_benefit),
            line("interference", Tint::Kind(1), Mark::LineDots, &OneSparseLoss::total_interference),
        ],
    )
    .with_aspect(0.8)
}

/// What became of both terms from the densest model to the sparsest.
fn terms_sentence(rows: &[&Row]) -> String {
    let by_density = |a: &&&Row, b: &&&Row| a.density.total_cmp(&b.density);
    let (Some(dense), Some(sparse)) = (rows.iter().max_by(by_density), rows.iter().min_by(by_density)) else {
        return String::new();
    };
    let share = |row: &Row| 100.0 * row.terms.total_interference() / row.terms.total().max(f64::MIN_POSITIVE);
    let of = |row: &Row| {
        format!(
            "{} features represented at density {}, {}% of the loss is interference",
            row.represented,
            short(row.density),
            fixed(share(row), 0)
        )
    };
    if dense.density > sparse.density { format!("{}; {}.", of(dense), of(sparse)) } else { format!("{}.", of(dense)) }
}

/// The most features around the circle.
const MOST_AROUND: usize = 8;

/// What a feature hears of k − 1 others, all of length 1 and evenly around a circle, as a share of its own second moment; without
/// a bias.
fn heard(kind: ModelKind, k: usize) -> f64 {
    let angle = |i: usize| std::f64::consts::TAU * i as f64 / k as f64;
    let w: Vec<f64> = (0..k).map(|i| angle(i).cos()).chain((0..k).map(|i| angle(i).sin())).collect();
    // A mean over k² pairs of output and active feature, in thirds.
    one_sparse_loss(kind, &w, &vec![0.0; k], &vec![1.0; k]).interference[0] * (3 * k * k) as f64
}

fn circle_panel() -> Panel {
    let line = |name: &str, tint, kind| {
        let points: Vec<Point> = (1..=MOST_AROUND).map(|k| (k as f64, heard(kind, k))).collect();
        Series::new(name, tint, Mark::LineDots, points)
    };
    let ticks = (1..=MOST_AROUND).map(|k| (k as f64, k.to_string())).collect();
    let chart = Chart::new(
        Axis::linear("features evenly around a circle", 0.7, MOST_AROUND as f64 + 0.3).with_ticks(ticks),
        Axis::linear("interference / second moment", 0.0, heard(ModelKind::Linear, MOST_AROUND) * 1.08),
        vec![line("linear", Tint::Kind(2), ModelKind::Linear), line("ReLU", Tint::Kind(3), ModelKind::Relu)],
    );
    let silent = (1..=MOST_AROUND).take_while(|&k| heard(ModelKind::Relu, k) < 1e-9).count();
    let next = silent + 1;
    let words = format!(
        "Where negative answers are cut off (b = 0), up to {silent} features do not hear each other; of {next} each hears {} instead of {}.",
        short(heard(ModelKind::Relu, next)),
        short(heard(ModelKind::Linear, next)),
    );
    Panel::new("Why the ReLU matters", words, View::Chart(chart.with_aspect(0.8)))
}

/// A number in up to three decimals.
fn short(value: f64) -> String {
    trimmed(value, 3)
}

/// Half the width of the surface that is shown.
const REACH: f64 = 1.4;
/// Points of the grid a side.
const GRID: usize = 71;
/// The most descents in one picture.
const MAX_DESCENTS: usize = 200;

/// The exact loss surface of two features in one dimension, with b = 0 and with the bias that is best at each point, its minima by
/// name, and descents from as many random starts as there are restarts.
///
/// # Errors
/// [`Error::Field`] for anything but two features in one dimension of a relu model at one density and without a sweep.
pub fn make_surface(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    if spec.model != ModelKind::Relu {
        return refuse("model", spec.model.name(), "relu for the loss surface");
    }
    if (spec.features, spec.hidden) != (2, 1) {
        let (field, value) = if spec.features == 2 { ("hidden", spec.hidden) } else { ("features", spec.features) };
        return refuse(field, value, "2 features in 1 hidden dimension for the loss surface");
    }
    if !spec.sweep.is_empty() {
        return refuse("sweep", format!("{} axes", spec.sweep.len()), "none for the loss surface");
    }
    if spec.restarts.count > MAX_DESCENTS {
        return refuse(
            "restarts.count",
            spec.restarts.count,
            format!("at most {MAX_DESCENTS} descents in one picture"),
        );
    }
    let (densities, importances) = (spec.densities(), spec.importances());
    let relative = importances[1] / importances[0];
    if densities[0] != densities[1] || !spec.correlated.is_empty() || !spec.anticorrelated.is_empty() {
        return refuse(
            "density",
            format!("{densities:?}"),
            "two independent features of one density for the loss surface",
        );
    }
    if !(relative.is_finite() && importances[0] > 0.0) {
        return refuse("importance", format!("{importances:?}"), "a first importance above 0 for the loss surface");
    }
    let starts = starts(spec);
    let sides = [SurfaceBias::Zero, SurfaceBias::Best];
    let made = map(lab, "surfaces", sides.len(), |idx| {
        let surface = Surface::new(densities[0], relative, sides[idx]);
        let paths: Vec<Vec<[f64; 2]>> = starts.iter().map(|start| surface.descend(*start)).collect();
        Ok((surface, surface.minima(), paths))
    })?;
    let titles = ["Without a bias", "With the best bias at each point"];
    let panels = made.iter().zip(titles).map(|((surface, minima, paths), title)| {
        Panel::new(title, surface_sentence(minima, paths), View::Surface(field(surface, minima, paths)))
    });
    let panels = Panels::new(panels.collect(), 320.0, 2);
    Ok(Still::new(panels, surface_raw_data(densities[0], relative, made)))
}

/// A surface with its minima and the descents on it.
type Descended = (Surface, Vec<SurfaceMinimum>, Vec<Vec<[f64; 2]>>);

/// Minima and descents without a bias and with the best.
fn surface_raw_data(density: f64, importance: f64, made: Vec<Descended>) -> impl Fn() -> Value {
    move || {
        let side = |((_, minima, paths), bias): (&Descended, &str)| {
            let minima: Vec<Value> = minima.iter().map(minimum_json).collect();
            json!({ "bias": bias, "minima": minima, "paths": paths })
        };
        let surfaces: Vec<Value> = made.iter().zip(["zero", "best"]).map(side).collect();
        json!({ "density": density, "importance": importance, "surfaces": surfaces })
    }
}

/// Random starts over the whole surface that is shown, by the spec's seed.
fn starts(spec: &ExperimentSpec) -> Vec<[f64; 2]> {
    let mut rng = Stream::new(spec.seed, Purpose::Weights);
    let mut uniform = || REACH * (2.0 * rng.uniform() - 1.0);
    (0..spec.restarts.count).map(|_| [uniform(), uniform()]).collect()
}

fn field(surface: &Surface, minima: &[SurfaceMinimum], paths: &[Vec<[f64; 2]>]) -> Field {
    let at = |k: usize| REACH * (2.0 * k as f64 / (GRID - 1) as f64 - 1.0);
    let values = (0..GRID).flat_map(|row| (0..GRID).map(move |column| surface.loss([at(column), at(row)])));
    let named = minima.iter().flat_map(|minimum| {
        let [x, y] = minimum.weights;
        // The surface is the same for both signs; one of the two carries the name.
        [((x, y), kind_name(minimum.kind).to_owned()), ((-x, -y), String::new())]
    });
    Field::new(
        Axis::linear("weight of the first feature", -REACH, REACH),
        Axis::linear("weight of the extra feature", -REACH, REACH),
        "loss",
        GRID,
        values.collect(),
    )
    .with_log()
    .with_paths(paths.iter().map(|path| path.iter().map(|&[x, y]| (x, y)).collect()).collect())
    .with_minima(named.collect())
}

/// What a minimum is called in the picture.
fn kind_name(kind: SurfaceKind) -> &'static str {
    match kind {
        SurfaceKind::Ignored => "extra ignored",
        SurfaceKind::Dedicated => "extra alone",
        SurfaceKind::Antipodal => "antipodal",
        SurfaceKind::SameSign => "confused",
    }
}

fn minimum_json(minimum: &SurfaceMinimum) -> Value {
    json!({
        "weights": minimum.weights,
        "bias": minimum.bias,
        "loss": minimum.loss,
        "kind": kind_name(minimum.kind),
    })
}

/// The minima with the share of descents that end in each.
fn surface_sentence(minima: &[SurfaceMinimum], paths: &[Vec<[f64; 2]>]) -> String {
    let ends_in = |minimum: &SurfaceMinimum, path: &[[f64; 2]]| {
        let Some(end) = path.last() else { return false };
        let apart = |sign: f64| (0..2).map(|k| (end[k] - sign * minimum.weights[k]).abs()).fold(0.0, f64::max);
        apart(1.0).min(apart(-1.0)) < 1e-4
    };
    let words = minima.iter().map(|minimum| {
        let n_ends = paths.iter().filter(|path| ends_in(minimum, path)).count();
        format!("{} ({}, {n_ends} of {})", kind_name(minimum.kind), fixed(minimum.loss, 4), paths.len())
    });
    format!("Minima with their losses and the descents that end there: {}.", words.collect::<Vec<_>>().join(", "))
}
