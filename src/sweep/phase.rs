//! The phase diagram of n = 2, m = 1: cells trained, classed and set beside the theory (paper, "Superposition as a Phase
//! Change").
//!
//! A cell's class is that of its best restart under [`crate::theory::classify`]. Cells come coarse ones first, so that the
//! whole picture is there early and sharpens.

use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::theory::{Bias, Phase21, classify, theory_phase};

/// A grid of cells: the first sweep axis down (rows), the second across (columns).
#[derive(Debug, Clone)]
pub struct PhaseGrid {
    spec: ExperimentSpec,
    n_rows: usize,
    n_columns: usize,
}

/// A trained cell.
#[derive(Debug, Clone)]
pub struct PhaseCell {
    /// What the best restart does with the extra feature.
    pub phase: Phase21,
    /// The best restart.
    pub report: InstanceReport,
}

impl PhaseGrid {
    /// The grid of a spec with two features, one hidden dimension and two sweep axes.
    ///
    /// # Errors
    /// [`Error::Field`] for any other spec.
    pub fn new(spec: &ExperimentSpec) -> Result<Self, Error> {
        let refuse = |field: &str, value: String, allowed: &str| {
            Err(Error::Field { field: field.into(), value, allowed: allowed.into() })
        };
        if spec.features != 2 {
            return refuse("features", spec.features.to_string(), "2 in a phase diagram");
        }
        if spec.hidden != 1 {
            return refuse("hidden", spec.hidden.to_string(), "1 in a phase diagram");
        }
        match &spec.sweep[..] {
            [rows, columns] => {
                let (n_rows, n_columns) = (rows.values.len(), columns.values.len());
                Ok(PhaseGrid { spec: spec.clone(), n_rows, n_columns })
            }
            axes => {
                refuse("sweep", format!("{} axes", axes.len()), "two axes in a phase diagram, rows and then columns")
            }
        }
    }

    /// Rows and columns.
    pub fn size(&self) -> (usize, usize) {
        (self.n_rows, self.n_columns)
    }

    /// What theory says of every cell, row by row: the natural solution with the lowest closed-form loss at its best bias.
    ///
    /// # Errors
    /// [`Error::Field`] if a cell's values break a rule together.
    pub fn theory(&self) -> Result<Vec<Phase21>, Error> {
        (0..self.n_rows * self.n_columns)
            .map(|idx| {
                let cell = self.spec.cell(idx)?;
                let importances = cell.importances();
                Ok(theory_phase(cell.densities()[0], importances[1] / importances[0], Bias::Best))
            })
            .collect()
    }

    /// Every cell once, coarse ones first: a grid of every 2ᵏth row and column, then the cells between.
    pub fn order(&self) -> Vec<usize> {
        let mut stride = self.n_rows.max(self.n_columns).next_power_of_two();
        let mut seen = vec![false; self.n_rows * self.n_columns];
        let mut order = Vec::with_capacity(seen.len());
        while stride > 0 {
            for row in (0..self.n_rows).step_by(stride) {
                for column in (0..self.n_columns).step_by(stride) {
                    let cell = row * self.n_columns + column;
                    if !std::mem::replace(&mut seen[cell], true) {
                        order.push(cell);
                    }
                }
            }
            stride /= 2;
        }
        order
    }

    /// Trains a cell to its end and classes its best restart.
    ///
    /// # Errors
    /// As [`Trainer::new`](crate::train::Trainer::new).
    pub fn train(&self, cell_idx: usize) -> Result<PhaseCell, Error> {
        let spec = ExperimentSpec { restarts: self.spec.restarts, ..self.spec.cell(cell_idx)? };
        let report = super::train_job(&spec, 0, u64::MAX, &mut |_| true)?.expect("nothing stops it");
        let weights = [report.weights[0][0], report.weights[0][1]].map(f64::from);
        Ok(PhaseCell { phase: classify(&weights), report })
    }
}
