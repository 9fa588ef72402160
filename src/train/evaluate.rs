//! The loss of a trained model: exact where theory has it, else put together with a stated error.
//!
//! What samples with no active feature or one add is always exact. What others add is a Fourier series where the model and the law of
//! inputs are such that theory has one, and sampled elsewhere.

use crate::kernels::lists::Drawn;
use crate::kernels::{BLOCK, Level};
use crate::models::{Kernel, Network, Shape, SparseErrors, Sums, Work};
use crate::rng::{Purpose, Stream};
use crate::sampler::{ActiveSampler, reading};
use crate::spec::{ExperimentSpec, InputLaw};
use crate::theory::{error_of_several, exact_loss_with_sets, is_exact, squared_error};

/// A loss and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Mean over samples and features of `I_i (x_i − x'_i)²`.
    pub loss: f64,
    /// 0 when exact; where no chance is involved, a bound on what the sum of a series leaves out.
    pub standard_error: f64,
    /// Whether it is the expectation itself.
    pub exact: bool,
}

/// The standard error to reach, as a fraction of the loss; below the 0.2% that reports promise, since it is itself estimated.
pub const PRECISION: f64 = 1.7e-3;
/// Samples a round; the error is looked at between rounds.
const ROUND: usize = 4096;
/// The most samples, so that even a hopeless case ends: a sample's loss may vary by eleven times its mean here, and hardly ever does by six.
const MOST_SAMPLES: usize = 1 << 25;
/// A series is summed to this fraction of the error that is allowed: more terms cost little.
const SERIES: f64 = 0.1;
/// The most features for which a loss is summed as a Fourier series, which takes the square of their number: beyond, samples are faster.
const MOST_SUMMED_FEATURES: usize = 256;
/// Numbers of active features and sets from this on share a stratum.
const STRATA: usize = 24;

/// As [`evaluate_to`], to [`PRECISION`].
///
/// # Shapes
/// `parameters` in the order of [`crate::models`].
pub fn evaluate(spec: &ExperimentSpec, parameters: &[f32], seed: u64) -> Evaluation {
    evaluate_to(spec, parameters, seed, PRECISION)
}

