//! The axes of a sweep: their targets, their values, and the spec of one cell.
//!
//! Axes are kept as they were given, ranges unexpanded, and a cell is made by setting single fields of the typed spec.
//! Everything that could be wrong in some cell is found when the spec is parsed, so that a sweep of a million cells
//! does not fail in its last one: values of independent fields are checked one by one, those that must agree (the
//! number of features and a list of densities, an optimiser and its options) in every combination.

use serde_json::{Map, Value, json};

use super::ExperimentSpec;
use super::fields::{FIELDS, Field, Sweep, field};
use super::read::{self, At, json_number};
use super::types::*;
use crate::error::Error;
use crate::order;

/// The most instances, cells times restarts, that a spec may ask for.
pub const MAX_INSTANCES: usize = 1_000_000;

/// The most axes of a sweep.
pub const MAX_AXES: usize = 16;

const AXIS: &[&str] = &["field", "values", "from", "to", "count", "scale"];

/// What an axis sets, `density` or `density[4]`; ordered as targets are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    field_idx: usize,
    part: Part,
}

/// The whole comes first: an entry of a swept list is set in the swept list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    Entry(usize),
    Member(&'static str),
}

impl Target {
    fn field(self) -> &'static Field {
        &FIELDS[self.field_idx]
    }

    fn parse(value: &Value, spec: &ExperimentSpec, at: At) -> Result<Self, Error> {
        const ALLOWED: &str = "a field that can be swept, such as density, density[0] or start.scale";
        let refuse = |allowed: String| at.refuse(value, allowed);
        let path = value.as_str().ok_or_else(|| refuse(ALLOWED.into()))?;
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, rest) = path.split_at(end);
        let (field_idx, field) = field(name).ok_or_else(|| refuse(ALLOWED.into()))?;
        let part = match (field.sweep, rest) {
            (Sweep::Never, _) => return Err(refuse(format!("a field that can be swept, which {name} cannot"))),
            (_, "") => Part::Whole,
            (Sweep::Entries, _) => {
                let digits = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                // No sign, no leading zero: one feature has one path, so that it is not swept twice.
                let idx = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let idx = idx.and_then(|text| text.parse::<usize>().ok().filter(|idx| idx.to_string() == text));
                let swept = spec.features.max(1);
                Part::Entry(
                    idx.ok_or_else(|| refuse(format!("{name} or an entry from {name}[0] to {name}[{}]", swept - 1)))?,
                )
            }
            (Sweep::Members(keys), _) => {
                let key = rest.strip_prefix('.').and_then(|rest| keys.iter().find(|key| **key == rest));
                let known = || keys.iter().map(|key| format!("{name}.{key}")).collect::<Vec<_>>().join(", ");
                Part::Member(key.ok_or_else(|| refuse(format!("one of {name}, {}", known())))?)
            }
            (Sweep::Whole, _) => return Err(refuse(format!("{name} without a path"))),
        };
        Ok(Self { field_idx, part })
    }

    /// Sets one value, as if the spec had said so itself.
    fn set(self, spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
        let field = self.field();
        match self.part {
            Part::Whole => (field.set)(spec, value, at),
            Part::Member(key) => {
                let mut object = (field.get)(spec).unwrap_or_else(|| Map::new().into());
                object[key] = value.clone();
                (field.set)(spec, &object, at)
            }
            Part::Entry(idx) => {
                let of_densities = field.name == "density";
                let range = if of_densities { &read::PROBABILITY } else { &read::NOT_NEGATIVE };
                let number = read::number(value, at, range)?;
                let mut list = if of_densities { spec.densities() } else { spec.importances() };
                match list.get_mut(idx) {
                    Some(entry) => *entry = number,
                    None => {
                        let path = format!("{}[{idx}]", field.name);
                        return Err(at.refuse_text(path, format!("an index below {}, the features", list.len())));
                    }
                }
                if of_densities {
                    spec.density = Density::Each(list);
                } else {
                    spec.importance = Importance::Each(list);
                }
                Ok(())
            }
        }
    }
}

