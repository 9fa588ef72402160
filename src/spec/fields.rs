//! The fields of a spec, one row each: how it is read, what it must agree with, how it is written.
//!
//! The same rows serve a whole spec and a sweep, which sets single fields of a spec that is already there. `set` sees
//! the value alone; `check` sees the spec around it, and is called once the fields above it in the table are final.

use serde_json::{Value, json};

use super::lists::*;
use super::objects::*;
use super::read::{self, At, json_number};
use super::types::*;
use super::{ExperimentSpec, MAX_SEED};
use crate::error::Error;

/// The most features a model may have.
pub const MAX_FEATURES: usize = 4096;
/// The most hidden dimensions a model may have.
pub const MAX_HIDDEN: usize = 1024;
/// The most features that a `relu` model may have for its exact loss: it sums over all 3ⁿ patterns of them.
pub const MAX_EXACT_RELU_FEATURES: usize = 6;

/// The most samples a step.
pub const MAX_BATCH: usize = 65_536;
/// The most steps of a run.
pub const MAX_STEPS: u64 = 100_000_000;

/// How a field takes part in a sweep.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// Not at all.
    Never,
    /// As a whole.
    Whole,
    /// As a whole, or one entry of its list, `density[4]`.
    Entries,
    /// As a whole, or one member of its object, `start.scale`.
    Members(&'static [&'static str]),
}

/// One row of the table.
pub struct Field {
    /// Its name in a spec.
    pub name: &'static str,
    /// Reads a value and refuses what no spec may have there.
    pub set: fn(&mut ExperimentSpec, &Value, At) -> Result<(), Error>,
    /// Refuses what does not go with the rest of the spec.
    pub check: fn(&ExperimentSpec, At) -> Result<(), Error>,
    /// What the resolved spec says, `None` where the field does not apply.
    pub get: fn(&ExperimentSpec) -> Option<Value>,
    /// How it takes part in a sweep.
    pub sweep: Sweep,
    /// Whether some value of it may fit some specs only, so that the cells of a sweep over it are checked together.
    pub joint: bool,
}

const fn free(
    name: &'static str,
    set: fn(&mut ExperimentSpec, &Value, At) -> Result<(), Error>,
    get: fn(&ExperimentSpec) -> Option<Value>,
) -> Field {
    Field { name, set, check: |_, _| Ok(()), get, sweep: Sweep::Whole, joint: false }
}

/// Every field but `sweep`, in the order of DESIGN.md section 3. Some depend on others above them.
pub static FIELDS: &[Field] = &[
    Field {
        joint: true,
        ..free("model", |s, v, at| put(&mut s.model, read::choice(v, at, ModelKind::CHOICES)), |s| name(s.model.name()))
    },
    Field {
        joint: true,
        ..free("features", |s, v, at| put(&mut s.features, read::count(v, at, 1, MAX_FEATURES)), |s| whole(s.features))
    },
    Field {
        joint: true,
        ..free("hidden", |s, v, at| put(&mut s.hidden, read::count(v, at, 1, MAX_HIDDEN)), |s| whole(s.hidden))
    },
    Field { sweep: Sweep::Entries, check: check_density, ..free("density", set_density, get_density) },
    Field { sweep: Sweep::Entries, check: check_importance, ..free("importance", set_importance, get_importance) },
    Field {
        joint: true,
        check: check_correlated,
        ..free("correlated", |s, v, at| put(&mut s.correlated, sets(v, at)), |s| some_sets(&s.correlated))
    },
    Field {
        joint: true,
        check: check_anticorrelated,
        ..free("anticorrelated", |s, v, at| put(&mut s.anticorrelated, sets(v, at)), |s| some_sets(&s.anticorrelated))
    },
    free("batch", |s, v, at| put(&mut s.batch, read::count(v, at, 1, MAX_BATCH)), |s| whole(s.batch)),
    free("steps", |s, v, at| put(&mut s.steps, read::integer(v, at, 0, MAX_STEPS)), |s| Some(s.steps.into())),
    Field {
        joint: true,
        check: check_gradient,
        ..free(
            "gradient",
            |s, v, at| put(&mut s.gradient, read::choice(v, at, GradientKind::CHOICES)),
            |s| name(s.gradient.name()),
        )
    },
    Field { joint: true, ..free("optimizer", set_optimizer, |s| name(s.optimizer.name())) },
    Field { joint: true, ..free("weight_decay", set_weight_decay, get_weight_decay) },
    Field { joint: true, ..free("momentum", set_momentum, get_momentum) },
    free(
        "learning_rate",
        |s, v, at| put(&mut s.learning_rate, read::number(v, at, &read::POSITIVE)),
        |s| float(s.learning_rate),
    ),
    free(
        "schedule",
        |s, v, at| put(&mut s.schedule, read::choice(v, at, Schedule::CHOICES)),
        |s| name(s.schedule.name()),
    ),
    Field {
        joint: true,
        ..free(
            "hidden_l1",
            |s, v, at| put(&mut s.hidden_l1, read::number(v, at, &read::NOT_NEGATIVE)),
            |s| float(s.hidden_l1),
        )
    },
    Field {
        joint: true,
        sweep: Sweep::Members(ADVERSARIAL),
        check: |s, at| check_attackable(s, s.adversarial_training.is_some(), at),
        ..free("adversarial_training", set_adversarial, |s| {
            s.adversarial_training.map(|norm| json!({ "norm": json_number(norm) }))
        })
    },
    free("train_bias", |s, v, at| put(&mut s.train_bias, read::boolean(v, at)), |s| Some(s.train_bias.into())),
    Field { joint: true, sweep: Sweep::Members(START), check: check_start, ..free("start", set_start, get_start) },
    Field {
        joint: true,
        check: check_pinned,
        ..free(
            "pinned",
            |s, v, at| put(&mut s.pinned, indices(v, at)),
            |s| (!s.pinned.is_empty()).then(|| s.pinned.clone().into()),
        )
    },
    Field { sweep: Sweep::Never, ..free("restarts", set_restarts, get_restarts) },
    Field { sweep: Sweep::Members(STOP), ..free("stop", set_stop, get_stop) },
    Field { sweep: Sweep::Never, ..free("record", set_record, get_record) },
    Field {
        joint: true,
        sweep: Sweep::Members(ATTACK),
        check: |s, at| check_attackable(s, s.attack.is_some(), at),
        ..free("attack", set_attack, get_attack)
    },
    Field { sweep: Sweep::Members(DICTIONARY), joint: true, ..free("dictionary", set_dictionary, get_dictionary) },
    Field {
        sweep: Sweep::Never,
        ..free(
            "level",
            |s, v, at| put(&mut s.level, read::choice(v, at, LevelChoice::CHOICES)),
            |s| name(s.level.name()),
        )
    },
    Field {
        check: check_seed,
        ..free("seed", |s, v, at| put(&mut s.seed, read::integer(v, at, 0, MAX_SEED)), |s| Some(s.seed.into()))
    },
];

