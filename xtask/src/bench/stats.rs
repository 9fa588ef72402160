//! Numbers of several rounds, and what they come to.

/// One number a round, in the order of the rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample(pub Vec<f64>);

impl Sample {
    /// The middle, or the mean of the two in the middle.
    ///
    /// # Panics
    /// If there was no round.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
    }

    pub fn lowest(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn highest(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// How many times less than `slower` this is: the ratio in each round, since both ran beside the same disturbances.
    pub fn times_faster_than(&self, slower: &Sample) -> Sample {
        Sample(self.0.iter().zip(&slower.0).map(|(own, other)| other / own).collect())
    }
}

/// Three digits that count: `0.0603`, `1.25`, `43.1`, `250`.
pub fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_take_the_middle_of_any_order() {
        assert_eq!(Sample(vec![3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Sample(vec![4.0, 1.0, 3.0, 2.0]).median(), 2.5);
        assert_eq!((Sample(vec![4.0, 1.0]).lowest(), Sample(vec![4.0, 1.0]).highest()), (1.0, 4.0));
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let (ours, peer) = (Sample(vec![1.0, 2.0, 4.0]), Sample(vec![3.0, 4.0, 20.0]));
        assert_eq!(ours.times_faster_than(&peer), Sample(vec![3.0, 2.0, 5.0]));
        assert_eq!(ours.times_faster_than(&peer).median(), 3.0);
    }

    #[test]
    fn numbers_are_cut_to_what_counts() {
        assert_eq!(
            [0.06031, 1.2543, 43.1499, 249.7, 9.996].map(three_digits),
            ["0.0603", "1.25", "43.1", "250", "10.00"]
        );
    }
}
