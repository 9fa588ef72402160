//! The exact loss with sets of features: against sampling, against the other model, and its gradient.

use crate::models::{Draws, Model};
use superposition::spec::ModelKind;
use superposition::theory::{SetsScratch, exact_loss, exact_loss_and_gradient_with_sets_into, exact_loss_with_sets};

/// Correlated and anticorrelated sets.
type Sets = (Vec<Vec<usize>>, Vec<Vec<usize>>);

/// Sets to try, by the number of features.
fn sets_of(n: usize) -> Vec<Sets> {
    match n {
        2 => vec![(vec![vec![0, 1]], vec![]), (vec![], vec![vec![1, 0]])],
        4 => vec![
            (vec![vec![0, 2], vec![1, 3]], vec![]),
            (vec![], vec![vec![0, 2, 3]]),
            (vec![vec![3, 1]], vec![vec![0, 2]]),
        ],
        6 => vec![
            (vec![vec![0, 1], vec![2, 3], vec![4, 5]], vec![]),
            (vec![vec![0, 1, 2], vec![3, 4, 5]], vec![]),
            (vec![], vec![vec![0, 1], vec![2, 3], vec![4, 5]]),
            (vec![vec![5, 1]], vec![vec![0, 2, 4]]),
        ],
        _ => unreachable!("no sets of {n} features are tried"),
    }
}

/// A random model whose sets have one density each.
fn random(kind: ModelKind, n: usize, sets: &Sets, draws: &mut Draws) -> Model {
    let m = 1 + draws.below(n);
    let mut model = Model::random(kind, n, m, draws);
    for set in sets.0.iter().chain(&sets.1) {
        for &i in set {
            model.density[i] = model.density[set[0]];
        }
    }
    model
}

fn loss_of(model: &Model, w: &[f64], b: &[f64], sets: &Sets) -> f64 {
    exact_loss_with_sets(model.kind, w, b, &model.density, &sets.0, &sets.1, &model.importance)
}

/// One draw of all features.
fn sample(model: &Model, sets: &Sets, draws: &mut Draws) -> Vec<f64> {
    let mut x: Vec<f64> = model.density.iter().map(|p| f64::from(u8::from(draws.unit() < *p))).collect();
    for set in &sets.0 {
        let is_active = draws.unit() < model.density[set[0]];
        set.iter().for_each(|&i| x[i] = f64::from(u8::from(is_active)));
    }
    for set in &sets.1 {
        let is_active = draws.unit() < model.density[set[0]];
        let chosen = set[draws.below(set.len())];
        set.iter().for_each(|&i| x[i] = f64::from(u8::from(is_active && i == chosen)));
    }
    x.iter().map(|mask| mask * draws.unit()).collect()
}

/// The loss of one sample.
fn loss_of_sample(model: &Model, gram: &[f64], x: &[f64]) -> f64 {
    let n = model.n;
    let error = |i: usize| {
        let z = (0..n).fold(model.b[i], |z, j| z + gram[i * n + j] * x[j]);
        let output = if model.kind == ModelKind::Relu { z.max(0.0) } else { z };
        model.importance[i] * (x[i] - output).powi(2)
    };
    (0..n).map(error).sum::<f64>() / n as f64
}

#[test]
fn losses_agree_with_sampling() {
    // 18 comparisons at 5 standard errors: a false alarm in about 100 000 changes of the seed.
    const SAMPLES: usize = 200_000;
    let mut draws = Draws(21);
    for kind in [ModelKind::Relu, ModelKind::Linear] {
        for n in [2, 4, 6] {
            for sets in sets_of(n) {
                let model = random(kind, n, &sets, &mut draws);
                let gram = model.gram();
                let (mut sum, mut squares) = (0.0, 0.0);
                for _ in 0..SAMPLES {
                    let loss = loss_of_sample(&model, &gram, &sample(&model, &sets, &mut draws));
                    sum += loss;
                    squares += loss * loss;
                }
                let mean = sum / SAMPLES as f64;
                let error = ((squares / SAMPLES as f64 - mean * mean) / SAMPLES as f64).sqrt();
                let exact = loss_of(&model, &model.w, &model.b, &sets);
                let deviation = (exact - mean).abs() / error;
                assert!(deviation < 5.0, "{kind:?} {sets:?}: exact {exact}, sampled {mean} ± {error}");
            }
        }
    }
}

