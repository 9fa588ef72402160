//! Links: a figure, the changed fields of its spec, and what its embed shows, in one string.
//!
//! `#v=1&figure=perturb&spec=<percent-encoded JSON>&show=a,b&hide=c`. The same string is a hash of the page, the query
//! of an iframe, the `spec` attribute of `<superposition-figure>` and an argument on the command line (DESIGN.md
//! section 4). A link that was published decodes for ever: what version 1 means does not change, and anything it does
//! not say comes from the figure's preset. Text from a link is only ever data: names are checked against a plain
//! alphabet.

use serde::Serialize;
use serde_json::{Map, Value};

use super::read::shortened;
use super::{Draft, MAX_TEXT_BYTES, PRESET_IDS, json, json_text, preset};
use crate::error::Error;

/// The longest link, in bytes.
pub const MAX_LINK_BYTES: usize = MAX_TEXT_BYTES;

/// The most names in `show` or in `hide`.
const MAX_NAMES: usize = 64;

/// A decoded link.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Link {
    /// The figure, one of [`PRESET_IDS`]; without one the spec stands for itself.
    pub figure: Option<String>,
    /// The fields that differ from the figure's preset, not yet checked as a spec.
    pub spec: Map<String, Value>,
    /// Parts of an embed to show.
    pub show: Vec<String>,
    /// Parts of an embed to hide.
    pub hide: Vec<String>,
}

impl Link {
    /// Reads a link: with or without its `#` or `?`, or the whole address that it is part of.
    ///
    /// `Ok(None)` for a text without `v=`, which is an ordinary anchor or address. A `+` is a plus, as
    /// `encodeURIComponent` has it, and not a space.
    ///
    /// # Errors
    /// [`Error::Link`] for another version, an unknown or repeated key, a malformed escape or name, an unknown figure
    /// or a spec that is no JSON object; [`Error::Field`] for a spec that repeats a field or has an infinite number.
    pub fn decode(text: &str) -> Result<Option<Self>, Error> {
        let text = text.trim();
        let Some(parameters) = candidates(text).into_iter().flatten().find(|part| has_version(part)) else {
            return Ok(None);
        };
        if parameters.len() > MAX_LINK_BYTES {
            return Err(Error::Link(format!(
                "a link of {} bytes, expected at most {MAX_LINK_BYTES}",
                parameters.len()
            )));
        }
        let mut link = Link::default();
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in pairs(parameters) {
            if seen.contains(&key) {
                return refuse(key, "a second value", "the key once");
            }
            let value = percent_decode(key, value)?;
            match key {
                "v" if value == "1" => {}
                "v" => return refuse(key, &value, "1, the only version there is"),
                "figure" if PRESET_IDS.contains(&value.as_str()) => link.figure = Some(value),
                "figure" => return refuse(key, &value, &format!("one of {}", PRESET_IDS.join(", "))),
                "spec" => {
                    link.spec = json::object(&value).map_err(|error| match error {
                        Error::Json(message) => Error::Link(format!("spec: {message}")),
                        other => other,
                    })?;
                }
                "show" => link.show = names(key, &value)?,
                "hide" => link.hide = names(key, &value)?,
                _ => return refuse(key, &value, "one of the keys v, figure, spec, show, hide"),
            }
            seen.push(key);
        }
        Ok(Some(link))
    }

    /// Writes the link with its leading `#`; decoding gives this link again.
    ///
    /// # Errors
    /// [`Error::Link`] for an unknown figure, a malformed name or more than [`MAX_LINK_BYTES`].
    pub fn encode(&self) -> Result<String, Error> {
        let mut text = String::from("#v=1");
        if let Some(figure) = &self.figure {
            text += "&figure=";
            percent_encode(figure, &mut text);
        }
        if !self.spec.is_empty() {
            text += "&spec=";
            percent_encode(&json_text(&self.spec), &mut text);
        }
        for (key, list) in [("show", &self.show), ("hide", &self.hide)] {
            if !list.is_empty() {
                text += &format!("&{key}={}", list.join(","));
            }
        }
        match Link::decode(&text)? {
            Some(link) if link == *self => Ok(text),
            _ => Err(Error::Link("show, hide: expected names without commas or signs".into())),
        }
    }

    /// The fields that the link stands for: its own over those of its figure's preset, null removing one.
    ///
    /// # Errors
    /// None for a preset of this crate.
    pub fn draft(self) -> Result<Draft, Error> {
        match self.figure.as_deref().and_then(preset) {
            Some(preset) => Ok(Draft::from_json(preset)?.overlay(self.spec)),
            None => Ok(Draft::default().overlay(self.spec)),
        }
    }

    /// [`Link::decode`] where an ordinary anchor will not do.
    pub(super) fn decode_required(text: &str) -> Result<Self, Error> {
        match Link::decode(text)? {
            Some(link) => Ok(link),
            None => refuse("link", text, "v=1 in it, such as #v=1&figure=intro"),
        }
    }
}

/// Where the parameters may be: the hash, else the query, else the whole.
fn candidates(text: &str) -> [Option<&str>; 3] {
    let (before, hash) = match text.split_once('#') {
        Some((before, hash)) => (before, Some(hash)),
        None => (text, None),
    };
    let query = before.split_once('?').map(|(_, query)| query);
    [hash, query, (query.is_none() && hash.is_none()).then_some(text)]
}

fn pairs(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    parameters.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn has_version(parameters: &str) -> bool {
    parameters.split('&').any(|pair| pair.starts_with("v="))
}

fn refuse<T>(key: &str, value: &str, allowed: &str) -> Result<T, Error> {
    Err(Error::Link(format!("{}: got {}, expected {allowed}", shortened(key), shortened(value))))
}

fn names(key: &str, text: &str) -> Result<Vec<String>, Error> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<&str> = text.split(',').take(MAX_NAMES + 1).collect();
    if list.len() > MAX_NAMES {
        return refuse(key, text, &format!("at most {MAX_NAMES} names"));
    }
    let plain = |name: &&str| {
        !name.is_empty()
            && name.len() <= 40
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match list.iter().find(|name| !plain(name)) {
        Some(name) => refuse(key, name, "names of small letters, digits and hyphens, with commas between them"),
        None => Ok(list.into_iter().map(str::to_owned).collect()),
    }
}

fn percent_decode(key: &str, text: &str) -> Result<String, Error> {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (bytes, mut decoded, mut idx) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(idx) {
        if byte != b'%' {
            decoded.push(byte);
            idx += 1;
            continue;
        }
        match (digit(bytes.get(idx + 1)), digit(bytes.get(idx + 2))) {
            (Some(high), Some(low)) => decoded.push((16 * high + low) as u8),
            _ => {
                let rest = String::from_utf8_lossy(&bytes[idx..bytes.len().min(idx + 3)]).into_owned();
                return refuse(key, &rest, "two hexadecimal digits after a percent sign");
            }
        }
        idx += 3;
    }
    String::from_utf8(decoded).or_else(|_| refuse(key, text, "percent-encoded UTF-8"))
}

/// Encodes as `encodeURIComponent` does, and `'()!*~` too, which chat programs like to end a link at.
fn percent_encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}
