//! `correlated`, `anticorrelated`, `collapse`, `local-bases`: how features that occur together, or never do, are laid out (paper,
//! "Correlated and anticorrelated features").
//!
//! Solutions are turned into one pose, so that seeds can be compared; a set has one colour and one letter.

use serde_json::{Map, json};

use super::{Still, models_of, raw_data, refuse};
use crate::error::Error;
use crate::figures::arrows::Plane;
use crate::figures::chart::{Axis, Chart, Mark, Series};
use crate::figures::heatmap::Heatmap;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::measures::{canonical_pose, collapsed_pairs};
use crate::number::{fixed, shortest};
use crate::order;
use crate::report::InstanceReport;
use crate::spec::{Density, ExperimentSpec};
use crate::sweep::{Lab, job_spec, n_jobs};

/// The most models that one picture shows side by side.
const MAX_PANELS: usize = 64;

/// Every instance of the spec in the plane, and below it the same with one correlated set more, where such a spec can be: sets
/// that no longer find orthogonal directions.
///
/// # Errors
/// [`Error::Field`] for a spec without sets, with more than two hidden dimensions or too many instances, else as [`Lab::train`].
pub fn make_planes(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let mut reports = planes_of(spec, lab)?;
    let mut panels = plane_panels(spec, &reports, 0);
    let n_columns = panels.len().min(5);
    let mut n_sets = sets(spec).len();
    if let Some(more) = with_one_more_set(spec) {
        let others = planes_of(&more, lab)?;
        let with_count =
            |n_sets: usize| move |panel: Panel| Panel { title: format!("{}, {n_sets} sets", panel.title), ..panel };
        panels = panels.into_iter().map(with_count(n_sets)).collect();
        n_sets += 1;
        panels.extend(plane_panels(&more, &others, reports.len()).into_iter().map(with_count(n_sets)));
        reports.extend(others);
    }
    let panels = Panels::new(panels, 130.0, n_columns).with_legend(legend(spec, n_sets));
    Ok(Still::new(panels, raw_data(reports)))
}

/// Every instance of the spec in the plane, with the number of pairs that have collapsed into one direction.
///
/// # Errors
/// As [`make_planes`].
pub fn make_collapse(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let reports = planes_of(spec, lab)?;
    let panels = plane_panels(spec, &reports, 0);
    let panels = Panels::new(panels, 130.0, 5).with_legend(legend(spec, sets(spec).len()));
    Ok(Still::new(panels, raw_data(reports)))
}

/// `WᵀW` of every instance of the spec, its sets outlined where they lie side by side.
///
/// # Errors
/// [`Error::Field`] for a spec without sets or with too many instances, else as [`Lab::train`].
pub fn make_local_bases(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let reports = trained(spec, lab)?;
    let panels = reports
        .iter()
        .flat_map(|report| {
            let (n, w) = (spec.features, report.w());
            let gram = (0..n * n).map(|at| dot(&w, n, at / n, at % n)).collect();
            let blocks = sets(spec).iter().filter(|set| set.windows(2).all(|pair| pair[1] == pair[0] + 1));
            let heatmap = Heatmap::new(n, n, gram)
                .with_titles("feature", "feature")
                .of_features()
                .with_limit(1.0)
                .with_blocks(blocks.map(|set| (set[0], set.len())).collect());
            let (within, across) = largest_cosines(&w, n, sets(spec));
            let words = format!(
                "Within a set no two directions have a cosine beyond {} in magnitude, across sets it reaches {}.",
                fixed(within, 3),
                fixed(across, 3)
            );
            let title = format!("WᵀW, {} features in {} dimensions", n, spec.hidden);
            [Panel::new(title, words, View::Heatmap(heatmap)), cosines_panel(&w, n, sets(spec))]
                .map(|panel| panel.of_job(report.index))
        })
        .collect();
    Ok(Still::new(Panels::new(panels, 320.0, 2), raw_data(reports)))
}

