//! Against iterated adaptive quadrature (`oracle`), to 1e-7 and better, at n = 1…6 and at nasty coefficients.

use crate::models::{Draws, Model, largest_difference};
use crate::oracle::{Variable, exact_by_quadrature, expectation, integrate};
use superposition::spec::ModelKind;

/// Holds a model against the oracle and returns the largest error of loss and gradient.
fn check(model: &Model, bound: f64) -> f64 {
    let (exact, oracle) = (model.exact(), exact_by_quadrature(model));
    let loss = (exact.loss - oracle.loss).abs();
    let worst = loss.max(largest_difference(&exact.dw, &oracle.dw)).max(largest_difference(&exact.db, &oracle.db));
    assert!(worst < bound, "error {worst:.1e}, bound {bound:.1e}\n{model:?}\n{exact:?}\n{oracle:?}");
    worst
}

#[test]
fn the_oracle_agrees_with_nested_quadrature_in_three_dimensions() {
    // Three active features, integrated as one nested integral that knows no pieces.
    let (b, g) = (-0.2, [0.9, -0.5, 0.3]);
    let z = |x: f64, y: f64, u: f64| (b + g[0] * x + g[1] * y + g[2] * u).max(0.0);
    let innermost = |x: f64, y: f64| integrate(&|u| x * u * z(x, y, u), 0.0, 1.0, 6);
    let nested = integrate(&|x| integrate(&|y| innermost(x, y), 0.0, 1.0, 6), 0.0, 1.0, 6);
    let variables: Vec<Variable> =
        g.iter().zip([1, 0, 1]).map(|(&g, power)| Variable { g, density: 1.0, power }).collect();
    let tabulated = expectation(&|z| z.max(0.0), b, &variables);
    assert!((nested - tabulated).abs() < 1e-7, "nested {nested}, tabulated {tabulated}");
}

#[test]
fn random_relu_models_agree_with_quadrature_at_every_size() {
    let mut draws = Draws(1);
    let mut worst = [0.0_f64; 7];
    for (n, count) in [(1, 4), (2, 8), (3, 8), (4, 8), (5, 4), (6, 2)] {
        for _ in 0..count {
            let m = 1 + draws.below(n);
            let model = Model::random(ModelKind::Relu, n, m, &mut draws);
            worst[n] = worst[n].max(check(&model, 1e-9));
        }
    }
    println!("largest errors at n = 1…6: {:?}", &worst[1..]);
}

#[test]
fn coefficients_over_twelve_decades_agree_with_quadrature() {
    let mut draws = Draws(2);
    let mut worst = 0.0_f64;
    for exponent in [-12, -10, -8, -6, -5, -4, -3, -2] {
        let tiny = 10.0_f64.powi(exponent);
        for n in [3, 4] {
            // One column of order one, the others smaller and smaller: G mixes all sizes.
            let mut model = Model::random(ModelKind::Relu, n, 2, &mut draws);
            for k in 0..2 {
                for i in 1..n {
                    model.w[k * n + i] *= tiny.powf(i as f64 / (n - 1) as f64);
                }
            }
            worst = worst.max(check(&model, 1e-9));
            // The same with biases as small as the coefficients, so that kinks lie inside the small boxes.
            for (i, b) in model.b.iter_mut().enumerate() {
                *b *= tiny.powf((i + 1) as f64 / n as f64);
            }
            worst = worst.max(check(&model, 1e-9));
        }
    }
    println!("largest error {worst:.1e}");
}

#[test]
fn the_paper_s_shapes_with_biases_on_kinks_agree_with_quadrature() {
    let angle = |i: usize, n: usize| 2.0 * std::f64::consts::PI * i as f64 / n as f64;
    let polygon =
        |n: usize| -> Vec<f64> { (0..n).map(|i| angle(i, n).cos()).chain((0..n).map(|i| angle(i, n).sin())).collect() };
    let shapes: [(&str, usize, Vec<f64>); 6] = [
        ("pentagon", 5, polygon(5)),
        ("square", 4, polygon(4)),
        ("equal columns", 4, vec![0.8, 0.8, 0.8, -0.8]),
        ("antipodal pair and zero columns", 4, vec![1.0, -1.0, 0.0, 0.0]),
        ("all zero", 3, vec![0.0; 3]),
        ("orthogonal", 4, vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
    ];
    let mut worst = 0.0_f64;
    for (name, n, w) in shapes {
        let mut model = Model {
            kind: ModelKind::Relu,
            n,
            m: w.len() / n,
            w,
            b: vec![0.0; n],
            density: vec![0.3; n],
            importance: vec![1.0; n],
        };
        // Kinks of output 0: minus the sums of subsets of its row; 0 is the empty one.
        let row = model.gram()[..n].to_vec();
        for kink in [0.0, -row[0], -row[1], -(row[0] + row[n - 1]), -row.iter().sum::<f64>()] {
            for density in [1.0, 0.3, 1e-9] {
                model.b.fill(kink);
                model.density.fill(density);
                worst = worst.max(check(&model, 1e-9));
            }
        }
        println!("{name}: largest error so far {worst:.1e}");
    }
}
