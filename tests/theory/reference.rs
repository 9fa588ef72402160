//! Against the numbers of an independent implementation, tests/reference/theory.json (which sums over features).

use crate::models::{Model, largest_difference};
use serde_json::Value;
use superposition::spec::ModelKind;

/// The reference file.
pub fn theory_json() -> Value {
    serde_json::from_str(include_str!("../reference/theory.json")).expect("the reference is valid JSON")
}

/// A list of numbers, or a list of rows of them, flattened.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().expect("a number")],
    }
}

#[test]
fn losses_and_gradients_agree_with_the_reference_to_1e_9() {
    let json = theory_json();
    let cases = json["exact_loss_and_gradient"]["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 5);
    for case in cases {
        let n = case["n"].as_u64().expect("n") as usize;
        let model = Model {
            kind: ModelKind::Relu,
            n,
            m: case["m"].as_u64().expect("m") as usize,
            w: numbers(&case["W"]),
            b: numbers(&case["b"]),
            density: numbers(&case["p"]),
            importance: numbers(&case["I"]),
        };
        let exact = model.exact();
        let per_feature = |sum: Vec<f64>| sum.iter().map(|x| x / n as f64).collect::<Vec<_>>();
        let loss_error = (exact.loss - case["loss_mean_over_features"].as_f64().expect("loss")).abs();
        let dw_error = largest_difference(&exact.dw, &per_feature(numbers(&case["dW_sum"])));
        let db_error = largest_difference(&exact.db, &per_feature(numbers(&case["db_sum"])));
        println!("n={n} m={}: error of loss {loss_error:.1e}, dW {dw_error:.1e}, db {db_error:.1e}", model.m);
        assert!(loss_error < 1e-9 && dw_error < 1e-9 && db_error < 1e-9, "bound 1e-9 at {model:?}");
    }
}

#[test]
fn losses_without_bias_agree_with_the_reference_closed_form_to_1e_9() {
    let json = theory_json();
    let cases = json["exact_loss_b0_n2_m1"]["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 7);
    for case in cases {
        let number = |key: &str| case[key].as_f64().expect("a number");
        let model = Model {
            kind: ModelKind::Relu,
            n: 2,
            m: 1,
            w: vec![number("w1"), number("w2")],
            b: vec![0.0; 2],
            density: vec![number("p"); 2],
            importance: vec![1.0, number("I2")],
        };
        let error = (2.0 * model.exact().loss - number("closed")).abs();
        assert!(error < 1e-9, "error {error:.1e}, bound 1e-9 at {model:?}");
    }
}
