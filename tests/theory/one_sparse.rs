//! The 1-sparse loss: its two terms add up, and are those of the paper.

use crate::models::{Draws, Model};
use crate::oracle::integrate;
use superposition::spec::ModelKind;
use superposition::theory::{one_sparse_loss, one_sparse_total};

#[test]
fn the_two_terms_add_up_to_the_whole_to_1e_12() {
    let mut draws = Draws(41);
    let mut worst = 0.0_f64;
    for kind in [ModelKind::Linear, ModelKind::Relu] {
        for n in [1, 2, 5, 20, 80] {
            for _ in 0..20 {
                let m = 1 + draws.below(n);
                let model = Model::random(kind, n, m, &mut draws);
                let split = one_sparse_loss(kind, &model.w, &model.b, &model.importance);
                let whole = one_sparse_total(kind, &model.w, &model.b, &model.importance);
                let error = (split.total() / whole - 1.0).abs();
                assert!(error < 1e-12, "relative error {error:.1e} of {whole} at n={n}, m={m}, {kind:?}");
                worst = worst.max(error);
            }
        }
    }
    println!("largest relative error {worst:.1e}");
}

#[test]
fn every_term_is_its_integral() {
    let mut draws = Draws(42);
    for round in 0..30 {
        let model = Model::random(ModelKind::Relu, 4, 1 + round % 3, &mut draws);
        let split = one_sparse_loss(ModelKind::Relu, &model.w, &model.b, &model.importance);
        let gram = model.gram();
        for i in 0..4 {
            let term = |k: usize| {
                let error = |x: f64| {
                    let target = if k == i { x } else { 0.0 };
                    (target - (gram[i * 4 + k] * x + model.b[i]).max(0.0)).powi(2)
                };
                model.importance[i] / 16.0 * integrate(&error, 0.0, 1.0, 30)
            };
            assert!((split.feature_benefit[i] - term(i)).abs() < 1e-10);
            let others: f64 = (0..4).filter(|k| *k != i).map(term).sum();
            assert!((split.interference[i] - others).abs() < 1e-10);
        }
    }
}

#[test]
fn it_is_the_slope_of_the_exact_loss_at_density_0() {
    // With b ≤ 0 an empty input costs nothing; at small p, n p inputs have one active feature, each with 1/n of L_1.
    let mut draws = Draws(43);
    for _ in 0..20 {
        let mut model = Model::random(ModelKind::Relu, 5, 2, &mut draws);
        model.b.iter_mut().for_each(|b| *b = -b.abs());
        let p = 1e-7;
        model.density = vec![p; 5];
        let slope = model.exact().loss / (5.0 * p);
        let one = one_sparse_loss(ModelKind::Relu, &model.w, &model.b, &model.importance).total();
        assert!((slope / one - 1.0).abs() < 1e-5, "{slope} against {one}");
    }
}

#[test]
fn the_linear_terms_without_a_bias_are_the_paper_s() {
    // `∫ x² = 1/3` of `(1 − ‖W_i‖²)²` and of `(W_i · W_k)²`.
    let model = Model::random(ModelKind::Linear, 6, 3, &mut Draws(44));
    let split = one_sparse_loss(ModelKind::Linear, &model.w, &[0.0; 6], &model.importance);
    let gram = model.gram();
    for i in 0..6 {
        let scale = model.importance[i] / 3.0 / 36.0;
        assert!((split.feature_benefit[i] - scale * (1.0 - gram[i * 7]).powi(2)).abs() < 1e-15);
        let others: f64 = (0..6).filter(|k| *k != i).map(|k| gram[i * 6 + k].powi(2)).sum();
        assert!((split.interference[i] - scale * others).abs() < 1e-15);
    }
}
