//! Samples with at least one active feature, and how likely each number of active features is.

use crate::rng::Stream;

/// Draws samples of independent sparse features, given that at least one feature is active.
#[derive(Debug, Clone)]
pub struct ActiveSampler {
    densities: Vec<f64>,
    /// `first_up_to[i]`: probability that the first active feature is at most i, given that there is one.
    first_up_to: Vec<f64>,
    /// Probability that nothing is active.
    p_empty: f64,
}

impl ActiveSampler {
    /// For these densities.
    pub fn new(densities: &[f64]) -> Self {
        let mut none_before = 1.0;
        let mut first_up_to: Vec<f64> = Vec::with_capacity(densities.len());
        let mut sum = 0.0;
        for &p in densities {
            sum += none_before * p;
            none_before *= 1.0 - p;
            first_up_to.push(sum);
        }
        // Divided by the sum itself rather than by 1 − p_empty, which cancels where densities are tiny.
        first_up_to.iter_mut().for_each(|p| *p /= sum);
        ActiveSampler { densities: densities.to_vec(), first_up_to, p_empty: none_before }
    }

    /// Probability that a sample is empty.
    pub fn p_empty(&self) -> f64 {
        self.p_empty
    }

    /// Draws a sample into `active` as (feature, value) with rising features; never empty.
    pub fn draw_into(&self, stream: &mut Stream, active: &mut Vec<(usize, f32)>) {
        active.clear();
        let u = stream.uniform();
        let n_features = self.densities.len();
        let first = self.first_up_to.partition_point(|&p| p <= u).min(n_features - 1);
        active.push((first, stream.uniform() as f32));
        // Past the first, features are independent again; geometric gaps would save draws where densities are low,
        // but the model's own work outweighs a draw a feature.
        for i in first + 1..n_features {
            if stream.uniform() < self.densities[i] {
                active.push((i, stream.uniform() as f32));
            }
        }
    }

    /// Probability of exactly k active features for k = 0 … n, the Poisson binomial distribution.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn counts_of_equal_densities_are_binomial() {
        let counts = ActiveSampler::new(&[0.25; 4]).count_probabilities();
        let expected = [81.0, 108.0, 54.0, 12.0, 1.0].map(|c| c / 256.0);
        for (count, expected) in counts.iter().zip(expected) {
            assert!((count - expected).abs() < 1e-15, "{counts:?}");
        }
    }

    /// 200,000 samples; each frequency within five standard errors, a false-alarm rate below 1e-5 for the six of them.
    #[test]
    fn frequencies_are_those_given_something_is_active() {
        let densities = [0.05, 0.5, 0.2];
        let sampler = ActiveSampler::new(&densities);
        let mut stream = Stream::new(3, Purpose::Evaluation);
        let (n, mut active, mut seen, mut pairs) = (200_000, Vec::new(), [0; 3], 0);
        for _ in 0..n {
            sampler.draw_into(&mut stream, &mut active);
            assert!(!active.is_empty() && active.is_sorted_by_key(|a| a.0));
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
}
