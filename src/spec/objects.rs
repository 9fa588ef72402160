//! Fields that are objects: how parameters start, restarts, the stop rule, recordings, attacks, dictionaries.
//!
//! A member that is left out has the default of DESIGN.md section 3, and null stands for an object that is not there.

use serde_json::{Map, Value, json};

use super::fields::{MAX_BATCH, MAX_FEATURES, MAX_STEPS};
use super::lists::one_a_feature;
use super::read::{self, At, json_number, json_numbers};
use super::types::*;
use super::{ExperimentSpec, MAX_SEED};
use crate::error::Error;

const MAX_RESTARTS: usize = 10_000;
const MAX_RECORD_POINTS: usize = 2000;
const MAX_LATENTS: usize = 65_536;

pub(super) const START: &[&str] = &["scale", "bias", "decoder", "weights"];
pub(super) const ADVERSARIAL: &[&str] = &["norm"];
const RESTARTS: &[&str] = &["count", "keep"];
pub(super) const STOP: &[&str] = &["relative_change", "window"];
const RECORD: &[&str] = &["points", "scale"];
pub(super) const ATTACK: &[&str] = &["norm", "relative_to"];
pub(super) const DICTIONARY: &[&str] =
    &["latents", "l1", "topk", "batch", "steps", "learning_rate", "resample_every", "seed"];

pub(super) fn set_adversarial(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.adversarial_training = match value {
        Value::Null => None,
        _ => Some(required_number(read::object(value, at, ADVERSARIAL)?, at, "norm", &read::POSITIVE)?),
    };
    Ok(())
}

pub(super) fn set_start(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    let mut start = Start::default();
    if !value.is_null() {
        let map = read::object(value, at, START)?;
        if let Some(value) = map.get("scale") {
            start.scale = read::number(value, at.key("scale"), &read::NOT_NEGATIVE)?;
        }
        if let Some(value) = map.get("bias") {
            let at = at.key("bias");
            start.bias = match (value, value.as_str()) {
                (Value::Array(list), _) => StartBias::Each(read::numbers(list, at, &read::FINITE, MAX_FEATURES)?),
                (_, Some("zero")) => StartBias::Zero,
                (_, Some("mean")) => StartBias::Mean,
                _ => return Err(at.refuse(value, "\"zero\", \"mean\" or a list of numbers, one a feature")),
            };
        }
        if let Some(value) = map.get("decoder") {
            let at = at.key("decoder");
            start.decoder = Some(match value.as_str() {
                Some("xavier") => StartDecoder::Xavier,
                Some("nonnegative") => StartDecoder::Nonnegative,
                _ if value.is_array() => StartDecoder::Rows(rows(value, at, spec.features, spec.hidden)?),
                _ => return Err(at.refuse(value, "\"xavier\", \"nonnegative\" or n rows of m numbers")),
            });
        }
        if let Some(value) = map.get("weights") {
            start.weights = Some(rows(value, at.key("weights"), spec.hidden, spec.features)?);
        }
    }
    spec.start = start;
    Ok(())
}

/// `n_rows` rows of `n_columns` finite numbers.
fn rows(value: &Value, at: At, n_rows: usize, n_columns: usize) -> Result<Vec<Vec<f64>>, Error> {
    let list = read::list(value, at, &format!("{n_rows} rows of {n_columns} numbers"))?;
    let row = |(idx, row)| {
        read::numbers(read::list(row, at.index(idx), "a row of numbers")?, at.index(idx), &read::FINITE, MAX_FEATURES)
    };
    let rows = list.iter().enumerate().map(row).collect::<Result<Vec<_>, Error>>()?;
    check_rows(&rows, at, n_rows, n_columns)?;
    Ok(rows)
}