/// The axes, their targets known and their number bounded; their values are not checked yet.
pub fn parse(value: Value, spec: &ExperimentSpec) -> Result<Vec<Axis>, Error> {
    let at = At::ROOT.key("sweep");
    let given = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(axes) => axes,
        other => return Err(at.refuse(&other, "a list of axes")),
    };
    if given.len() > MAX_AXES {
        return Err(at.refuse_text(format!("{} axes", given.len()), format!("at most {MAX_AXES}")));
    }
    let mut axes: Vec<Axis> = Vec::with_capacity(given.len());
    for (axis_idx, value) in given.into_iter().enumerate() {
        let at = at.index(axis_idx);
        let axis = parse_axis(value, spec, at)?;
        if axes.iter().any(|before| before.target == axis.target) {
            return Err(at.key("field").refuse(&axis.field.into(), "a field that no axis before sweeps"));
        }
        axes.push(axis);
    }
    // At most 16 axes of 2²⁰ values each fit no u64, but a u128 twice over.
    let n_cells: u128 = axes.iter().map(|axis| axis.values.len() as u128).fold(1, u128::saturating_mul);
    let n_instances = n_cells.saturating_mul(spec.restarts.count as u128);
    if n_instances > MAX_INSTANCES as u128 {
        let given = format!("{n_instances} instances ({n_cells} cells × {} restarts)", spec.restarts.count);
        return Err(at.refuse_text(given, format!("at most {MAX_INSTANCES}")));
    }
    Ok(axes)
}

fn parse_axis(value: Value, spec: &ExperimentSpec, at: At) -> Result<Axis, Error> {
    let mut map = match value {
        Value::Object(map) => map,
        other => return Err(at.refuse(&other, "an object with field and values, or field, from, to and count")),
    };
    read::known_keys(&map, at, AXIS)?;
    let field = map.get_mut("field").map(Value::take).unwrap_or_default();
    let target = Target::parse(&field, spec, at.key("field"))?;
    let values = match map.get_mut("values").map(Value::take) {
        Some(values) => {
            if let Some((key, value)) = map.iter().find(|(key, _)| !["field", "values"].contains(&key.as_str())) {
                return Err(at.key(key).refuse(value, "either values, or from, to and count, not both"));
            }
            match values {
                Value::Array(list) if !list.is_empty() => AxisValues::List(list.into()),
                other => return Err(at.key("values").refuse(&other, "a list of at least one value")),
            }
        }
        None => parse_range(&map, at)?,
    };
    let field = field.as_str().unwrap_or_default().to_owned();
    Ok(Axis { field, values, target })
}

fn parse_range(map: &Map<String, Value>, at: At) -> Result<AxisValues, Error> {
    let scale = match map.get("scale") {
        Some(value) => read::choice(value, at.key("scale"), Scale::CHOICES)?,
        None => Scale::Linear,
    };
    const LOG: read::Numbers = read::Numbers { name: "a number above 0 for scale \"log\"", ..read::POSITIVE };
    let range = if scale == Scale::Log { &LOG } else { &read::FINITE };
    let end = |key: &str| read::number(map.get(key).unwrap_or(&Value::Null), at.key(key), range);
    let (from, to) = (end("from")?, end("to")?);
    let count = read::count(map.get("count").unwrap_or(&Value::Null), at.key("count"), 2, MAX_INSTANCES)?;
    Ok(AxisValues::Range { from, to, count, scale })
}

/// Checks the swept models, features and hidden dimensions, from which the memory follows.
pub fn check_shapes(spec: &ExperimentSpec) -> Result<(), Error> {
    for (axis_idx, axis) in spec.sweep.iter().enumerate() {
        if ["model", "features", "hidden"].contains(&axis.target.field().name) {
            check_axis(spec, axis_idx, axis)?;
        }
    }
    Ok(())
}

/// Checks every value that the sweep can set, alone or, where fields must agree, in every combination.
pub fn check_values(spec: &ExperimentSpec) -> Result<(), Error> {
    let swept = |names: &[&str]| spec.sweep.iter().any(|axis| names.contains(&axis.target.field().name));
    let sets = !spec.correlated.is_empty() || !spec.anticorrelated.is_empty();
    let lists_depend = sets || swept(&["features", "correlated", "anticorrelated"]);
    let depends =
        |axis: &Axis| axis.target.field().joint || (axis.target.field().sweep == Sweep::Entries && lists_depend);

    let mut bare = ExperimentSpec { sweep: Vec::new(), ..spec.clone() };
    let mut joint = Vec::new();
    for (axis_idx, axis) in spec.sweep.iter().enumerate() {
        if depends(axis) {
            joint.push((axis_idx, axis));
        } else {
            check_axis(spec, axis_idx, axis)?;
            // Another axis may set an entry of this one's list.
            axis.target.set(&mut bare, &axis.values.get(0), At::ROOT)?;
        }
    }
    let n_combinations: usize = joint.iter().map(|(_, axis)| axis.values.len()).product();
    if joint.is_empty() {
        return Ok(());
    }
    (0..n_combinations).try_for_each(|idx| combine(&bare, &joint, idx).map(|_| ()))
}

