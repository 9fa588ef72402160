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

/// What the article says of rare features, equally important ones: a loss per feature, over the density (index.html, "Why pentagons?").
#[test]
fn a_pentagon_costs_what_the_article_says() {
    let cost = |w: &[f64], b: f64| 5.0 * one_sparse_total(ModelKind::Relu, w, &[b; 5], &[1.0; 5]);
    let pentagon = |length: f64| -> Vec<f64> {
        let angle = |i: usize| std::f64::consts::TAU * i as f64 / 5.0;
        (0..5).map(|i| length * angle(i).cos()).chain((0..5).map(|i| length * angle(i).sin())).collect()
    };
    let pairs = [1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0];
    assert!((cost(&pairs, 0.0) - 1.0 / 15.0).abs() < 1e-12);
    assert!((cost(&pentagon(1.0), 0.0) - 0.064).abs() < 5e-4);
    // The best length and bias, among some near them.
    let (mut least, mut at) = (f64::INFINITY, (0.0, 0.0));
    for (square, b) in
        (110..160).flat_map(|square| (-40..-10).map(move |b| (f64::from(square) / 100.0, f64::from(b) / 100.0)))
    {
        let cost = cost(&pentagon(square.sqrt()), b);
        if cost < least {
            (least, at) = (cost, (square, b));
        }
    }
    assert!((least - 0.016).abs() < 5e-4, "{least}");
    assert_eq!(at, (1.37, -0.28));
}
