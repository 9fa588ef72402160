//! Fields that speak of single features: densities, importances, sets and pinned columns.

use serde_json::{Value, json};

use super::ExperimentSpec;
use super::fields::MAX_FEATURES;
use super::read::{self, At, json_number, json_numbers};
use super::types::*;
use crate::error::Error;
use crate::number::shortest;

pub(super) fn set_density(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.density = match value {
        Value::Array(list) => Density::Each(read::numbers(list, at, &read::PROBABILITY, MAX_FEATURES)?),
        Value::Number(_) => Density::Uniform(read::number(value, at, &read::PROBABILITY)?),
        _ => return Err(at.refuse(value, "a number above 0 and at most 1, or a list of them, one a feature")),
    };
    Ok(())
}

pub(super) fn check_density(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    match &spec.density {
        Density::Each(list) => one_a_feature(spec, list.len(), at),
        Density::Uniform(_) => Ok(()),
    }
}

pub(super) fn get_density(spec: &ExperimentSpec) -> Option<Value> {
    Some(match &spec.density {
        Density::Uniform(p) => json_number(*p),
        Density::Each(list) => json_numbers(list),
    })
}

pub(super) fn set_importance(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.importance = match value {
        Value::Array(list) => Importance::Each(read::numbers(list, at, &read::NOT_NEGATIVE, MAX_FEATURES)?),
        Value::Number(_) => Importance::Geometric(read::number(value, at, &read::NOT_NEGATIVE)?),
        _ => return Err(at.refuse(value, "a number of at least 0, or a list of them, one a feature")),
    };
    Ok(())
}

pub(super) fn check_importance(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    match &spec.importance {
        Importance::Each(list) => one_a_feature(spec, list.len(), at),
        Importance::Geometric(r) if *r > 1.0 => {
            let last = spec.features - 1;
            if libm::pow(*r, last as f64) <= f64::from(f32::MAX) {
                return Ok(());
            }
            Err(at.refuse(
                &json_number(*r),
                format!("a number r whose power r^{last}, the last importance, is below 3.4e38"),
            ))
        }
        Importance::Geometric(_) => Ok(()),
    }
}

pub(super) fn get_importance(spec: &ExperimentSpec) -> Option<Value> {
    Some(match &spec.importance {
        Importance::Geometric(r) => json_number(*r),
        Importance::Each(list) => json_numbers(list),
    })
}

pub(super) fn one_a_feature(spec: &ExperimentSpec, length: usize, at: At) -> Result<(), Error> {
    if length == spec.features {
        return Ok(());
    }
    Err(at.refuse_text(format!("a list of {length}"), format!("{} numbers, one a feature", spec.features)))
}

pub(super) fn indices(value: &Value, at: At) -> Result<Vec<usize>, Error> {
    let list = read::list(value, at, "a list of feature indices")?;
    let mut seen = vec![false; MAX_FEATURES];
    let mut members = Vec::new();
    for (idx, value) in list.iter().enumerate() {
        let member = read::count(value, at.index(idx), 0, MAX_FEATURES - 1)?;
        if std::mem::replace(&mut seen[member], true) {
            return Err(at.index(idx).refuse(value, "each feature once"));
        }
        members.push(member);
    }
    Ok(members)
}

pub(super) fn sets(value: &Value, at: At) -> Result<Vec<Vec<usize>>, Error> {
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        _ => read::list(value, at, "a list of sets of feature indices")?,
    };
    let mut sets = Vec::new();
    let mut taken = vec![false; MAX_FEATURES];
    for (idx, value) in list.iter().enumerate() {
        let at = at.index(idx);
        let members = indices(value, at)?;
        if members.len() < 2 {
            return Err(at.refuse(value, "at least 2 features in a set"));
        }
        for (idx, member) in members.iter().enumerate() {
            if std::mem::replace(&mut taken[*member], true) {
                return Err(at.index(idx).refuse(&json!(member), "a feature that is in no other set"));
            }
        }
        sets.push(members);
    }
    Ok(sets)
}

pub(super) fn some_sets(sets: &[Vec<usize>]) -> Option<Value> {
    (!sets.is_empty()).then(|| json!(sets))
}

pub(super) fn check_correlated(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    check_sets(spec, &spec.correlated, at)
}

pub(super) fn check_anticorrelated(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    check_sets(spec, &spec.anticorrelated, at)?;
    let mut taken = vec![false; spec.features];
    spec.correlated.iter().flatten().for_each(|&member| taken[member] = true);
    for (set_idx, set) in spec.anticorrelated.iter().enumerate() {
        for (idx, &member) in set.iter().enumerate() {
            if taken[member] {
                return Err(at
                    .index(set_idx)
                    .index(idx)
                    .refuse(&json!(member), "a feature that is in no correlated set"));
            }
        }
    }
    Ok(())
}

fn check_sets(spec: &ExperimentSpec, sets: &[Vec<usize>], at: At) -> Result<(), Error> {
    for (set_idx, set) in sets.iter().enumerate() {
        check_indices(spec, set, at.index(set_idx))?;
        if let Density::Each(list) = &spec.density {
            for (idx, &member) in set.iter().enumerate() {
                // A list of another length is refused as such, by `check_density`.
                let (Some(first), Some(own)) = (list.get(set[0]), list.get(member)) else { continue };
                if own != first {
                    let given = format!("{member} with density {}", shortest(*own));
                    let allowed = format!("one density in a set, {} like feature {}", shortest(*first), set[0]);
                    return Err(at.index(set_idx).index(idx).refuse_text(given, allowed));
                }
            }
        }
    }
    Ok(())
}

fn check_indices(spec: &ExperimentSpec, members: &[usize], at: At) -> Result<(), Error> {
    match members.iter().position(|&member| member >= spec.features) {
        Some(idx) => {
            let last = spec.features - 1;
            Err(at.index(idx).refuse(&json!(members[idx]), format!("an integer from 0 to {last}, the last feature")))
        }
        None => Ok(()),
    }
}

pub(super) fn check_pinned(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    check_indices(spec, &spec.pinned, at)
}
