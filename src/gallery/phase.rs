//! `phase-2-1`, `phase-3-2`: which solution wins at each density and relative importance, in theory and in experiment (paper,
//! "Superposition as a Phase Change").

use serde_json::json;

use super::{Still, refuse};
use crate::error::Error;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::phase::Diagram;
use crate::figures::theme::Tint;
use crate::number::fixed;
use crate::spec::ExperimentSpec;
use crate::sweep::lab::map;
use crate::sweep::{Agreement, Lab, PhaseGrid};
use crate::theory::Bias;

/// Theory and experiment of two features in one dimension, or three in two, side by side; below them the theory with the bias that
/// the paper gives its solutions, and with none.
///
/// # Errors
/// [`Error::Field`] for a spec that is no phase diagram, else as [`PhaseGrid::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let grid = PhaseGrid::new(spec)?;
    let (rows, columns) = grid.size();
    let places = (0..rows * columns).map(|idx| place(spec, idx)).collect::<Result<Vec<_>, Error>>()?;
    let theory = grid.theory(Bias::Best)?;
    let of_paper = grid.theory(Bias::Paper)?;
    let without = grid.theory(Bias::Zero)?;
    let trained = map(lab, "cells", rows * columns, |idx| {
        if lab.keep_going() { Ok(grid.train(idx)?.class) } else { Err(Error::Interrupted) }
    })?;
    let (first, last) = (places[0], places[places.len() - 1]);
    let diagram = |classes: &[u8]| {
        let diagram = Diagram::new(rows, columns, classes.to_vec(), grid.class_names());
        View::Diagram(Diagram { importance: (first.0, last.0), density: (first.1, last.1), ..diagram })
    };
    let agreement = Agreement::of(&theory, &trained, columns);
    let experiment = format!(
        "What the best of {} trained models does: as theory says in {} of {} cells farther than one cell from a boundary.",
        spec.restarts.count, agreement.n_agreeing, agreement.n_inner
    );
    let other = |words: &str, classes: &[u8]| {
        let n_other = classes.iter().zip(&theory).filter(|(class, best)| class != best).count();
        format!("{words}: {}% of the cells change.", fixed(100.0 * n_other as f64 / theory.len() as f64, 1))
    };
    let panels = vec![
        Panel::new("Theory", "The natural solution with the lowest loss, each at its best bias.", diagram(&theory)),
        Panel::new("Experiment", experiment, diagram(&trained)),
        Panel::new(
            "Theory, the paper’s bias",
            other("The mean for a forgotten feature, else 0", &of_paper),
            diagram(&of_paper),
        ),
        Panel::new("Theory, no bias", other("A forgotten feature costs more", &without), diagram(&without)),
    ];
    // A region may be too thin for its name.
    let legend = grid.class_names().iter().enumerate().map(|(class, name)| ((*name).to_owned(), Tint::Region(class)));
    let panels = Panels::new(panels, 300.0, 2).with_legend(legend.collect());
    let data = move || {
        json!({
            "rows": rows,
            "columns": columns,
            "classes": grid.class_names(),
            "theory": theory,
            "theory_paper_bias": of_paper,
            "theory_zero_bias": without,
            "experiment": trained,
        })
    };
    Ok(Still::new(panels, data))
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
