//! `dimensions`, `dimensionality`: how many dimensions a feature gets where all are alike (paper, "Uniform superposition").

use super::source::{shared, source};
use super::{Still, models_of, playground, raw_data, refuse};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Shape, Source};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::measures::{Measures, Shape as Solid};
use crate::number::shortest;
use crate::order;
use crate::report::InstanceReport;
use crate::spec::{Density, ExperimentSpec, ModelKind};
use crate::sweep::Lab;
use crate::sweep::lab::train_sweep;

/// The most models that one picture shows.
const MAX_MODELS: usize = 1000;

/// The fractions of a dimension that have a name, with the solid whose points get them.
pub(crate) const FRACTIONS: [(f64, &str); 7] = [
    (1.0, "1"),
    (3.0 / 4.0, "3/4 tetrahedron"),
    (2.0 / 3.0, "2/3 triangle"),
    (1.0 / 2.0, "1/2 digon"),
    (2.0 / 5.0, "2/5 pentagon"),
    (3.0 / 8.0, "3/8 square antiprism"),
    (0.0, "0 not learned"),
];

/// `D*` against `1/(1 − S)`.
///
/// # Errors
/// [`Error::Field`] for a spec whose features differ or whose sweep has fewer than two densities, else as [`Lab::train`].
pub fn make_dimensions(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let inverse = inverse_densities(spec)?;
    let reports = train_sweep(lab, "models", spec)?;
    let (points, sources) = points_of_d_star(&inverse, &reports);
    let words = plateau(&points);
    let line = Series::new("", Tint::Ink, Mark::LineDots, points).with_sources(sources);
    let highest = line.points.iter().map(|point| point.1).fold(1.0, f64::max);
    let rules = vec![Rule::level(1.0, "1"), Rule::level(0.5, "1/2")];
    let chart = Chart::new(density_axis(&inverse), Axis::linear("D* = m / ‖W‖²", 0.0, 1.05 * highest), vec![line]);
    let title = format!("Hidden dimensions per embedded feature, n = {}, m = {}", spec.features, spec.hidden);
    let panel = Panel::new(title, words, View::Chart(chart.with_rules(rules)));
    Ok(Still::new(Panels::new(vec![panel], 300.0, 1), raw_data(reports)))
}

/// Every `D_i` against `1/(1 − S)`, with `D*`, and the feature geometry graph of the model that has the most kinds of solids.
///
/// # Errors
/// As [`make_dimensions`].
pub fn make_dimensionality(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let inverse = inverse_densities(spec)?;
    let reports = train_sweep(lab, "models", spec)?;
    let (mut dots, mut behind) = (Vec::new(), Vec::new());
    for (idx, (x, report)) in inverse.iter().zip(&reports).enumerate() {
        let all = report.measures.dimensionality.iter().flatten();
        // Points of one density are spread a little, in an order that has nothing to do with their heights.
        behind.extend(all.clone().enumerate().map(|(i, _)| source(report).feature(i)));
        dots.extend(all.enumerate().map(|(i, &d)| (x * jitter(idx + 31 * i), d)));
    }
    let (points, sources) = points_of_d_star(&inverse, &reports);
    let dots = Series::new("Dᵢ of a feature", Tint::Kind(0), Mark::Dots(Shape::Disc, 1.2), dots);
    let series = vec![
        dots.with_strength(0.55).with_sources(behind),
        Series::new("D*, the mean of a density", Tint::Ink, Mark::LineDots, points).with_sources(sources),
    ];
    let rules = FRACTIONS.map(|(value, name)| Rule::level(value, name)).to_vec();
    let chart =
        Chart::new(density_axis(&inverse), Axis::linear("fraction of a dimension", 0.0, 1.05).called("D"), series);
    let title = format!("Dimensionality of every feature, n = {}, m = {}", spec.features, spec.hidden);
    let words = format!("{} models; {}", reports.len(), crowded(&reports));
    let chart = View::Chart(chart.with_rules(rules).with_aspect(0.5));
    let mut panels = vec![Panel::new(title, words, chart).in_own_row()];
    if let Some(idx) = most_varied(&reports) {
        let (report, w) = (&reports[idx], reports[idx].w());
        let measures = Measures::of(&w, spec.features, spec.hidden);
        let graph = playground::geometry(&measures, &w, spec.features);
        let title = format!("Feature geometry at 1/(1 − S) = {}", shortest(rounded(inverse[idx])));
        let words = format!(
            "The model with the most kinds of solids (number {} of {}): {}.",
            report.index + 1,
            reports.len(),
            measures.solution
        );
        panels.push(Panel::new(title, words, View::Geometry(graph)).in_own_row().of_job(idx));
    }
    Ok(Still::new(Panels::new(panels, 300.0, 1), raw_data(reports)))
}

