//! `absolute-small`, `absolute-large`: models that compute absolute values (paper, "Computation in Superposition").

use super::neurons::{Neurons, counted, superposition_legend};
use super::source::source;
use super::{Still, models_of, raw_data, refuse};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Source};
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::figures::written;
use crate::measures::NeuronKind;
use crate::number::shortest;
use crate::order;
use crate::report::InstanceReport;
use crate::spec::{Density, ExperimentSpec, ModelKind};
use crate::sweep::Lab;

/// The most models that one picture shows.
const MAX_MODELS: usize = 24;
/// The most neurons whose columns can be told apart.
const MAX_NEURONS: usize = 100;

/// The specs of all instances, refused where the figure cannot show them.
fn specs_of(spec: &ExperimentSpec) -> Result<Vec<ExperimentSpec>, Error> {
    let specs = models_of(spec, MAX_MODELS)?;
    for spec in &specs {
        if spec.model != ModelKind::Absolute {
            return refuse("model", spec.model.name(), "\"absolute\" for this figure");
        }
        if spec.hidden > MAX_NEURONS {
            return refuse("hidden", spec.hidden, format!("at most {MAX_NEURONS} neurons for stacks"));
        }
    }
    Ok(specs)
}

fn place(spec: &ExperimentSpec) -> String {
    match &spec.density {
        Density::Uniform(p) => format!("1 − S = {}", shortest(*p)),
        Density::Each(_) => "mixed densities".into(),
    }
}

/// Both matrices, the stacks and the network of every instance.
///
/// # Errors
/// [`Error::Field`] for another model than `absolute` or a spec of too many models or neurons, else as [`Lab::train`].
pub fn make_small(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = specs_of(spec)?;
    let reports = lab.train("models", &specs)?;
    let mut panels = Vec::new();
    for (spec, report) in specs.iter().zip(&reports) {
        let neurons = Neurons::of(report);
        let sides = sides(&neurons);
        let whole = sides.iter().filter(|sides| sides.0 > 0 && sides.1 > 0).count();
        let loss = format!("Loss {}, best of {}.", written(report.loss, 2), spec.restarts.count);
        let words = format!("{whole} of {} features have a neuron for each side.", spec.features);
        let tints = neurons.feature_tints();
        let lines = "Positive weights blue, negative red, as wide as they are large.";
        let views = [
            Panel::new(format!("W₁, {}", place(spec)), loss, View::Heatmap(neurons.encoder_map())),
            Panel::new("W₂", "What each neuron adds to each output.", View::Heatmap(neurons.decoder_map())),
            Panel::new("W₁ as stacks", words, View::Stack(neurons.stack(tints))),
            Panel::new("The network", lines, View::Network(neurons.network())),
        ];
        panels.extend(views.map(|panel| panel.of_job(report.index)));
    }
    Ok(Still::new(Panels::new(panels, 300.0, 2), raw_data(reports)))
}

/// Neurons that stand for each feature alone: on its positive side, on its negative side.
fn sides(neurons: &Neurons) -> Vec<(usize, usize)> {
    let mut sides = vec![(0, 0); neurons.decoder.len()];
    for (row, kind) in neurons.encoder.iter().zip(&neurons.kinds) {
        if *kind == NeuronKind::Monosemantic {
            let largest = (0..row.len()).max_by(|&i, &j| row[i].abs().total_cmp(&row[j].abs())).unwrap_or(0);
            if row[largest] > 0.0 { sides[largest].0 += 1 } else { sides[largest].1 += 1 }
        }
    }
    sides
}

/// Stacks of every instance, how many neurons are monosemantic, and matrix and network of the instance in the middle.
///
/// # Errors
/// As [`make_small`].
pub fn make_large(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = specs_of(spec)?;
    let reports = lab.train("models", &specs)?;
    let all: Vec<Neurons> = reports.iter().map(Neurons::of).collect();
    let mut panels = Vec::new();
    for ((spec, report), neurons) in specs.iter().zip(&reports).zip(&all) {
        let words = format!(
            "{} of {} are monosemantic; loss {}.",
            neurons.count(NeuronKind::Monosemantic),
            counted(spec.hidden, "neuron"),
            written(report.loss, 2)
        );
        let stack = neurons.absolute_stack(neurons.superposition_tints());
        panels.push(Panel::new(place(spec), words, View::Stack(stack)).of_job(report.index));
    }
    if let Some(chart) = counts_chart(&specs, &reports, &all) {
        let words = "Neurons change from one feature each to many as features get sparser.";
        panels.push(Panel::new("Monosemantic neurons", words, View::Chart(chart)));
    }
    let middle = all.len() / 2;
    let at = place(&specs[middle]);
    let words = "Neurons sorted by their most important feature.";
    panels.push(Panel::new(format!("W₁, {at}"), words, View::Heatmap(all[middle].encoder_map())).of_job(middle));
    let words = "Positive weights blue, negative red.";
    panels.push(Panel::new(format!("The network, {at}"), words, View::Network(all[middle].network())).of_job(middle));
    let panels = Panels::new(panels, 330.0, 2).with_legend(superposition_legend());
    Ok(Still::new(panels, raw_data(reports)))
}

/// Monosemantic neurons against 1/(1 − S); none for fewer than two densities.
fn counts_chart(specs: &[ExperimentSpec], reports: &[InstanceReport], all: &[Neurons]) -> Option<Chart> {
    let mut counted: Vec<((f64, f64), Source)> = specs
        .iter()
        .zip(reports)
        .zip(all)
        .filter_map(|((spec, report), neurons)| match spec.density {
            Density::Uniform(p) => Some(((1.0 / p, neurons.count(NeuronKind::Monosemantic) as f64), source(report))),
            Density::Each(_) => None,
        })
        .collect();
    order::sort_by(&mut counted, |a, b| a.0.0.total_cmp(&b.0.0));
    let (points, sources): (Vec<_>, Vec<_>) = counted.into_iter().unzip();
    let (first, last) = (points.first()?.0, points.last()?.0);
    let m = specs[0].hidden as f64;
    let chart = Chart::new(
        Axis::log("1/(1 − S)", first, last),
        Axis::linear("monosemantic neurons", 0.0, 1.05 * m),
        vec![Series::new("", Tint::Kind(0), Mark::LineDots, points).with_sources(sources)],
    );
    (first < last).then(|| chart.with_rules(vec![Rule::level(m, "all")]))
}