fn check_rows(rows: &[Vec<f64>], at: At, n_rows: usize, n_columns: usize) -> Result<(), Error> {
    if rows.len() != n_rows {
        return Err(at.refuse_text(format!("{} rows", rows.len()), format!("{n_rows} rows of {n_columns} numbers")));
    }
    match rows.iter().position(|row| row.len() != n_columns) {
        Some(idx) => Err(at
            .index(idx)
            .refuse_text(format!("a row of {}", rows[idx].len()), format!("a row of {n_columns} numbers"))),
        None => Ok(()),
    }
}

pub(super) fn check_start(spec: &ExperimentSpec, at: At) -> Result<(), Error> {
    let (n, m) = (spec.features, spec.hidden);
    if let StartBias::Each(list) = &spec.start.bias {
        one_a_feature(spec, list.len(), at.key("bias"))?;
    }
    if let Some(decoder) = &spec.start.decoder {
        let at = at.key("decoder");
        if spec.model != ModelKind::Absolute {
            let allowed = format!("one only with model \"absolute\", not \"{}\"", spec.model.name());
            return Err(at.refuse_text("a decoder", allowed));
        }
        if let StartDecoder::Rows(rows) = decoder {
            check_rows(rows, at, n, m)?;
        }
    }
    match &spec.start.weights {
        Some(rows) => check_rows(rows, at.key("weights"), m, n),
        None => Ok(()),
    }
}

pub(super) fn get_start(spec: &ExperimentSpec) -> Option<Value> {
    let mut map = Map::new();
    map.insert("scale".into(), json_number(spec.start.scale));
    let bias = match &spec.start.bias {
        StartBias::Zero => "zero".into(),
        StartBias::Mean => "mean".into(),
        StartBias::Each(list) => json_numbers(list),
    };
    map.insert("bias".into(), bias);
    let matrix = |rows: &[Vec<f64>]| rows.iter().map(|row| json_numbers(row)).collect::<Value>();
    if let Some(decoder) = &spec.start.decoder {
        let decoder = match decoder {
            StartDecoder::Xavier => "xavier".into(),
            StartDecoder::Nonnegative => "nonnegative".into(),
            StartDecoder::Rows(rows) => matrix(rows),
        };
        map.insert("decoder".into(), decoder);
    }
    if let Some(weights) = &spec.start.weights {
        map.insert("weights".into(), matrix(weights));
    }
    Some(map.into())
}

pub(super) fn set_restarts(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    let map = read::object(value, at, RESTARTS)?;
    let mut restarts = Restarts { count: 1, keep: Keep::Best };
    if let Some(value) = map.get("count") {
        restarts.count = read::count(value, at.key("count"), 1, MAX_RESTARTS)?;
    }
    if let Some(value) = map.get("keep") {
        restarts.keep = read::choice(value, at.key("keep"), Keep::CHOICES)?;
    }
    spec.restarts = restarts;
    Ok(())
}

pub(super) fn get_restarts(spec: &ExperimentSpec) -> Option<Value> {
    Some(json!({ "count": spec.restarts.count, "keep": spec.restarts.keep.name() }))
}

pub(super) fn set_stop(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.stop = None;
    if !value.is_null() {
        let map = read::object(value, at, STOP)?;
        let mut stop = Stop { relative_change: 1e-6, window: 1000 };
        if let Some(value) = map.get("relative_change") {
            stop.relative_change = read::number(value, at.key("relative_change"), &read::FRACTION)?;
        }
        if let Some(value) = map.get("window") {
            stop.window = read::integer(value, at.key("window"), 1, MAX_STEPS)?;
        }
        spec.stop = Some(stop);
    }
    Ok(())
}

pub(super) fn get_stop(spec: &ExperimentSpec) -> Option<Value> {
    spec.stop.map(|stop| json!({ "relative_change": json_number(stop.relative_change), "window": stop.window }))
}

pub(super) fn set_record(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.record = None;
    if !value.is_null() {
        let map = read::object(value, at, RECORD)?;
        let points = read::count(required(map, "points"), at.key("points"), 1, MAX_RECORD_POINTS)?;
        let scale = match map.get("scale") {
            Some(value) => read::choice(value, at.key("scale"), Scale::CHOICES)?,
            None => Scale::Log,
        };
        spec.record = Some(Record { points, scale });
    }
    Ok(())
}

