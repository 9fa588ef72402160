//! The joint law of a model's inputs: which features are active together, how often, and with which values.

use super::{ExperimentSpec, ModelKind};

/// How inputs are distributed (paper, "Demonstrating Superposition" and "Setup for exploring correlated and anticorrelated
/// features").
///
/// A feature of no set is active with its density, independently of all others. The features of a correlated set are active
/// together, with the set's density. Of an anticorrelated set exactly one feature, each as likely, is active with the set's
/// density. An active value is uniform on [0, 1], or on [−1, 1] where `signed`; a feature that is not active is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct InputLaw {
    /// One density a feature; the members of a set have that of their set.
    pub densities: Vec<f64>,
    /// Sets that are active together.
    pub correlated: Vec<Vec<usize>>,
    /// Sets of which one feature is active.
    pub anticorrelated: Vec<Vec<usize>>,
    /// Whether values may be negative.
    pub signed: bool,
}

impl InputLaw {
    /// Independent features with values in [0, 1].
    pub fn independent(densities: Vec<f64>) -> Self {
        InputLaw { densities, correlated: Vec::new(), anticorrelated: Vec::new(), signed: false }
    }

    /// Whether no feature is in a set.
    pub fn is_independent(&self) -> bool {
        self.correlated.is_empty() && self.anticorrelated.is_empty()
    }

    /// The probability that each feature is active.
    pub fn activities(&self) -> Vec<f64> {
        let mut activities = self.densities.clone();
        for set in &self.anticorrelated {
            set.iter().for_each(|&member| activities[member] /= set.len() as f64);
        }
        activities
    }
}

impl ExperimentSpec {
    /// The law of the inputs.
    pub fn input_law(&self) -> InputLaw {
        InputLaw {
            densities: self.densities(),
            correlated: self.correlated.clone(),
            anticorrelated: self.anticorrelated.clone(),
            signed: self.model == ModelKind::Absolute,
        }
    }
}