/// `1/p` of every instance.
fn inverse_densities(spec: &ExperimentSpec) -> Result<Vec<f64>, Error> {
    let specs = models_of(spec, MAX_MODELS)?;
    if spec.model == ModelKind::Absolute {
        return refuse("model", "absolute", "a model whose output is made of WᵀW");
    }
    let mut inverse = Vec::with_capacity(specs.len());
    for spec in specs {
        match spec.density {
            Density::Uniform(p) => inverse.push(1.0 / p),
            Density::Each(list) => return refuse("density", format!("{list:?}"), "one density for all features"),
        }
    }
    if inverse.iter().all(|x| *x == inverse[0]) {
        return refuse("sweep", "one density", "at least two densities to draw a line");
    }
    Ok(inverse)
}

/// `1/p` from the least to the greatest.
fn density_axis(inverse: &[f64]) -> Axis {
    let low = inverse.iter().copied().fold(f64::INFINITY, f64::min);
    let high = inverse.iter().copied().fold(0.0, f64::max);
    Axis::log("1/(1 − S), the more the sparser", low * 0.97, high * 1.03).called("1/(1 − S)")
}

/// The mean D* of each density, in the order of `1/p`, and what stands behind each.
fn points_of_d_star(inverse: &[f64], reports: &[InstanceReport]) -> (Vec<(f64, f64)>, Vec<Source>) {
    let mut all: Vec<(f64, f64, Source)> = inverse
        .iter()
        .zip(reports)
        .filter_map(|(&x, report)| Some((x, report.measures.dimensions_per_feature?, source(report))))
        .collect();
    order::sort_by(&mut all, |a, b| a.0.total_cmp(&b.0));
    all.chunk_by(|a, b| a.0 == b.0)
        .map(|same| {
            let mean = same.iter().map(|point| point.1).sum::<f64>() / same.len() as f64;
            ((same[0].0, mean), shared(same.iter().map(|point| point.2)))
        })
        .unzip()
}

/// Where `D*` stays within 4% of 1/2.
fn plateau(points: &[(f64, f64)]) -> String {
    let near: Vec<f64> =
        points.iter().filter(|point| (point.1 / 0.5 - 1.0).abs() < 0.04).map(|point| point.0).collect();
    match near.as_slice() {
        [] => "No density has a D* within 4% of 1/2.".into(),
        [only] => format!("D* is within 4% of 1/2 at 1/(1 − S) = {}.", shortest(rounded(*only))),
        [first, .., last] => {
            format!(
                "D* stays within 4% of 1/2 from 1/(1 − S) = {} to {}.",
                shortest(rounded(*first)),
                shortest(rounded(*last))
            )
        }
    }
}

/// How many features lie on the lines.
fn crowded(reports: &[InstanceReport]) -> String {
    let all = || reports.iter().flat_map(|report| report.measures.dimensionality.iter().flatten());
    let count = |fraction: f64| all().filter(|&&d| near(d, fraction)).count();
    let named: Vec<String> = FRACTIONS[1..6]
        .iter()
        .map(|&(value, name)| format!("{} at {}", count(value), name.split(' ').next().unwrap_or(name)))
        .collect();
    format!("features within 0.005 of a line: {}.", named.join(", "))
}

/// Whether a dimensionality is on a line.
pub(crate) fn near(dimensionality: f64, fraction: f64) -> bool {
    (dimensionality - fraction).abs() <= 0.005
}

/// The model with the most kinds of solids of two points and more; of several the first with the most features in them.
fn most_varied(reports: &[InstanceReport]) -> Option<usize> {
    let richness = |report: &InstanceReport| {
        let solids = report.measures.geometry.iter().flatten();
        let solids = solids.filter(|factor| factor.shape.n_points().is_some_and(|n_points| n_points > 1));
        let mut kinds: Vec<Solid> = solids.clone().map(|factor| factor.shape).collect();
        order::sort_by_key(&mut kinds, |&kind| kind);
        kinds.dedup();
        (kinds.len(), solids.map(|factor| factor.features.len()).sum::<usize>())
    };
    let best = (0..reports.len()).max_by_key(|&idx| (richness(&reports[idx]), std::cmp::Reverse(idx)))?;
    (richness(&reports[best]).0 > 0).then_some(best)
}

/// A factor near 1, even over what is drawn (the golden ratio's multiples; Weyl, 1916).
fn jitter(idx: usize) -> f64 {
    1.0 + 0.03 * ((idx as f64 * 0.618_033_988_749_894_9).fract() - 0.5)
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plateau_is_told_from_first_to_last() {
        assert_eq!(plateau(&[(1.0, 1.0), (2.5, 0.499), (3.0, 0.492), (5.0, 0.36)]).matches("2.5 to 3").count(), 1);
        assert!(plateau(&[(1.0, 1.0)]).starts_with("No density"));
    }

    #[test]
    fn a_mean_is_of_one_density() {
        let spec = r#"{"features": 3, "hidden": 1, "steps": 0, "restarts": {"count": 2, "keep": "all"},
            "sweep": [{"field": "density", "values": [0.5, 1]}]}"#;
        let spec = ExperimentSpec::from_json(spec).expect("a valid spec");
        let still = make_dimensions(&spec, &crate::sweep::lab::SingleThread).expect("a figure");
        let View::Chart(chart) = &still.panels.panels[0].view else { panic!("a chart") };
        let x: Vec<f64> = chart.series[0].points.iter().map(|point| point.0).collect();
        assert_eq!(x, [1.0, 2.0]);
    }
}
