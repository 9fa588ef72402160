//! One variant per cause a user can meet; each prints as one line without a final period.

use std::fmt;

/// What the core says when it refuses something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The text is not JSON, or not a JSON object; the message gives line and column.
    Json(String),
    /// A field of the spec is unknown, repeated, of the wrong type or out of range.
    Field {
        /// Path of the field, such as `density[3]` or `sweep[0].from`.
        field: String,
        /// The value as it was given, shortened where it is long.
        value: String,
        /// What is allowed there.
        allowed: String,
    },
    /// The spec asks for more memory than the limit.
    TooLarge(String),
    /// A link or hash that cannot be decoded.
    Link(String),
    /// Saved bytes that cannot be restored.
    Snapshot(String),
    /// A SIMD level that this processor or build does not have.
    Level(String),
    /// Somebody asked the work to stop before it was done.
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Field { field, value, allowed } => write!(f, "{field}: got {value}, expected {allowed}"),
            Error::Interrupted => f.write_str("interrupted before the work was done"),
            Error::Json(message)
            | Error::TooLarge(message)
            | Error::Link(message)
            | Error::Snapshot(message)
            | Error::Level(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}
