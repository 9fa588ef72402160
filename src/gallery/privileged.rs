//! `privileged`: a ReLU on the hidden layer gives neurons a meaning of their own (paper, "Superposition in a Privileged Basis").

use super::neurons::{Neurons, counted, superposition_legend};
use super::{Still, models_of, raw_data, refuse};
use crate::error::Error;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::written;
use crate::measures::NeuronKind;
use crate::number::shortest;
use crate::report::InstanceReport;
use crate::spec::{Density, ExperimentSpec, ModelKind};
use crate::sweep::Lab;

/// The most models that one picture shows.
const MAX_MODELS: usize = 24;
/// The most neurons whose columns can be told apart.
const MAX_NEURONS: usize = 60;

/// W as a matrix and as stacks of every instance, the best of its restarts.
///
/// # Errors
/// [`Error::Field`] for another model than `relu-hidden`, more than [`MAX_MODELS`] instances or [`MAX_NEURONS`] neurons, else as
/// [`Lab::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = models_of(spec, MAX_MODELS)?;
    for spec in &specs {
        if spec.model != ModelKind::ReluHidden {
            return refuse("model", spec.model.name(), "\"relu-hidden\" for this figure");
        }
        if spec.hidden > MAX_NEURONS {
            return refuse("hidden", spec.hidden, format!("at most {MAX_NEURONS} neurons for stacks"));
        }
    }
    let reports = lab.train("models", &specs)?;
    let panels = specs.iter().zip(&reports).flat_map(|(spec, report)| pair(spec, report)).collect();
    let panels = Panels::new(panels, 140.0, 4).in_groups_of(2).with_legend(superposition_legend());
    Ok(Still::new(panels, raw_data(reports)))
}

/// The matrix and the stacks of a model.
fn pair(spec: &ExperimentSpec, report: &InstanceReport) -> [Panel; 2] {
    let neurons = Neurons::of(report);
    let place = match &spec.density {
        Density::Uniform(p) => format!("1 − S = {}", shortest(*p)),
        Density::Each(_) => "mixed densities".into(),
    };
    let of = if spec.restarts.count > 1 { format!(", best of {}", spec.restarts.count) } else { String::new() };
    let matrix_words = format!(
        "{} in {}; loss {}{of}.",
        counted(report.measures.represented.len(), "feature"),
        counted(spec.hidden, "neuron"),
        written(report.loss, 3)
    );
    let kinds = [(NeuronKind::Monosemantic, "monosemantic"), (NeuronKind::Polysemantic, "polysemantic")];
    let counts = kinds.map(|(kind, name)| counted(neurons.count(kind), &format!("{name} neuron")));
    let stack = neurons.stack(neurons.superposition_tints());
    [
        Panel::new(format!("{place}: W"), matrix_words, View::Heatmap(neurons.encoder_map())),
        Panel::new("Its neurons", format!("{}, {}.", counts[0], counts[1]), View::Stack(stack)),
    ]
    .map(|panel| panel.of_job(report.index))
}
