//! The attack against closed forms, a naive evaluation of every candidate, and trained models.

use superposition::ExperimentSpec;
use superposition::attack::{self, AttackReport};
use superposition::dictionary::Subject;
use superposition::kernels::draws::Reading;
use superposition::kernels::{BLOCK, Level};
use superposition::rng::{Purpose, Stream};
use superposition::sampler::expected_norm;
use superposition::spec::{Attack, InputLaw, ModelKind, RelativeTo};
use superposition::train::Trainer;

const TENTH: Attack = Attack { norm: 0.1, relative_to: RelativeTo::Dense };

fn independent(densities: &[f64]) -> f64 {
    expected_norm(&InputLaw::independent(densities.to_vec()))
}

fn evaluate(subject: &Subject, attack: Attack, densities: &[f64], seed: u64) -> AttackReport {
    attack::evaluate(subject, &attack, &InputLaw::independent(densities.to_vec()), seed, Level::best())
}

/// A model that copies its input has one attack a feature, `ε e_i`, which costs `I_i ε²/n` on any sample.
#[test]
fn a_model_without_superposition_has_a_closed_form() {
    let w: Vec<f32> = (0..16).map(|at| f32::from(u8::from(at % 5 == 0))).collect();
    let subject = Subject::new(ModelKind::Linear, &w, None, &[0.0; 4], &[1.0, 0.5, 3.0, 0.1]);
    let report = evaluate(&subject, TENTH, &[0.3; 4], 1);
    let size = 0.1 * independent(&[1.0; 4]);
    assert_eq!((report.size, report.most_attacked, report.loss), (size, 2, 0.0));
    for found in [report.attacked_loss, report.vulnerability, report.per_sample_vulnerability] {
        assert!((found / (3.0 * size * size / 4.0) - 1.0).abs() < 1e-12, "{found}");
    }
    let own = evaluate(&subject, Attack { norm: 0.2, relative_to: RelativeTo::Own }, &[0.3; 4], 1);
    assert_eq!(own.size, 0.2 * independent(&[0.3; 4]));
}

/// Everything by its definition in f64 on the same samples: the input is changed, and the whole network runs.
fn naive(subject: &Subject, size: f64, densities: &[f64], seed: u64, samples: usize) -> [f64; 4] {
    let (n, m) = (subject.n_features(), subject.n_hidden());
    let w = |k: usize, i: usize| f64::from(subject.weights()[k * n + i]);
    let d = |i: usize, k: usize| f64::from(subject.decoder()[i * m + k]);
    let loss = |input: &[f64], target: &[f64]| {
        let mut h: Vec<f64> = (0..m).map(|k| (0..n).map(|i| w(k, i) * input[i]).sum()).collect();
        if subject.relu_hidden() {
            h.iter_mut().for_each(|h| *h = h.max(0.0));
        }
        let output = |i: usize| {
            let out = f64::from(subject.bias()[i]) + (0..m).map(|k| d(i, k) * h[k]).sum::<f64>();
            if subject.relu() { out.max(0.0) } else { out }
        };
        (0..n).map(|i| f64::from(subject.importance()[i]) * (output(i) - target[i]).powi(2)).sum::<f64>() / n as f64
    };
    let reading = Reading::new(densities);
    let mut words = vec![0; samples / BLOCK * reading.words() * BLOCK];
    Stream::new(seed, Purpose::Evaluation).fill_rows(Level::best(), &mut words);
    let mut x = vec![0.0; n * samples];
    reading.inputs_into(Level::best(), &words, &mut x);
    let attacks: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let row: Vec<f64> = (0..n).map(|j| (0..m).map(|k| d(i, k) * w(k, j)).sum()).collect();
            let length = row.iter().map(|r: &f64| r * r).sum::<f64>().sqrt();
            row.into_iter().map(|r| size * r / length).collect()
        })
        .collect();
    let (mut clean, mut under, mut own) = (0.0, vec![0.0; n], 0.0);
    for sample in 0..samples {
        let input: Vec<f64> = (0..n).map(|i| f64::from(x[i * samples + sample])).collect();
        let target: Vec<f64> = input.iter().map(|&x| f64::from(subject.target(x as f32))).collect();
        let before = loss(&input, &target);
        clean += before;
        let mut worst = 0.0_f64;
        for (sum, attack) in under.iter_mut().zip(&attacks) {
            let changed: Vec<f64> = input.iter().zip(attack).map(|(x, d)| x + d).collect();
            let after = loss(&changed, &target);
            *sum += after;
            worst = worst.max(after - before);
        }
        own += worst;
    }
    let most = (0..n).max_by(|&a, &b| under[a].total_cmp(&under[b])).expect("a feature");
    [clean, under[most], own, most as f64 * samples as f64].map(|sum| sum / samples as f64)
}