/// The cosines of all pairs of one set, and of features of two sets, the largest first.
fn cosines_panel(w: &[f64], n: usize, sets: &[Vec<usize>]) -> Panel {
    let owner = |i: usize| sets.iter().position(|set| set.contains(&i));
    let mut cosines = [Vec::new(), Vec::new()];
    for i in 0..n {
        for j in 0..i {
            if let (Some(own), Some(other)) = (owner(i), owner(j)) {
                cosines[usize::from(own != other)].push(cosine(w, n, i, j).abs());
            }
        }
    }
    let most = cosines.iter().map(Vec::len).max().unwrap_or(0);
    let words = format!("{} pairs within a set, {} across; the largest first.", cosines[0].len(), cosines[1].len());
    let names = ["within a set", "across sets"];
    let series = cosines.into_iter().zip(names).enumerate().map(|(kind, (mut values, name))| {
        order::sort_by(&mut values, |a, b| b.total_cmp(a));
        let points = values.into_iter().zip(1..).map(|(value, rank)| (f64::from(rank), value)).collect();
        Series::new(name, Tint::Kind(kind), Mark::LineDots, points)
    });
    let chart = Chart::new(
        Axis::linear("pair", 0.0, (most as f64 * 1.02).max(1.0)),
        Axis::linear("cosine, without its sign", 0.0, 1.0).called("cosine"),
        series.collect(),
    );
    Panel::new("Cosines of all pairs", words, View::Chart(chart))
}

/// The sets of a spec: correlated ones, else anticorrelated ones.
fn sets(spec: &ExperimentSpec) -> &[Vec<usize>] {
    if spec.correlated.is_empty() { &spec.anticorrelated } else { &spec.correlated }
}

