//! Samples with at least one active feature, and how likely each number of active units is.

use crate::rng::Stream;
use crate::spec::InputLaw;

/// What one draw decides about: a feature of its own, or a set.
#[derive(Debug, Clone)]
enum Unit {
    Single(usize),
    /// Active together.
    Together(Vec<usize>),
    /// One of them is active.
    Apart(Vec<usize>),
}

/// Draws samples of sparse features, given that at least one feature is active.
#[derive(Debug, Clone)]
pub struct ActiveSampler {
    units: Vec<Unit>,
    /// The probability that each unit is active.
    densities: Vec<f64>,
    /// `first_up_to[u]`: probability that the first active unit is at most u, given that there is one.
    first_up_to: Vec<f64>,
    /// Probability that nothing is active.
    p_empty: f64,
    signed: bool,
}

impl ActiveSampler {
    /// For a law of inputs.
    pub fn new(law: &InputLaw) -> Self {
        let mut in_set = vec![false; law.densities.len()];
        law.correlated.iter().chain(&law.anticorrelated).flatten().for_each(|&member| in_set[member] = true);
        let singles = (0..in_set.len()).filter(|&i| !in_set[i]).map(Unit::Single);
        let together = law.correlated.iter().cloned().map(Unit::Together);
        let units: Vec<Unit> =
            singles.chain(together).chain(law.anticorrelated.iter().cloned().map(Unit::Apart)).collect();
        let densities: Vec<f64> = units.iter().map(|unit| law.densities[unit.first()]).collect();

        let mut none_before = 1.0;
        let mut first_up_to: Vec<f64> = Vec::with_capacity(densities.len());
        let mut sum = 0.0;
        for &p in &densities {
            sum += none_before * p;
            none_before *= 1.0 - p;
            first_up_to.push(sum);
        }
        // Divided by the sum itself rather than by 1 − p_empty, which cancels where densities are tiny.
        first_up_to.iter_mut().for_each(|p| *p /= sum);
        ActiveSampler { units, densities, first_up_to, p_empty: none_before, signed: law.signed }
    }

    /// Probability that a sample is empty.
    pub fn p_empty(&self) -> f64 {
        self.p_empty
    }

    /// Draws a sample into `active` as (feature, value), no feature twice; returns how many units are active, at least one.
    pub fn draw_into(&self, stream: &mut Stream, active: &mut Vec<(usize, f32)>) -> usize {
        active.clear();
        let u = stream.uniform();
        let n_units = self.units.len();
        let first = self.first_up_to.partition_point(|&p| p <= u).min(n_units - 1);
        self.activate(first, stream, active);
        // Past the first, units are independent again; geometric gaps would save draws where densities are low,
        // but the model's own work outweighs a draw a feature.
        let mut n_active = 1;
        for unit_idx in first + 1..n_units {
            if stream.uniform() < self.densities[unit_idx] {
                self.activate(unit_idx, stream, active);
                n_active += 1;
            }
        }
        n_active
    }

    fn activate(&self, unit_idx: usize, stream: &mut Stream, active: &mut Vec<(usize, f32)>) {
        let value = |stream: &mut Stream| {
            let value = stream.uniform() as f32;
            if self.signed { 2.0 * value - 1.0 } else { value }
        };
        match &self.units[unit_idx] {
            Unit::Single(feature_idx) => active.push((*feature_idx, value(stream))),
            Unit::Together(set) => set.iter().for_each(|&member| active.push((member, value(stream)))),
            Unit::Apart(set) => {
                let place = ((stream.uniform() * set.len() as f64) as usize).min(set.len() - 1);
                active.push((set[place], value(stream)));
            }
        }
    }

    /// Probability of exactly k active units for k = 0 … their number, the Poisson binomial distribution.
    ///
    /// # Precision
    /// Sums of products of non-negative terms, so no cancellation: a relative n·ε.
    pub fn count_probabilities(&self) -> Vec<f64> {
        let mut counts = vec![1.0];
        for &p in &self.densities {
            counts.push(0.0);
            for k in (0..counts.len()).rev() {
                counts[k] = counts[k] * (1.0 - p) + if k > 0 { counts[k - 1] * p } else { 0.0 };
            }
        }
        counts
    }
}

