//! `intro`: five features in two dimensions at several sparsities (paper, opening figure).

use super::{Still, models_of, raw_data, refuse};
use crate::error::Error;
use crate::figures::arrows::Plane;
use crate::figures::panels::{Panel, Panels, View};
use crate::measures::{Measures, sentence};
use crate::number::trimmed;
use crate::report::InstanceReport;
use crate::spec::{Density, ExperimentSpec};
use crate::sweep::Lab;

/// The most models that one picture shows side by side.
const MAX_PANELS: usize = 64;

/// The columns of W of every instance of the spec, each with its sparsity and a sentence of what it shows.
///
/// # Errors
/// [`Error::Field`] for more than [`MAX_PANELS`] instances or more than two hidden dimensions, else as [`Lab::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let specs = models_of(spec, MAX_PANELS)?;
    if let Some(spec) = specs.iter().find(|spec| spec.hidden > 2) {
        return refuse("hidden", spec.hidden, "1 or 2 for the arrows figure");
    }
    let reports = lab.train("models", &specs)?;
    let panels = specs.iter().zip(&reports).map(|(spec, report)| panel(spec, report)).collect();
    Ok(Still::new(Panels::new(panels, 180.0, 4), raw_data(reports)))
}

fn panel(spec: &ExperimentSpec, report: &InstanceReport) -> Panel {
    let title = match &spec.density {
        // Sparsity S in percent, to a hundredth of one.
        Density::Uniform(p) => format!("{}% sparse", trimmed(100.0 * (1.0 - p), 2)),
        Density::Each(_) => "Mixed densities".into(),
    };
    let words = sentence(&Measures::of(&report.w(), spec.features, spec.hidden), spec.features, spec.hidden);
    Panel::new(title, format!("{words}."), View::Plane(Plane::new(spec.features, report.weights.concat())))
        .of_job(report.index)
}
