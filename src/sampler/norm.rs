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

    #[test]
    fn one_and_two_features_have_closed_forms() {
        // E x = 1/2, and the mean distance from a corner of the unit square: (√2 + asinh 1) / 3.
        let square = (2.0_f64.sqrt() + 1.0_f64.asinh()) / 3.0;
        assert!((expected_norm(&independent(&[1.0])) - 0.5).abs() < 1e-9);
        assert!((expected_norm(&independent(&[1.0, 1.0])) - square).abs() < 1e-9);
        let sparse = 2.0 * 0.3 * 0.7 * 0.5 + 0.3 * 0.3 * square;
        assert!((expected_norm(&independent(&[0.3, 0.3])) - sparse).abs() < 1e-9);
        let set = InputLaw { correlated: vec![vec![0, 1]], ..independent(&[0.3, 0.3]) };
        assert!((expected_norm(&set) - 0.3 * square).abs() < 1e-9);
        let apart = InputLaw { anticorrelated: vec![vec![0, 1]], ..independent(&[0.3, 0.3]) };
        assert!((expected_norm(&apart) - 0.3 * 0.5).abs() < 1e-9);
    }

    #[test]
    fn tiny_densities_keep_their_digits() {
        assert!((expected_norm(&independent(&[1e-9])) / 0.5e-9 - 1.0).abs() < 1e-9);
    }
}
