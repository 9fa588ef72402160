//! The optimal L2 attack and what it costs a trained model (paper, "Relationship to Adversarial Robustness").
//!
//! The output of feature i depends on the input through the end-to-end weights `(WᵀW)_i`, so the attack of norm ε that
//! moves it most is `ε (WᵀW)_i / ‖(WᵀW)_i‖`: one candidate a feature. The target stays that of the clean input.
//!
//! The paper takes "the one of these attacks which most harms model performance". Performance is that of the model, so
//! here it is one attack for all samples, the one with the largest mean loss; so read, the vulnerability rises as
//! features per dimension do. The stronger reading, in which each sample meets its own worst attack, is reported beside
//! it.
//!
//! For models whose decoder D is not `Wᵀ` the end-to-end weights are those of `DW`; a ReLU on h is passed over in the
//! choice of the attack, never in what it does.
//!
//! ε is a fraction of the mean length of an input, `E‖x‖` ([`expected_norm`]). Knows
//! nothing of trainers or of other models: the ratio to a model without superposition is the caller's to make.

use serde::{Deserialize, Serialize};

use crate::dictionary::{Subject, TILE_UNIT};
use crate::kernels::{BLOCK, Level};
use crate::rng::{Purpose, Stream};
use crate::sampler::{expected_norm, reading};
use crate::spec::{Attack, InputLaw, RelativeTo};

/// What the attack does to a model; losses are means over samples and features of `I_i (y_i − x'_i)²`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AttackReport {
    /// ε, the length of the change of the input.
    pub size: f64,
    /// Samples behind the means.
    pub samples: usize,
    /// The loss without an attack, L.
    pub loss: f64,
    /// Its standard error.
    pub loss_standard_error: f64,
    /// The loss under the worst attack, L′.
    pub attacked_loss: f64,
    /// Its standard error.
    pub attacked_loss_standard_error: f64,
    /// L′ − L.
    pub vulnerability: f64,
    /// Its standard error; samples are paired.
    pub vulnerability_standard_error: f64,
    /// The feature whose attack it is.
    pub most_attacked: usize,
    /// The same difference where each sample meets its own worst attack, or none if all of them help.
    pub per_sample_vulnerability: f64,
    /// Its standard error.
    pub per_sample_standard_error: f64,
}

/// The standard error of the vulnerability to reach, as a fraction of it.
const RELATIVE_ERROR: f64 = 5e-3;
/// Samples between looks at the error.
const ROUND: usize = 512;
const _: () = assert!(ROUND.is_multiple_of(TILE_UNIT) && ROUND.is_multiple_of(BLOCK));
/// The most samples. From sample to sample the vulnerability varies by less than its mean, so that few are needed.
const MOST_SAMPLES: f64 = 32768.0;

/// Attacks a model on samples of the evaluation stream.
///
/// # Precision
/// Samples are added until the standard error of the vulnerability is below 0.5% of it, at most 32768. The worst attack
/// is chosen on the samples that measure it, which favours lucky ones by at most a few standard errors.
///
/// # Panics
/// If the lengths do not fit.
pub fn evaluate(subject: &Subject, attack: &Attack, law: &InputLaw, seed: u64, level: Level) -> AttackReport {
    let n = subject.n_features();
    assert_eq!(law.densities.len(), n, "a density a feature");
    let reading = reading(law);
    let size = size(attack, law);
    let attacks = Attacks::new(subject, size);
    let mut stream = Stream::new(seed, Purpose::Evaluation);
    let mut draws = vec![0; ROUND * reading.words()];
    let mut x = vec![0.0; n * ROUND];
    let mut losses = vec![0.0; n];
    let mut scratch = Scratch::default();
    let (mut clean, mut own_worst) = (Mean::default(), Mean::default());
    // For each attack, the attacked loss and how much it exceeds the clean one.
    let mut attacked = vec![(Mean::default(), Mean::default()); n];
    loop {
        stream.fill_rows(level, &mut draws);
        reading.inputs_into(level, &draws, &mut x);
        for sample in 0..ROUND {
            let input: Vec<f64> = x[sample..].iter().step_by(ROUND).map(|&x| f64::from(x)).collect();
            let before = attacks.losses_into(&input, &mut losses, &mut scratch);
            clean.add(before);
            own_worst.add(losses.iter().fold(0.0, |worst, loss| worst.max(loss - before)));
            for ((loss, gap), &after) in attacked.iter_mut().zip(&losses) {
                loss.add(after);
                gap.add(after - before);
            }
        }
        // The first of equal ones: with the order reversed, `max_by` keeps it.
        let worst = (0..n).rev().max_by(|&a, &b| attacked[a].1.mean.total_cmp(&attacked[b].1.mean)).unwrap_or(0);
        let (loss, gap) = attacked[worst];
        if gap.standard_error() <= RELATIVE_ERROR * gap.mean || gap.count >= MOST_SAMPLES {
            return AttackReport {
                size,
                samples: gap.count as usize,
                loss: clean.mean,
                loss_standard_error: clean.standard_error(),
                attacked_loss: loss.mean,
                attacked_loss_standard_error: loss.standard_error(),
                vulnerability: gap.mean,
                vulnerability_standard_error: gap.standard_error(),
                most_attacked: worst,
                per_sample_vulnerability: own_worst.mean,
                per_sample_standard_error: own_worst.standard_error(),
            };
        }
    }
}

