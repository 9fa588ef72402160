//! Update rules: stochastic gradient descent, Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019).
//!
//! Plain IEEE arithmetic in f32, entry by entry, so that the bits depend on neither level nor machine. The moments are
//! zero at the start and their bias is corrected, with running powers of β instead of a power function.

use serde::{Deserialize, Serialize};

use crate::spec::{OptimizerKind, Schedule};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f32 = 1e-8;

/// What an update rule remembers of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Adam's first moment, or the velocity of momentum.
    first: Vec<f32>,
    /// Adam's second moment.
    second: Vec<f32>,
    /// β₁ᵗ and β₂ᵗ after t updates.
    powers: [f64; 2],
}

impl Moments {
    /// Before the first update of `n_parameters`.
    pub fn new(n_parameters: usize) -> Self {
        Moments { first: vec![0.0; n_parameters], second: vec![0.0; n_parameters], powers: [1.0; 2] }
    }

    /// Whether it fits this many parameters.
    pub fn fits(&self, n_parameters: usize) -> bool {
        self.first.len() == n_parameters && self.second.len() == n_parameters
    }

    /// Forgets what it remembers of these entries.
    pub fn forget(&mut self, entries: impl Iterator<Item = usize>) {
        for entry in entries {
            self.first[entry] = 0.0;
            self.second[entry] = 0.0;
        }
    }

    /// Moves `parameters` against `gradient` by one update with step size `learning_rate`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn update(&mut self, kind: OptimizerKind, learning_rate: f64, parameters: &mut [f32], gradient: &[f32]) {
        assert_eq!(parameters.len(), gradient.len(), "a gradient of the parameters' length");
        assert!(self.fits(parameters.len()), "moments of the parameters' length");
        match kind {
            OptimizerKind::Sgd { momentum } => self.sgd(momentum as f32, learning_rate as f32, parameters, gradient),
            OptimizerKind::Adam => self.adam(0.0, learning_rate, parameters, gradient),
            OptimizerKind::AdamW { weight_decay } => self.adam(weight_decay, learning_rate, parameters, gradient),
        }
    }

    fn sgd(&mut self, momentum: f32, learning_rate: f32, parameters: &mut [f32], gradient: &[f32]) {
        for ((parameter, &g), velocity) in parameters.iter_mut().zip(gradient).zip(&mut self.first) {
            *velocity = momentum * *velocity + g;
            *parameter -= learning_rate * *velocity;
        }
    }

    fn adam(&mut self, weight_decay: f64, learning_rate: f64, parameters: &mut [f32], gradient: &[f32]) {
        self.powers = [self.powers[0] * BETA1, self.powers[1] * BETA2];
        // p −= lr · m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).
        let step = (learning_rate / (1.0 - self.powers[0])) as f32;
        let root = (1.0 / (1.0 - self.powers[1])).sqrt() as f32;
        let keep = (1.0 - learning_rate * weight_decay) as f32;
        let (beta1, beta2) = (BETA1 as f32, BETA2 as f32);
        let (new1, new2) = ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, &g), (first, second)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *first = beta1 * *first + new1 * g;
            *second = beta2 * *second + new2 * (g * g);
            *parameter = *parameter * keep - step * *first / (second.sqrt() * root + EPSILON);
        }
    }
}

/// The step size of update number `step` (from 0) of a run of `steps`.
pub fn scheduled(schedule: Schedule, learning_rate: f64, step: u64, steps: u64) -> f64 {
    let done = step as f64 / steps.max(1) as f64;
    match schedule {
        Schedule::Constant => learning_rate,
        Schedule::Linear => learning_rate * (1.0 - done).max(0.0),
        Schedule::Cosine => learning_rate * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done.min(1.0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three updates of one parameter by the formulas of the paper, in f64, with the bias corrected as it is written there.
    fn adam_by_the_book(decay: f64) -> f64 {
        let (mut p, mut m, mut v, lr) = (0.5_f64, 0.0, 0.0, 0.01);
        for (t, g) in [(1, 0.3), (2, -0.2), (3, 0.05)] {
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (m_hat, v_hat) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
            p -= lr * decay * p + lr * m_hat / (v_hat.sqrt() + 1e-8);
        }
        p
    }

    fn run(kind: OptimizerKind) -> f64 {
        let (mut moments, mut p) = (Moments::new(1), [0.5_f32]);
        for g in [0.3, -0.2, 0.05] {
            moments.update(kind, 0.01, &mut p, &[g]);
        }
        f64::from(p[0])
    }

    #[test]
    fn adam_and_adamw_follow_their_papers() {
        assert!((run(OptimizerKind::Adam) - adam_by_the_book(0.0)).abs() < 1e-7);
        assert!((run(OptimizerKind::AdamW { weight_decay: 0.1 }) - adam_by_the_book(0.1)).abs() < 1e-7);
    }

    #[test]
    fn momentum_accumulates_gradients() {
        // Velocities .3, .07, .113 with momentum .9; the parameter loses a hundredth of each.
        let expected = 0.5 - 0.01 * (0.3 + 0.07 + 0.113);
        assert!((run(OptimizerKind::Sgd { momentum: 0.9 }) - expected).abs() < 1e-7);
    }

    #[test]
    fn schedules_fall_to_zero_at_the_last_step() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            assert_eq!(scheduled(schedule, 0.1, 0, 100), 0.1);
            assert!((scheduled(schedule, 0.1, 50, 100) - 0.05).abs() < 1e-12);
            assert!(scheduled(schedule, 0.1, 100, 100).abs() < 1e-12);
        }
        assert_eq!(scheduled(Schedule::Constant, 0.1, 100, 100), 0.1);
    }
}
