//! Of `spec`, what the loops know.

#[path = "../spec/kinds.rs"]
mod kinds;

pub use kinds::*;
