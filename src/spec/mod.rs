//! The experiment spec: one JSON object that describes an experiment on the command line, in a worker message, in a
//! link and in an embed (DESIGN.md section 3).
//!
//! [`ExperimentSpec::from_json`] is the one door: what comes through it is checked whole, sweep included, and every
//! default is filled in. Whatever is wrong gives one line that names the field, the value and what is allowed; nothing
//! is clamped or ignored. The room knows no sampler and no model.
//!
//! # Fields
//! n stands for `features`, m for `hidden`. An integer may be written `5.0` or `1e4`. A field whose default is "none"
//! may be null. Fields marked are checked like the others and then refused as not available yet.
//!
//! | field | value | default |
//! | --- | --- | --- |
//! | `model` | `"linear"`, `"relu"`, `"relu-hidden"`, `"absolute"` | `"relu"` |
//! | `features` | integer, 1…4096 | required |
//! | `hidden` | integer, 1…1024 | required |
//! | `density` | number in (0, 1], or n of them | 1 |
//! | `importance` | number r ≥ 0 for `I_i = r^i`, or n numbers ≥ 0 | 1 |
//! | `correlated`, `anticorrelated` | disjoint lists of at least two feature indices; a set has one density | none |
//! | `batch` | integer, 1…65536 | 1024 |
//! | `steps` | integer, 0…10⁸ | 10000 |
//! | `gradient` | `"sampled"`, `"exact"` (`linear`; `relu` with n ≤ 6; no penalties) | `"sampled"` |
//! | `optimizer` | `"adam"`, `"adamw"`, `"sgd"` | `"adam"` |
//! | `weight_decay` | number ≥ 0, with `"adamw"` only | 0.01 |
//! | `momentum` | number in [0, 1), with `"sgd"` only | 0 |
//! | `learning_rate` | number > 0 | 0.001 |
//! | `schedule` | `"constant"`, `"linear"`, `"cosine"` | `"constant"` |
//! | `hidden_l1` | number ≥ 0 | 0 |
//! | `adversarial_training` | `{"norm": number > 0}` | none |
//! | `train_bias` | true, false | true |
//! | `start` | `scale`: number ≥ 0 (1); `bias`: `"zero"`, `"mean"` or n numbers (`"zero"`); `decoder`, with `"absolute"` only: `"xavier"`, `"nonnegative"` or n rows of m; `weights`: m rows of n | Xavier, zero |
//! | `pinned` | list of feature indices | none |
//! | `restarts` | `count`: integer, 1…10000 (1); `keep`: `"best"`, `"all"` (`"best"`) | one |
//! | `stop` | `relative_change`: number in (0, 1) (1e-6); `window`: integer, 1…10⁸ (1000) | none |
//! | `record` | `points`: integer, 1…2000; `scale`: `"log"`, `"linear"` (`"log"`) | none |
//! | `attack` | `norm`: number > 0 (0.1); `relative_to`: `"dense"`, `"own"` (`"dense"`) | none |
//! | `dictionary` | `latents`: integer, 1…65536; `l1`: number ≥ 0, or `topk`: integer, 1…latents; `batch`, `steps`, `learning_rate`, `seed` as above; `resample_every`: integer ≥ 1 or null | none |
//! | `level` | `"auto"`, `"simd128"` | `"auto"` |
//! | `seed` | integer, 0…2⁵³−1, restarts included | 0 |
//! | `sweep` | list of axes, the first the slowest, 10⁶ instances in all | none |
//!
//! An axis is `{"field", "values": […]}` or `{"field", "from", "to", "count", "scale": "log" | "linear"}` (`"linear"`),
//! its ends included. Its field is any but `restarts`, `record`, `level` and `sweep`; an entry, `density[4]` or
//! `importance[1]`, which expands a single number first; or a member of an object, `start.scale`. A whole and an entry
//! of it can be swept together, the same path twice cannot. Setting `optimizer` to another than the spec's own sets its
//! options to their defaults.
//!
//! # Limits
//! A text of [`MAX_TEXT_BYTES`], [`MAX_PARSE_BYTES`] allocated while reading it, [`MAX_INSTANCES`], and
//! [`MAX_MEMORY_BYTES`] for `instances × parameters × 16 bytes + recordings`; batches are tiled and do not count.

mod draft;
mod fields;
mod json;
mod law;
pub mod link;
mod lists;
mod objects;
mod presets;
mod read;
mod sweep;
mod types;
mod validate;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

pub use draft::Draft;
pub use fields::{MAX_BATCH, MAX_EXACT_RELU_FEATURES, MAX_FEATURES, MAX_HIDDEN, MAX_STEPS};
pub use json::{MAX_PARSE_BYTES, MAX_TEXT_BYTES};
pub use law::InputLaw;
pub use presets::{PRESET_IDS, preset};
pub use read::{MAX_SHOWN, escaped};
pub use sweep::{MAX_AXES, MAX_INSTANCES};
pub use types::*;
pub use validate::MAX_MEMORY_BYTES;