/// ε: the attack's fraction of the mean length of an input, at density 1 or under the model's own law.
pub fn size(attack: &Attack, law: &InputLaw) -> f64 {
    let mean = match attack.relative_to {
        RelativeTo::Dense => expected_norm(&InputLaw { densities: vec![1.0; law.densities.len()], ..law.clone() }),
        RelativeTo::Own => expected_norm(law),
    };
    attack.norm * mean
}

/// Every feature's attack on one model, and what each changes in the hidden layer and at the outputs.
struct Attacks<'a> {
    subject: &'a Subject,
    w: Vec<f64>,
    decoder: Vec<f64>,
    /// `[n_hidden][n_features]`: the change of Wx by each attack.
    hidden: Vec<f64>,
    /// `[n_features][n_features]`: the change of each output before its ReLU (row) by each attack (column); where h is
    /// linear.
    outputs: Vec<f64>,
}

#[derive(Default)]
struct Scratch {
    h: Vec<f64>,
    /// An output, or a hidden unit, under each attack.
    under_attack: Vec<f64>,
    hidden_under_attack: Vec<f64>,
}

impl<'a> Attacks<'a> {
    fn new(subject: &'a Subject, size: f64) -> Self {
        let (n, m) = (subject.n_features(), subject.n_hidden());
        let [w, decoder] = [subject.weights(), subject.decoder()]
            .map(|matrix| matrix.iter().copied().map(f64::from).collect::<Vec<f64>>());
        let mut hidden = vec![0.0; m * n];
        for attack in 0..n {
            // δ = ε (DW)_i / ‖(DW)_i‖, and W δ.
            let row = &decoder[attack * m..][..m];
            let mut delta: Vec<f64> = (0..n).map(|j| (0..m).map(|k| row[k] * w[k * n + j]).sum()).collect();
            let length = delta.iter().map(|d| d * d).sum::<f64>().sqrt();
            let scale = if length > 0.0 { size / length } else { 0.0 };
            delta.iter_mut().for_each(|d| *d *= scale);
            for k in 0..m {
                hidden[k * n + attack] = w[k * n..][..n].iter().zip(&delta).map(|(w, d)| w * d).sum();
            }
        }
        let mut outputs = vec![0.0; if subject.relu_hidden() { 0 } else { n * n }];
        for (j, out) in outputs.chunks_exact_mut(n).enumerate() {
            combine(&decoder[j * m..][..m], &hidden, out);
        }
        Attacks { subject, w, decoder, hidden, outputs }
    }

    /// The loss of one sample under each attack, the mean over features; returns the loss without one.
    ///
    /// # Shapes
    /// `x`, `losses`: `[n_features]`.
    fn losses_into(&self, x: &[f64], losses: &mut [f64], scratch: &mut Scratch) -> f64 {
        let (n, m) = (self.subject.n_features(), self.subject.n_hidden());
        let Scratch { h, under_attack, hidden_under_attack } = scratch;
        h.clear();
        h.extend(self.w.chunks_exact(n).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()));
        if self.subject.relu_hidden() {
            hidden_under_attack.resize(m * n, 0.0);
            let rows = hidden_under_attack.chunks_exact_mut(n).zip(self.hidden.chunks_exact(n));
            for ((out, change), h) in rows.zip(h.iter_mut()) {
                out.iter_mut().zip(change).for_each(|(out, change)| *out = (*h + change).max(0.0));
                *h = h.max(0.0);
            }
        }
        under_attack.resize(n, 0.0);
        losses.fill(0.0);
        let mut clean = 0.0;
        for (j, &x) in x.iter().enumerate() {
            let b = f64::from(self.subject.bias()[j]);
            let target = f64::from(self.subject.target(x as f32));
            let importance = f64::from(self.subject.importance()[j]) / n as f64;
            let decoder = &self.decoder[j * m..][..m];
            let out = b + decoder.iter().zip(&*h).map(|(d, h)| d * h).sum::<f64>();
            if self.subject.relu_hidden() {
                combine(decoder, hidden_under_attack, under_attack);
                under_attack.iter_mut().for_each(|o| *o += b);
            } else {
                let change = &self.outputs[j * n..][..n];
                under_attack.iter_mut().zip(change).for_each(|(o, change)| *o = out + change);
            }
            let least = if self.subject.relu() { 0.0 } else { f64::NEG_INFINITY };
            clean += importance * (out.max(least) - target).powi(2);
            for (loss, &out) in losses.iter_mut().zip(&*under_attack) {
                let error = out.max(least) - target;
                *loss += importance * (error * error);
            }
        }
        clean
    }
}

/// `out = row · matrix`.
fn combine(row: &[f64], matrix: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (&factor, matrix_row) in row.iter().zip(matrix.chunks_exact(out.len())) {
        out.iter_mut().zip(matrix_row).for_each(|(out, value)| *out += factor * value);
    }
}

/// Running mean and spread (Welford, 1962).
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    fn standard_error(&self) -> f64 {
        (self.squares / (self.count - 1.0) / self.count).sqrt()
    }
}
