//! `energy-levels`, `trajectories`: what features do while they are learned (paper, "Superposition and learning dynamics").

use serde_json::{Value, json};

use super::sets::cosine;
use super::{Still, refuse};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::solid::{Point3, Solid};
use crate::figures::theme::Tint;
use crate::measures::dynamics::{Jump, JumpsAndDrops, Regimes, jumps, jumps_and_drops, regimes};
use crate::measures::{canonical_pose, convex_hull};
use crate::number::fixed;
use crate::order;
use crate::report::{HistoryReport, InstanceReport};
use crate::spec::{ExperimentSpec, ModelKind};
use crate::sweep::lab::train_sweep;
use crate::sweep::{Lab, job_spec, n_jobs};

/// Reshuffled runs behind a p value: p < .01 can then be told from chance.
const SHUFFLES: usize = 9999;
/// The standard deviation of the log loss below which no regime is believed.
const NOISE: f64 = 0.05;
/// Two features are opposite below this cosine.
const OPPOSITE: f64 = -0.95;
/// Moves of a curve or a path that are too small to be seen.
const UNSEEN: f64 = 0.004;

/// `D_i` of every feature and the loss against the step, with the jumps between levels.
///
/// # Errors
/// [`Error::Field`] for a spec without a record, with several instances or with a decoder of its own, else as [`Lab::train`].
pub fn make_energy_levels(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let report = one_recorded(spec, lab)?;
    let run = Run::of(&report)?;
    let (jumps, drops) = run.jumps(spec.seed);
    let last = report.steps as f64;
    let first = (last / 100.0).max(1.0);
    let axis = || Axis::log("step", first, last.max(2.0));
    let mut series: Vec<Series> = (0..run.n)
        .map(|i| {
            let points = run.steps.iter().enumerate().map(|(t, &step)| (step, run.dimensionality[t * run.n + i]));
            let kind = jumps.iter().position(|jump| jump.feature == i);
            let tint = kind.map_or(Tint::Soft, Tint::Kind);
            let strength = if kind.is_some() { 0.9 } else { 0.3 };
            Series::new("", tint, Mark::Line, thinned(points.filter(|point| point.0 >= first)))
                .with_strength(strength)
                .of_feature(i)
        })
        .collect();
    // What jumps is drawn above what does not.
    order::sort_by(&mut series, |a, b| a.strength.total_cmp(&b.strength));
    let levels = [(1.0, "1"), (0.5, "1/2"), (0.4, "2/5"), (0.0, "0")].map(|(at, name)| Rule::level(at, name)).to_vec();
    let highest = run.dimensionality.iter().copied().fold(0.5, f64::max);
    let chart = Chart::new(axis(), Axis::linear("dimensionality Dᵢ", 0.0, 1.05 * highest), series).with_rules(levels);
    // Both have one axis of steps: a drop of the loss stands below the jump that it goes with.
    let (chart, below) = match run.loss_chart(axis(), first) {
        Some(loss) => {
            let (chart, loss) = chart.aligned(loss);
            (chart, Some(loss))
        }
        None => (chart, None),
    };
    let jumping = format!(
        "{} of {} features jump; the model ends as {}.",
        (0..run.n).filter(|i| jumps.iter().any(|jump| jump.feature == *i)).count(),
        run.n,
        report.measures.solution.as_deref().unwrap_or("none")
    );
    let mut panels = vec![Panel::new("Dimensionality of each feature", jumping, View::Chart(chart)).in_own_row()];
    if let Some(loss) = below {
        let marks = jumps.iter().map(|jump| Rule::upright(run.steps[jump.from].max(first), "")).collect();
        let words = format!(
            "{} jumps (dashed): {} of them while the loss falls more than three times as fast as usual.",
            drops.n_jumps, drops.n_with_drop
        );
        panels.push(Panel::new("Loss", words, View::Chart(loss.with_rules(marks))).in_own_row());
    }
    let panels = panels.into_iter().map(|panel| panel.of_job(0)).collect();
    Ok(Still::new(Panels::new(panels, 300.0, 1), levels_raw_data(jumps, drops, report)))
}

/// The jumps, how many go with a drop of the loss, and the model.
fn levels_raw_data(jumps: Vec<Jump>, drops: JumpsAndDrops, report: InstanceReport) -> impl Fn() -> Value {
    move || json!({ "jumps": jumps, "jumps_and_drops": drops, "instances": [report] })
}