/// The row of a field.
pub fn field(name: &str) -> Option<(usize, &'static Field)> {
    FIELDS.iter().enumerate().find(|(_, field)| field.name == name)
}

fn put<T>(place: &mut T, value: Result<T, Error>) -> Result<(), Error> {
    *place = value?;
    Ok(())
}

fn name(name: &str) -> Option<Value> {
    Some(name.into())
}

fn whole(count: usize) -> Option<Value> {
    Some(count.into())
}

fn float(value: f64) -> Option<Value> {
    Some(json_number(value))
}

fn check_gradient(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    if spec.gradient == GradientKind::Sampled {
        return Ok(());
    }
    let refuse = |why: String| Err(at.refuse(&json!("exact"), format!("\"sampled\" {why}")));
    match spec.model {
        ModelKind::ReluHidden | ModelKind::Absolute => refuse(format!("for model \"{}\"", spec.model.name())),
        ModelKind::Relu if spec.features > MAX_EXACT_RELU_FEATURES => {
            refuse(format!("for model \"relu\" with more than {MAX_EXACT_RELU_FEATURES} features"))
        }
        // The exact gradient is that of the loss alone: it knows no penalty on h and no attack.
        _ if spec.hidden_l1 > 0.0 => refuse("with hidden_l1".into()),
        _ if spec.adversarial_training.is_some() => refuse("with adversarial_training".into()),
        _ => Ok(()),
    }
}

/// The optimal attack is known where the output sees `WᵀWx`.
fn check_attackable(spec: &ExperimentSpec, attacked: bool, at: At) -> Result<(), Error> {
    match spec.model {
        ModelKind::ReluHidden | ModelKind::Absolute if attacked => {
            let allowed = format!("one only with model \"linear\" or \"relu\", not \"{}\"", spec.model.name());
            Err(at.refuse_text("an attack", allowed))
        }
        _ => Ok(()),
    }
}

fn set_optimizer(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    let chosen = read::choice(value, at, OptimizerKind::CHOICES)?;
    // A sweep that comes back to the spec's own optimiser keeps the options that the spec gave.
    if chosen.name() != spec.optimizer.name() {
        spec.optimizer = chosen;
    }
    Ok(())
}

fn set_weight_decay(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    let given = read::number(value, at, &read::NOT_NEGATIVE)?;
    match &mut spec.optimizer {
        OptimizerKind::AdamW { weight_decay } => *weight_decay = given,
        other => return Err(at.refuse(value, format!("optimizer \"adamw\" beside it, not \"{}\"", other.name()))),
    }
    Ok(())
}

fn get_weight_decay(spec: &ExperimentSpec) -> Option<Value> {
    match spec.optimizer {
        OptimizerKind::AdamW { weight_decay } => float(weight_decay),
        _ => None,
    }
}

fn set_momentum(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    let given = read::number(value, at, &read::BELOW_ONE)?;
    match &mut spec.optimizer {
        OptimizerKind::Sgd { momentum } => *momentum = given,
        other => return Err(at.refuse(value, format!("optimizer \"sgd\" beside it, not \"{}\"", other.name()))),
    }
    Ok(())
}

fn get_momentum(spec: &ExperimentSpec) -> Option<Value> {
    match spec.optimizer {
        OptimizerKind::Sgd { momentum } => float(momentum),
        _ => None,
    }
}

/// A seed must leave room for the restarts, which count up from it.
fn check_seed(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    let last = MAX_SEED - (spec.restarts.count as u64 - 1);
    if spec.seed <= last {
        return Ok(());
    }
    Err(at.refuse(&json!(spec.seed), format!("an integer from 0 to {last} with {} restarts", spec.restarts.count)))
}
