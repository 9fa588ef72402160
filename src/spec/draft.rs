//! A spec in the making: fields from a file, a link or the command line, before they are checked together.

use std::fmt;

use serde_json::{Map, Value};

use super::link::Link;
use super::{ExperimentSpec, json, validate};
use crate::error::Error;

/// JSON fields that were read strictly (no repeated field, no infinite number, bounded), not yet checked as a spec.
///
/// Prints as a JSON object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft(Map<String, Value>);

impl Draft {
    /// The fields of a JSON object.
    ///
    /// # Errors
    /// [`Error::Json`], or [`Error::Field`] for a repeated field or an infinite number.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        json::object(text).map(Self)
    }

    /// The fields of a link over those of its figure's preset.
    ///
    /// # Errors
    /// As [`Link::decode`], and [`Error::Link`] for a text that is no link.
    pub fn from_link(text: &str) -> Result<Self, Error> {
        Link::decode_required(text)?.draft()
    }

    /// Lays changed fields over these: each replaces one as a whole, null removes one.
    pub fn overlay(self, patch: impl Into<Map<String, Value>>) -> Self {
        self.laid_over(patch.into())
    }

    fn laid_over(self, patch: Map<String, Value>) -> Self {
        let mut fields = Map::new();
        for (name, value) in self.0.into_iter().filter(|(name, _)| !patch.contains_key(name)) {
            fields.insert(name, value);
        }
        for (name, value) in patch.into_iter().filter(|(_, value)| !value.is_null()) {
            fields.insert(name, value);
        }
        Self(fields)
    }

    /// Lays one field over these, its value a JSON text.
    ///
    /// # Errors
    /// As [`Draft::from_json`].
    pub fn set(self, name: &str, value: &str) -> Result<Self, Error> {
        let value = json::value(value, name)?;
        let mut patch = Map::new();
        patch.insert(name.to_owned(), value);
        Ok(self.overlay(patch))
    }

    /// The spec that these fields make.
    ///
    /// # Errors
    /// As [`ExperimentSpec::from_json`].
    pub fn check(self) -> Result<ExperimentSpec, Error> {
        validate::from_map(self.0)
    }
}

impl From<Map<String, Value>> for Draft {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl From<Draft> for Map<String, Value> {
    fn from(draft: Draft) -> Self {
        draft.0
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The same text as `Value`'s, without a copy of the fields.
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}
