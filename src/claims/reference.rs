//! The reference values that claims are held to: made by an independent implementation (tests/reference/README.md).

use std::sync::LazyLock;

use serde_json::Value;

/// Medians and best runs of trained models, and exact local minima.
pub(super) fn training() -> &'static Value {
    static TRAINING: LazyLock<Value> = LazyLock::new(|| parsed(include_str!("../../tests/reference/training.json")));
    &TRAINING
}

/// Phases, losses and minima of the theory; losses are sums over the features.
pub(super) fn theory() -> &'static Value {
    static THEORY: LazyLock<Value> = LazyLock::new(|| parsed(include_str!("../../tests/reference/theory.json")));
    &THEORY
}

/// Dimensionalities of solids, from coordinates.
pub(super) fn polytopes() -> &'static Value {
    static POLYTOPES: LazyLock<Value> = LazyLock::new(|| parsed(include_str!("../../tests/reference/polytopes.json")));
    &POLYTOPES
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the reference is JSON")
}

/// A list of the reference.
///
/// # Panics
/// If it is none.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list of the reference")
}

/// A number of the reference.
///
/// # Panics
/// If it is none.
pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number of the reference")
}

/// A word of the reference.
///
/// # Panics
/// If it is none.
pub(super) fn word(value: &Value) -> &str {
    value.as_str().expect("a word of the reference")
}
