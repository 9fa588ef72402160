//! Invariances, sampling, and the edges of the domain.

use crate::models::{Draws, Exact, Model, largest_difference};
use superposition::spec::ModelKind;
use superposition::theory::{ExactScratch, exact_loss, is_exact};

/// The largest difference of two results.
fn difference(a: &Exact, b: &Exact) -> f64 {
    largest_difference(&a.dw, &b.dw).max(largest_difference(&a.db, &b.db)).max((a.loss - b.loss).abs())
}

/// A few models of each kind and size.
fn models(seed: u64) -> Vec<Model> {
    let mut draws = Draws(seed);
    let mut all = Vec::new();
    for kind in [ModelKind::Linear, ModelKind::Relu] {
        for n in 1..=6 {
            for m in 1..=n {
                all.push(Model::random(kind, n, m, &mut draws));
            }
        }
    }
    all
}

#[test]
fn features_may_be_permuted() {
    for model in models(10) {
        let (n, m, exact) = (model.n, model.m, model.exact());
        // Feature i moves to (i + 1) mod n.
        let rotated = |values: &[f64], rows: usize| -> Vec<f64> {
            (0..rows * n).map(|at| values[at / n * n + (at % n + n - 1) % n]).collect()
        };
        let permuted = Model {
            w: rotated(&model.w, m),
            b: rotated(&model.b, 1),
            density: rotated(&model.density, 1),
            importance: rotated(&model.importance, 1),
            ..model.clone()
        };
        let expected = Exact { loss: exact.loss, dw: rotated(&exact.dw, m), db: rotated(&exact.db, 1) };
        let error = difference(&permuted.exact(), &expected);
        assert!(error < 1e-13, "error {error:.1e}, bound 1e-13 at {model:?}");
    }
}

#[test]
fn the_hidden_space_may_be_rotated_and_reflected() {
    for model in models(11).into_iter().filter(|model| model.m >= 2) {
        let (n, exact) = (model.n, model.exact());
        // The first two hidden dimensions turn by the angle of (0.6, 0.8), and one of them is reflected.
        let turned = |w: &[f64]| -> Vec<f64> {
            let mut turned = w.to_vec();
            for i in 0..n {
                turned[i] = 0.6 * w[i] - 0.8 * w[n + i];
                turned[n + i] = -0.8 * w[i] - 0.6 * w[n + i];
            }
            turned
        };
        let expected = Exact { dw: turned(&exact.dw), ..exact };
        let error = difference(&Model { w: turned(&model.w), ..model.clone() }.exact(), &expected);
        assert!(error < 1e-13, "error {error:.1e}, bound 1e-13 at {model:?}");
    }
}

#[test]
fn losses_agree_with_sampling() {
    // 24 models, each within 5 standard errors: a false alarm once in 10⁵ seeds.
    const SAMPLES: usize = 100_000;
    let mut draws = Draws(12);
    for kind in [ModelKind::Linear, ModelKind::Relu] {
        for n in [1, 2, 3, 4, 5, 6] {
            for _ in 0..2 {
                let m = 1 + draws.below(n);
                let model = Model::random(kind, n, m, &mut draws);
                let gram = model.gram();
                let (mut sum, mut squares) = (0.0, 0.0);
                let mut x = vec![0.0; n];
                for _ in 0..SAMPLES {
                    for (value, &p) in x.iter_mut().zip(&model.density) {
                        *value = if draws.unit() < p { draws.unit() } else { 0.0 };
                    }
                    let mut loss = 0.0;
                    for i in 0..n {
                        let z = x.iter().zip(&gram[i * n..]).fold(model.b[i], |z, (x, g)| z + x * g);
                        let output = if kind == ModelKind::Relu { z.max(0.0) } else { z };
                        loss += model.importance[i] * (x[i] - output) * (x[i] - output) / n as f64;
                    }
                    sum += loss;
                    squares += loss * loss;
                }
                let mean = sum / SAMPLES as f64;
                let standard_error = ((squares / SAMPLES as f64 - mean * mean) / SAMPLES as f64).sqrt();
                let distance = (model.exact().loss - mean).abs() / standard_error;
                assert!(distance < 5.0, "{distance:.1} standard errors from {mean} at {model:?}");
            }
        }
    }
}