/// The paths of the features in space, the regimes of the loss, and where the features are when each of them ends.
///
/// # Errors
/// [`Error::Field`] for a spec with other than three dimensions, else as [`make_energy_levels`].
pub fn make_trajectories(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    if spec.hidden != 3 {
        return refuse("hidden", spec.hidden, "3 for paths in space");
    }
    let report = one_recorded(spec, lab)?;
    let run = Run::of(&report)?;
    let regimes = run.regimes();
    let paths = run.paths(&report);
    let set_of = |i: usize| spec.correlated.iter().position(|set| set.contains(&i));
    let tints: Vec<Tint> = (0..run.n).map(|i| set_of(i).map_or(Tint::Feature(i, run.n), Tint::Kind)).collect();
    let names: Vec<String> = (1..=run.n).map(|i| i.to_string()).collect();
    let radius = paths.iter().flatten().map(|p| p.iter().map(|x| x * x).sum::<f64>().sqrt()).fold(0.1, f64::max);
    let at = |t: usize| -> Vec<Point3> { paths.iter().map(|path| path[t]).collect() };
    let solid = |points: Vec<Point3>| {
        let hull = convex_hull(&points);
        let edges = hull.edges.iter().map(|&(a, b)| [a, b]).collect();
        let solid = Solid::new(points, tints.clone()).with_names(names.clone()).with_edges(edges, hull.faces);
        Solid { radius: Some(radius), ..solid }
    };
    let length = |point: &Point3| point.iter().map(|x| x * x).sum::<f64>().sqrt();
    let end = run.steps.len() - 1;
    let whole = paths.iter().zip(&tints).map(|(path, &tint)| (seen(path), tint)).collect();
    let solution = report.measures.solution.as_deref().unwrap_or("none");
    let words = format!("From the start to the end, {solution}: {}.", opposite_words(spec, &report));
    let mut panels = vec![Panel::new("Paths of the features", words, View::Solid(solid(at(end)).with_paths(whole)))];
    // The first regimes are short.
    let first = (report.steps as f64 / 800.0).max(1.0);
    if let Some(chart) = run.loss_chart(Axis::log("step", first, (report.steps as f64).max(2.0)), first) {
        let marks = regimes
            .breaks
            .iter()
            .zip(1..)
            .map(|(&t, k)| Rule::upright(run.steps[t].max(first), format!("{k}")))
            .collect();
        let words =
            format!("{} regimes of the logarithm of the loss; the numbers stand where one ends.", regimes.count());
        panels.push(Panel::new("Loss", words, View::Chart(chart.with_rules(marks).with_aspect(0.75))));
    }
    for (&t, k) in regimes.breaks.iter().zip(1..) {
        let title = format!("{k}: step {}", fixed(run.steps[t], 0));
        // At its own scale: the first ones are small.
        let points = at(t);
        let longest = points.iter().map(length).fold(0.0, f64::max);
        let scale = radius / longest.max(f64::MIN_POSITIVE);
        let drawn = if scale > 1.05 {
            format!(", drawn {} times as large as at the end", fixed(scale, 1))
        } else {
            String::new()
        };
        let words = format!("The longest has a length of {}{drawn}.", fixed(longest, 2));
        panels.push(Panel::new(title, words, View::Solid(Solid { radius: None, ..solid(points) })));
    }
    let legend = (0..spec.correlated.len()).map(|idx| (format!("correlated set {}", idx + 1), Tint::Kind(idx)));
    let panels = panels.into_iter().map(|panel| panel.of_job(0)).collect();
    let panels = Panels::new(panels, 230.0, 3).with_legend(legend.collect());
    Ok(Still::new(panels, regimes_raw_data(regimes, report)))
}

/// The regimes and the model.
fn regimes_raw_data(regimes: Regimes, report: InstanceReport) -> impl Fn() -> Value {
    move || json!({ "regimes": regimes, "instances": [report] })
}

