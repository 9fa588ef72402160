//! The sampler's distribution, by statistics at fixed seeds.
//!
//! A test that is right fails by chance only; seeds are fixed, so it either does or does not. The rate stated is the share of
//! seeds at which a correct sampler would fail: 1e-4 in all, split evenly over the [`CHECKS`] checks below.

mod common;

use common::{chi_square_quantile, normal_quantile};
use superposition::kernels::draws::Reading;
use superposition::kernels::{BLOCK, Level};
use superposition::rng::{Purpose, Stream};

/// Checks in this file: 2 × 3 Kolmogorov–Smirnov, 3 χ², 3 kinds of correlation; one more χ² and Kolmogorov–Smirnov for sets.
const CHECKS: f64 = 14.0;
const FALSE_ALARM: f64 = 1e-4 / CHECKS;

/// `[n_features][n_samples]` inputs from the batch stream of a seed.
fn inputs(densities: &[f64], seed: u64, n_samples: usize) -> Vec<Vec<f32>> {
    let reading = Reading::new(densities);
    let mut words = vec![0; n_samples / BLOCK * reading.words() * BLOCK];
    Stream::new(seed, Purpose::Batches).fill_rows(Level::best(), &mut words);
    let mut x = vec![0.0; densities.len() * n_samples];
    reading.inputs_into(Level::best(), &words, &mut x);
    x.chunks_exact(n_samples).map(<[f32]>::to_vec).collect()
}

/// Two-sided Kolmogorov–Smirnov distance to the uniform distribution on [0, 1].
fn ks_distance(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    values.iter().enumerate().map(|(i, &v)| (v - i as f64 / n).max((i + 1) as f64 / n - v)).fold(0.0, f64::max)
}

/// Distance that n uniform values exceed with probability `alpha` at most (Massart, 1990).
fn ks_bound(n: usize, alpha: f64) -> f64 {
    ((2.0 / alpha).ln() / (2.0 * n as f64)).sqrt()
}

#[test]
fn active_values_are_uniform() {
    for density in [1.0, 0.05, 0.002] {
        for (feature, row) in inputs(&[density, density], 17, 1 << 18).into_iter().enumerate() {
            let values: Vec<f64> = row.into_iter().map(f64::from).filter(|&x| x != 0.0).collect();
            let (distance, bound) = (ks_distance(values.clone()), ks_bound(values.len(), FALSE_ALARM));
            assert!(distance < bound, "density {density}, feature {feature}: KS {distance:.5} against {bound:.5}");
        }
    }
}

#[test]
fn five_features_are_active_independently() {
    for (seed, densities) in [(1, [0.5; 5]), (2, [0.2, 0.3, 0.4, 0.6, 0.7]), (3, [0.3; 5])] {
        let n_samples = 1 << 18;
        let x = inputs(&densities, seed, n_samples);
        let mut counts = [0.0; 32];
        for sample_idx in 0..n_samples {
            let pattern: usize = x.iter().enumerate().map(|(i, row)| usize::from(row[sample_idx] != 0.0) << i).sum();
            counts[pattern] += 1.0;
        }
        let statistic: f64 = (0..32)
            .map(|pattern: usize| {
                let p: f64 =
                    (0..5).map(|i| if pattern >> i & 1 == 1 { densities[i] } else { 1.0 - densities[i] }).product();
                let expected = p * n_samples as f64;
                (counts[pattern] - expected).powi(2) / expected
            })
            .sum();
        let bound = chi_square_quantile(31.0, FALSE_ALARM);
        assert!(statistic < bound, "seed {seed}: χ² {statistic:.1} against {bound:.1}");
    }
}

/// `√n · r` of two series of uniform numbers is a standard normal for large n.
fn assert_uncorrelated(what: &str, a: &[f64], b: &[f64], pairs: usize) {
    let n = a.len() as f64;
    let covariance: f64 = a.iter().zip(b).map(|(a, b)| (a - 0.5) * (b - 0.5)).sum::<f64>() / n;
    let score = covariance * 12.0 * n.sqrt();
    let bound = normal_quantile(FALSE_ALARM / (2.0 * pairs as f64));
    assert!(score.abs() < bound, "{what}: score {score:.2} against {bound:.2}");
}

fn rows(seed: u64, n_rows: usize) -> Vec<u32> {
    let mut words = vec![0; n_rows * BLOCK];
    Stream::new(seed, Purpose::Batches).fill_rows(Level::best(), &mut words);
    words
}

