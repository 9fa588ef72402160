//! What a spec may say but this version cannot run yet, refused by name: ignoring it would run another experiment.

use serde_json::Value;

use super::read::{At, shown};
use super::{ExperimentSpec, fields};
use crate::error::Error;

/// Fields whose experiments are not there yet.
const FIELDS: &[&str] = &["attack", "dictionary"];

/// Refuses the first field, in the table's order and then in the sweep, whose experiment is not there yet.
pub fn check(spec: &ExperimentSpec) -> Result<(), Error> {
    for name in FIELDS {
        if !is_default(spec, name) {
            let value = fields::field(name).and_then(|(_, field)| (field.get)(spec)).unwrap_or_default();
            return Err(missing(At::ROOT.key(name), &value));
        }
    }
    let sweep = At::ROOT.key("sweep");
    for (axis_idx, axis) in spec.sweep.iter().enumerate() {
        let at = sweep.index(axis_idx);
        let name = axis.field.split(['.', '[']).next().unwrap_or_default();
        if FIELDS.contains(&name) {
            return Err(missing(at.key("field"), &Value::from(axis.field.as_str())));
        }
    }
    Ok(())
}

fn is_default(spec: &ExperimentSpec, name: &str) -> bool {
    match name {
        "attack" => spec.attack.is_none(),
        "dictionary" => spec.dictionary.is_none(),
        _ => true,
    }
}

fn missing(at: At, value: &Value) -> Error {
    Error::NotAvailable { field: at.to_string(), value: shown(value) }
}