impl Unit {
    /// Its only feature, or the first of its set.
    fn first(&self) -> usize {
        match self {
            Unit::Single(feature_idx) => *feature_idx,
            Unit::Together(set) | Unit::Apart(set) => set[0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn counts_of_equal_densities_are_binomial() {
        let counts = ActiveSampler::new(&InputLaw::independent(vec![0.25; 4])).count_probabilities();
        let expected = [81.0, 108.0, 54.0, 12.0, 1.0].map(|c| c / 256.0);
        for (count, expected) in counts.iter().zip(expected) {
            assert!((count - expected).abs() < 1e-15, "{counts:?}");
        }
    }

    /// 200,000 samples; each frequency within five standard errors, a false-alarm rate below 1e-5 for the six of them.
    #[test]
    fn frequencies_are_those_given_something_is_active() {
        let densities = [0.05, 0.5, 0.2];
        let sampler = ActiveSampler::new(&InputLaw::independent(densities.to_vec()));
        let mut stream = Stream::new(3, Purpose::Evaluation);
        let (n, mut active, mut seen, mut pairs) = (200_000, Vec::new(), [0; 3], 0);
        for _ in 0..n {
            let n_active = sampler.draw_into(&mut stream, &mut active);
            assert!(n_active == active.len() && n_active > 0 && active.is_sorted_by_key(|a| a.0));
            active.iter().for_each(|&(i, _)| seen[i] += 1);
            pairs += usize::from(active.len() == 2);
        }
        let p_some = 1.0 - sampler.p_empty();
        let expected = [densities[0] / p_some, densities[1] / p_some, densities[2] / p_some];
        let two = sampler.count_probabilities()[2] / p_some;
        for (count, p) in seen.into_iter().chain([pairs]).zip(expected.into_iter().chain([two])) {
            let error = (f64::from(count as u32) / f64::from(n) - p).abs();
            assert!(error < 5.0 * (p * (1.0 - p) / f64::from(n)).sqrt(), "{count} of {n}, expected {p}");
        }
    }

    /// Sets: what can be active, and how often, with the same false-alarm rate as above.
    #[test]
    fn sets_are_active_as_the_law_says() {
        let law = InputLaw {
            correlated: vec![vec![1, 3]],
            anticorrelated: vec![vec![0, 4, 2]],
            signed: true,
            ..InputLaw::independent(vec![0.3, 0.2, 0.3, 0.2, 0.3, 0.4])
        };
        let sampler = ActiveSampler::new(&law);
        let mut stream = Stream::new(5, Purpose::Evaluation);
        let (n, mut active, mut seen, mut below) = (200_000, Vec::new(), [0.0; 6], 0.0);
        for _ in 0..n {
            let units = sampler.draw_into(&mut stream, &mut active);
            let is_on = |i: usize| active.iter().any(|a| a.0 == i);
            assert_eq!(is_on(1), is_on(3));
            assert!([0, 4, 2].into_iter().filter(|&i| is_on(i)).count() <= 1);
            assert_eq!(units, active.len() - usize::from(is_on(1)));
            active.iter().for_each(|&(i, _)| seen[i] += 1.0);
            below += f64::from(active[0].1 < 0.0);
        }
        let p_some = 1.0 - sampler.p_empty();
        assert!((sampler.p_empty() - 0.7 * 0.8 * 0.6).abs() < 1e-15);
        let expected = law.activities().into_iter().map(|p| p / p_some).chain([0.5]);
        for (count, p) in seen.into_iter().chain([below]).zip(expected) {
            let error = (count / f64::from(n) - p).abs();
            assert!(error < 5.0 * (p * (1.0 - p) / f64::from(n)).sqrt(), "{count} of {n}, expected {p}");
        }
    }
}
