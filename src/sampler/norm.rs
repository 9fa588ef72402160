//! How long an input is on average: the unit of the sizes of attacks.

use crate::spec::InputLaw;

/// Step and ends of the trapezoidal rule in `ln u`: the integrand is analytic and falls like `e^−|s|`, so the rule is exact to far
/// below 1e-9 for any law.
const STEP: f64 = 0.05;
const FROM: f64 = -24.0;
const TO: f64 = 26.0;

/// The mean Euclidean length `E‖x‖` of inputs under a law.
///
/// With `S = ‖x‖²`, `E √S = 1/√π ∫₀^∞ (1 − E e^{−u² S}) / u² du`, and the expectation inside is a product over independent
/// features and sets.
///
/// # Precision
/// A relative 1e-9.
pub fn expected_norm(law: &InputLaw) -> f64 {
    let mut in_set = vec![false; law.densities.len()];
    law.correlated.iter().chain(&law.anticorrelated).flatten().for_each(|&member| in_set[member] = true);
    // Density, features that are active with it, and how many such units there are.
    let mut units: Vec<(f64, f64, f64)> = Vec::new();
    let mut add = |density: f64, n_active: usize| match units
        .iter_mut()
        .find(|unit| (unit.0, unit.1) == (density, n_active as f64))
    {
        Some(unit) => unit.2 += 1.0,
        None => units.push((density, n_active as f64, 1.0)),
    };
    (0..in_set.len()).filter(|&i| !in_set[i]).for_each(|i| add(law.densities[i], 1));
    law.correlated.iter().for_each(|set| add(law.densities[set[0]], set.len()));
    law.anticorrelated.iter().for_each(|set| add(law.densities[set[0]], 1));

    let n_steps = ((TO - FROM) / STEP) as usize;
    let sum: f64 = (0..=n_steps)
        .map(|step| {
            let u = libm::exp(FROM + step as f64 * STEP);
            let alone = one_less_damping(u);
            let log: f64 = units
                .iter()
                .map(|&(density, n_active, count)| {
                    // 1 − (1 − alone)^n_active, without cancellation.
                    let missing = -libm::expm1(n_active * libm::log1p(-alone));
                    count * libm::log1p(-density * missing)
                })
                .sum();
            -libm::expm1(log) / u
        })
        .sum();
    sum * STEP / std::f64::consts::PI.sqrt()
}

/// `1 − ∫₀¹ e^{−u²x²} dx`, for a value uniform on [0, 1] (or on [−1, 1]).
fn one_less_damping(u: f64) -> f64 {
    if u < 0.02 {
        // The first terms of the series: the next is below 1e-12 of the first.
        let square = u * u;
        return square * (1.0 / 3.0 - square * (1.0 / 10.0 - square / 42.0));
    }
    1.0 - std::f64::consts::PI.sqrt() / 2.0 * libm::erf(u) / u
}

#[cfg(test)]
mod tests {
    use super::*;

    fn independent(densities: &[f64]) -> InputLaw {
        InputLaw::independent(densities.to_vec())
    }

    fn near(law: &InputLaw, expected: f64) {
        let found = expected_norm(law);
        assert!((found / expected - 1.0).abs() < 1e-9, "{found}, expected {expected}");
    }

    /// Mean distance of a point of the unit square from its corner, `(√2 + ln(1 + √2))/3`, and of the cube,
    /// `√3/4 + ln(2 + √3)/2 − π/24` (Robbins, 1978).
    fn square_and_cube() -> (f64, f64) {
        let (two, three) = (2.0_f64.sqrt(), 3.0_f64.sqrt());
        ((two + (1.0 + two).ln()) / 3.0, three / 4.0 + (2.0 + three).ln() / 2.0 - std::f64::consts::PI / 24.0)
    }

    #[test]
    fn a_few_features_have_closed_forms() {
        let (square, cube) = square_and_cube();
        for p in [1.0, 0.3, 1e-3, 1e-9] {
            near(&independent(&[p]), p / 2.0);
            near(&independent(&[p, p]), p * p * square + p * (1.0 - p));
            let three = p.powi(3) * cube + 3.0 * p * p * (1.0 - p) * square + 1.5 * p * (1.0 - p).powi(2);
            near(&independent(&[p; 3]), three);
        }
        near(&independent(&[0.2, 0.7]), 0.14 * square + 0.1 * 0.3 + 0.35 * 0.8);
    }

    #[test]
    fn sets_have_closed_forms() {
        let (square, cube) = square_and_cube();
        let together = InputLaw { correlated: vec![vec![0, 2]], ..independent(&[0.2; 3]) };
        near(&together, 0.2 * 0.2 * cube + 0.2 * 0.8 * square + 0.8 * 0.2 * 0.5);
        let apart = InputLaw { anticorrelated: vec![vec![0, 1, 2]], ..independent(&[0.6; 3]) };
        near(&apart, 0.3);
    }

    /// Many features: √(n/3) less the curvature of the root, var/(8 mean^1.5) with a variance of 4n/45; the next term is O(1/n)
    /// smaller.
    #[test]
    fn many_features_come_near_the_root_of_their_mean_square() {
        let n = 4096.0;
        let expansion = (n / 3.0_f64).sqrt() - 4.0 * n / 45.0 / 8.0 / (n / 3.0_f64).powf(1.5);
        assert!((expected_norm(&independent(&[1.0; 4096])) / expansion - 1.0).abs() < 1e-7);
    }
}