/// The loss of a model under its spec's law of inputs, penalties and attacks left out; where it has to be sampled or summed, to this
/// fraction of itself.
///
/// # Shapes
/// `parameters` in the order of [`crate::models`].
pub fn evaluate_to(spec: &ExperimentSpec, parameters: &[f32], seed: u64, relative_error: f64) -> Evaluation {
    let law = spec.input_law();
    let shape = Shape::new(spec.model, spec.features, spec.hidden);
    let wide: Vec<f64> = parameters.iter().copied().map(f64::from).collect();
    let (w, b) = wide.split_at(shape.n_weights());
    let InputLaw { densities, correlated, anticorrelated, signed } = &law;
    let importances = spec.importances();
    if is_exact(spec.model, spec.features) {
        let loss = exact_loss_with_sets(spec.model, w, b, densities, correlated, anticorrelated, &importances);
        return Evaluation { loss, standard_error: 0.0, exact: true };
    }
    let importance: Vec<f32> = importances.iter().map(|&i| i as f32).collect();
    let network = shape.network(spec.model, parameters, &importance);
    let is_independent = correlated.is_empty() && anticorrelated.is_empty() && !signed;
    let is_summed = is_independent && !network.relu_hidden && spec.features <= MOST_SUMMED_FEATURES;
    in_parts(network, &law, is_summed.then_some([w, b, &importances[..]]), seed, relative_error)
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

/// The loss as the sum of what is known exactly and of what is summed, of these weights, biases and importances, or else sampled.
fn in_parts(
    network: Network,
    law: &InputLaw,
    summed: Option<[&[f64]; 3]>,
    seed: u64,
    relative_error: f64,
) -> Evaluation {
    let mut errors = SparseErrors::new(network);
    // Features of a correlated set are never active alone.
    let least = if law.correlated.is_empty() { 2 } else { 1 };
    let sampler = ActiveSampler::new(law, least);
    let mut known = sampler.p_empty() * errors.error(&[]);
    if least > 1 {
        for (feature_idx, p) in sampler.alone() {
            known += p * error_alone(&mut errors, network, law.signed, feature_idx);
        }
    }
    let (rest, error) = match summed {
        Some([w, b, importances]) => {
            error_of_several(w, b, &law.densities, importances, known, relative_error * SERIES)
        }
        None => sampled(&mut errors, &sampler, seed, known, relative_error),
    };
    let scale = 1.0 / network.n_features() as f64;
    Evaluation { loss: (known + rest) * scale, standard_error: error * scale, exact: false }
}

/// What the sampler's samples add to the expected error, and the standard error of that: at most so large a fraction of it and the known
/// part together.
///
/// Samples are weighed in strata of the number of active features and sets by the strata's exact probabilities
/// (post-stratification; Holt and Smith, 1979).
fn sampled(
    errors: &mut SparseErrors,
    sampler: &ActiveSampler,
    seed: u64,
    known: f64,
    relative_error: f64,
) -> (f64, f64) {
    // Stratum s holds samples with first + s active features or sets, the last one all beyond.
    let (counts, least) = (sampler.count_probabilities(), sampler.least());
    let mode = (least..counts.len()).max_by(|&a, &b| counts[a].total_cmp(&counts[b])).unwrap_or(least);
    let first = mode.saturating_sub(STRATA / 2).max(least);
    let mut probability = [0.0; STRATA];
    for (k, p) in counts.iter().enumerate().skip(least) {
        probability[k.saturating_sub(first).min(STRATA - 1)] += p;
    }

    let mut strata = [Stratum::default(); STRATA];
    let mut stream = Stream::new(seed, Purpose::Evaluation);
    let mut active = Vec::new();
    let mut n_samples = 0;
    loop {
        for _ in 0..ROUND {
            let n_active = sampler.draw_into(&mut stream, &mut active);
            strata[n_active.saturating_sub(first).min(STRATA - 1)].add(errors.error(&active));
        }
        n_samples += ROUND;
        let (mean, variance) = combine(&strata, &probability);
        if variance.sqrt() <= relative_error * (known + mean) || n_samples >= MOST_SAMPLES {
            return (mean, variance.sqrt());
        }
    }
}

/// The expected error of samples in which just this feature is active: each output is then linear in its value, up to the ReLU.
fn error_alone(errors: &mut SparseErrors, network: Network, signed: bool, feature_idx: usize) -> f64 {
    let ends: &[f32] = if signed { &[1.0, -1.0] } else { &[1.0] };
    let mut sum = 0.0;
    for &end in ends {
        let target = if network.absolute { 1.0 } else { f64::from(end) };
        for (i, &out) in errors.outputs(&[(feature_idx, end)]).iter().enumerate() {
            let b = f64::from(network.b[i]);
            let target = if i == feature_idx { target } else { 0.0 };
            sum += f64::from(network.importance[i]) * squared_error(target, f64::from(out) - b, b, network.relu);
        }
    }
    sum / ends.len() as f64
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
    let tile = kernel.tile_blocks(level, &reading) * BLOCK;
    work.begin(level, network, &reading);
    let (mut draws, mut lists, mut skipper) = (Vec::new(), Drawn::default(), kernel.skipper(&reading));
    for first in (0..n_samples).step_by(tile) {
        let here = (n_samples - first).min(tile);
        if kernel.is_listed() {
            let fill = &mut |words: &mut [u32]| stream.fill_rows(level, words);
            skipper.draw(level, &reading.gap_scales, here, fill, &mut lists);
            work.add_lists(level, network, &lists, here);
        } else {
            draws.resize(tile * reading.words(), 0);
            stream.fill_rows(level, &mut draws);
            work.add_tile(level, network, &reading, &draws, here, None);
        }
    }
    work.finish(level, network).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spec, and random parameters for it.
    fn model(json: &str, seed: u64) -> (ExperimentSpec, Vec<f32>) {
        let spec = ExperimentSpec::from_json(json).expect("a valid spec");
        let n = Shape::new(spec.model, spec.features, spec.hidden).n_parameters();
        let mut stream = Stream::new(seed, Purpose::Weights);
        let parameters = (0..n).map(|_| (0.6 * stream.normals()[0]) as f32).collect();
        (spec, parameters)
    }

    fn parts(spec: &ExperimentSpec, parameters: &[f32], is_summed: bool, relative_error: f64) -> Evaluation {
        let importance: Vec<f32> = spec.importances().iter().map(|&i| i as f32).collect();
        let shape = Shape::new(spec.model, spec.features, spec.hidden);
        let network = shape.network(spec.model, parameters, &importance);
        let wide: Vec<f64> = parameters.iter().copied().map(f64::from).collect();
        let (w, b) = wide.split_at(shape.n_weights());
        let importances = spec.importances();
        let summed = is_summed.then_some([w, b, &importances[..]]);
        in_parts(network, &spec.input_law(), summed, 11, relative_error)
    }

    /// Six features, which theory knows exactly, with and without sets: each of 20 losses within five standard errors, a
    /// false-alarm rate of 1e-5 for all. In f32, so to 1e-6.
    #[test]
    fn sampled_losses_are_the_exact_ones() {
        for (seed, law) in [
            r#""density":1"#,
            r#""density":0.3"#,
            r#""density":0.01"#,
            r#""density":1e-7"#,
            r#""density":[1,0.5,0.2,0.1,1e-3,1e-6]"#,
            r#""density":0.2,"anticorrelated":[[0,3,4]]"#,
            r#""density":0.3,"anticorrelated":[[0,1,2,3,4,5]]"#,
            r#""density":1,"anticorrelated":[[0,1],[2,3,4]]"#,
            r#""density":0.1,"correlated":[[1,2],[3,5]]"#,
            r#""density":0.2,"correlated":[[1,2]],"anticorrelated":[[0,3,4]]"#,
        ]
        .into_iter()
        .enumerate()
        {
            for hidden in [2, 7] {
                let json = format!(r#"{{"features":6,"hidden":{hidden},"importance":0.7,{law}}}"#);
                let (spec, parameters) = model(&json, seed as u64);
                let exact = evaluate(&spec, &parameters, 0);
                assert!(exact.exact);
                let found = parts(&spec, &parameters, false, PRECISION);
                assert!(found.standard_error <= 2e-3 * found.loss, "{found:?}");
                let allowed = 5.0 * found.standard_error + 1e-6 * exact.loss;
                assert!((found.loss - exact.loss).abs() <= allowed, "{found:?}, exactly {} for {json}", exact.loss);
            }
        }
    }

    /// A sum of a series has the exact loss too, and says how far it may be from it.
    #[test]
    fn summed_losses_are_the_exact_ones() {
        for (seed, density) in ["1", "0.3", "0.01", "1e-7", "[1,0.5,0.2,0.1,1e-3,1e-6]"].into_iter().enumerate() {
            let (spec, parameters) = model(&format!(r#"{{"features":6,"hidden":2,"density":{density}}}"#), seed as u64);
            let exact = evaluate(&spec, &parameters, 0);
            for allowed in [1e-3, 1e-7] {
                let found = parts(&spec, &parameters, true, allowed);
                assert!(found.standard_error <= allowed * found.loss, "{found:?}");
                let error = (found.loss - exact.loss).abs();
                assert!(error <= found.standard_error + 1e-6 * exact.loss, "{found:?}, exactly {}", exact.loss);
            }
        }
    }

    /// What theory has nothing for, against the kernels that train: 2²⁰ samples in 64 batches, five standard errors, a false-alarm rate of
    /// 1e-5 for all.
    #[test]
    fn other_losses_are_those_of_batches() {
        for (seed, json) in [
            r#"{"model":"relu-hidden","features":9,"hidden":4,"importance":0.8,"density":0.3}"#,
            r#"{"model":"relu-hidden","features":9,"hidden":4,"density":0.1,"anticorrelated":[[0,1,2]]}"#,
            r#"{"model":"absolute","features":9,"hidden":12,"importance":0.8,"density":0.1}"#,
            r#"{"model":"absolute","features":3,"hidden":2,"density":1}"#,
            r#"{"model":"absolute","features":1,"hidden":2,"density":0.3}"#,
            r#"{"features":20,"hidden":5,"importance":0.7,"density":0.1}"#,
            r#"{"features":20,"hidden":5,"importance":0.7,"density":0.1,"correlated":[[0,1]]}"#,
        ]
        .into_iter()
        .enumerate()
        {
            let (spec, parameters) = model(json, seed as u64);
            let found = evaluate(&spec, &parameters, 0);
            let losses: Vec<f64> = (1..=64)
                .map(|seed| {
                    let sums =
                        batch_sums(Level::best(), &ExperimentSpec { seed, ..spec.clone() }, &parameters, 1 << 14);
                    sums.loss / (spec.features << 14) as f64
                })
                .collect();
            let mean = losses.iter().sum::<f64>() / 64.0;
            let squared_error = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / (63.0 * 64.0);
            let allowed = 5.0 * (squared_error + found.standard_error.powi(2)).sqrt();
            assert!((found.loss - mean).abs() < allowed, "{found:?}, {mean} by batches for {json}");
        }
    }

    /// A model that diverged is evaluated like any other.
    #[test]
    fn what_is_not_a_number_ends() {
        for model in ["relu", "relu-hidden"] {
            let json = format!(r#"{{"model":"{model}","features":8,"hidden":2,"density":0.1}}"#);
            let spec = ExperimentSpec::from_json(&json).expect("a valid spec");
            let begin = std::time::Instant::now();
            assert!(!evaluate(&spec, &[f32::NAN; 24], 0).loss.is_finite());
            assert!(begin.elapsed().as_secs() < 60);
        }
    }
}