/// Every value of one axis, set alone.
fn check_axis(spec: &ExperimentSpec, axis_idx: usize, axis: &Axis) -> Result<(), Error> {
    let (sweep, mut scratch) = (At::ROOT.key("sweep"), ExperimentSpec { sweep: Vec::new(), ..spec.clone() });
    let at = sweep.index(axis_idx);
    let at = at.key("values");
    // A range has as many values as its count says, and only its ends can leave the range of a number.
    for (value_idx, value) in axis.values.iter().enumerate() {
        let at = at.index(value_idx);
        axis.target.set(&mut scratch, &value, at)?;
        let check = axis.target.field().check;
        if !axis.target.field().joint {
            check(&scratch, at)?;
        }
    }
    Ok(())
}

/// [`ExperimentSpec::cell`].
pub fn cell(spec: &ExperimentSpec, cell_idx: usize) -> Result<ExperimentSpec, Error> {
    let n_cells = spec.n_cells();
    if cell_idx >= n_cells {
        let allowed = format!("an integer from 0 to {}, the last cell", n_cells - 1);
        return Err(At::ROOT.key("cell").refuse(&json!(cell_idx), allowed));
    }
    let bare = ExperimentSpec { sweep: Vec::new(), ..spec.clone() };
    let axes: Vec<(usize, &Axis)> = spec.sweep.iter().enumerate().collect();
    combine(&bare, &axes, cell_idx)
}

/// One combination of some axes' values, the last axis the fastest, set and checked.
fn combine(bare: &ExperimentSpec, axes: &[(usize, &Axis)], combination: usize) -> Result<ExperimentSpec, Error> {
    let mut steps = Vec::with_capacity(axes.len());
    let mut rest = combination;
    for (axis_idx, axis) in axes.iter().rev() {
        steps.push((axis.target, *axis_idx, rest % axis.values.len(), &axis.values));
        rest /= axis.values.len();
    }
    order::sort_by_key(&mut steps, |(target, ..)| *target);

    let mut spec = bare.clone();
    let sweep = At::ROOT.key("sweep");
    for &(target, axis_idx, value_idx, values) in &steps {
        let at = sweep.index(axis_idx);
        let at = at.key("values");
        target.set(&mut spec, &values.get(value_idx), at.index(value_idx))?;
    }
    for (field_idx, field) in FIELDS.iter().enumerate() {
        // A field that the sweep set is to blame at its value, another one in the cell where it does not fit.
        let setter = steps.iter().find(|(target, ..)| target.field_idx == field_idx);
        let checked = match setter {
            Some(&(_, axis_idx, value_idx, _)) => {
                let at = sweep.index(axis_idx);
                let at = at.key("values");
                (field.check)(&spec, at.index(value_idx))
            }
            None => (field.check)(&spec, At::ROOT.key(field.name)),
        };
        checked.map_err(|error| match (setter, error) {
            (None, Error::Field { field, value, allowed }) => {
                let settings: Vec<String> = steps
                    .iter()
                    .map(|(_, axis_idx, value_idx, _)| format!("sweep[{axis_idx}].values[{value_idx}]"))
                    .collect();
                Error::Field { field: format!("{field} with {}", settings.join(", ")), value, allowed }
            }
            (_, error) => error,
        })?;
    }
    Ok(spec)
}

/// The axes as a resolved spec has them.
pub fn to_json(axes: &[Axis]) -> Value {
    let axis = |axis: &Axis| match &axis.values {
        AxisValues::List(values) => json!({ "field": axis.field, "values": values[..] }),
        AxisValues::Range { from, to, count, scale } => json!({
            "field": axis.field, "from": json_number(*from), "to": json_number(*to), "count": count,
            "scale": scale.name(),
        }),
    };
    axes.iter().map(axis).collect()
}
