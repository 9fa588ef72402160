//! The loss surface of n = 2, m = 1: closed form, best bias, minima and the ways down.

use crate::models::Draws;
use crate::reference::theory_json;
use superposition::spec::ModelKind;
use superposition::theory::surface::surface_kind;
use superposition::theory::{Surface, SurfaceBias, SurfaceKind, exact_loss};

/// The closed form of tests/reference/README.md, which sums over features.
fn closed(w: [f64; 2], p: f64, importance: f64) -> f64 {
    let (a, c, d) = (w[0] * w[0], w[0] * w[1], w[1] * w[1]);
    let g = |a: f64, r: f64| {
        if r <= 1.0 {
            (a * (2.0 - a) * r + c * (1.0 - a) * r * r - c * c * r.powi(3) / 3.0) / 4.0
        } else {
            a * (2.0 - a) / 3.0 * (1.0 - 1.0 / (4.0 * r.powi(3))) + c * (1.0 - a) * (0.5 - 1.0 / (4.0 * r * r))
                - c * c * (1.0 / 3.0 - 1.0 / (4.0 * r))
        }
    };
    let both = |a: f64, r: f64| {
        if c >= 0.0 { (1.0 - a).powi(2) / 3.0 - (1.0 - a) * c / 2.0 + c * c / 3.0 } else { 1.0 / 3.0 - g(a, r) }
    };
    let (r, s) = ((w[0] / w[1]).abs(), (w[1] / w[0]).abs());
    let alone = (1.0 - a).powi(2) + importance * (1.0 - d).powi(2) + (1.0 + importance) * c.max(0.0).powi(2);
    p * (1.0 - p) * alone / 3.0 + p * p * (both(a, r) + importance * both(d, s))
}

#[test]
fn losses_without_a_bias_are_the_closed_form() {
    let mut draws = Draws(51);
    for _ in 0..500 {
        let w = [draws.between(-1.5, 1.5), draws.between(-1.5, 1.5)];
        let (p, i) = (draws.between(0.01, 1.0), draws.between(0.1, 5.0));
        let error = (2.0 * Surface::new(p, i, SurfaceBias::Zero).loss(w) - closed(w, p, i)).abs();
        assert!(error < 1e-12, "error {error:.1e} at {w:?}, p={p}, I={i}");
    }
}

#[test]
fn no_other_bias_is_better_than_the_best() {
    let mut draws = Draws(52);
    for _ in 0..200 {
        let w = [draws.between(-1.5, 1.5), draws.between(-1.5, 1.5)];
        let (p, i) = (draws.between(0.01, 1.0), draws.between(0.1, 5.0));
        let surface = Surface::new(p, i, SurfaceBias::Best);
        let best = surface.loss(w);
        for _ in 0..300 {
            let b = [draws.between(-2.5, 1.5), draws.between(-2.5, 1.5)];
            let other = exact_loss(ModelKind::Relu, &w, &b, &[p; 2], &[1.0, i]);
            assert!(best <= other + 1e-14, "{best} at {:?}, {other} at {b:?}; w={w:?}, p={p}", surface.bias_at(w));
        }
        // The gradient without the bias's own derivative is that of the surface.
        let (_, gradient) = surface.loss_and_gradient(w);
        for k in 0..2 {
            let moved = |by: f64| {
                let mut w = w;
                w[k] += by;
                surface.loss(w)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - gradient[k]).abs() < 1e-6, "slope {slope}, gradient {}", gradient[k]);
        }
    }
}