use crate::error::Error;

/// The largest seed: the largest integer that JavaScript counts exactly, 2⁵³ − 1.
pub const MAX_SEED: u64 = (1 << 53) - 1;

/// An experiment, checked, with every default filled in.
///
/// Made by [`ExperimentSpec::from_json`] only, so that whoever holds one may rely on every range of DESIGN.md section
/// 3.
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
    /// Sets of features that one draw switches on or off together.
    pub correlated: Vec<Vec<usize>>,
    /// Sets of features of which at most one is on.
    pub anticorrelated: Vec<Vec<usize>>,
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
    /// λ of the penalty on the batch mean of `Σ_k |h_k|`, ≥ 0.
    pub hidden_l1: f64,
    /// Size of the attack trained against, as a fraction of `E‖x‖`.
    pub adversarial_training: Option<f64>,
    /// False keeps b as it starts.
    pub train_bias: bool,
    /// How parameters start.
    pub start: Start,
    /// Features whose columns stay as they start.
    pub pinned: Vec<usize>,
    /// Restarts from seed, seed + 1, …
    pub restarts: Restarts,
    /// Stop rule, if any.
    pub stop: Option<Stop>,
    /// The history to keep, if any.
    pub record: Option<Record>,
    /// The attack to evaluate after training, if any.
    pub attack: Option<Attack>,
    /// The dictionary to learn after training, if any.
    pub dictionary: Option<Dictionary>,
    /// SIMD level.
    pub level: LevelChoice,
    /// 0…2⁵³−1.
    pub seed: u64,
    /// Axes, the first the slowest; empty for a single experiment.
    pub sweep: Vec<Axis>,
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
    /// Whatever the text, this allocates at most [`MAX_PARSE_BYTES`] at a time, and every cell of a sweep that it lets
    /// through can be made.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::Field`] or [`Error::TooLarge`], the first thing that is
    /// wrong, in one line.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        validate::parse(text)
    }

    /// The spec of a link: its changed fields over its figure's preset.
    ///
    /// # Errors
    /// [`Error::Link`] if the text is no link, else as [`ExperimentSpec::from_json`].
    pub fn from_link(text: &str) -> Result<Self, Error> {
        Draft::from_link(text)?.check()
    }

    /// The resolved spec as JSON: every field that applies; parsing it again gives this spec.
    pub fn to_json(&self) -> Value {
        self.fields().into()
    }

    fn fields(&self) -> Map<String, Value> {
        // One by one: what collects them sorts them first, with a sort of its own to download.
        let mut fields = Map::new();
        for (name, value) in validate::resolved(self) {
            fields.insert(name.to_owned(), value);
        }
        fields
    }

    /// The same spec with other values for some fields; null brings back a default.
    ///
    /// # Errors
    /// As [`ExperimentSpec::from_json`].
    pub fn changed(&self, patch: Map<String, Value>) -> Result<Self, Error> {
        Draft::from(self.fields()).overlay(patch).check()
    }

    /// Cells of the sweep: the product of the axes' lengths, 1 without a sweep.
    pub fn n_cells(&self) -> usize {
        self.sweep.iter().map(|axis| axis.values.len()).product()
    }

    /// Trained instances: cells times restarts, at most [`MAX_INSTANCES`].
    pub fn n_instances(&self) -> usize {
        self.n_cells() * self.restarts.count
    }

    /// The spec of one cell, without the sweep and with all its restarts; the first axis is the slowest.
    ///
    /// # Errors
    /// [`Error::Field`] if there is no such cell. Nothing else: what a cell could break was checked with the sweep.
    pub fn cell(&self, cell_idx: usize) -> Result<Self, Error> {
        sweep::cell(self, cell_idx)
    }

    /// The spec of one restart alone: the same experiment from seed + `restart_idx`.
    ///
    /// # Panics
    /// If there is no such restart.
    pub fn restart(&self, restart_idx: usize) -> Self {
        assert!(restart_idx < self.restarts.count, "restart {restart_idx} of {}", self.restarts.count);
        let restarts = Restarts { count: 1, keep: Keep::Best };
        Self { seed: self.seed + restart_idx as u64, restarts, ..self.clone() }
    }
}

/// The resolved spec, its fields in the order of the table above.
impl Serialize for ExperimentSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in validate::resolved(self) {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Plain data as JSON text. One serializer for all of it: `Value`'s own `to_string` brings another.
pub fn json_text(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data serializes")
}

/// Lays changed fields over a spec: each top-level field of `patch` replaces that of `base`, null removes it.
///
/// The result is checked, but not resolved.
///
/// # Errors
/// As [`ExperimentSpec::from_json`], for either text or for what they make together.
pub fn merge(base: &str, patch: &str) -> Result<String, Error> {
    let merged = Draft::from_json(base)?.overlay(Draft::from_json(patch)?);
    let text = merged.to_string();
    merged.check()?;
    Ok(text)
}
