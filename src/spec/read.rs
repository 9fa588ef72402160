//! Single JSON values into numbers, names and lists, each with its one-line message.
//!
//! Every message names the field's path, the value and what is allowed, whatever the input holds: values are shortened
//! to [`MAX_SHOWN`] characters and nothing that could break a line or turn its direction passes unescaped.

use std::fmt::{self, Write as _};
use std::io;

use serde_json::{Map, Value};

use crate::error::Error;

/// Characters of a value or a key that a message shows.
pub const MAX_SHOWN: usize = 60;

/// The path of a value, such as `sweep[0].values[3]`; costs nothing until it is printed.
#[derive(Clone, Copy)]
pub struct At<'a>(Option<Node<'a>>);

#[derive(Clone, Copy)]
enum Node<'a> {
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    /// The spec itself.
    pub const ROOT: At<'static> = At(None);

    /// A field of the object here.
    pub fn key<'a>(&'a self, key: &'a str) -> At<'a> {
        At(Some(Node::Key(self, key)))
    }

    /// An entry of the list here.
    pub fn index(&self, idx: usize) -> At<'_> {
        At(Some(Node::Index(self, idx)))
    }

    /// The refusal of a value here.
    pub fn refuse(&self, value: &Value, allowed: impl Into<String>) -> Error {
        self.refuse_text(shown(value), allowed)
    }

    /// The refusal of something here that is described in words.
    pub fn refuse_text(&self, value: impl Into<String>, allowed: impl Into<String>) -> Error {
        Error::Field { field: self.to_string(), value: value.into(), allowed: allowed.into() }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(Node::Key(At(None), key)) => f.write_str(&shortened(key)),
            Some(Node::Key(parent, key)) => write!(f, "{parent}.{}", shortened(key)),
            Some(Node::Index(parent, idx)) => write!(f, "{parent}[{idx}]"),
        }
    }
}

/// A value as messages show it: compact JSON, shortened, one line.
pub fn shown(value: &Value) -> String {
    /// Stops the serializer as soon as enough was written, so that a long value costs no long text.
    struct Enough(Vec<u8>);
    impl io::Write for Enough {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() > 4 * MAX_SHOWN {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.0.extend_from_slice(&bytes[..bytes.len().min(8 * MAX_SHOWN)]);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut text = Enough(Vec::new());
    // An error only says that there is enough.
    let _ = serde_json::to_writer(&mut text, value);
    shortened(&String::from_utf8_lossy(&text.0))
}

/// At most [`MAX_SHOWN`] characters of a text, escaped.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => escaped(text),
        Some(_) => {
            let head: String = text.chars().take(MAX_SHOWN - 1).collect();
            escaped(&head) + "…"
        }
    }
}

/// A text without characters that break a line, move the cursor or turn the writing direction.
pub fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || hidden {
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line
}

/// A number as JSON, whole ones without a fraction.
pub fn json_number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { Value::from(value as i64) } else { Value::from(value) }
}

/// Numbers as a JSON list.
pub fn json_numbers(values: &[f64]) -> Value {
    values.iter().copied().map(json_number).collect()
}

/// An integer in `low..=high`; `5.0` and `1e4` count as integers.
pub fn integer(value: &Value, at: At, low: u64, high: u64) -> Result<u64, Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        (float.fract() == 0.0 && (0.0..EXACT).contains(&float)).then_some(float as u64)
    });
    match whole {
        Some(whole) if (low..=high).contains(&whole) => Ok(whole),
        _ => Err(at.refuse(value, format!("an integer from {low} to {high}"))),
    }
}

/// [`integer`] for counts and indices.
pub fn count(value: &Value, at: At, low: usize, high: usize) -> Result<usize, Error> {
    // Every bound in a spec is below 2³², so the value fits a `usize` on wasm32 too.
    integer(value, at, low as u64, high as u64).map(|whole| whole as usize)
}

/// A range of numbers and how messages call it.
pub struct Numbers {
    /// What messages say.
    pub name: &'static str,
    /// Which numbers are in it.
    pub holds: fn(f64) -> bool,
}

