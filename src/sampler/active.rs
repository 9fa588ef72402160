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

/// Draws samples of sparse features, given that more than a few units are active, and knows how likely all others are.
///
/// A unit is active where points thrown along a line, one a length of 1 on average, hit its piece; the piece of a unit of density p has
/// length `−ln(1 − p)`. From one active unit to the next is then one exponential number, however many units lie between.
#[derive(Debug, Clone)]
pub struct ActiveSampler {
    units: Vec<Unit>,
    /// The probability that each unit is active.
    densities: Vec<f64>,
    /// Where each unit's piece ends.
    ends: Vec<f64>,
    /// `first_up_to[u]`: probability that the first active unit is at most u, given that at least `least` are active.
    first_up_to: Vec<f64>,
    /// 1 or 2.
    least: usize,
    signed: bool,
}

/// The length of a piece that no gap between points reaches: `1 − u ≥ 2⁻⁵³`, and so `−ln(1 − u) < 37`.
const ALWAYS: f64 = 40.0;

impl ActiveSampler {
    /// For a law of inputs, and samples with at least one or two active units.
    pub fn new(law: &InputLaw, least: usize) -> Self {
        let mut in_set = vec![false; law.densities.len()];
        law.correlated.iter().chain(&law.anticorrelated).flatten().for_each(|&member| in_set[member] = true);
        let singles = (0..in_set.len()).filter(|&i| !in_set[i]).map(Unit::Single);
        let together = law.correlated.iter().cloned().map(Unit::Together);
        let units: Vec<Unit> =
            singles.chain(together).chain(law.anticorrelated.iter().cloned().map(Unit::Apart)).collect();
        let densities: Vec<f64> = units.iter().map(|unit| law.densities[unit.first()]).collect();

        let mut end = 0.0;
        let ends = densities.iter().map(|&p| {
            end += (-libm::log1p(-p)).min(ALWAYS);
            end
        });
        let mut sampler = ActiveSampler {
            ends: ends.collect(),
            units,
            densities,
            first_up_to: Vec::new(),
            least,
            signed: law.signed,
        };
        let (mut sum, mut start) = (0.0, 0.0);
        for (&p, &end) in sampler.densities.iter().zip(&sampler.ends) {
            let more = if least > 1 { sampler.some_after(end) } else { 1.0 };
            sum += libm::exp(-start) * p * more;
            sampler.first_up_to.push(sum);
            start = end;
        }
        sampler.first_up_to.iter_mut().for_each(|p| *p /= sum);
        sampler
    }

    /// How many active units a sample has at least.
    pub fn least(&self) -> usize {
        self.least
    }

    /// Where the last piece ends.
    fn end(&self) -> f64 {
        self.ends.last().copied().unwrap_or(0.0)
    }

    /// The probability that a unit beyond this place is active.
    fn some_after(&self, place: f64) -> f64 {
        -libm::expm1(place - self.end())
    }

    /// Probability that a sample is empty.
    pub fn p_empty(&self) -> f64 {
        libm::exp(-self.end())
    }

    /// Each feature that can be active alone, and the probability that it is.
    pub fn alone(&self) -> Vec<(usize, f64)> {
        let mut alone = Vec::new();
        let mut start = 0.0;
        for ((unit, &p), &end) in self.units.iter().zip(&self.densities).zip(&self.ends) {
            let p = p * libm::exp(end - start - self.end());
            match unit {
                Unit::Single(feature_idx) => alone.push((*feature_idx, p)),
                Unit::Apart(set) => set.iter().for_each(|&member| alone.push((member, p / set.len() as f64))),
                Unit::Together(_) => {}
            }
            start = end;
        }
        alone
    }

    /// Draws a sample into `active` as (feature, value), no feature twice; returns how many units are active.
    pub fn draw_into(&self, stream: &mut Stream, active: &mut Vec<(usize, f32)>) -> usize {
        active.clear();
        let u = stream.uniform();
        let last = self.units.len() - 1;
        let mut unit_idx = self.first_up_to.partition_point(|&p| p <= u).min(last);
        let mut n_active = 0;
        loop {
            self.activate(unit_idx, stream, active);
            n_active += 1;
            let place = self.ends[unit_idx];
            // Where too few are active yet, there is one more.
            let p = if n_active < self.least { self.some_after(place) } else { 1.0 };
            let next = place - libm::log1p(-stream.uniform() * p);
            let beyond = unit_idx + 1;
            unit_idx = beyond + self.ends[beyond..].partition_point(|&end| end <= next);
            if unit_idx > last && n_active >= self.least {
                return n_active;
            }
            unit_idx = unit_idx.min(last);
        }
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
        let counts = ActiveSampler::new(&InputLaw::independent(vec![0.25; 4]), 1).count_probabilities();
        let expected = [81.0, 108.0, 54.0, 12.0, 1.0].map(|c| c / 256.0);
        for (count, expected) in counts.iter().zip(expected) {
            assert!((count - expected).abs() < 1e-15, "{counts:?}");
        }
    }

    /// 200,000 samples; each frequency within five standard errors, a false-alarm rate below 1e-5 for the six of them.
    #[test]
    fn frequencies_are_those_given_something_is_active() {
        let densities = [0.05, 0.5, 0.2];
        let sampler = ActiveSampler::new(&InputLaw::independent(densities.to_vec()), 1);
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

    /// Samples with at least two active, and those with one, by counting the 2⁵ outcomes; the former with the false-alarm rate above.
    #[test]
    fn two_and_one_are_as_likely_as_by_counting() {
        for densities in [[0.05, 0.5, 0.2, 0.3, 0.01], [0.3, 1.0, 1e-3, 1.0, 0.2], [1e-9, 1e-9, 0.0, 3e-9, 0.0]] {
            let sampler = ActiveSampler::new(&InputLaw::independent(densities.to_vec()), 2);
            let (mut expected, mut some, mut alone) = ([0.0; 5], 0.0, [0.0; 5]);
            for outcome in 0..32_usize {
                let is_on = |i: usize| outcome >> i & 1 == 1;
                let p: f64 = (0..5).map(|i| if is_on(i) { densities[i] } else { 1.0 - densities[i] }).product();
                if outcome.count_ones() == 1 {
                    alone[outcome.trailing_zeros() as usize] = p;
                }
                if outcome.count_ones() >= 2 {
                    some += p;
                    (0..5).filter(|&i| is_on(i)).for_each(|i| expected[i] += p);
                }
            }
            for ((i, found), p) in sampler.alone().into_iter().zip(alone) {
                assert!((found - p).abs() <= 1e-14 * p + 1e-17, "{i} alone: {found}, expected {p}");
            }
            let mut stream = Stream::new(3, Purpose::Evaluation);
            let (n, mut active, mut seen) = (200_000, Vec::new(), [0.0; 5]);
            for _ in 0..n {
                let n_active = sampler.draw_into(&mut stream, &mut active);
                assert!(n_active == active.len() && n_active > 1 && active.is_sorted_by_key(|a| a.0), "{active:?}");
                active.iter().for_each(|&(i, _)| seen[i] += 1.0);
            }
            for (count, p) in seen.into_iter().zip(expected.map(|p| p / some)) {
                let error = (count / f64::from(n) - p).abs();
                assert!(
                    error <= 5.0 * (p * (1.0 - p).max(0.0) / f64::from(n)).sqrt() + 1e-9,
                    "{count} of {n}, expected {p}"
                );
            }
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
        let sampler = ActiveSampler::new(&law, 1);
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