#[test]
fn every_model_meets_the_naive_evaluation() {
    let (n, m) = (6, 4);
    for (seed, kind) in
        [ModelKind::Linear, ModelKind::Relu, ModelKind::ReluHidden, ModelKind::Absolute].into_iter().enumerate()
    {
        let mut stream = Stream::new(seed as u64, Purpose::Weights);
        let mut random = |len: usize| (0..len).map(|_| 0.5 * stream.normals()[0] as f32).collect::<Vec<_>>();
        let (w, decoder, b) = (random(n * m), random(n * m), random(n));
        let importances = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5];
        let decoder = (kind == ModelKind::Absolute).then_some(&decoder[..]);
        let subject = Subject::new(kind, &w, decoder, &b, &importances);
        let densities = [0.9, 0.5, 0.4, 0.3, 0.2, 0.1];
        let report = evaluate(&subject, Attack { norm: 0.5, ..TENTH }, &densities, 8);
        let [loss, attacked, own, most] = naive(&subject, report.size, &densities, 8, report.samples);
        for (found, expected) in [
            (report.loss, loss),
            (report.attacked_loss, attacked),
            (report.vulnerability, attacked - loss),
            (report.per_sample_vulnerability, own),
            (report.most_attacked as f64, most),
        ] {
            assert!(
                (found - expected).abs() <= 1e-12 + 1e-9 * expected.abs(),
                "{kind:?}: {found}, expected {expected}"
            );
        }
        assert!(report.per_sample_vulnerability >= report.vulnerability && report.vulnerability > 0.0);
        assert!(report.vulnerability_standard_error <= 5e-3 * report.vulnerability || report.samples == 32768);
    }
}

/// Forty features in eight dimensions: with the same size of attack the sparse model, which has over six features a
/// dimension, is several times as vulnerable as the dense one, which has one.
#[test]
fn vulnerability_rises_with_superposition() {
    let trained = |density: f64| {
        let spec = ExperimentSpec::from_json(&format!(
            r#"{{"features":40,"hidden":8,"density":{density},"steps":3000,"learning_rate":0.003,"batch":512}}"#
        ))
        .expect("a valid spec");
        let mut trainer = Trainer::new(&spec).expect("a level");
        trainer.advance(u64::MAX);
        let instance = trainer.instance(0, 0);
        let subject = Subject::new(spec.model, instance.weights, None, instance.bias, &spec.importances());
        let per_dimension = instance.weights.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>() / 8.0;
        (evaluate(&subject, TENTH, &spec.densities(), 0), per_dimension)
    };
    let ((dense, one), (sparse, many)) = (trained(1.0), trained(0.03));
    let ratio = sparse.vulnerability / dense.vulnerability;
    println!("{one:.3} and {many:.3} features a dimension, {ratio:.2} times as vulnerable; {sparse:?}");
    assert!((one - 1.0).abs() < 0.05 && many > 3.0, "{one}, {many}");
    assert!(ratio > 3.0 && (0.7..1.4).contains(&(ratio / many)), "{ratio} times as vulnerable");
    assert_eq!(dense.size, sparse.size);
}
