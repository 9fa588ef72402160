//! The gradient against f64 central differences of the loss.

use crate::models::{Draws, Model};
use superposition::spec::ModelKind;
use superposition::theory::exact_loss;

/// Step of the differences: truncation and rounding are both near 1e-10 here.
const H: f64 = 1e-5;

/// Tells whether some vertex of some output's cube lies within 10 H of its kink: a higher derivative jumps there.
fn near_a_kink(model: &Model) -> bool {
    let (n, gram) = (model.n, model.gram());
    (0..n).any(|i| {
        (0_usize..1 << n).any(|set| {
            let z = (0..n).filter(|j| set >> j & 1 == 1).fold(model.b[i], |z, j| z + gram[i * n + j]);
            z.abs() < 10.0 * H
        })
    })
}

/// The largest error of the gradient, relative to its largest entry (or to 1e-3).
fn relative_error(model: &Model) -> f64 {
    let exact = model.exact();
    let loss = |w: &[f64], b: &[f64]| exact_loss(model.kind, w, b, &model.density, &model.importance);
    // A model whose outputs are silent has no gradient: the floor keeps the rounding of the differences out.
    let scale = exact.dw.iter().chain(&exact.db).fold(1e-3_f64, |a, d| a.max(d.abs()));
    let mut worst = 0.0_f64;
    let (mut w, mut b) = (model.w.clone(), model.b.clone());
    for at in 0..w.len() + b.len() {
        let parameter = |w: &mut Vec<f64>, b: &mut Vec<f64>, to: f64| match at.checked_sub(w.len()) {
            None => w[at] += to,
            Some(i) => b[i] += to,
        };
        parameter(&mut w, &mut b, H);
        let up = loss(&w, &b);
        parameter(&mut w, &mut b, -2.0 * H);
        let down = loss(&w, &b);
        w.copy_from_slice(&model.w);
        b.copy_from_slice(&model.b);
        let analytic = if at < w.len() { exact.dw[at] } else { exact.db[at - w.len()] };
        let error = ((up - down) / (2.0 * H) - analytic).abs() / scale;
        assert!(!error.is_nan(), "not a number at parameter {at} of {model:?}");
        worst = worst.max(error);
    }
    worst
}

#[test]
fn gradients_agree_with_central_differences_to_a_relative_1e_6() {
    let mut draws = Draws(3);
    let (mut worst, mut checked, mut excluded) = (0.0_f64, 0, 0);
    for kind in [ModelKind::Linear, ModelKind::Relu] {
        for n in 1..=6 {
            for round in 0..40 {
                let m = 1 + draws.below(n);
                let mut model = Model::random(kind, n, m, &mut draws);
                if round % 20 == 0 {
                    // A kink on purpose: these are to be excluded.
                    model.b[0] = -model.gram()[n - 1] + 5.0 * H;
                }
                if kind == ModelKind::Relu && near_a_kink(&model) {
                    excluded += 1;
                    continue;
                }
                checked += 1;
                let error = relative_error(&model);
                assert!(error < 1e-6, "relative error {error:.1e}, bound 1e-6 at {model:?}");
                worst = worst.max(error);
            }
        }
    }
    println!(
        "{checked} models checked, {excluded} nearer than 10 h to a kink excluded, largest relative error {worst:.1e}"
    );
    assert!(excluded >= 12 && checked > 10 * excluded, "{excluded} of {} models excluded", checked + excluded);
}

#[test]
fn gradients_of_a_large_linear_model_agree_with_central_differences() {
    let error = relative_error(&Model::random(ModelKind::Linear, 20, 5, &mut Draws(4)));
    assert!(error < 1e-6, "relative error {error:.1e}, bound 1e-6");
}
