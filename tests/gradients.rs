//! Sampled gradients against exact ones: the kernels that train against the integrals of `theory`.
//!
//! For each model 256 batches of 4096 samples give a mean and its standard error for loss and every entry of the gradient.
//! A correct sampler and kernel fail a seed's check with probability 1e-4 in all, by the normal distribution of means with
//! the quantile widened for an estimated variance (Cornish and Fisher, 1938).

mod common;

use superposition::ExperimentSpec;
use superposition::kernels::Level;
use superposition::rng::{Purpose, Stream};
use superposition::theory::{ExactScratch, exact_loss_and_gradient_into};
use superposition::train::batch_sums;

const BATCHES: usize = 256;
const SAMPLES: usize = 4096;
const FALSE_ALARM: f64 = 1e-4;

const MODELS: [(&str, usize, usize, &str); 8] = [
    ("relu", 5, 2, "0.07"),
    ("relu", 5, 2, "[1, 0.5, 0.2, 0.1, 0.05]"),
    ("relu", 2, 1, "0.3"),
    ("relu", 3, 2, "0.003"),
    ("relu", 6, 3, "0.2"),
    ("relu", 4, 2, "0.4"),
    ("linear", 5, 2, "0.3"),
    ("linear", 20, 5, "0.1"),
];

#[test]
fn sampled_gradients_have_the_exact_ones_as_their_mean() {
    let n_checks: usize = MODELS.iter().map(|&(_, n, m, _)| 1 + n + n * m).sum();
    let z = common::normal_quantile(FALSE_ALARM / (2.0 * n_checks as f64));
    let freedom = (BATCHES - 1) as f64;
    let bound = z + (z.powi(3) + z) / (4.0 * freedom);
    println!("{n_checks} checks, each within {bound:.2} standard errors");
    for (model, n, m, density) in MODELS {
        let mut normals = Stream::new(77, Purpose::Weights);
        let mut numbers = |count: usize, scale: f64| -> Vec<f32> {
            (0..count).map(|_| (scale * normals.normals()[0]) as f32).collect()
        };
        let (w, b) = (numbers(n * m, 0.8), numbers(n, 0.1));
        let parameters = [w.clone(), b.clone()].concat();
        // loss, then dw, then db, as means over batch and features
        let mut sums = vec![[0.0_f64; 2]; 1 + n + n * m];
        let spec_of = |seed: usize| {
            let json = format!(
                r#"{{"model":"{model}","features":{n},"hidden":{m},"density":{density},"importance":0.9,"seed":{seed}}}"#
            );
            ExperimentSpec::from_json(&json).expect("a valid spec")
        };
        for seed in 0..BATCHES {
            let batch = batch_sums(Level::best(), &spec_of(seed), &parameters, SAMPLES);
            let entries = std::iter::once(&batch.loss).chain(&batch.dw).chain(&batch.db);
            for (sum, entry) in sums.iter_mut().zip(entries) {
                let mean = entry / (SAMPLES * n) as f64;
                sum[0] += mean;
                sum[1] += mean * mean;
            }
        }
        let [w, b] = [w, b].map(|part| part.into_iter().map(f64::from).collect::<Vec<_>>());
        let (mut dw, mut db) = (vec![0.0; n * m], vec![0.0; n]);
        let spec = spec_of(0);
        let loss = exact_loss_and_gradient_into(
            spec.model,
            &w,
            &b,
            &spec.densities(),
            &spec.importances(),
            &mut dw,
            &mut db,
            &mut ExactScratch::default(),
        );
        for (at, (exact, [sum, squares])) in std::iter::once(&loss).chain(&dw).chain(&db).zip(sums).enumerate() {
            let count = BATCHES as f64;
            let mean = sum / count;
            let error = ((squares / count - mean * mean).max(0.0) / freedom).sqrt();
            // Rounding in f32 leaves a floor that matters only where an entry hardly varies.
            let allowed = bound * error + 1e-6 * loss;
            assert!(
                (mean - exact).abs() <= allowed,
                "{model} {n}→{m} p {density}, entry {at}: {mean:.6e} for {exact:.6e}, allowed {allowed:.1e}"
            );
        }
    }
}

/// A hard case: few active features of very unequal importance, where one sample's loss varies by six times its mean.
#[test]
fn a_sampled_loss_keeps_the_promised_standard_error() {
    let json = r#"{"features":20,"hidden":5,"importance":0.7,"density":0.03,"steps":1000}"#;
    let spec = ExperimentSpec::from_json(json).expect("a valid spec");
    let mut trainer = superposition::train::Trainer::new(&spec).expect("a level that exists");
    trainer.advance(u64::MAX);
    let report = superposition::report::InstanceReport::of(&trainer, 0, superposition::train::PRECISION);
    assert!(report.loss_standard_error > 0.0, "twenty features have no exact loss");
    let relative = report.loss_standard_error / report.loss;
    assert!(relative <= 2e-3, "standard error {relative:.2e} of the loss");

    // An independent estimate by the training kernels agrees within five of the larger standard errors.
    let instance = trainer.instance(0, 0);
    let batches: Vec<f64> = (0..64)
        .map(|seed| {
            let spec = ExperimentSpec { seed, ..spec.clone() };
            batch_sums(Level::best(), &spec, instance.parameters, 1 << 16).loss / f64::from(20 << 16)
        })
        .collect();
    let mean = batches.iter().sum::<f64>() / 64.0;
    let spread = (batches.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (63.0 * 64.0)).sqrt();
    let allowed = 5.0 * (spread * spread + report.loss_standard_error.powi(2)).sqrt();
    assert!((mean - report.loss).abs() < allowed, "{mean:.4e} for {:.4e}, allowed {allowed:.1e}", report.loss);
}