#[test]
fn the_loss_alone_is_the_loss_beside_the_gradient() {
    for model in models(13) {
        let loss = exact_loss(model.kind, &model.w, &model.b, &model.density, &model.importance);
        assert_eq!(loss.to_bits(), model.exact().loss.to_bits(), "{model:?}");
    }
}

#[test]
fn a_scratch_used_for_other_models_changes_no_bit() {
    let mut scratch = ExactScratch::default();
    for model in models(14).iter().rev() {
        assert_eq!(model.exact_with(&mut scratch), model.exact(), "{model:?}");
    }
}

#[test]
fn the_bits_are_the_same_on_every_machine() {
    // Loss, first weight's and last bias's derivative, as this code gave them on x86-64. Only + − × ÷ are used, so any
    // other machine or build must agree; a change of the formulas may change them, and then says so here.
    let golden = [
        (ModelKind::Linear, 5, [0x3fcf_b136_2c61_012e, 0x3fcb_c7a4_26e5_9dc7, 0x3fb1_63ee_cec3_e367]),
        (ModelKind::Relu, 2, [0x3fd1_623a_40d3_85ae, 0x3fe3_5e26_dd5e_2902, 0x3fe5_8b12_5952_fa31]),
        (ModelKind::Relu, 5, [0x3fc3_2464_0993_6547, 0x3fc5_dadf_367b_0328, 0x3fc1_c5f2_337a_960b]),
        (ModelKind::Relu, 6, [0x3fd1_bafd_d791_8512, 0x3faf_edfe_2c50_4e88, 0x3f88_df29_15ec_b5c0]),
    ];
    for (kind, n, bits) in golden {
        let exact = Model::random(kind, n, 2, &mut Draws(22)).exact();
        let found = [exact.loss, exact.dw[0], exact.db[n - 1]].map(f64::to_bits);
        assert_eq!(found, bits, "{kind:?} n={n}: {found:#018x?}");
    }
}

#[test]
fn a_feature_without_importance_costs_nothing_but_still_interferes() {
    let mut draws = Draws(15);
    for kind in [ModelKind::Linear, ModelKind::Relu] {
        let mut model = Model::random(kind, 4, 2, &mut draws);
        model.importance[1] = 0.0;
        let exact = model.exact();
        assert_eq!(exact.db[1], 0.0);
        assert!(exact.dw[1] != 0.0, "column 1 still moves the other outputs");
        model.b[1] += 0.3;
        assert_eq!(model.exact(), exact, "its bias is in no term");
        model.importance.fill(0.0);
        assert_eq!(model.exact(), Exact { loss: 0.0, dw: vec![0.0; 8], db: vec![0.0; 4] });
    }
}

#[test]
fn a_silent_feature_more_changes_nothing() {
    // Two features have code of their own: beside a third one of no weight and importance they take the general way.
    let mut draws = Draws(21);
    for round in 0..2000 {
        let mut model = Model::random(ModelKind::Relu, 2, 1 + round % 2, &mut draws);
        if round % 3 == 0 {
            let tiny = 10.0_f64.powi(-(round as i32 % 13));
            model.w[1] *= tiny;
            model.b[round % 2] *= tiny;
        }
        if round % 5 == 0 {
            model.b[0] = -model.gram()[round % 2];
        }
        let wide =
            |rows: &[f64], added: f64| -> Vec<f64> { rows.chunks(2).flat_map(|row| [row[0], row[1], added]).collect() };
        let wider = Model {
            n: 3,
            w: wide(&model.w, 0.0),
            b: wide(&model.b, 0.1),
            density: wide(&model.density, 0.5),
            importance: wide(&model.importance, 0.0),
            ..model.clone()
        };
        let (pair, three) = (model.exact(), wider.exact());
        let two = |rows: &[f64]| -> Vec<f64> { rows.chunks(3).flat_map(|row| [1.5 * row[0], 1.5 * row[1]]).collect() };
        let expected = Exact { loss: 1.5 * three.loss, dw: two(&three.dw), db: two(&three.db) };
        let error = difference(&pair, &expected);
        assert!(error < 1e-14, "error {error:.1e}, bound 1e-14 at {model:?}");
    }
}

