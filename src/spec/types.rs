//! The typed values of a spec's fields, in the order of the table in [`crate::spec`].
//!
//! What the JSON names are lives here too (`CHOICES`, `name`), so that reading, writing and the messages agree. Ranges
//! are not checked here: `fields` does that at the door, and these types are only made there.

use std::sync::Arc;

use serde_json::Value;

use super::sweep::Target;
use superposition_kernels::choices;
pub use superposition_kernels::spec::*;

/// Where gradients come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GradientKind {
    /// A fresh batch of samples each step.
    Sampled,
    /// The exact expectation (linear at any n, relu up to n = 6).
    Exact,
}

choices!(GradientKind { "sampled" => Sampled, "exact" => Exact });

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

/// How parameters start.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Factor on the initial weights, ≥ 0.
    pub scale: f64,
    /// The initial bias.
    pub bias: StartBias,
    /// The initial decoder of an absolute value model, `None` where the spec does not say (Xavier).
    pub decoder: Option<StartDecoder>,
    /// The initial weights themselves, m rows of n, instead of Xavier's.
    pub weights: Option<Vec<Vec<f64>>>,
}

impl Default for Start {
    fn default() -> Self {
        Self { scale: 1.0, bias: StartBias::Zero, decoder: None, weights: None }
    }
}

/// The initial bias.
#[derive(Debug, Clone, PartialEq)]
pub enum StartBias {
    /// 0.
    Zero,
    /// The mean of each feature, p/2.
    Mean,
    /// One number a feature.
    Each(Vec<f64>),
}

/// The initial decoder of an absolute value model.
#[derive(Debug, Clone, PartialEq)]
pub enum StartDecoder {
    /// Xavier normal, like the encoder.
    Xavier,
    /// The absolute values of Xavier's: a plain start leaves features one-sided at low density.
    Nonnegative,
    /// n rows of m.
    Rows(Vec<Vec<f64>>),
}

/// Which restarts a report keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The one with the lowest loss.
    Best,
    /// Every one, each an instance of its own.
    All,
}

choices!(Keep { "best" => Best, "all" => All });

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

/// How points are spread over a range of values or steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// By equal factors.
    Log,
    /// By equal differences.
    Linear,
}

choices!(Scale { "log" => Log, "linear" => Linear });

/// The history that a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Recorded steps, 1…2000.
    pub points: usize,
    /// How they are spread over the run.
    pub scale: Scale,
}

/// What the size of an attack is a fraction of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelativeTo {
    /// `E‖x‖` at density 1: one size for all models.
    Dense,
    /// `E‖x‖` at the model's own density.
    Own,
}

choices!(RelativeTo { "dense" => Dense, "own" => Own });

/// The optimal L2 attack, evaluated after training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attack {
    /// Its size as a fraction, > 0.
    pub norm: f64,
    /// A fraction of what.
    pub relative_to: RelativeTo,
}

/// How a dictionary is kept sparse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sparsity {
    /// λ times the L1 norm of the latents.
    L1(f64),
    /// Only the k largest latents.
    TopK(usize),
}

/// A sparse autoencoder on the hidden activations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dictionary {
    /// Directions to learn, 1…65536.
    pub latents: usize,
    /// What keeps them sparse.
    pub sparsity: Sparsity,
    /// Samples a step.
    pub batch: usize,
    /// Steps.
    pub steps: u64,
    /// Step size.
    pub learning_rate: f64,
    /// Steps between resamplings of dead latents, `None` for never.
    pub resample_every: Option<u64>,
    /// Seed of its own streams.
    pub seed: u64,
}

/// Which SIMD level trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelChoice {
    /// The best that the processor and the build have.
    Auto,
    /// Four lanes, no fused multiply-add: the same bits on every machine.
    Simd128,
}

choices!(LevelChoice { "auto" => Auto, "simd128" => Simd128 });

/// One axis of a sweep: a field (or a path such as `density[4]`) and its absolute values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The field or path, as the spec gives it.
    pub field: String,
    /// The values.
    pub values: AxisValues,
    /// What `field` names.
    pub(super) target: Target,
}

/// The values of an axis; a range stays a range, so that a large one costs nothing to hold.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisValues {
    /// Given one by one.
    List(Arc<[Value]>),
    /// `count` values from `from` to `to`, both included.
    Range {
        /// The first value.
        from: f64,
        /// The last value.
        to: f64,
        /// How many, ≥ 2.
        count: usize,
        /// How they are spread.
        scale: Scale,
    },
}

impl AxisValues {
    /// How many values.
    #[allow(clippy::len_without_is_empty, reason = "an axis is never empty: the parser refuses one")]
    pub fn len(&self) -> usize {
        match self {
            Self::List(values) => values.len(),
            Self::Range { count, .. } => *count,
        }
    }

    /// One value.
    ///
    /// # Precision
    /// The ends of a range are exact; between them `libm` gives the same bits on every machine, in wasm too.
    ///
    /// # Panics
    /// If `value_idx` is not below [`AxisValues::len`].
    pub fn get(&self, value_idx: usize) -> Value {
        match self {
            Self::List(values) => values[value_idx].clone(),
            Self::Range { from, to, count, scale } => {
                assert!(value_idx < *count, "value {value_idx} of a range of {count}");
                super::read::json_number(range_value(*from, *to, *count, *scale, value_idx))
            }
        }
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).map(|value_idx| self.get(value_idx))
    }
}

fn range_value(from: f64, to: f64, count: usize, scale: Scale, value_idx: usize) -> f64 {
    let last = (count - 1) as f64;
    let at = value_idx as f64;
    if value_idx == 0 {
        return from;
    }
    if value_idx == count - 1 {
        return to;
    }
    let value = match scale {
        // The product first: exact wherever the ends are whole numbers of a moderate size.
        Scale::Linear if ((to - from) * last).is_finite() => from + at * (to - from) / last,
        Scale::Linear => from * ((last - at) / last) + to * (at / last),
        Scale::Log => {
            let value = libm::exp(libm::log(from) + at / last * (libm::log(to) - libm::log(from)));
            // Whole numbers are meant as such: 10 between 1 and 100, and not 9.999999999999998.
            let whole = value.round();
            if (value - whole).abs() <= 1e-12 * whole { whole } else { value }
        }
    };
    value.clamp(from.min(to), from.max(to))
}