/// The report of the spec's only instance.
fn one_recorded(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<InstanceReport, Error> {
    if n_jobs(spec) != 1 {
        return refuse("sweep", format!("{} models", n_jobs(spec)), "one model to follow");
    }
    if spec.record.is_none_or(|record| record.points < 8) {
        return refuse("record", "too few points", "at least 8 points to follow");
    }
    if job_spec(spec, 0)?.model == ModelKind::Absolute {
        return refuse("model", "absolute", "a model whose output is made of WᵀW");
    }
    Ok(train_sweep(lab, "model", spec)?.remove(0))
}

/// A recorded run as slices of numbers.
pub(crate) struct Run {
    steps: Vec<f64>,
    /// The loss since the recording before.
    loss: Vec<f64>,
    /// `[t][n]`.
    dimensionality: Vec<f64>,
    n: usize,
}

impl Run {
    /// The recordings of a report.
    ///
    /// # Errors
    /// [`Error::Field`] where there are fewer than eight, or no loss.
    pub(crate) fn of(report: &InstanceReport) -> Result<Self, Error> {
        let few = || refuse("record", "too few points", "at least 8 points to follow");
        let Some(HistoryReport { steps, loss, dimensionality: Some(dimensionality), .. }) = &report.history else {
            return few();
        };
        let Some(first) = loss.iter().flatten().next() else { return few() };
        if steps.len() < 8 {
            return few();
        }
        // At the start there is no batch before; the loss of the first one stands for it.
        let mut known = *first;
        let loss = loss.iter().map(|loss| {
            known = loss.unwrap_or(known);
            known
        });
        Ok(Self {
            steps: steps.iter().map(|&step| step as f64).collect(),
            loss: loss.collect(),
            dimensionality: dimensionality.concat(),
            n: report.measures.norms.len(),
        })
    }

    /// The jumps between levels, and how many of them go with a drop of the loss.
    pub(crate) fn jumps(&self, seed: u64) -> (Vec<Jump>, JumpsAndDrops) {
        let jumps = jumps(&self.steps, &self.dimensionality, self.n);
        let drops = jumps_and_drops(&self.steps, &self.loss, &jumps, SHUFFLES, seed);
        (jumps, drops)
    }

    /// The straight pieces of the log loss against the step.
    pub(crate) fn regimes(&self) -> Regimes {
        let log: Vec<f64> = self.loss.iter().map(|&loss| libm::log(loss.max(f64::MIN_POSITIVE))).collect();
        regimes(&self.steps, &log, NOISE)
    }

    /// `[n][t]`: where each feature is at each recording, in the canonical pose of the end.
    fn paths(&self, report: &InstanceReport) -> Vec<Vec<Point3>> {
        let Some(history) = &report.history else { return Vec::new() };
        let n_times = history.weights.len();
        // All recordings side by side, the last one first: the pose is made of its features.
        let columns = self.n * (n_times + 1);
        let mut all = Vec::with_capacity(3 * columns);
        for k in 0..3 {
            let times = history.weights.iter();
            for point in times.clone().last().into_iter().chain(times) {
                all.extend(point[k].iter().copied().map(f64::from));
            }
        }
        let pose = canonical_pose(&all, columns, 3);
        let at = |t: usize, i: usize| [0, 1, 2].map(|k| pose[k * columns + (t + 1) * self.n + i]);
        (0..self.n).map(|i| (0..n_times).map(|t| at(t, i)).collect()).collect()
    }

    /// Loss against step from `first` on; none where it never changes.
    fn loss_chart(&self, x: Axis, first: f64) -> Option<Chart> {
        let points: Vec<(f64, f64)> = self.steps.iter().copied().zip(self.loss.iter().copied()).collect();
        let points: Vec<_> = points.into_iter().filter(|&(step, loss)| step >= first && loss > 0.0).collect();
        let low = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|point| point.1).fold(0.0, f64::max);
        let line = Series::new("", Tint::Ink, Mark::Line, points);
        (low < high).then(|| Chart::new(x, Axis::log("loss", 0.98 * low, 1.02 * high), vec![line]).with_aspect(0.4))
    }
}

/// Whether each feature of the trained model has an opposite that belongs to another correlated set.
pub(crate) fn opposite_across_sets(spec: &ExperimentSpec, report: &InstanceReport) -> bool {
    let (n, w) = (spec.features, report.w());
    let set_of = |i: usize| spec.correlated.iter().position(|set| set.contains(&i));
    (0..n).all(|i| (0..n).any(|j| cosine(&w, n, i, j) < OPPOSITE && set_of(i) != set_of(j)))
}

fn opposite_words(spec: &ExperimentSpec, report: &InstanceReport) -> &'static str {
    if opposite_across_sets(spec, report) {
        "opposite features belong to different sets"
    } else {
        "not every feature has an opposite in another set"
    }
}

/// A curve without the points that nobody could see missing.
fn thinned(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        match kept.last() {
            Some(last) if (point.1 - last.1).abs() <= UNSEEN => before = Some(point),
            _ => {
                // The end of a level run, so that the line does not slant.
                kept.extend(before.take());
                kept.push(point);
            }
        }
    }
    kept.extend(before);
    kept
}

/// A path without the points that nobody could see missing.
fn seen(path: &[Point3]) -> Vec<Point3> {
    let mut kept: Vec<Point3> = Vec::new();
    for (idx, point) in path.iter().enumerate() {
        let far = kept.last().is_none_or(|last| (0..3).any(|k| (point[k] - last[k]).abs() > 3.0 * UNSEEN));
        if far || idx + 1 == path.len() {
            kept.push(*point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_ends_and_jumps() {
        let curve = (0..100).map(|t| (f64::from(t), if t < 50 { 0.2 } else { 0.5 }));
        assert_eq!(thinned(curve), [(0.0, 0.2), (49.0, 0.2), (50.0, 0.5), (99.0, 0.5)]);
        let path = [[0.0; 3], [0.001, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.001, 0.0]];
        assert_eq!(seen(&path), [path[0], path[2], path[3]]);
    }
}
