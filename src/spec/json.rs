//! JSON in, strictly and within bounds.
//!
//! `serde_json` alone keeps the last of two equal keys and nests 128 deep; here a repeated field is refused by its
//! path, as is a number that no `f64` holds, and what a hostile text can make us allocate is bounded by
//! [`MAX_PARSE_BYTES`]. This module does not know what a spec is.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::read::{self, At};
use crate::error::Error;

/// The longest text that is read as a spec or a link, in bytes (1 MiB).
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// What reading one text may allocate at a time, in bytes (64 MiB), whatever the text says.
///
/// A value costs 32 bytes, a list of its own at least 128 more and an object some 700, so text of [`MAX_TEXT_BYTES`]
/// could otherwise ask for more than 90 MiB of tiny objects: hence [`MAX_OBJECTS`].
pub const MAX_PARSE_BYTES: usize = 64 << 20;

/// Objects in one text; a spec needs one, and one for each object among its fields and its sweep.
const MAX_OBJECTS: usize = 10_000;

/// Nesting; the deepest that a spec can need is a row of `start.weights` in a sweep's values, seven levels.
const MAX_DEPTH: usize = 16;

/// Reads one JSON object.
///
/// # Errors
/// [`Error::Json`] with line and column where the text is no JSON object, is too long or too deep; [`Error::Field`] for
/// a repeated field and for a number beyond every `f64`.
pub fn object(text: &str) -> Result<Map<String, Value>, Error> {
    match read_all(text, Reader::default())? {
        Value::Object(map) => Ok(map),
        other => Err(Error::Json(format!("expected a JSON object, got {}", read::shown(&other)))),
    }
}

/// Reads one JSON value, the value of a field.
///
/// # Errors
/// As [`object`].
pub fn value(text: &str, field: &str) -> Result<Value, Error> {
    read_all(text, Reader { path: RefCell::new(vec![Step::Key(field.to_owned())]), ..Reader::default() })
}

fn read_all(text: &str, reader: Reader) -> Result<Value, Error> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::Json(format!("a text of {} bytes, expected at most {MAX_TEXT_BYTES}", text.len())));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = (&reader).deserialize(&mut deserializer);
    value.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| reader.explain(text, &error))
}

enum Step {
    Key(String),
    Index(usize),
}

/// Builds a `Value` and remembers where it is, so that a failure has a path.
#[derive(Default)]
struct Reader {
    path: RefCell<Vec<Step>>,
    n_objects: Cell<usize>,
    failure: RefCell<Option<Error>>,
}

impl Reader {
    fn enter<E: serde::de::Error>(&self, step: Step) -> Result<(), E> {
        let mut path = self.path.borrow_mut();
        if path.len() == MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        path.push(step);
        Ok(())
    }

    fn leave(&self) {
        self.path.borrow_mut().pop();
    }

    /// Field and value where a plain syntax error would only tell line and column.
    fn explain(&self, text: &str, error: &serde_json::Error) -> Error {
        if let Some(failure) = self.failure.borrow_mut().take() {
            return failure;
        }
        let message = error.to_string();
        if message.starts_with("number out of range") && !self.path.borrow().is_empty() {
            return Error::Field {
                field: self.field(),
                value: number_at(text, error.line(), error.column()),
                allowed: "a finite number".into(),
            };
        }
        Error::Json(format!("not JSON: {}", read::escaped(&message)))
    }

    fn field(&self) -> String {
        fn join(path: &[Step], at: At) -> String {
            match path.split_first() {
                None => at.to_string(),
                Some((Step::Key(key), rest)) => join(rest, at.key(key)),
                Some((Step::Index(idx), rest)) => join(rest, at.index(*idx)),
            }
        }
        join(&self.path.borrow(), At::ROOT)
    }
}

/// The number around a position of the text, as it was written.
fn number_at(text: &str, line: usize, column: usize) -> String {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default().as_bytes();
    let part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let mut start = column.min(line.len());
    while start > 0 && !line.get(start).is_some_and(|&byte| part(byte)) {
        start -= 1;
    }
    while start > 0 && part(line[start - 1]) {
        start -= 1;
    }
    let number: String = line[start..].iter().take_while(|&&byte| part(byte)).map(|&byte| byte as char).collect();
    read::shortened(&number)
}

impl<'de> DeserializeSeed<'de> for &Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            self.enter(Step::Index(values.len()))?;
            let Some(value) = list.next_element_seed(self)? else { break };
            self.leave();
            values.push(value);
        }
        self.leave();
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        self.n_objects.set(self.n_objects.get() + 1);
        if self.n_objects.get() > MAX_OBJECTS {
            return Err(A::Error::custom(format!("more than {MAX_OBJECTS} objects")));
        }
        let mut map = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            self.enter(Step::Key(key.clone()))?;
            let value = object.next_value_seed(self)?;
            if map.contains_key(&key) {
                *self.failure.borrow_mut() = Some(Error::Field {
                    field: self.field(),
                    value: format!("a second value, {}", read::shown(&value)),
                    allowed: "the field once".into(),
                });
                return Err(A::Error::custom("repeated field"));
            }
            self.leave();
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
