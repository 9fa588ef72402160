//! Phase diagrams: cells trained, classed and set beside the theory (paper, "Superposition as a Phase Change"), of two features
//! in one dimension or of three in two.
//!
//! A cell's class is that of its best restart under [`crate::theory::classify`] or [`crate::theory::classify_3_2`]. Cells come
//! coarse ones first, so that the whole picture is there early and sharpens.

use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::theory::{Bias, classify, classify_3_2, theory_phase, theory_phase_3_2};

/// A grid of cells: the first sweep axis down (rows), the second across (columns).
#[derive(Debug, Clone)]
pub struct PhaseGrid {
    spec: ExperimentSpec,
    family: Family,
    n_rows: usize,
    n_columns: usize,
}

/// Models whose natural solutions are known. The last feature is the extra one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// n = 2, m = 1; classes of [`crate::theory::Phase21`].
    TwoInOne,
    /// n = 3, m = 2; classes of [`crate::theory::Phase32`].
    ThreeInTwo,
}

impl Family {
    /// What theory says at a density and a relative importance of the extra feature.
    fn theory(self, density: f64, importance: f64, bias: Bias) -> u8 {
        match self {
            Self::TwoInOne => theory_phase(density, importance, bias) as u8,
            Self::ThreeInTwo => theory_phase_3_2(density, importance, bias) as u8,
        }
    }

    /// The class of trained weights, `[n_hidden][n_features]`.
    fn class(self, weights: &[Vec<f32>]) -> u8 {
        let at = |k: usize, i: usize| f64::from(weights[k][i]);
        match self {
            Self::TwoInOne => classify(&[at(0, 0), at(0, 1)]) as u8,
            Self::ThreeInTwo => classify_3_2(&[at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2)]) as u8,
        }
    }
}

/// A trained cell.
#[derive(Debug, Clone)]
pub struct PhaseCell {
    /// What the best restart does, in the numbers of [`PhaseGrid::class_names`].
    pub class: u8,
    /// The best restart.
    pub report: InstanceReport,
}

impl PhaseGrid {
    /// The grid of a spec with two features in one hidden dimension, or three in two, and two sweep axes.
    ///
    /// # Errors
    /// [`Error::Field`] for any other spec.
    pub fn new(spec: &ExperimentSpec) -> Result<Self, Error> {
        let refuse = |field: &str, value: String, allowed: &str| {
            Err(Error::Field { field: field.into(), value, allowed: allowed.into() })
        };
        let family = match (spec.features, spec.hidden) {
            (2, 1) => Family::TwoInOne,
            (3, 2) => Family::ThreeInTwo,
            (2, hidden) => return refuse("hidden", hidden.to_string(), "1 in a phase diagram of two features"),
            (3, hidden) => return refuse("hidden", hidden.to_string(), "2 in a phase diagram of three features"),
            (features, _) => return refuse("features", features.to_string(), "2 or 3 in a phase diagram"),
        };
        match &spec.sweep[..] {
            [rows, columns] => {
                let (n_rows, n_columns) = (rows.values.len(), columns.values.len());
                Ok(PhaseGrid { spec: spec.clone(), family, n_rows, n_columns })
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

    /// What becomes of the features in each class, by number.
    pub fn class_names(&self) -> &'static [&'static str] {
        match self.family {
            Family::TwoInOne => &["forgotten", "its own axis", "superposition"],
            Family::ThreeInTwo => &["extra forgotten", "another forgotten", "extra in a pair", "others a pair"],
        }
    }

    /// What theory says of every cell, row by row: the natural solution with the lowest closed-form loss at that bias.
    ///
    /// # Errors
    /// [`Error::Field`] if a cell's values break a rule together.
    pub fn theory(&self, bias: Bias) -> Result<Vec<u8>, Error> {
        (0..self.n_rows * self.n_columns)
            .map(|idx| {
                let cell = self.spec.cell(idx)?;
                let importances = cell.importances();
                let relative = importances[importances.len() - 1] / importances[0];
                Ok(self.family.theory(cell.densities()[0], relative, bias))
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
        let report = super::run_job(&spec, 0, u64::MAX, |_| true)?.expect("nothing stops it");
        Ok(PhaseCell { class: self.family.class(&report.weights), report })
    }
}

/// How far two pictures of one grid agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Cells farther than one cell from a boundary of the first picture.
    pub n_inner: usize,
    /// Those of them that have the same class in both.
    pub n_agreeing: usize,
}

impl Agreement {
    /// Compares classes, both `[rows][columns]`. A cell counts where it and its eight neighbours, as far as there are any, have one
    /// class in `first`: near a boundary two solutions cost nearly the same, and luck decides.
    ///
    /// # Panics
    /// If the lengths differ, or are no whole number of rows.
    pub fn of(first: &[u8], second: &[u8], n_columns: usize) -> Self {
        assert_eq!(first.len(), second.len(), "two pictures of one grid");
        assert!(first.len().is_multiple_of(n_columns), "a whole number of rows of {n_columns}");
        let n_rows = first.len() / n_columns;
        let near = |at: usize, end: usize| at.saturating_sub(1)..=(at + 1).min(end - 1);
        let is_inner = |row: usize, column: usize| {
            let own = first[row * n_columns + column];
            near(row, n_rows).all(|r| near(column, n_columns).all(|c| first[r * n_columns + c] == own))
        };
        let inner = (0..first.len()).filter(|cell| is_inner(cell / n_columns, cell % n_columns));
        let mut agreement = Self { n_inner: 0, n_agreeing: 0 };
        for cell in inner {
            agreement.n_inner += 1;
            agreement.n_agreeing += usize::from(first[cell] == second[cell]);
        }
        agreement
    }

    /// The share of counted cells that agree; 1 where none counts.
    pub fn share(self) -> f64 {
        if self.n_inner == 0 { 1.0 } else { self.n_agreeing as f64 / self.n_inner as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_counts_inner_cells_only() {
        // Two halves; the two columns at the boundary do not count, nor what differs there.
        let first = [0, 0, 0, 1, 1, 1].repeat(4);
        let mut second = first.clone();
        second[2] = 1;
        assert_eq!(Agreement::of(&first, &second, 6), Agreement { n_inner: 16, n_agreeing: 16 });
        second[0] = 1;
        second[23] = 0;
        let agreement = Agreement::of(&first, &second, 6);
        assert_eq!(agreement, Agreement { n_inner: 16, n_agreeing: 14 });
        assert_eq!(agreement.share(), 0.875);
        assert_eq!(Agreement::of(&[0, 1], &[1, 0], 1).share(), 1.0);
    }
}