/// Any finite number.
pub const FINITE: Numbers = Numbers { name: "a finite number", holds: |_| true };
/// Numbers > 0.
pub const POSITIVE: Numbers = Numbers { name: "a number above 0", holds: |v| v > 0.0 };
/// Numbers ≥ 0.
pub const NOT_NEGATIVE: Numbers = Numbers { name: "a number of at least 0", holds: |v| v >= 0.0 };
/// Numbers in (0, 1].
pub const PROBABILITY: Numbers = Numbers { name: "a number above 0 and at most 1", holds: |v| v > 0.0 && v <= 1.0 };
/// Numbers in [0, 1).
pub const BELOW_ONE: Numbers = Numbers { name: "a number from 0 to below 1", holds: |v| (0.0..1.0).contains(&v) };
/// Numbers in (0, 1).
pub const FRACTION: Numbers = Numbers { name: "a number above 0 and below 1", holds: |v| v > 0.0 && v < 1.0 };

/// A number of a range; −0 becomes 0.
pub fn number(value: &Value, at: At, range: &Numbers) -> Result<f64, Error> {
    match value.as_f64() {
        Some(float) if float.is_finite() && (range.holds)(float) => Ok(float + 0.0),
        _ => Err(at.refuse(value, range.name)),
    }
}

/// A list of numbers of a range, at most `longest`.
pub fn numbers(list: &[Value], at: At, range: &Numbers, longest: usize) -> Result<Vec<f64>, Error> {
    if list.len() > longest {
        return Err(at.refuse_text(format!("a list of {}", list.len()), format!("at most {longest} numbers")));
    }
    list.iter().enumerate().map(|(idx, value)| number(value, at.index(idx), range)).collect()
}

/// A list.
pub fn list<'a>(value: &'a Value, at: At, allowed: &str) -> Result<&'a [Value], Error> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| at.refuse(value, allowed))
}

/// One of several names.
pub fn choice<T: Copy>(value: &Value, at: At, choices: &[(&str, T)]) -> Result<T, Error> {
    let named = value.as_str().and_then(|given| choices.iter().find(|(name, _)| *name == given));
    match named {
        Some((_, choice)) => Ok(*choice),
        None => Err(at.refuse(value, names(choices))),
    }
}

/// How messages list names: `"a", "b" or "c"`.
pub fn names<T>(choices: &[(&str, T)]) -> String {
    let mut text = String::new();
    for (idx, (name, _)) in choices.iter().enumerate() {
        let gap = match idx {
            0 => "",
            _ if idx + 1 == choices.len() => " or ",
            _ => ", ",
        };
        let _ = write!(text, "{gap}\"{name}\"");
    }
    text
}

/// True or false.
pub fn boolean(value: &Value, at: At) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| at.refuse(value, "true or false"))
}

/// An object with no other keys than these.
pub fn object<'a>(value: &'a Value, at: At, keys: &[&str]) -> Result<&'a Map<String, Value>, Error> {
    let Some(map) = value.as_object() else {
        return Err(at.refuse(value, format!("an object with {}", keys.join(", "))));
    };
    known_keys(map, at, keys)?;
    Ok(map)
}

/// Refuses the first key that is not among these, with the nearest one if there is a near one.
pub fn known_keys(map: &Map<String, Value>, at: At, keys: &[&str]) -> Result<(), Error> {
    let Some((key, value)) = map.iter().find(|(key, _)| !keys.contains(&key.as_str())) else { return Ok(()) };
    let near = keys.iter().map(|known| (distance(key, known), known)).min().filter(|(distance, _)| *distance <= 2);
    let allowed = match near {
        Some((_, known)) => format!("a known field such as {known}"),
        None => format!("one of the fields {}", keys.join(", ")),
    };
    Err(at.key(key).refuse(value, allowed))
}

/// Edits between two names, at most some more than 2: longer keys are not compared.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > b.len() + 8 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
