//! The experiment spec: one JSON object that describes an experiment on the command line, in a worker message, in a link
//! and in an embed (DESIGN.md section 3).

pub mod link;
mod presets;
mod validate;

pub use presets::{PRESET_IDS, preset};

use crate::error::Error;

/// Which network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// `x' = WᵀWx + b`.
    Linear,
    /// `x' = ReLU(WᵀWx + b)`, the ReLU output model.
    Relu,
    /// `h = ReLU(Wx)`, `x' = ReLU(Wᵀh + b)`, the privileged basis.
    ReluHidden,
    /// `h = ReLU(W₁x)`, `y' = ReLU(W₂h + b)` for the target `|x|`.
    Absolute,
}

/// Where gradients come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GradientKind {
    /// A fresh batch of samples each step.
    Sampled,
    /// The exact expectation (linear at any n, relu up to n = 6).
    Exact,
}

/// A density: one for all features, or one for each.
#[derive(Debug, Clone, PartialEq)]
pub enum Density {
    /// The same density for every feature.
    Uniform(f64),
    /// One density a feature, `n_features` of them.
    Each(Vec<f64>),
}

/// The weight of each feature in the loss.
#[derive(Debug, Clone, PartialEq)]
pub enum Importance {
    /// `I_i = r^i`, i from 0.
    Geometric(f64),
    /// One importance a feature, `n_features` of them.
    Each(Vec<f64>),
}

/// The update rule with its own options.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerKind {
    /// β .9, .999, ε 1e-8, bias-corrected.
    Adam,
    /// Adam with decoupled decay, biases too.
    AdamW {
        /// Decay per step, times the learning rate.
        weight_decay: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Heavy-ball momentum in [0, 1).
        momentum: f64,
    },
}

/// How the learning rate falls over `steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// It does not.
    Constant,
    /// To 0 along a line.
    Linear,
    /// To 0 along half a cosine.
    Cosine,
}

/// Which restarts a report keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The one with the lowest loss.
    Best,
    /// Every one, each an instance of its own.
    All,
}

/// Restart r trains from seed + r.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restarts {
    /// How many, 1…10000.
    pub count: usize,
    /// Which are kept.
    pub keep: Keep,
}

/// Stop when the loss has changed by less than `relative_change` over `window` steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Relative change of the loss between two successive window means.
    pub relative_change: f64,
    /// Steps a window.
    pub window: u64,
}

/// Which SIMD level trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelChoice {
    /// The best that the processor and the build have.
    Auto,
    /// Four lanes, no fused multiply-add: the same bits on every machine.
    Simd128,
}

/// An experiment, checked, with every default filled in.
///
/// Made by [`ExperimentSpec::from_json`] only, so that whoever holds one may rely on every range of DESIGN.md section 3.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentSpec {
    /// The network.
    pub model: ModelKind,
    /// n, 1…4096.
    pub features: usize,
    /// m, 1…1024.
    pub hidden: usize,
    /// Probability that a feature is not zero, in (0, 1].
    pub density: Density,
    /// Weights of the features in the loss, ≥ 0.
    pub importance: Importance,
    /// Samples a step, 1…65536.
    pub batch: usize,
    /// Steps of a whole run, 0…10⁸.
    pub steps: u64,
    /// Sampled or exact gradients.
    pub gradient: GradientKind,
    /// The update rule.
    pub optimizer: OptimizerKind,
    /// Step size, > 0.
    pub learning_rate: f64,
    /// How the step size falls.
    pub schedule: Schedule,
    /// False keeps b as it starts.
    pub train_bias: bool,
    /// Restarts from seed, seed + 1, …
    pub restarts: Restarts,
    /// Stop rule, if any.
    pub stop: Option<Stop>,
    /// SIMD level.
    pub level: LevelChoice,
    /// 0…2⁵³−1.
    pub seed: u64,
    /// Axes, the first the slowest; empty for a single experiment.
    pub sweep: Vec<Axis>,
}

/// One axis of a sweep: a field (or a path such as `density[4]`) and its absolute values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The field or path.
    pub field: String,
    /// The values, as JSON.
    pub values: Vec<serde_json::Value>,
}

impl ExperimentSpec {
    /// `n_features` densities.
    pub fn densities(&self) -> Vec<f64> {
        match &self.density {
            Density::Uniform(p) => vec![*p; self.features],
            Density::Each(list) => list.clone(),
        }
    }

    /// `n_features` importances.
    pub fn importances(&self) -> Vec<f64> {
        match &self.importance {
            Importance::Geometric(r) => {
                let mut value = 1.0;
                (0..self.features)
                    .map(|_| {
                        let now = value;
                        value *= r;
                        now
                    })
                    .collect()
            }
            Importance::Each(list) => list.clone(),
        }
    }

    /// Parses and checks a spec.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::Field`], [`Error::NotAvailable`] or [`Error::TooLarge`], the first thing that is wrong.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        validate::parse(text)
    }

    /// The resolved spec as JSON: parsing it again gives this spec.
    pub fn to_json(&self) -> serde_json::Value {
        validate::resolve(self)
    }

    /// Cells of the sweep: the product of the axes' lengths, 1 without a sweep.
    pub fn n_cells(&self) -> usize {
        self.sweep.iter().map(|axis| axis.values.len()).product()
    }

    /// The spec of one cell, without the sweep.
    ///
    /// # Errors
    /// [`Error::Field`] if the cell's values break a rule together (each alone was checked when the sweep was parsed).
    pub fn cell(&self, cell_idx: usize) -> Result<Self, Error> {
        validate::cell(self, cell_idx)
    }
}
