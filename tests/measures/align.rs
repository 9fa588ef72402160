//! Solutions in different poses.

use superposition::measures::{canonical_pose, match_solutions};

use crate::support::*;

fn random(n_hidden: usize, n_features: usize, rng: &mut Rng) -> Vec<f64> {
    (0..n_hidden * n_features).map(|_| rng.normal()).collect()
}

/// The same solution turned, with its features in another order: feature i of the result is `order[i]`.
fn turned(w: &[f64], n_features: usize, order: &[usize], rng: &mut Rng) -> Vec<f64> {
    let n_hidden = w.len() / n_features;
    let rotation = rng.rotation(n_hidden);
    let entry = |k: usize, i: usize| (0..n_hidden).map(|l| rotation[k][l] * w[l * n_features + order[i]]).sum::<f64>();
    (0..n_hidden * n_features).map(|at| entry(at / n_features, at % n_features)).collect()
}

fn greatest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[test]
fn all_turns_and_reflections_have_one_pose() {
    let mut rng = Rng(61);
    for (n_hidden, n_features) in [(1, 2), (2, 5), (2, 2), (3, 6), (3, 4), (5, 20), (3, 2)] {
        for _ in 0..20 {
            let w = random(n_hidden, n_features, &mut rng);
            let pose = canonical_pose(&w, n_features, n_hidden);
            let order: Vec<usize> = (0..n_features).collect();
            let mut other = turned(&w, n_features, &order, &mut rng);
            // A reflection as well.
            other[..n_features].iter_mut().for_each(|x| *x = -*x);
            let error = greatest_difference(&pose, &canonical_pose(&other, n_features, n_hidden));
            if n_features >= n_hidden {
                assert!(error < 1e-9, "{n_features} features in {n_hidden} dimensions: {error:.1e}");
            }
            // The pose is the same solution: all products between features are kept.
            let product = |w: &[f64], i: usize, j: usize| w.chunks(n_features).map(|row| row[i] * row[j]).sum::<f64>();
            for i in 0..n_features {
                for j in 0..n_features {
                    assert!((product(&w, i, j) - product(&pose, i, j)).abs() < 1e-10);
                }
            }
        }
    }
}

#[test]
fn the_pose_is_the_one_that_is_stated() {
    // The first feature is not represented; the second goes onto the first axis, the third is on its line, the fourth up.
    let w = [0.1, 0.0, 0.0, 1.0, 0.0, -1.0, 2.0, 1.0];
    let pose = canonical_pose(&w, 4, 2);
    assert!(greatest_difference(&pose, &[0.0, 1.0, -2.0, -1.0, 0.1, 0.0, 0.0, 1.0]) < 1e-15, "{pose:?}");
    assert_eq!(canonical_pose(&[0.0; 6], 2, 3), [0.0; 6]);
}

#[test]
fn a_solution_is_matched_to_itself_in_disguise() {
    let mut rng = Rng(62);
    for (n_hidden, n_features, is_exact) in [(2, 5, true), (3, 6, true), (3, 7, true), (2, 9, false), (5, 20, false)] {
        let n_rounds = if n_features == 7 { 2 } else { 8 };
        for _ in 0..n_rounds {
            let w = random(n_hidden, n_features, &mut rng);
            let order = rng.permutation(n_features);
            let other = turned(&w, n_features, &order, &mut rng);
            let found = match_solutions(&w, &other, n_features, n_hidden, &[(0..n_features).collect()]);
            assert_eq!(found.is_exact, is_exact);
            assert!(found.residual < 1e-7, "{n_features} in {n_hidden}: residual {:.1e}", found.residual);
            assert!((0..n_features).all(|i| order[found.permutation[i]] == i));
            let laid = found.apply(&other, n_features, n_hidden);
            assert!(greatest_difference(&laid, &w) < 1e-7);
        }
    }
}

#[test]
fn only_features_that_are_alike_are_exchanged() {
    let mut rng = Rng(63);
    let w = random(2, 5, &mut rng);
    let swapped = turned(&w, 5, &[1, 0, 3, 2, 4], &mut rng);
    let found = match_solutions(&w, &swapped, 5, 2, &[vec![0, 1], vec![3, 2]]);
    assert!(found.residual < 1e-9);
    assert_eq!(found.permutation, [1, 0, 3, 2, 4]);
    let found = match_solutions(&w, &swapped, 5, 2, &[vec![0, 1]]);
    assert!(found.residual > 1e-2 && found.permutation[2..] == [2, 3, 4]);
}

#[test]
fn two_pentagons_match_and_a_pentagon_is_far_from_two_digons() {
    let mut rng = Rng(64);
    let pentagon = disguised(&polygon(5), 2, 0.0, &mut rng);
    let other = polygon(5);
    let scale = |points: &[Vec<f64>]| {
        let lengths: Vec<Vec<f64>> = points.iter().map(|p| unit(p)).collect();
        matrix(&lengths, 2)
    };
    let all = [(0..5).collect()];
    assert!(match_solutions(&scale(&pentagon), &scale(&other), 5, 2, &all).residual < 1e-9);
    let digons = matrix(&[polygon(4), vec![vec![0.0, 0.0]]].concat(), 2);
    assert!(match_solutions(&scale(&pentagon), &digons, 5, 2, &all).residual > 0.5);
}

#[test]
fn a_disguise_with_noise_is_matched_no_worse_than_by_the_truth() {
    let mut rng = Rng(65);
    for (n_hidden, n_features) in [(3, 7), (3, 12), (5, 20)] {
        for _ in 0..if n_features == 7 { 2 } else { 10 } {
            let w = random(n_hidden, n_features, &mut rng);
            let order = rng.permutation(n_features);
            let mut other = turned(&w, n_features, &order, &mut rng);
            other.iter_mut().for_each(|x| *x += 0.1 * rng.normal());
            let found = match_solutions(&w, &other, n_features, n_hidden, &[(0..n_features).collect()]);
            // The same features put back in order, and only the rotation left to find.
            let mut back = vec![0.0; other.len()];
            for (place, &i) in order.iter().enumerate() {
                (0..n_hidden).for_each(|k| back[k * n_features + i] = other[k * n_features + place]);
            }
            let truth = match_solutions(&w, &back, n_features, n_hidden, &[]);
            assert!(found.residual <= truth.residual * (1.0 + 1e-9), "{} against {}", found.residual, truth.residual);
        }
    }
}