pub(super) fn get_record(spec: &ExperimentSpec) -> Option<Value> {
    spec.record.map(|record| json!({ "points": record.points, "scale": record.scale.name() }))
}

pub(super) fn set_attack(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.attack = None;
    if !value.is_null() {
        let map = read::object(value, at, ATTACK)?;
        let mut attack = Attack { norm: 0.1, relative_to: RelativeTo::Dense };
        if let Some(value) = map.get("norm") {
            attack.norm = read::number(value, at.key("norm"), &read::POSITIVE)?;
        }
        if let Some(value) = map.get("relative_to") {
            attack.relative_to = read::choice(value, at.key("relative_to"), RelativeTo::CHOICES)?;
        }
        spec.attack = Some(attack);
    }
    Ok(())
}

pub(super) fn get_attack(spec: &ExperimentSpec) -> Option<Value> {
    spec.attack.map(|attack| json!({ "norm": json_number(attack.norm), "relative_to": attack.relative_to.name() }))
}

pub(super) fn set_dictionary(spec: &mut ExperimentSpec, value: &Value, at: At) -> Result<(), Error> {
    spec.dictionary = None;
    if value.is_null() {
        return Ok(());
    }
    let map = read::object(value, at, DICTIONARY)?;
    let latents = read::count(required(map, "latents"), at.key("latents"), 1, MAX_LATENTS)?;
    let sparsity = match (map.get("l1"), map.get("topk")) {
        (Some(l1), None) => Sparsity::L1(read::number(l1, at.key("l1"), &read::NOT_NEGATIVE)?),
        (None, Some(k)) => Sparsity::TopK(read::count(k, at.key("topk"), 1, latents)?),
        (Some(_), Some(k)) => return Err(at.key("topk").refuse(k, "either l1 or topk, not both")),
        (None, None) => return Err(at.key("l1").refuse_text("nothing", "either l1 or topk")),
    };
    let mut dictionary = Dictionary {
        latents,
        sparsity,
        batch: 1024,
        steps: 10_000,
        learning_rate: 1e-3,
        resample_every: None,
        seed: 0,
    };
    if let Some(value) = map.get("batch") {
        dictionary.batch = read::count(value, at.key("batch"), 1, MAX_BATCH)?;
    }
    if let Some(value) = map.get("steps") {
        dictionary.steps = read::integer(value, at.key("steps"), 0, MAX_STEPS)?;
    }
    if let Some(value) = map.get("learning_rate") {
        dictionary.learning_rate = read::number(value, at.key("learning_rate"), &read::POSITIVE)?;
    }
    if let Some(value) = map.get("resample_every").filter(|value| !value.is_null()) {
        dictionary.resample_every = Some(read::integer(value, at.key("resample_every"), 1, MAX_STEPS)?);
    }
    if let Some(value) = map.get("seed") {
        dictionary.seed = read::integer(value, at.key("seed"), 0, MAX_SEED)?;
    }
    spec.dictionary = Some(dictionary);
    Ok(())
}

pub(super) fn get_dictionary(spec: &ExperimentSpec) -> Option<Value> {
    spec.dictionary.map(|d| {
        let mut value = json!({
            "latents": d.latents, "batch": d.batch, "steps": d.steps,
            "learning_rate": json_number(d.learning_rate), "resample_every": d.resample_every, "seed": d.seed,
        });
        match d.sparsity {
            Sparsity::L1(l1) => value["l1"] = json_number(l1),
            Sparsity::TopK(k) => value["topk"] = k.into(),
        }
        value
    })
}

fn required<'a>(map: &'a Map<String, Value>, key: &str) -> &'a Value {
    // A missing one is refused like a null, with the range that is asked for.
    map.get(key).unwrap_or(&Value::Null)
}

fn required_number(map: &Map<String, Value>, at: At, key: &str, range: &read::Numbers) -> Result<f64, Error> {
    read::number(required(map, key), at.key(key), range)
}
