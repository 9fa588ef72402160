//! `phase-2-1`: which solution wins at each density and relative importance, in theory and in experiment (paper, "Superposition as a
//! Phase Change").

use serde_json::json;

use super::{Still, refuse};
use crate::error::Error;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::phase::{Diagram, REGION_NAMES};
use crate::spec::ExperimentSpec;
use crate::sweep::lab::map;
use crate::sweep::{Lab, PhaseGrid};

/// Theory and experiment of two features in one dimension, side by side.
///
/// # Errors
/// [`Error::Field`] for a spec that is no phase diagram, else as [`PhaseGrid::train`].
pub fn make_2_1(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let grid = PhaseGrid::new(spec)?;
    let (rows, columns) = grid.size();
    let places = (0..rows * columns).map(|idx| place(spec, idx)).collect::<Result<Vec<_>, Error>>()?;
    let theory: Vec<u8> = grid.theory()?.into_iter().map(|phase| phase as u8).collect();
    let trained = map(lab, "cells", rows * columns, |idx| {
        if lab.keep_going() { Ok(grid.train(idx)?.phase as u8) } else { Err(Error::Interrupted) }
    })?;
    let (first, last) = (places[0], places[places.len() - 1]);
    let diagram = |classes: &[u8]| {
        let diagram = Diagram::new(rows, columns, classes.to_vec(), &REGION_NAMES);
        View::Diagram(Diagram { importance: (first.0, last.0), density: (first.1, last.1), ..diagram })
    };
    let panels = vec![
        Panel::new("Theory", "The natural solution with the lowest loss.", diagram(&theory)),
        Panel::new("Experiment", "What the best of the restarts does.", diagram(&trained)),
    ];
    let data =
        json!({ "rows": rows, "columns": columns, "classes": REGION_NAMES, "theory": theory, "experiment": trained });
    Ok(Still { panels: Panels::new(panels, 300.0, 2), data })
}

/// Relative importance and density of a cell, both above 0 as the diagram's scales are logarithmic.
fn place(spec: &ExperimentSpec, cell_idx: usize) -> Result<(f64, f64), Error> {
    let cell = spec.cell(cell_idx)?;
    let importances = cell.importances();
    let relative = importances[importances.len() - 1] / importances[0];
    if relative > 0.0 && relative.is_finite() {
        return Ok((relative, cell.densities()[0]));
    }
    refuse("importance", format!("{importances:?} in cell {cell_idx}"), "numbers above 0 in a phase diagram")
}
