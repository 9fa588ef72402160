//! What must hold for any matrix.

use proptest::prelude::*;
use superposition::measures::{Measures, sentence};

use crate::support::*;

/// A matrix of up to 12 features in up to 8 dimensions, with some columns that are zero, short, doubled or turned round.
fn weights() -> impl Strategy<Value = (usize, usize, Vec<f64>)> {
    (1..=12_usize, 1..=8_usize, any::<u64>()).prop_map(|(n, m, seed)| {
        let mut rng = Rng(seed);
        let mut points: Vec<Vec<f64>> = Vec::new();
        for i in 0..n {
            let point = match rng.bits() % 8 {
                0 => vec![0.0; m],
                1 => (0..m).map(|_| 1e-3 * rng.normal()).collect(),
                2 if i > 0 => points[i - 1].clone(),
                3 if i > 0 => points[i - 1].iter().map(|x| -x).collect(),
                _ => (0..m).map(|_| rng.normal()).collect(),
            };
            points.push(point);
        }
        (n, m, matrix(&points, m))
    })
}

fn columns(w: &[f64], n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|i| w.iter().skip(i).step_by(n).copied().collect()).collect()
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + a.abs()))
}

proptest! {
    #[test]
    fn a_turn_of_the_hidden_space_changes_nothing((n, m, w) in weights(), seed: u64) {
        let rotation = Rng(seed).rotation(m);
        let turned: Vec<Vec<f64>> =
            columns(&w, n).iter().map(|p| rotation.iter().map(|row| dot(row, p)).collect()).collect();
        let (before, after) = (Measures::of(&w, n, m), Measures::of(&matrix(&turned, m), n, m));
        prop_assert!(close(&before.norms, &after.norms));
        prop_assert!(close(&before.superposition, &after.superposition));
        prop_assert!(close(&before.dimensionality, &after.dimensionality));
        prop_assert_eq!(before.represented, after.represented);
        prop_assert_eq!(before.geometry, after.geometry);
        prop_assert_eq!(before.solution, after.solution);
    }

    #[test]
    fn another_order_of_the_features_orders_the_measures((n, m, w) in weights(), seed: u64) {
        let order = Rng(seed).permutation(n);
        let points = columns(&w, n);
        let shuffled: Vec<Vec<f64>> = order.iter().map(|&i| points[i].clone()).collect();
        let (before, after) = (Measures::of(&w, n, m), Measures::of(&matrix(&shuffled, m), n, m));
        let reordered = |values: &[f64]| order.iter().map(|&i| values[i]).collect::<Vec<_>>();
        prop_assert!(close(&reordered(&before.norms), &after.norms));
        prop_assert!(close(&reordered(&before.superposition), &after.superposition));
        prop_assert!(close(&reordered(&before.dimensionality), &after.dimensionality));
        let factors = |measures: &Measures, place: &dyn Fn(usize) -> usize| {
            let mut factors: Vec<_> = measures
                .geometry
                .iter()
                .map(|f| {
                    let mut features: Vec<usize> = f.features.iter().map(|&i| place(i)).collect();
                    features.sort_unstable();
                    (features, f.dimension, f.shape)
                })
                .collect();
            factors.sort_unstable();
            factors
        };
        prop_assert_eq!(factors(&before, &|i| i), factors(&after, &|i| order[i]));
        prop_assert_eq!(before.solution, after.solution);
    }

    #[test]
    fn dimensionalities_are_parts_of_a_dimension((n, m, w) in weights()) {
        let measures = Measures::of(&w, n, m);
        prop_assert!(measures.dimensionality.iter().all(|d| (0.0..=1.0).contains(d)));
        prop_assert!(measures.superposition.iter().all(|s| *s >= 0.0 && s.is_finite()));
        // They share at most the dimensions that there are (Scherlis et al., 2022).
        prop_assert!(measures.dimensionality.iter().sum::<f64>() <= n.min(m) as f64 + 1e-9);
        prop_assert!(measures.geometry.iter().all(|f| (1..=m.min(f.features.len())).contains(&f.dimension)));
    }

    #[test]
    fn the_measures_are_their_definitions((n, m, w) in weights()) {
        let measures = Measures::of(&w, n, m);
        let points = columns(&w, n);
        for i in 0..n {
            let own = dot(&points[i], &points[i]);
            let others: f64 =
                (0..n).filter(|&j| j != i && own > 0.0).map(|j| dot(&points[i], &points[j]).powi(2) / own).sum();
            prop_assert!(close(&[own.sqrt(), others], &[measures.norms[i], measures.superposition[i]]));
            let expected = if own > 0.0 { own / (own + others) } else { 0.0 };
            prop_assert!(close(&[expected], &[measures.dimensionality[i]]));
        }
        let mut features: Vec<usize> = measures.geometry.iter().flat_map(|f| f.features.clone()).collect();
        features.sort_unstable();
        prop_assert_eq!(features, measures.represented);
    }

    #[test]
    fn a_common_scale_leaves_the_dimensionalities((n, m, w) in weights(), log_scale in -20.0..20.0_f64) {
        let scaled: Vec<f64> = w.iter().map(|x| x * log_scale.exp()).collect();
        prop_assert!(close(&Measures::of(&w, n, m).dimensionality, &Measures::of(&scaled, n, m).dimensionality));
    }

    /// `Σ_i D_i = m` where the columns are spread evenly: a tight frame whose lengths are free only in common.
    #[test]
    fn an_even_spread_shares_all_dimensions(m in 1..=8_usize, n_bases in 1..=4_usize, seed: u64) {
        // The union of orthonormal bases is a tight frame of unit vectors.
        let mut rng = Rng(seed);
        let points: Vec<Vec<f64>> = (0..n_bases).flat_map(|_| rng.rotation(m)).collect();
        let total: f64 = Measures::of(&matrix(&points, m), points.len(), m).dimensionality.iter().sum();
        prop_assert!((total - m as f64).abs() < 1e-9, "{total} for {m}");
    }

    #[test]
    fn every_picture_has_a_sentence((n, m, w) in weights()) {
        let measures = Measures::of(&w, n, m);
        let text = sentence(&measures, n, m);
        prop_assert!(text.starts_with(char::is_uppercase) || text.starts_with(char::is_numeric), "{}", text);
        prop_assert!(!text.ends_with('.') && !text.contains("  ") && !text.contains("-gon"), "{}", text);
    }
}
