//! One cell of a sweep, made ready for training: everything about an experiment but the seed.

use crate::models::{Shape, Tied};
use crate::sampler::Reading;
use crate::spec::{ExperimentSpec, ModelKind};

/// A cell's settings in the form that steps need.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub spec: ExperimentSpec,
    pub shape: Shape,
    pub densities: Vec<f64>,
    pub importances: Vec<f64>,
    pub reading: Reading,
    importances_f32: Vec<f32>,
}

impl Cell {
    pub fn new(spec: ExperimentSpec) -> Self {
        let densities = spec.densities();
        let importances = spec.importances();
        Cell {
            shape: Shape { n_features: spec.features, n_hidden: spec.hidden },
            reading: Reading::new(&densities),
            importances_f32: importances.iter().map(|&i| i as f32).collect(),
            densities,
            importances,
            spec,
        }
    }

    /// The model that these parameters make.
    pub fn model<'a>(&'a self, parameters: &'a [f32]) -> Tied<'a> {
        let (w, b) = parameters.split_at(self.shape.n_weights());
        Tied { w, b, importance: &self.importances_f32, relu: self.spec.model == ModelKind::Relu }
    }
}
