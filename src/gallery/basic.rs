//! `basic-small`, `basic-large`: linear and ReLU output models from dense to sparse (paper, "Demonstrating Superposition").

use super::{Still, models_of, raw_data, refuse};
use crate::error::Error;
use crate::figures::heatmap::{Bars, Heatmap};
use crate::figures::panels::{Panel, Panels, View};
use crate::number::shortest;
use crate::report::InstanceReport;
use crate::spec::{Density, ExperimentSpec, ModelKind};
use crate::sweep::Lab;

/// The most models that one picture shows.
const MAX_PANELS: usize = 64;
/// Matrices of more features are too fine to see.
const MAX_FEATURES: usize = 200;
/// A pair of panels fits beside each other on a phone: one by one fourteen of them would be as high as six screens.
const MIN_WIDTH: f64 = 140.0;

/// `WᵀW` and b of every instance as heat maps, with the lengths of the columns coloured by superposition.
///
/// # Errors
/// [`Error::Field`] for more than [`MAX_PANELS`] instances, more than [`MAX_FEATURES`] features, or a model whose decoder is not the
/// encoder's transpose; else as [`Lab::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = models_of(spec, MAX_PANELS)?;
    for spec in &specs {
        if spec.features > MAX_FEATURES {
            return refuse("features", spec.features, format!("at most {MAX_FEATURES} in one heat map"));
        }
        if spec.model == ModelKind::Absolute {
            return refuse("model", spec.model.name(), "a model with one matrix W for this figure");
        }
    }
    let reports = lab.train("models", &specs)?;
    // A linear and a relu model of each density stay side by side.
    let is_paired = specs.chunks(2).all(|pair| pair.len() == 2 && pair[0].model != pair[1].model);
    let longest = reports.iter().flat_map(|report| &report.measures.norms).copied().fold(0.0, f64::max);
    let panels = specs
        .iter()
        .zip(&reports)
        .enumerate()
        .map(|(idx, (spec, report))| panel(spec, report, longest, idx + 1 == specs.len()));
    let panels = Panels::new(panels.collect(), MIN_WIDTH, 4).in_groups_of(if is_paired { 2 } else { 1 });
    Ok(Still::new(panels, raw_data(reports)))
}

/// A model with room for bars of length `longest`.
fn panel(spec: &ExperimentSpec, report: &InstanceReport, longest: f64, color_bar: bool) -> Panel {
    let n = spec.features;
    let w = report.w();
    let dot = |i: usize, j: usize| w.chunks_exact(n).map(|row| row[i] * row[j]).sum::<f64>();
    let values = (0..n * n).map(|idx| dot(idx / n, idx % n)).collect();
    let bars = Bars::new("‖Wᵢ‖", report.measures.norms.clone(), report.measures.superposition.clone());
    let map = Heatmap::new(n, n, values)
        .with_limit(1.2)
        .with_bias(report.bias.iter().copied().map(f64::from).collect())
        .with_bars(bars.with_room_for(longest))
        .with_name("WᵀW")
        .with_color_bar(color_bar)
        .of_features();
    let model = match spec.model {
        ModelKind::Linear => "Linear",
        ModelKind::Relu => "ReLU",
        ModelKind::ReluHidden | ModelKind::Absolute => spec.model.name(),
    };
    let title = match &spec.density {
        Density::Uniform(p) => format!("{model}, 1 − S = {}", shortest(*p)),
        Density::Each(_) => format!("{model}, mixed densities"),
    };
    let words = format!("{} of {n} features in {} dimensions.", report.measures.represented.len(), spec.hidden);
    Panel::new(title, words, View::Heatmap(map)).of_job(report.index)
}