fn trained(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Vec<InstanceReport>, Error> {
    if sets(spec).is_empty() {
        return refuse("correlated", "no set", "at least one set, or one in anticorrelated");
    }
    lab.train("models", &models_of(spec, MAX_PANELS)?)
}

fn planes_of(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Vec<InstanceReport>, Error> {
    for idx in 0..n_jobs(spec).min(MAX_PANELS) {
        let job = job_spec(spec, idx)?;
        if job.hidden > 2 || job.features != spec.features || sets(&job) != sets(spec) {
            let allowed = "1 or 2, and the same features and sets in all models";
            return refuse("hidden", job.hidden, allowed);
        }
    }
    trained(spec, lab)
}

/// A panel a report; `n_before` are the reports of the figure that come before these.
fn plane_panels(spec: &ExperimentSpec, reports: &[InstanceReport], n_before: usize) -> Vec<Panel> {
    let owner = |i: usize| sets(spec).iter().position(|set| set.contains(&i));
    let tints: Vec<Tint> = (0..spec.features).map(|i| owner(i).map_or(Tint::Soft, Tint::Kind)).collect();
    let names: Vec<String> = (0..spec.features)
        .map(|i| match owner(i) {
            Some(set_idx) => {
                let place = sets(spec)[set_idx].iter().position(|&j| j == i).unwrap_or(0);
                format!("{}{}", letter(set_idx), place + 1)
            }
            None => (i + 1).to_string(),
        })
        .collect();
    reports
        .iter()
        .enumerate()
        .map(|(idx, report)| {
            let pose = canonical_pose(&report.w(), spec.features, spec.hidden);
            let weights = pose.into_iter().map(|x| x as f32).collect();
            let plane = Plane::new(spec.features, weights).with_tints(tints.clone()).with_names(names.clone());
            Panel::new(title(spec, idx), words(spec, report), View::Plane(plane)).of_job(n_before + idx)
        })
        .collect()
}

/// What sets this instance apart: its density or its seed.
fn title(spec: &ExperimentSpec, idx: usize) -> String {
    let Ok(job) = job_spec(spec, idx) else { return String::new() };
    let first = job_spec(spec, 0).map_or(job.density.clone(), |first| first.density);
    let last = job_spec(spec, n_jobs(spec) - 1).map_or(job.density.clone(), |last| last.density);
    match &job.density {
        Density::Uniform(p) if first != last => format!("1 − S = {}", shortest(*p)),
        _ => format!("Seed {}", job.seed),
    }
}

/// The angles within sets, and for larger ensembles how many pairs have collapsed.
fn words(spec: &ExperimentSpec, report: &InstanceReport) -> String {
    let (n, m, w) = (spec.features, spec.hidden, report.w());
    let collapsed = collapsed_pairs(&w, n, m, &spec.correlated).len();
    let pairs: Vec<(usize, usize)> = sets(spec)
        .iter()
        .flat_map(|set| set.iter().enumerate().flat_map(|(at, &i)| set[at + 1..].iter().map(move |&j| (i, j))))
        .collect();
    let angles: Vec<String> = pairs.iter().map(|&(i, j)| format!("{}°", fixed(angle(&w, n, i, j), 0))).collect();
    let mut within = format!("Within sets {}", angles.join(", "));
    if angles.windows(2).all(|pair| pair[0] == pair[1]) && !angles.is_empty() {
        within = format!("Within each set {}", angles[0]);
    }
    match collapsed {
        0 => format!("{within}."),
        1 => format!("{within}; 1 pair of {} collapsed.", pairs.len()),
        _ => format!("{within}; {collapsed} pairs of {} collapsed.", pairs.len()),
    }
}

/// The angle between two directions in degrees.
fn angle(w: &[f64], n: usize, i: usize, j: usize) -> f64 {
    libm::acos(cosine(w, n, i, j).clamp(-1.0, 1.0)).to_degrees()
}

/// `W_i · W_j`.
pub(crate) fn dot(w: &[f64], n: usize, i: usize, j: usize) -> f64 {
    w.chunks_exact(n).map(|row| row[i] * row[j]).sum()
}

/// `Ŵ_i · Ŵ_j`, 0 where either is zero.
pub(crate) fn cosine(w: &[f64], n: usize, i: usize, j: usize) -> f64 {
    let lengths = (dot(w, n, i, i) * dot(w, n, j, j)).sqrt();
    if lengths > 0.0 { dot(w, n, i, j) / lengths } else { 0.0 }
}

/// The largest `|Ŵ_i · Ŵ_j|` of two features of one set, and of features of two sets.
pub(crate) fn largest_cosines(w: &[f64], n: usize, sets: &[Vec<usize>]) -> (f64, f64) {
    let owner = |i: usize| sets.iter().position(|set| set.contains(&i));
    let (mut within, mut across) = (0.0_f64, 0.0_f64);
    for i in 0..n {
        for j in 0..i {
            let (Some(own), Some(other)) = (owner(i), owner(j)) else { continue };
            let largest = if own == other { &mut within } else { &mut across };
            *largest = largest.max(cosine(w, n, i, j).abs());
        }
    }
    (within, across)
}

/// The same experiment with one more correlated set, as large as the first; none where no such spec can be.
pub(crate) fn with_one_more_set(spec: &ExperimentSpec) -> Option<ExperimentSpec> {
    let first = spec.correlated.first()?;
    let features = spec.features + first.len();
    let mut correlated = spec.correlated.clone();
    correlated.push((spec.features..features).collect());
    let mut changes = Map::new();
    changes.insert("features".into(), features.into());
    changes.insert("correlated".into(), json!(correlated));
    spec.changed(changes).ok()
}

fn letter(set_idx: usize) -> char {
    char::from(b'A' + (set_idx % 26) as u8)
}

fn legend(spec: &ExperimentSpec, n_sets: usize) -> Vec<(String, Tint)> {
    let kind = if spec.correlated.is_empty() { "anticorrelated" } else { "correlated" };
    (0..n_sets).map(|idx| (format!("{kind} set {}", letter(idx)), Tint::Kind(idx))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_set_has_features_of_its_own() {
        let spec = |text| ExperimentSpec::from_json(text).expect("a valid spec");
        let two = spec(r#"{"features": 4, "hidden": 2, "density": 0.1, "correlated": [[0, 1], [2, 3]]}"#);
        let three = with_one_more_set(&two).expect("six features may be");
        assert_eq!((three.features, three.correlated.len()), (6, 3));
        assert_eq!(three.correlated[2], [4, 5]);
        let exact =
            spec(r#"{"features": 6, "hidden": 2, "density": 0.1, "correlated": [[0, 1]], "gradient": "exact"}"#);
        assert_eq!(with_one_more_set(&exact), None, "no exact gradient of eight features");
    }

    #[test]
    fn cosines_are_told_apart_by_set() {
        // Features 0 and 1 at right angles, 2 opposite to 0.
        let w = [1.0, 0.0, -2.0, 0.0, 1.0, 0.0];
        assert_eq!(largest_cosines(&w, 3, &[vec![0, 1], vec![2]]), (0.0, 1.0));
        assert!((angle(&w, 3, 0, 2) - 180.0).abs() < 1e-9);
    }
}
