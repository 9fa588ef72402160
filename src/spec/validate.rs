//! A whole spec: reading it, what its fields must agree on, the memory it may ask for, and writing it out resolved.

use serde_json::{Map, Value};

use super::fields::{FIELDS, MAX_FEATURES, MAX_HIDDEN, field};
use super::read::{self, At};
use super::types::*;
use super::{ExperimentSpec, json, sweep};
use crate::error::Error;
use crate::number::fixed;

/// What the parameters of all instances, with their gradients and moments, and all recordings may take: 1 GiB.
pub const MAX_MEMORY_BYTES: u64 = 1 << 30;

/// An `f32` for the parameter, its gradient and two moments.
const BYTES_A_PARAMETER: u64 = 16;

/// [`ExperimentSpec::from_json`].
pub fn parse(text: &str) -> Result<ExperimentSpec, Error> {
    from_map(json::object(text)?)
}

/// The spec of a JSON object that was read strictly.
pub fn from_map(mut map: Map<String, Value>) -> Result<ExperimentSpec, Error> {
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).chain(["sweep"]).collect();
    read::known_keys(&map, At::ROOT, &names)?;

    let mut spec = unset();
    for (name, high) in [("features", MAX_FEATURES), ("hidden", MAX_HIDDEN)] {
        if !map.contains_key(name) {
            return Err(At::ROOT.key(name).refuse_text("nothing", format!("an integer from 1 to {high}")));
        }
    }
    for field in FIELDS {
        if let Some(value) = map.get(field.name) {
            (field.set)(&mut spec, value, At::ROOT.key(field.name))?;
        }
    }
    for field in FIELDS {
        (field.check)(&spec, At::ROOT.key(field.name))?;
    }
    spec.sweep = sweep::parse(map.get_mut("sweep").map(Value::take).unwrap_or_default(), &spec)?;
    sweep::check_shapes(&spec)?;
    check_memory(&spec)?;
    sweep::check_values(&spec)?;
    Ok(spec)
}

/// Every default; features and hidden have none.
fn unset() -> ExperimentSpec {
    ExperimentSpec {
        model: ModelKind::Relu,
        features: 0,
        hidden: 0,
        density: Density::Uniform(1.0),
        importance: Importance::Geometric(1.0),
        correlated: Vec::new(),
        anticorrelated: Vec::new(),
        batch: 1024,
        steps: 10_000,
        gradient: GradientKind::Sampled,
        optimizer: OptimizerKind::Adam,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        hidden_l1: 0.0,
        adversarial_training: None,
        train_bias: true,
        start: Start::default(),
        pinned: Vec::new(),
        restarts: Restarts { count: 1, keep: Keep::Best },
        stop: None,
        record: None,
        attack: None,
        dictionary: None,
        level: LevelChoice::Auto,
        seed: 0,
        sweep: Vec::new(),
    }
}

/// The fields of the resolved spec in the order of the table, those that apply.
pub fn resolved(spec: &ExperimentSpec) -> impl Iterator<Item = (&'static str, Value)> + '_ {
    let fields = FIELDS.iter().filter_map(move |field| (field.get)(spec).map(|value| (field.name, value)));
    fields.chain((!spec.sweep.is_empty()).then(|| ("sweep", sweep::to_json(&spec.sweep))))
}

/// `instances × parameters × 16 bytes + recordings ≤ 1 GiB`, whatever the shapes in the sweep.
fn check_memory(spec: &ExperimentSpec) -> Result<(), Error> {
    let values = |name: &str| spec.sweep.iter().find(|axis| axis.field == name).map(|axis| &axis.values);
    let (models, features, hidden) = (values("model"), values("features"), values("hidden"));
    let length = |axis: Option<&AxisValues>| axis.map_or(1, AxisValues::len);
    let n_shapes = length(models) * length(features) * length(hidden);

    // Any other axis repeats every shape; shapes are at most 10⁶, like the cells, and the sums stay below 2⁶⁴.
    let mut shape = ExperimentSpec { sweep: Vec::new(), ..spec.clone() };
    let (mut parameters, mut recorded) = (0, 0);
    let points = spec.record.map_or(0, |record| record.points as u64);
    for shape_idx in 0..n_shapes {
        let mut rest = shape_idx;
        for (name, axis) in [("hidden", hidden), ("features", features), ("model", models)] {
            if let (Some(values), Some((_, field))) = (axis, field(name)) {
                (field.set)(&mut shape, &values.get(rest % values.len()), At::ROOT.key(name))?;
                rest /= values.len();
            }
        }
        let here = n_parameters(&shape);
        parameters += here;
        // A recorded point holds the loss, every dimensionality and every parameter.
        recorded += points * (1 + shape.features as u64 + here) * 4;
    }
    let repeats = (spec.n_cells() / n_shapes * spec.restarts.count) as u64;
    let bytes = repeats * (parameters * BYTES_A_PARAMETER + recorded);
    if bytes <= MAX_MEMORY_BYTES {
        return Ok(());
    }
    let recordings = if points > 0 { " with recordings" } else { "" };
    Err(Error::TooLarge(format!(
        "features, hidden, restarts and sweep: got {} instances with {} parameters in all, {} GiB{recordings}, \
         expected at most 1 GiB",
        spec.n_instances(),
        repeats * parameters,
        fixed(bytes as f64 / MAX_MEMORY_BYTES as f64, 2),
    )))
}

fn n_parameters(spec: &ExperimentSpec) -> u64 {
    let matrices = if spec.model == ModelKind::Absolute { 2 } else { 1 };
    let (n, m) = (spec.features as u64, spec.hidden as u64);
    matrices * n * m + n
}