fn unit(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

#[test]
fn lanes_are_uncorrelated() {
    let words = rows(9, 1 << 14);
    let lane = |lane: usize| -> Vec<f64> { words.iter().skip(lane).step_by(BLOCK).map(|&w| unit(w)).collect() };
    for a in 0..BLOCK {
        for b in 0..a {
            assert_uncorrelated(&format!("lanes {a} and {b}"), &lane(a), &lane(b), BLOCK * (BLOCK - 1) / 2);
        }
    }
}

#[test]
fn adjacent_seeds_are_uncorrelated() {
    let all = |seed: u64| -> Vec<f64> { rows(seed, 1 << 12).into_iter().map(unit).collect() };
    for seed in 0..64 {
        assert_uncorrelated(&format!("seeds {seed} and {}", seed + 1), &all(seed), &all(seed + 1), 64);
    }
}

#[test]
fn adjacent_steps_are_uncorrelated() {
    // A step of batch 1024 with five features takes 320 rows; the same place of neighbouring steps is compared.
    const STEP: usize = 320 * BLOCK;
    let words: Vec<f64> = rows(4, 320 * 65).into_iter().map(unit).collect();
    for step in 0..64 {
        let (a, b) = (&words[step * STEP..(step + 1) * STEP], &words[(step + 1) * STEP..(step + 2) * STEP]);
        assert_uncorrelated(&format!("steps {step} and {}", step + 1), a, b, 64);
    }
}

/// Below 2⁻⁸ a value keeps 24 bits: at density 1e-4 the low bits of active values are not all equal, nor on a coarse grid.
#[test]
fn rare_values_keep_their_resolution() {
    let x = inputs(&[1e-4], 6, 1 << 20);
    let values: Vec<f32> = x[0].iter().copied().filter(|&v| v != 0.0).collect();
    assert!(values.len() > 50, "{} active", values.len());
    let odd = values.iter().filter(|&&v| ((f64::from(v) * 16_777_216.0) as u64) % 2 == 1).count();
    assert!(
        odd > values.len() / 5 && odd < values.len() * 4 / 5,
        "{odd} of {} are odd multiples of 2⁻²⁴",
        values.len()
    );
}

/// Sets: members of a correlated set are active together, of an anticorrelated one exactly one at a time, each as often; every
/// pattern of five features as often as the law says (χ²), and values uniform on [−1, 1] (Kolmogorov–Smirnov).
#[test]
fn sets_and_signs_follow_their_law() {
    let n_samples = 1 << 18;
    let density = 0.4;
    let reading = Reading::new(&[density; 5]).with_sets(&[density; 5], &[vec![3, 0]], &[vec![1, 4]]).with_signs();
    let mut words = vec![0; n_samples / BLOCK * reading.words() * BLOCK];
    Stream::new(23, Purpose::Batches).fill_rows(Level::best(), &mut words);
    let mut x = vec![0.0; 5 * n_samples];
    reading.inputs_into(Level::best(), &words, &mut x);

    let mut counts = [0.0; 32];
    for sample_idx in 0..n_samples {
        let pattern: usize = (0..5).map(|i| usize::from(x[i * n_samples + sample_idx] != 0.0) << i).sum();
        counts[pattern] += 1.0;
    }
    let (mut statistic, mut n_possible) = (0.0, 0);
    for (pattern, &count) in counts.iter().enumerate() {
        let on = |i: usize| pattern >> i & 1 == 1;
        let p = if on(0) != on(3) || (on(1) && on(4)) {
            0.0
        } else {
            let of = |active: bool, p: f64| if active { p } else { 1.0 - p };
            let apart = if on(1) || on(4) { density / 2.0 } else { 1.0 - density };
            of(on(0), density) * of(on(2), density) * apart
        };
        if p == 0.0 {
            assert_eq!(count, 0.0, "pattern {pattern:05b} cannot be");
            continue;
        }
        let expected = p * n_samples as f64;
        statistic += (count - expected).powi(2) / expected;
        n_possible += 1;
    }
    assert_eq!(n_possible, 2 * 2 * 3);
    let bound = chi_square_quantile(f64::from(n_possible - 1), FALSE_ALARM);
    assert!(statistic < bound, "χ² {statistic:.1} against {bound:.1}");

    for (feature, row) in x.chunks_exact(n_samples).enumerate() {
        let values: Vec<f64> = row.iter().filter(|&&x| x != 0.0).map(|&x| (f64::from(x) + 1.0) / 2.0).collect();
        let (distance, bound) = (ks_distance(values.clone()), ks_bound(values.len(), FALSE_ALARM / 5.0));
        assert!(distance < bound, "feature {feature}: KS {distance:.5} against {bound:.5}");
    }
}
