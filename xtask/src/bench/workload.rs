//! What is timed, and how much work a step of it is.

use serde_json::{Value, json};

pub const BATCH: usize = 1024;

/// ReLU output models of one shape, trained side by side: one for each density.
#[derive(Clone, Debug)]
pub struct Workload {
    pub name: String,
    pub features: usize,
    pub hidden: usize,
    /// Feature `i` has the importance `decay^i`.
    pub decay: f64,
    pub densities: Vec<f64>,
}

/// The densities of `basic-small` and `basic-large`.
const SEVEN: [f64; 7] = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];

/// The five workloads, by name.
pub fn all() -> Vec<Workload> {
    let workload = |name: &str, features, hidden, decay, densities: &[f64]| {
        let densities = densities.to_vec();
        Workload { name: name.to_owned(), features, hidden, decay, densities }
    };
    let ten: Vec<f64> = (0..10).map(|k| 20_f64.powf(-f64::from(k) / 9.0)).collect();
    vec![
        workload("W1", 5, 2, 0.9, &ten),
        workload("W2", 20, 5, 0.7, &SEVEN),
        workload("W3", 80, 20, 0.9, &SEVEN),
        workload("W4", 400, 30, 1.0, &[0.1]),
        workload("W5", 100, 20, 1.0, &[0.1]),
    ]
}

/// Multiply-adds, other arithmetic and random words: what a step needs at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    pub multiply_adds: f64,
    pub operations: f64,
    pub words: f64,
}

/// Beside the multiply-adds, for each input: shift, compare, convert, scale, clear (five); for each output: clip, subtract, weigh, square and
/// add to the loss, clear where silent, add to the bias's gradient (six).
const OPERATIONS_A_FEATURE: f64 = 11.0;

/// For each parameter: scale the gradient, two moments in four, root, sum, quotient, step (nine, division and root counted as one each).
const OPERATIONS_A_PARAMETER: f64 = 9.0;

/// Up to this density what is active is listed; of two or five hidden units up to the second.
const LISTED_UP_TO: f64 = 0.25;
const LISTED_NARROW_UP_TO: f64 = 1.0 / 24.0;

impl Workload {
    /// A line for people.
    pub fn title(&self) -> String {
        let models = self.densities.len();
        let (highest, lowest) = (self.densities[0], self.densities[models - 1]);
        let Workload { features, hidden, decay, .. } = self;
        let many = if models == 1 { "one model".to_owned() } else { format!("{models} models") };
        let importance = if *decay == 1.0 { "1".to_owned() } else { format!("{decay}^i") };
        let density =
            if models == 1 { format!("density {highest}") } else { format!("densities {highest} to {lowest}") };
        format!("{many} of {features} → {hidden}, {density}, importance {importance}")
    }

    /// What our own program and page train: for ever, so that they stop where they are told.
    pub fn spec(&self) -> Value {
        json!({
            "features": self.features, "hidden": self.hidden, "importance": self.decay, "batch": BATCH, "steps": 100_000_000,
            "sweep": [{ "field": "density", "values": self.densities }],
        })
    }

    /// The spec of one instance, to evaluate what was trained.
    pub fn spec_of(&self, instance: usize) -> Value {
        json!({
            "features": self.features, "hidden": self.hidden, "importance": self.decay, "density": self.densities[instance],
        })
    }

    /// The same for peers, with every number written out.
    pub fn for_peers(&self) -> Value {
        let importance: Vec<f64> = (0..self.features).map(|i| self.decay.powi(i as i32)).collect();
        json!({
            "features": self.features, "hidden": self.hidden, "batch": BATCH, "importance": importance,
            "density": self.densities,
        })
    }

    /// A step done densely. The products are five: encode, decode, and backwards the decoder's weights, the hidden gradient
    /// and the encoder's weights.
    pub fn dense(&self) -> Work {
        self.work(|_| 5.0)
    }

    /// A step that skips inputs that are zero, in encoding and in the encoder's gradient.
    pub fn sparse(&self) -> Work {
        self.work(|density| 3.0 + 2.0 * density)
    }

    fn work(&self, products: impl Fn(f64) -> f64) -> Work {
        let (features, models) = (self.features as f64, self.densities.len() as f64);
        let (size, batch) = (features * self.hidden as f64, BATCH as f64);
        let products: f64 = self.densities.iter().map(|&density| products(density)).sum();
        // Dense instances of one seed read the same words, so those are drawn once; where what is active is listed, each active feature has two
        // words of its own, and where a feature's samples end two are for nothing.
        let up_to = if [2, 5].contains(&self.hidden) { LISTED_NARROW_UP_TO } else { LISTED_UP_TO };
        let is_listed = |density: f64| density <= up_to;
        let shared = if self.densities.iter().all(|&density| is_listed(density)) { 0.0 } else { batch * features };
        let listed = self.densities.iter().filter(|&&density| is_listed(density));
        let own: f64 = listed.map(|density| 2.0 * features * (density * batch + 1.0)).sum();
        Work {
            multiply_adds: products * batch * size,
            operations: models * (OPERATIONS_A_FEATURE * batch * features + OPERATIONS_A_PARAMETER * (size + features)),
            words: shared + own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_a_step_is_counted_by_hand() {
        let w4 = &all()[3];
        assert_eq!(w4.dense().multiply_adds, 5.0 * 1024.0 * 400.0 * 30.0);
        assert!((w4.sparse().multiply_adds - 3.2 * 1024.0 * 400.0 * 30.0).abs() < 1.0);
        // A tenth of the features is active.
        assert!((w4.dense().words - 2.0 * 400.0 * (102.4 + 1.0)).abs() < 1e-6);
        // Three densities share a word a feature, the other four are listed.
        let own = 2.0 * 20.0 * (0.044 * 1024.0 + 4.0);
        assert!((all()[1].dense().words - (1024.0 * 20.0 + own)).abs() < 1e-6);
        assert_eq!(all()[0].dense().words, 1024.0 * 5.0);
    }

    #[test]
    fn the_workloads_are_those_of_the_issue() {
        let all = all();
        let shapes: Vec<_> = all.iter().map(|w| (w.densities.len(), w.features, w.hidden)).collect();
        assert_eq!(shapes, [(10, 5, 2), (7, 20, 5), (7, 80, 20), (1, 400, 30), (1, 100, 20)]);
        assert!((all[0].densities[9] - 0.05).abs() < 1e-12);
        assert_eq!(all[1].title(), "7 models of 20 → 5, densities 1 to 0.001, importance 0.7^i");
        assert_eq!(all[3].title(), "one model of 400 → 30, density 0.1, importance 1");
    }
}
