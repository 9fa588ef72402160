//! The loss where at least two features are active, against the exact one and against closed forms.

use crate::models::{Draws, Model};
use superposition::spec::ModelKind;
use superposition::theory::{error_of_several, exact_loss, squared_error};

/// What samples with no active feature or one add to the error, summed over outputs.
fn error_of_few(model: &Model) -> f64 {
    let n = model.n;
    let none_but = |j: usize| (0..n).filter(|&i| i != j).map(|i| 1.0 - model.density[i]).product::<f64>();
    (0..n)
        .map(|i| {
            let b = model.b[i];
            let one = |j: usize| {
                let g: f64 = model.w.chunks_exact(n).map(|row| row[i] * row[j]).sum();
                model.density[j] * none_but(j) * squared_error(f64::from(u8::from(i == j)), g, b, true)
            };
            model.importance[i] * (none_but(n) * b.max(0.0).powi(2) + (0..n).map(one).sum::<f64>())
        })
        .sum()
}

fn several(model: &Model, known: f64, allowed: f64) -> (f64, f64) {
    error_of_several(&model.w, &model.b, &model.density, &model.importance, known, allowed)
}

#[test]
fn few_and_several_make_the_exact_loss() {
    let mut draws = Draws(21);
    for round in 0..20 {
        for n in 2..=6 {
            let mut model = Model::random(ModelKind::Relu, n, 1 + n / 2, &mut draws);
            if round % 4 == 1 {
                model.density.fill(1.0);
            } else if round % 4 == 2 {
                model.density[0] = 1.0;
                model.w.chunks_exact_mut(n).for_each(|row| row[n - 1] = 0.0);
            }
            let exact = n as f64 * exact_loss(ModelKind::Relu, &model.w, &model.b, &model.density, &model.importance);
            let known = error_of_few(&model);
            for allowed in [2e-3, 1e-4] {
                let (found, bound) = several(&model, known, allowed);
                let error = (known + found - exact).abs();
                assert!(bound <= allowed * exact * 1.01, "bound {bound:.1e} of {exact:.3e} for {allowed} at {model:?}");
                assert!(error <= bound + 1e-9 * exact, "error {error:.1e}, bound {bound:.1e} at {model:?}");
            }
        }
    }
}

/// Two features that are both active are as likely as their densities' product, however small.
#[test]
fn tiny_densities_lose_no_digits() {
    let mut draws = Draws(22);
    for density in [1e-3, 1e-9, 1e-40] {
        let mut model = Model::random(ModelKind::Relu, 2, 1, &mut draws);
        let both = 2.0 * exact_loss(ModelKind::Relu, &model.w, &model.b, &[1.0; 2], &model.importance);
        model.density.fill(density);
        let (found, _) = several(&model, 0.0, 1e-9);
        let ratio = found / (density * density * both);
        assert!((ratio - 1.0).abs() < 1e-7, "ratio {ratio} at density {density}");
    }
}

/// A model without weights and biases answers 0, and the error is what the inputs are.
#[test]
fn zeros_have_the_error_of_their_inputs() {
    let n = 9;
    let (found, _) = error_of_several(&[0.0; 18], &[0.0; 9], &[0.5; 9], &[1.0; 9], 0.0, 1e-9);
    let expected = n as f64 * 0.5 / 3.0 * (1.0 - 0.5_f64.powi(n - 1));
    assert!((found / expected - 1.0).abs() < 1e-12, "{found}, expected {expected}");
}
