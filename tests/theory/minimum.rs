//! Minima of the exact loss: the solutions of the opening figure and of the perturbed feature.

use crate::models::Draws;
use crate::reference::numbers;
use serde_json::Value;
use superposition::spec::ModelKind;
use superposition::theory::minimum::minimise;
use superposition::theory::{exact_loss, perturb_crossing, perturb_losses, polish};

fn training_json() -> Value {
    serde_json::from_str(include_str!("../reference/training.json")).expect("the reference is valid JSON")
}

#[test]
fn quadratics_and_rosenbrock_s_valley_are_minimised() {
    // f = Σ k (x_k − k)².
    let quadratic = |x: &[f64], g: &mut [f64]| {
        let mut sum = 0.0;
        for (i, (x, g)) in x.iter().zip(g).enumerate() {
            let k = (i + 1) as f64;
            *g = 2.0 * k * (x - k);
            sum += k * (x - k).powi(2);
        }
        sum
    };
    let found = minimise(quadratic, vec![0.0; 12], 1e-12, 1000);
    assert!(found.gradient_norm <= 1e-12, "{found:?}");
    assert!(found.at.iter().enumerate().all(|(i, x)| (x - (i + 1) as f64).abs() < 1e-12));
    let valley = |x: &[f64], g: &mut [f64]| {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g[0] = -2.0 * a - 400.0 * x[0] * b;
        g[1] = 200.0 * b;
        a * a + 100.0 * b * b
    };
    let found = minimise(valley, vec![-1.2, 1.0], 1e-10, 1000);
    assert!((found.at[0] - 1.0).abs() < 1e-9 && (found.at[1] - 1.0).abs() < 1e-9 && found.steps < 100, "{found:?}");
}

/// The starts of the opening figure's solutions: two orthogonal features, a digon and a single, two digons, a pentagon.
fn start(solution: &str) -> ([f64; 10], [f64; 5]) {
    match solution {
        "orthogonal-pair" => ([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.4, 0.4]),
        "square" => ([1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.1]),
        "pentagon" => {
            let angle = |i: usize| std::f64::consts::TAU * 2.0 * i as f64 / 5.0;
            let w = std::array::from_fn(|at| 1.1 * if at < 5 { angle(at).cos() } else { angle(at - 5).sin() });
            (w, [-0.2; 5])
        }
        other => unreachable!("no start for {other}"),
    }
}

#[test]
fn the_opening_figure_s_minima_agree_with_the_reference() {
    let importance: [f64; 5] = std::array::from_fn(|i| 0.9_f64.powi(i as i32));
    let mut n_checked = 0;
    for row in training_json()["intro"].as_array().expect("rows") {
        let density = row["density"].as_f64().expect("a density");
        for (solution, expected) in row["exact_local_minima"].as_object().expect("minima") {
            // What is left of the feature that is cut off varies: the reference's digon and single beside it come in
            // several kinds, and at one density its "square" has a fifth feature that pushes one of the four aside.
            let is_distorted = solution == "square" && numbers(&expected["b"]).iter().any(|b| *b < -0.1);
            if solution == "digon + single" || is_distorted {
                continue;
            }
            let expected = numbers(&expected["loss"])[0];
            // Which features go into which digon, and the order around the pentagon, are free: the best of some.
            let mut draws = Draws(31);
            let (w, b) = start(solution);
            let best = (0..30)
                .map(|round| {
                    let mut order = [0, 1, 2, 3, 4];
                    for k in (1..5).rev().filter(|_| round > 0) {
                        order.swap(k, draws.below(k + 1));
                    }
                    let w: Vec<f64> =
                        (0..10).map(|at| w[at / 5 * 5 + order[at % 5]] + draws.between(-0.01, 0.01)).collect();
                    let b: Vec<f64> = order.iter().map(|&i| b[i]).collect();
                    let found = polish(ModelKind::Relu, &w, &b, &[density; 5], &[], &[], &importance);
                    assert!(
                        found.gradient_norm < 1e-9,
                        "{solution} at {density}: gradient {:.1e}",
                        found.gradient_norm
                    );
                    assert_eq!(
                        found.loss,
                        exact_loss(ModelKind::Relu, &found.weights, &found.bias, &[density; 5], &importance)
                    );
                    found.loss
                })
                .map(|loss| (loss / expected - 1.0).abs())
                .fold(f64::INFINITY, f64::min);
            println!("{solution} at {density}: {best:.1e} from the reference");
            // The reference is good to about 1e-4.
            assert!(best < 1e-4, "{solution} at {density}: {best:.1e} from the reference");
            n_checked += 1;
        }
    }
    assert!(n_checked >= 12, "{n_checked} minima");
}

#[test]
fn minima_are_reached_from_random_starts_to_a_gradient_of_1e_10() {
    let mut draws = Draws(32);
    for round in 0..60 {
        let (n, m) = (2 + round % 4, 1 + round % 2);
        let w: Vec<f64> = (0..n * m).map(|_| draws.between(-1.0, 1.0)).collect();
        let p: Vec<f64> = (0..n).map(|_| draws.between(0.02, 1.0)).collect();
        let found = polish(ModelKind::Relu, &w, &vec![0.0; n], &p, &[], &[], &vec![1.0; n]);
        assert!(found.gradient_norm < 1e-10, "{} at n={n}, m={m}, p={p:?}", found.gradient_norm);
        // It is a minimum: no step aside goes down.
        for _ in 0..20 {
            let aside: Vec<f64> = found.weights.iter().map(|w| w + draws.between(-1e-4, 1e-4)).collect();
            let loss = exact_loss(ModelKind::Relu, &aside, &found.bias, &p, &vec![1.0; n]);
            assert!(loss > found.loss - 1e-15, "a step aside gains {:.1e}", found.loss - loss);
        }
    }
}

#[test]
fn perturbed_losses_agree_with_the_reference() {
    let mut worst = 0.0_f64;
    let json = training_json();
    let rows = json["perturb"].as_array().expect("rows");
    assert_eq!(rows.len(), 5);
    for row in rows {
        let number = |key: &str| row[key].as_f64().expect("a number");
        let relative = number("relative_density");
        let found = perturb_losses(relative, 0.05);
        for (found, expected) in [
            (found.pentagon, number("pentagon_loss")),
            (found.digons, number("square_loss_with_the_perturbed_feature_dropped")),
        ] {
            let error = (found / expected - 1.0).abs();
            println!("relative density {relative}: {found} against {expected}, {error:.1e}");
            worst = worst.max(error);
        }
    }
    // The reference's integrals are good to about 1e-4.
    assert!(worst < 1e-4, "relative error {worst:.1e}");
}

#[test]
fn pentagon_and_digons_cross_where_the_reference_says() {
    let crossing = perturb_crossing(0.05).expect("they cross");
    println!("crossing at {crossing}");
    assert!((crossing - 0.269).abs() < 0.001, "crossing at {crossing}");
    let crossing = perturb_crossing(0.09).expect("they cross");
    assert!((1.0 / crossing - 2.5).abs() < 0.1, "at a base density of 0.09, {} times rarer", 1.0 / crossing);
    assert_eq!(perturb_crossing(0.5), None, "at 0.5 the digons are always better");
}