#[test]
fn a_relu_that_never_clips_gives_the_linear_loss() {
    let mut draws = Draws(16);
    for n in 1..=6 {
        let mut model = Model::random(ModelKind::Relu, n, 2, &mut draws);
        model.b.fill(40.0);
        let linear = Model { kind: ModelKind::Linear, ..model.clone() };
        // Losses are near 40² here.
        let error = difference(&model.exact(), &linear.exact());
        assert!(error < 1e-10, "error {error:.1e}, bound 1e-10 at {model:?}");
    }
}

#[test]
fn a_relu_that_always_clips_costs_the_second_moment() {
    for n in 1..=6 {
        let mut model = Model::random(ModelKind::Relu, n, 2, &mut Draws(17));
        model.b.fill(-40.0);
        let second: f64 = model.density.iter().zip(&model.importance).map(|(p, i)| i * p / 3.0 / n as f64).sum();
        let exact = model.exact();
        assert!((exact.loss - second).abs() < 1e-15);
        assert!(exact.dw.iter().chain(&exact.db).all(|d| *d == 0.0), "a silent output has no gradient");
    }
}

#[test]
fn density_one_minus_nothing_is_continuous() {
    for mut model in models(18) {
        model.density.fill(1.0);
        let dense = model.exact();
        model.density.fill(1.0 - 1e-12);
        let error = difference(&dense, &model.exact());
        assert!(error < 1e-9, "jump of {error:.1e}, bound 1e-9 at {model:?}");
    }
}

#[test]
fn at_tiny_density_the_loss_is_that_of_single_features() {
    // With b = 0 and p → 0 only sets of one feature count: loss / p → Σ_i I_i Σ_j E[([i = j] x − relu(G_ij x))²] / n.
    let p = 1e-9;
    for mut model in models(19).into_iter().filter(|model| model.kind == ModelKind::Relu) {
        model.b.fill(0.0);
        model.density.fill(p);
        let (n, gram) = (model.n, model.gram());
        let single: f64 = (0..n * n)
            .map(|at| {
                let (i, j, output) = (at / n, at % n, gram[at].max(0.0));
                let error = if i == j { 1.0 - output } else { output };
                model.importance[i] * error * error / 3.0 / n as f64
            })
            .sum();
        let loss = model.exact().loss;
        assert!((loss / p - single).abs() < 1e-6, "{} against {single} at {model:?}", loss / p);
    }
}

#[test]
fn weights_that_are_not_finite_do_not_panic() {
    for value in [f64::NAN, f64::INFINITY, 1e200] {
        for mut model in models(20) {
            model.w[0] = value;
            let exact = model.exact();
            assert!(!exact.loss.is_finite() || model.importance[0] == 0.0, "{exact:?} at {model:?}");
        }
    }
}

#[test]
fn the_linear_model_and_the_relu_model_to_six_features_are_exact() {
    assert!(is_exact(ModelKind::Linear, 4096));
    assert!(is_exact(ModelKind::Relu, 6));
    assert!(!is_exact(ModelKind::Relu, 7));
    assert!(!is_exact(ModelKind::ReluHidden, 2));
    assert!(!is_exact(ModelKind::Absolute, 2));
}

#[test]
#[should_panic(expected = "no exact loss for Relu with 7 features")]
fn a_relu_model_of_seven_features_is_refused() {
    let _ = exact_loss(ModelKind::Relu, &[0.0; 14], &[0.0; 7], &[0.5; 7], &[1.0; 7]);
}
