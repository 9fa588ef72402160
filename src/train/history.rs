//! What a run keeps of its way: loss and parameters at a bounded number of steps.

use serde::{Deserialize, Serialize};

use crate::spec::{Record, Scale};

/// The recorded points of a run, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Updates made when the point was taken.
    pub steps: Vec<u64>,
    /// The mean loss of the batches since the point before; at step 0 that of the first batch, none before it.
    pub losses: Vec<Option<f64>>,
    /// `[points][n_parameters]`, in the order of [`crate::models`].
    pub parameters: Vec<f32>,
    /// Sum and number of the losses since the last point.
    sum: f64,
    count: u64,
}

impl History {
    /// Takes in the loss of the batch that gave an update.
    pub(super) fn take_loss(&mut self, loss: f64) {
        if let Some(first @ None) = self.losses.first_mut() {
            *first = Some(loss);
        }
        self.sum += loss;
        self.count += 1;
    }

    /// Adds a point, unless the last one is of the same step.
    pub(super) fn take_point(&mut self, step: u64, parameters: &[f32]) {
        if self.steps.last() == Some(&step) {
            return;
        }
        self.steps.push(step);
        self.losses.push((self.count > 0).then(|| self.sum / self.count as f64));
        self.parameters.extend_from_slice(parameters);
        (self.sum, self.count) = (0.0, 0);
    }
}

/// The steps to record of a run of `steps`: at most `record.points`, rising, from 0 to `steps`.
///
/// On the logarithmic scale step 0 comes first and the others lie between 1 and `steps` by equal factors; where they would
/// round to the same step there are fewer.
pub(super) fn record_steps(record: Record, steps: u64) -> Vec<u64> {
    let last = record.points.saturating_sub(1);
    let at = |point_idx: usize| match record.scale {
        _ if point_idx == last => steps,
        Scale::Linear => (steps as f64 * point_idx as f64 / last as f64).round() as u64,
        Scale::Log if point_idx == 0 => 0,
        Scale::Log => {
            let share = (point_idx - 1) as f64 / (last - 1) as f64;
            (libm::exp(share * libm::log(steps.max(1) as f64)).round() as u64).min(steps)
        }
    };
    let mut list: Vec<u64> = (0..record.points).map(at).collect();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_steps_rise_from_the_start_to_the_end() {
        let of = |points, scale, steps| record_steps(Record { points, scale }, steps);
        assert_eq!(of(5, Scale::Linear, 100), [0, 25, 50, 75, 100]);
        assert_eq!(of(5, Scale::Log, 1000), [0, 1, 10, 100, 1000]);
        assert_eq!(of(2000, Scale::Linear, 10).len(), 11);
        assert_eq!(of(1, Scale::Log, 7), [7]);
        assert_eq!(of(2, Scale::Log, 7), [0, 7]);
        assert_eq!(of(9, Scale::Log, 0), [0]);
        assert_eq!(of(3, Scale::Log, 1), [0, 1]);
        for points in [3, 50, 2000] {
            let steps = of(points, Scale::Log, 12_345);
            assert!(steps.len() <= points && steps.is_sorted_by(|a, b| a < b), "{steps:?}");
            assert_eq!((steps[0], steps[steps.len() - 1]), (0, 12_345));
        }
    }
}
