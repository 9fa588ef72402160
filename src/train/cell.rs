//! One cell of a sweep, made ready for training: everything about an experiment but the seed.

use super::history::record_steps;
use crate::models::{Network, Shape};
use crate::sampler::{Reading, expected_norm, reading};
use crate::spec::{ExperimentSpec, InputLaw};

/// A cell's settings in the form that steps need.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub spec: ExperimentSpec,
    pub shape: Shape,
    pub law: InputLaw,
    pub importances: Vec<f64>,
    pub reading: Reading,
    /// The length of the attack that is trained against, if any.
    pub attack: Option<f64>,
    /// The steps after which the history has a point, rising.
    pub record_steps: Vec<u64>,
    importances_f32: Vec<f32>,
}

impl Cell {
    pub fn new(spec: ExperimentSpec) -> Self {
        let law = spec.input_law();
        let importances = spec.importances();
        Cell {
            shape: Shape::new(spec.model, spec.features, spec.hidden),
            reading: reading(&law),
            attack: spec.adversarial_training.map(|norm| norm * expected_norm(&law)),
            record_steps: spec.record.map_or_else(Vec::new, |record| record_steps(record, spec.steps)),
            importances_f32: importances.iter().map(|&i| i as f32).collect(),
            law,
            importances,
            spec,
        }
    }

    /// The network that these parameters make.
    pub fn network<'a>(&'a self, parameters: &'a [f32]) -> Network<'a> {
        let network = self.shape.network(self.spec.model, parameters, &self.importances_f32);
        Network { hidden_l1: self.spec.hidden_l1 as f32, ..network }
    }

    /// Writes the optimal attack on each feature: `ε (WᵀW)_i / ‖(WᵀW)_i‖` (paper, "Relationship to Adversarial Robustness"); nothing
    /// is added where that row is zero.
    ///
    /// # Shapes
    /// `directions: [n_features][n_features]`.
    pub fn attacks_into(&self, size: f64, parameters: &[f32], directions: &mut Vec<f32>) {
        let n = self.shape.n_features;
        directions.clear();
        directions.resize(n * n, 0.0);
        for (i, row) in directions.chunks_exact_mut(n).enumerate() {
            for hidden in parameters[..self.shape.n_weights()].chunks_exact(n) {
                let own = hidden[i];
                row.iter_mut().zip(hidden).for_each(|(entry, &w)| *entry += own * w);
            }
            let norm = row.iter().map(|&entry| f64::from(entry).powi(2)).sum::<f64>().sqrt();
            let scale = if norm > 0.0 { (size / norm) as f32 } else { 0.0 };
            row.iter_mut().for_each(|entry| *entry *= scale);
        }
    }
}