#[test]
fn an_output_that_is_never_clipped_is_the_linear_one() {
    // One is a mixture of closed forms, the other a matter of two moments.
    let mut draws = Draws(22);
    for n in [2, 4, 6] {
        for sets in sets_of(n) {
            for _ in 0..20 {
                let mut model = random(ModelKind::Linear, n, &sets, &mut draws);
                model.b.iter_mut().for_each(|b| *b += 10.0);
                let linear = loss_of(&model, &model.w, &model.b, &sets);
                model.kind = ModelKind::Relu;
                let error = (loss_of(&model, &model.w, &model.b, &sets) / linear - 1.0).abs();
                assert!(error < 1e-13, "relative error {error:.1e} at {model:?}, {sets:?}");
            }
        }
    }
}

#[test]
fn gradients_agree_with_central_differences_to_a_relative_1e_6() {
    const H: f64 = 1e-5;
    let mut draws = Draws(23);
    let mut scratch = SetsScratch::default();
    let mut worst = 0.0_f64;
    for kind in [ModelKind::Relu, ModelKind::Linear] {
        for n in [2, 4, 6] {
            for sets in sets_of(n) {
                for _ in 0..10 {
                    let model = random(kind, n, &sets, &mut draws);
                    let (mut dw, mut db) = (vec![f64::NAN; model.w.len()], vec![f64::NAN; n]);
                    let loss = exact_loss_and_gradient_with_sets_into(
                        kind,
                        &model.w,
                        &model.b,
                        &model.density,
                        &sets.0,
                        &sets.1,
                        &model.importance,
                        &mut dw,
                        &mut db,
                        &mut scratch,
                    );
                    assert_eq!(loss, loss_of(&model, &model.w, &model.b, &sets));
                    let gradient = [dw, db].concat();
                    let scale = gradient.iter().fold(1e-3_f64, |a, d| a.max(d.abs()));
                    for (at, analytic) in gradient.iter().enumerate() {
                        let moved = |by: f64| {
                            let (mut w, mut b) = (model.w.clone(), model.b.clone());
                            match at.checked_sub(w.len()) {
                                None => w[at] += by,
                                Some(i) => b[i] += by,
                            }
                            loss_of(&model, &w, &b, &sets)
                        };
                        let error = ((moved(H) - moved(-H)) / (2.0 * H) - analytic).abs() / scale;
                        assert!(error < 1e-6, "error {error:.1e} at parameter {at} of {model:?}, {sets:?}");
                        worst = worst.max(error);
                    }
                }
            }
        }
    }
    println!("largest relative error {worst:.1e}");
}

#[test]
fn sets_of_one_feature_and_no_sets_are_independent_features() {
    let mut draws = Draws(24);
    for kind in [ModelKind::Relu, ModelKind::Linear] {
        let model = Model::random(kind, 4, 2, &mut draws);
        let plain = exact_loss(kind, &model.w, &model.b, &model.density, &model.importance);
        assert_eq!(loss_of(&model, &model.w, &model.b, &(vec![], vec![])), plain);
        for sets in [(vec![vec![1]], vec![vec![3]]), (vec![], vec![vec![0], vec![2]])] {
            assert!((loss_of(&model, &model.w, &model.b, &sets) - plain).abs() < 1e-14);
        }
    }
}

#[test]
fn two_sets_of_ten_are_exact_for_the_linear_model() {
    let mut draws = Draws(25);
    let sets = (vec![(0..10).collect()], vec![(10..20).collect()]);
    let model = random(ModelKind::Linear, 20, &sets, &mut draws);
    let gram = model.gram();
    let samples = 100_000;
    let mean =
        (0..samples).map(|_| loss_of_sample(&model, &gram, &sample(&model, &sets, &mut draws))).sum::<f64>() / 1e5;
    let exact = loss_of(&model, &model.w, &model.b, &sets);
    assert!((mean / exact - 1.0).abs() < 0.03, "exact {exact}, sampled {mean}");
}
