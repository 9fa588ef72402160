//! The loss of a trained model: exact where theory has it, else sampled with a stated standard error.

use crate::kernels::{BLOCK, Level};
use crate::models::{Kernel, Network, Shape, Sums, Work, sparse_error};
use crate::rng::{Purpose, Stream};
use crate::sampler::{ActiveSampler, reading};
use crate::spec::{ExperimentSpec, InputLaw};
use crate::theory::{exact_loss_with_sets, is_exact};

/// A loss and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Mean over samples and features of `I_i (x_i − x'_i)²`.
    pub loss: f64,
    /// 0 when exact.
    pub standard_error: f64,
    /// Whether it is the expectation itself.
    pub exact: bool,
}

/// The standard error to reach, as a fraction of the loss; below the 0.2% that reports promise, since it is itself estimated.
pub const PRECISION: f64 = 1.7e-3;
/// Samples a round; the error is looked at between rounds.
const ROUND: usize = 4096;
/// The most samples, so that even a hopeless case ends. A sample's loss varies by up to six times its mean where few
/// features of unequal importance are active (20 in 5 at density .03), which takes 12 million; here it may vary by eleven times.
const MOST_SAMPLES: usize = 1 << 25;
/// Numbers of active features and sets from this on share a stratum.
const STRATA: usize = 24;

/// As [`evaluate_to`], to [`PRECISION`].
///
/// # Shapes
/// `parameters` in the order of [`crate::models`].
pub fn evaluate(spec: &ExperimentSpec, parameters: &[f32], seed: u64) -> Evaluation {
    evaluate_to(spec, parameters, seed, PRECISION)
}

/// The loss of a model under its spec's law of inputs, penalties and attacks left out; where it has to be sampled, to this fraction
/// of itself.
///
/// Sampling leaves out the empty sample, whose loss is known exactly, and weighs the others in strata of the number of
/// active features and sets by the strata's exact probabilities (post-stratification; Holt and Smith, 1979).
///
/// # Shapes
/// `parameters` in the order of [`crate::models`].
pub fn evaluate_to(spec: &ExperimentSpec, parameters: &[f32], seed: u64, relative_error: f64) -> Evaluation {
    let law = spec.input_law();
    let shape = Shape::new(spec.model, spec.features, spec.hidden);
    if is_exact(spec.model, spec.features) {
        let parameters: Vec<f64> = parameters.iter().copied().map(f64::from).collect();
        let (w, b) = parameters.split_at(shape.n_weights());
        let InputLaw { densities, correlated, anticorrelated, .. } = &law;
        let loss = exact_loss_with_sets(spec.model, w, b, densities, correlated, anticorrelated, &spec.importances());
        return Evaluation { loss, standard_error: 0.0, exact: true };
    }
    let importance: Vec<f32> = spec.importances().iter().map(|&i| i as f32).collect();
    sampled(shape.network(spec.model, parameters, &importance), &law, seed, relative_error)
}

/// Running mean and spread of a stratum (Welford, 1962).
#[derive(Debug, Clone, Copy, Default)]
struct Stratum {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Stratum {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    fn merge(self, other: Stratum) -> Stratum {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let gap = other.mean - self.mean;
        Stratum {
            count,
            mean: self.mean + gap * other.count / count,
            squares: self.squares + other.squares + gap * gap * self.count * other.count / count,
        }
    }
}

fn sampled(network: Network, law: &InputLaw, seed: u64, relative_error: f64) -> Evaluation {
    let n_features = network.n_features();
    let mut h = vec![0.0; network.n_hidden()];
    let mut out = vec![0.0; n_features];
    let sampler = ActiveSampler::new(law);
    // Stratum s holds samples with first + s active features or sets, the last one all beyond.
    let counts = sampler.count_probabilities();
    let mode = (1..counts.len()).max_by(|&a, &b| counts[a].total_cmp(&counts[b])).unwrap_or(1);
    let first = mode.saturating_sub(STRATA / 2).max(1);
    let mut probability = [0.0; STRATA];
    for (k, p) in counts.iter().enumerate().skip(1) {
        probability[k.saturating_sub(first).min(STRATA - 1)] += p;
    }

    let empty_loss = sparse_error(network, &[], &mut h, &mut out);
    let mut strata = [Stratum::default(); STRATA];
    let mut stream = Stream::new(seed, Purpose::Evaluation);
    let mut active = Vec::new();
    let mut n_samples = 0;
    loop {
        for _ in 0..ROUND {
            let n_active = sampler.draw_into(&mut stream, &mut active);
            let error = sparse_error(network, &active, &mut h, &mut out);
            strata[n_active.saturating_sub(first).min(STRATA - 1)].add(error);
        }
        n_samples += ROUND;
        let (mean, variance) = combine(&strata, &probability);
        let sum = sampler.p_empty() * empty_loss + mean;
        if variance.sqrt() <= relative_error * sum || n_samples >= MOST_SAMPLES {
            let scale = 1.0 / n_features as f64;
            return Evaluation { loss: sum * scale, standard_error: variance.sqrt() * scale, exact: false };
        }
    }
}

/// `Σ_s π_s mean_s` and its variance `Σ_s π_s² var_s / count_s`; strata too thin for a variance lean on a neighbour.
fn combine(strata: &[Stratum], probability: &[f64]) -> (f64, f64) {
    const LEAST: f64 = 16.0;
    let (mut mean, mut variance) = (0.0, 0.0);
    let (mut held, mut held_p) = (Stratum::default(), 0.0);
    let mut last: Option<(Stratum, f64)> = None;
    let mut close = |stratum: Stratum, p: f64, sign: f64| {
        mean += sign * p * stratum.mean;
        variance += sign * p * p * stratum.squares / (stratum.count - 1.0) / stratum.count;
    };
    for (stratum, p) in strata.iter().zip(probability) {
        held = held.merge(*stratum);
        held_p += p;
        if held.count >= LEAST {
            close(held, held_p, 1.0);
            last = Some((held, held_p));
            (held, held_p) = (Stratum::default(), 0.0);
        }
    }
    // What is left at the end joins the last full stratum.
    if held_p > 0.0 {
        if let Some((stratum, p)) = last {
            close(stratum, p, -1.0);
            held = held.merge(stratum);
            held_p += p;
        }
        close(held, held_p, 1.0);
    }
    (mean, variance)
}

/// Loss and gradient sums over `n_samples` samples of the evaluation stream, by the kernels that train; penalties and attacks are
/// left out.
///
/// # Shapes
/// `parameters` in the order of [`crate::models`].
pub fn batch_sums(level: Level, spec: &ExperimentSpec, parameters: &[f32], n_samples: usize) -> Sums {
    let reading = reading(&spec.input_law());
    let importance: Vec<f32> = spec.importances().iter().map(|&i| i as f32).collect();
    let shape = Shape::new(spec.model, spec.features, spec.hidden);
    let network = shape.network(spec.model, parameters, &importance);
    let kernel = Kernel::of(level, &network, &reading, false, n_samples);
    let mut work = Work::new(shape, kernel);
    let mut stream = Stream::new(spec.seed, Purpose::Evaluation);
    let tile_blocks = kernel.tile_blocks(level);
    let mut draws = vec![0; tile_blocks * reading.words() * BLOCK];
    work.begin(level, network);
    for first in (0..n_samples).step_by(tile_blocks * BLOCK) {
        stream.fill_rows(level, &mut draws);
        work.add_tile(level, network, &reading, &draws, (n_samples - first).min(tile_blocks * BLOCK), None);
    }
    work.finish(level, network).clone()
}
