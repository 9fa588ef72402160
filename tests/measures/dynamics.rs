//! Jumps, drops and regimes in made-up recordings.

use superposition::measures::dynamics::{jumps, jumps_and_drops, regimes};

use crate::support::*;

/// Smooth steps at the given parts of a run of 501 recordings, each with the height of its own.
fn staircase(jumps: &[(f64, f64)], start: f64, width: f64) -> Vec<f64> {
    let height = |t: f64| jumps.iter().map(|(at, height)| height / (1.0 + (-(t - at) / width).exp())).sum::<f64>();
    (0..=500).map(|k| start + height(f64::from(k) / 500.0)).collect()
}

fn steps() -> Vec<f64> {
    (0..=500).map(|k| 20.0 * f64::from(k)).collect()
}

/// Lists of one feature's values to `[t][n]`.
fn by_time(features: &[Vec<f64>]) -> Vec<f64> {
    (0..features[0].len()).flat_map(|t| features.iter().map(move |values| values[t])).collect()
}

#[test]
fn jumps_are_counted_once_each_and_slow_changes_not_at_all() {
    let features = [
        staircase(&[(0.3, 0.25), (0.7, -0.2)], 0.5, 1e-3),
        // 0.4 over the whole run is no jump, nor is 0.09 at once.
        (0..=500).map(|k| 0.4 * f64::from(k) / 500.0).collect(),
        staircase(&[(0.5, 0.09)], 0.1, 1e-4),
        // 0.15 within 4% of the run: 0.075 a window.
        staircase(&[(0.5, 0.15)], 0.1, 0.02),
    ];
    let found = jumps(&steps(), &by_time(&features), 4);
    assert_eq!(found.iter().map(|jump| jump.feature).collect::<Vec<_>>(), [0, 0]);
    for (jump, (at, height)) in found.iter().zip([(150, 0.25), (350, -0.2)]) {
        assert!(jump.from < at && at < jump.to && jump.to - jump.from <= 10, "{jump:?}");
        assert!((jump.change[1] - jump.change[0] - height).abs() < 0.01, "{jump:?}");
    }
}

#[test]
fn jumps_with_drops_are_told_from_jumps_at_other_times() {
    let times = [0.15, 0.3, 0.45, 0.6, 0.75];
    let features: Vec<Vec<f64>> = times.iter().map(|&at| staircase(&[(at, 0.3)], 0.2, 1e-3)).collect();
    let found = jumps(&steps(), &by_time(&features), 5);
    assert_eq!(found.len(), 5);
    let drops: Vec<(f64, f64)> = times.iter().map(|&at| (at, -0.01)).collect();
    let fall = |k: usize| 0.02 * k as f64 / 500.0;
    let loss: Vec<f64> = staircase(&drops, 0.2, 1e-3).iter().enumerate().map(|(k, l)| l - fall(k)).collect();
    let together = jumps_and_drops(&steps(), &loss, &found, 9999, 1);
    assert_eq!((together.n_jumps, together.n_with_drop), (5, 5));
    assert!(together.p_value < 0.001, "p = {}", together.p_value);
    assert_eq!(together, jumps_and_drops(&steps(), &loss, &found, 9999, 1));
    let elsewhere: Vec<(f64, f64)> = times.iter().map(|&at| (at + 0.08, -0.01)).collect();
    let loss: Vec<f64> = staircase(&elsewhere, 0.2, 1e-3).iter().enumerate().map(|(k, l)| l - fall(k)).collect();
    let apart = jumps_and_drops(&steps(), &loss, &found, 9999, 1);
    assert_eq!((apart.n_with_drop, apart.p_value), (0, 1.0));
}

#[test]
fn p_values_of_random_jumps_are_not_small() {
    // Jumps at random windows of a loss with drops in a third of the run: p is uniform but for ties.
    let drops: Vec<(f64, f64)> = (0..12).map(|k| (0.05 + f64::from(k) / 12.0, -0.01)).collect();
    let loss = staircase(&drops, 0.3, 1e-3);
    let mut rng = Rng(71);
    let n_small = (0..200)
        .filter(|round| {
            let features: Vec<Vec<f64>> =
                (0..6).map(|_| staircase(&[(0.05 + 0.9 * rng.uniform(), 0.3)], 0.2, 1e-4)).collect();
            let found = jumps(&steps(), &by_time(&features), 6);
            jumps_and_drops(&steps(), &loss, &found, 499, *round).p_value < 0.05
        })
        .count();
    // Ten expected; more than 25 of 200 with a probability below 1e-4.
    assert!(n_small <= 25, "{n_small} of 200 are below 0.05");
}

#[test]
fn regimes_are_found_with_their_breaks_and_slopes() {
    let mut rng = Rng(72);
    let time: Vec<f64> = (0..240).map(|k| 0.05 * f64::from(k)).collect();
    for (breaks, slopes) in [
        (vec![], vec![-0.3]),
        (vec![100], vec![-1.0, -0.05]),
        (vec![60, 130], vec![-0.02, -1.0, -0.1]),
        (vec![50, 110, 180], vec![-1.0, 0.0, -0.8, 0.0]),
    ] {
        let mut level = 0.0;
        let curve: Vec<f64> = (0..240)
            .map(|k| {
                let regime = breaks.iter().filter(|at| **at <= k).count();
                level += 0.05 * slopes[regime];
                level + 0.01 * rng.normal()
            })
            .collect();
        let found = regimes(&time, &curve, 0.0);
        assert_eq!(found.count(), slopes.len(), "{found:?}");
        for (at, expected) in found.breaks.iter().zip(&breaks) {
            assert!(at.abs_diff(*expected) <= 3, "{found:?}, {breaks:?}");
        }
        for (slope, expected) in found.slopes.iter().zip(&slopes) {
            assert!((slope - expected).abs() < 0.03, "{found:?}, {slopes:?}");
        }
    }
}

#[test]
fn an_exact_line_is_one_regime_for_any_noise() {
    let time: Vec<f64> = (0..100).map(f64::from).collect();
    let line: Vec<f64> = time.iter().map(|t| 3.0 - 0.25 * t).collect();
    assert_eq!(regimes(&time, &line, 1e-6).count(), 1);
    // A gentle curve is straight for whoever believes no structure below its depth.
    let curve: Vec<f64> = time.iter().map(|t| (t / 50.0 - 1.0).powi(2) * 0.1).collect();
    assert!(regimes(&time, &curve, 0.0).count() > 2);
    assert_eq!(regimes(&time, &curve, 0.1).count(), 1);
}
