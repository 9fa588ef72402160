//! `playground`: every view that fits the models of any spec.

use super::{Still, models_of, raw_data};
use crate::error::Error;
use crate::figures::arrows::Plane;
use crate::figures::chart::{Axis, Chart, Mark, Series};
use crate::figures::geometry::{Factor, Geometry};
use crate::figures::heatmap::{Bars, Heatmap};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::solid::Solid;
use crate::figures::stack::{Neuron, Stack};
use crate::figures::theme::Tint;
use crate::figures::written;
use crate::measures::{JOINING_COSINE, Measures, NeuronKind, Shape, sentence};
use crate::report::InstanceReport;
use crate::spec::{ExperimentSpec, ModelKind};
use crate::sweep::Lab;

/// The most models that one picture shows.
const MAX_MODELS: usize = 16;
/// The most features whose weights still show as a matrix.
const MAX_MATRIX: usize = 400;

/// The views of every instance: the columns of W in the plane or in space, W itself or `WᵀW` with b and norms, neurons, the graph of
/// features, the loss on the way.
///
/// # Errors
/// [`Error::Field`] for more than [`MAX_MODELS`] instances, else as [`Lab::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = models_of(spec, MAX_MODELS)?;
    let reports = lab.train("models", &specs)?;
    let panels = specs.iter().zip(&reports).flat_map(|(spec, report)| {
        // Where there is one model alone it needs no number.
        let name = if specs.len() > 1 { format!("Model {}: ", report.index + 1) } else { String::new() };
        views(spec, report).into_iter().map(move |panel| Panel { title: format!("{name}{}", panel.title), ..panel })
    });
    let panels = Panels::new(panels.collect(), 300.0, 3);
    Ok(Still::new(panels, raw_data(reports)))
}

fn views(spec: &ExperimentSpec, report: &InstanceReport) -> Vec<Panel> {
    let (n, m) = (spec.features, spec.hidden);
    let w = report.w();
    let tints: Vec<Tint> = (0..n).map(|i| Tint::Feature(i, n)).collect();
    let measures = Measures::of(&w, n, m);
    let loss = format!("{} after {} steps.", written(report.loss, 3), report.steps);
    let words = match spec.model {
        ModelKind::Absolute => format!("Loss {loss}"),
        _ => format!("{}; loss {loss}", sentence(&measures, n, m)),
    };
    let mut panels = Vec::new();
    if m <= 2 {
        let plane = Plane::new(n, report.weights.concat());
        panels.push(Panel::new("Features as arrows", words.clone(), View::Plane(plane)));
    } else if m == 3 {
        let points = (0..n).map(|i| [w[i], w[n + i], w[2 * n + i]]).collect();
        let names = (1..=n).map(|i| i.to_string()).collect();
        let solid = Solid { spokes: true, ..Solid::new(points, tints.clone()).with_names(names) };
        panels.push(Panel::new("Features in space", words.clone(), View::Solid(solid)));
    }
    if n <= MAX_MATRIX {
        // Once is enough.
        let words = if panels.is_empty() { words } else { "Colours of the norms: superposition.".into() };
        panels.push(matrix(spec, report, &w, &measures, words));
    }
    if let Some(kinds) = &report.neurons {
        let rows = w.chunks_exact(n).map(<[f64]>::to_vec).collect();
        let stack = Stack::new(rows, tints, kinds.iter().map(|&kind| neuron(kind)).collect());
        panels.push(Panel::new("Neurons", "Weights of each neuron, stacked.", View::Stack(stack)));
    } else if measures.represented.len() > 1 {
        panels.push(graph(&measures, &w, n));
    }
    if let Some(history) = &report.history {
        let points: Vec<(f64, f64)> = history
            .steps
            .iter()
            .zip(&history.loss)
            .filter_map(|(&step, loss)| Some(((step as f64).max(1.0), (*loss)?)))
            .filter(|(_, loss)| *loss > 0.0)
            .collect();
        if let Some(chart) = loss_chart(points, report.steps) {
            panels.push(Panel::new("Loss", "Against the step, both in powers of ten.", View::Chart(chart)));
        }
    }
    panels.into_iter().map(|panel| panel.of_job(report.index)).collect()
}

/// `WᵀW` where the output is made of it, else W (or W₁), with b and the norms.
fn matrix(spec: &ExperimentSpec, report: &InstanceReport, w: &[f64], measures: &Measures, words: String) -> Panel {
    let (n, m) = (spec.features, spec.hidden);
    if matches!(spec.model, ModelKind::ReluHidden | ModelKind::Absolute) {
        let heatmap = Heatmap::new(m, n, w.to_vec()).with_titles("neuron", "feature");
        let heatmap = heatmap.with_features(Vec::new(), (0..n).collect());
        return Panel::new("W", words, View::Heatmap(heatmap));
    }
    let gram = (0..n * n).map(|at| (0..m).map(|k| w[k * n + at / n] * w[k * n + at % n]).sum()).collect();
    let bars = Bars::new("‖Wᵢ‖", measures.norms.clone(), measures.superposition.clone());
    let heatmap = Heatmap::new(n, n, gram)
        .with_titles("feature", "feature")
        .of_features()
        .with_bias(report.bias.iter().copied().map(f64::from).collect())
        .with_bars(bars);
    Panel::new("WᵀW and b", words, View::Heatmap(heatmap))
}

/// The represented features, joined where their directions are not orthogonal.
fn graph(measures: &Measures, w: &[f64], n: usize) -> Panel {
    let words = format!("Tegum factors: {}.", measures.solution);
    Panel::new("Geometry", words, View::Geometry(geometry(measures, w, n)))
}

/// The feature geometry graph of a matrix.
///
/// # Shapes
/// `w: [n_hidden][n]`, which `measures` are of.
pub(super) fn geometry(measures: &Measures, w: &[f64], n: usize) -> Geometry {
    let factors = measures
        .geometry
        .iter()
        .map(|factor| {
            // Two digons that lean on each other are one factor, and are still called what the solution calls them.
            let shape = match factor.shape {
                Shape::Polygon(4) => "pair of digons".into(),
                shape => shape.to_string(),
            };
            Factor { shape, features: factor.features.clone() }
        })
        .collect();
    let cosine = |i: usize, j: usize| {
        let dot: f64 = w.chunks_exact(n).map(|row| row[i] * row[j]).sum();
        dot / (measures.norms[i] * measures.norms[j])
    };
    let represented = &measures.represented;
    let pairs = represented.iter().enumerate().flat_map(|(at, &i)| represented[at + 1..].iter().map(move |&j| (i, j)));
    let edges = pairs.map(|(i, j)| (i, j, cosine(i, j))).filter(|edge| edge.2.abs() > JOINING_COSINE).collect();
    Geometry::new(factors, edges).with_dimensionality(measures.dimensionality.clone())
}

/// Loss against step, both logarithmic; none for fewer than two points.
fn loss_chart(points: Vec<(f64, f64)>, steps: u64) -> Option<Chart> {
    let low = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|point| point.1).fold(0.0, f64::max);
    if points.len() < 2 || low >= high {
        return None;
    }
    let x = Axis::log("step", 1.0, (steps as f64).max(2.0));
    let y = Axis::log("loss", low, high);
    Some(Chart::new(x, y, vec![Series::new("loss", Tint::Ink, Mark::Line, points)]))
}

fn neuron(kind: NeuronKind) -> Neuron {
    match kind {
        NeuronKind::Dead => Neuron::Dead,
        NeuronKind::Monosemantic => Neuron::Monosemantic,
        NeuronKind::Polysemantic => Neuron::Polysemantic,
    }
}