#[test]
fn lowest_minima_without_a_bias_agree_with_the_reference_grid() {
    let json = theory_json();
    let (mut worst, mut worst_loss) = (0.0_f64, 0.0_f64);
    for row in json["surface_minimum_b0"]["grid"].as_array().expect("rows") {
        for cell in row.as_array().expect("cells") {
            let number = |key: &str| cell[key].as_f64().expect("a number");
            let (p, i) = (number("p"), number("I2"));
            // The reference prints seven digits of p and I, which moves the minimum a little.
            let minima = Surface::new(p, i, SurfaceBias::Zero).minima();
            // Of equal ones, as at I = 1, any may be meant.
            let lowest = minima[0].loss;
            let expected = [number("w1"), number("w2")];
            let apart = |w: [f64; 2]| (w[0] - expected[0]).abs().max((w[1] - expected[1]).abs());
            let error = minima
                .iter()
                .filter(|minimum| minimum.loss < lowest * (1.0 + 1e-6))
                .map(|minimum| apart(minimum.weights).min(apart(minimum.weights.map(|w| -w))))
                .fold(f64::INFINITY, f64::min);
            worst = worst.max(error);
            worst_loss = worst_loss.max((2.0 * lowest / number("loss") - 1.0).abs());
            assert!(error < 2e-6, "{error:.1e} at p={p}, I={i}: {minima:?} against {expected:?}");
        }
    }
    println!("weights to {worst:.1e}, losses to a relative {worst_loss:.1e}");
    assert!(worst_loss < 1e-6);
}

#[test]
fn descent_from_100_random_starts_ends_in_the_minima() {
    let mut draws = Draws(53);
    for (p, i, bias, starts) in [
        (0.3, 1.0, SurfaceBias::Zero, 100),
        (0.1, 0.5, SurfaceBias::Zero, 100),
        (0.9, 2.0, SurfaceBias::Zero, 100),
        (0.3, 1.0, SurfaceBias::Best, 100),
        (0.05, 0.4, SurfaceBias::Best, 100),
    ] {
        let surface = Surface::new(p, i, bias);
        let minima = surface.minima();
        println!("p={p}, I={i}, {bias:?}: {minima:.4?}");
        let mut hits = vec![0; minima.len()];
        for _ in 0..starts {
            let start = [draws.between(-1.5, 1.5), draws.between(-1.5, 1.5)];
            let path = surface.descend(start);
            assert_eq!(path[0], start);
            let losses: Vec<f64> = path.iter().map(|w| surface.loss(*w)).collect();
            assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)), "the path goes up");
            let end = path[path.len() - 1];
            let apart = |w: [f64; 2]| (w[0] - end[0]).abs().max((w[1] - end[1]).abs());
            let nearest = |w: [f64; 2]| apart(w).min(apart(w.map(|w| -w)));
            let at = minima.iter().position(|minimum| nearest(minimum.weights) < 1e-6);
            hits[at.unwrap_or_else(|| panic!("{start:?} ends at {end:?}, no minimum of p={p}, I={i}, {bias:?}"))] += 1;
        }
        println!("hits {hits:?}");
        assert!(hits[0] > 0, "none found the lowest");
    }
}

#[test]
fn the_lowest_minimum_is_confused_only_without_a_bias() {
    let grid = |k: i32| f64::from(k) / 8.0;
    let confused = |bias: SurfaceBias| {
        let cells = (0..9).flat_map(|k| (0..9).map(move |l| (0.01_f64.powf(grid(k)), 0.1 * 100.0_f64.powf(grid(l)))));
        let is_lowest = |(p, i): &(f64, f64)| Surface::new(*p, *i, bias).minima()[0].kind == SurfaceKind::SameSign;
        cells.filter(is_lowest).collect::<Vec<_>>()
    };
    let without = confused(SurfaceBias::Zero);
    let with = confused(SurfaceBias::Best);
    println!("without a bias {}, with the best one {with:?}", without.len());
    assert!(without.len() >= 9, "{} cells", without.len());
    // There all directions of the dimension are equally good.
    assert!(with.iter().all(|(p, i)| *p == 1.0 && (*i - 1.0).abs() < 1e-9), "{with:?}");
}

#[test]
fn kinds_depend_on_signs_and_shares_only() {
    for (w, kind) in [
        ([1.0, 0.05], SurfaceKind::Ignored),
        ([0.05, -1.0], SurfaceKind::Dedicated),
        ([1.0, -0.9], SurfaceKind::Antipodal),
        ([0.7, 0.7], SurfaceKind::SameSign),
    ] {
        for scale in [1.0, -1.0, 0.01] {
            assert_eq!(surface_kind(w.map(|x| x * scale)), kind);
        }
    }
}
