//! A sparse autoencoder in training: `f = ReLU(W_e (h − b_d) + b_e)`, `ĥ = W_d f + b_d`, the columns of W_d of length
//! 1.
//!
//! Sources: Bricken et al., "Towards Monosemanticity" (2023), for the architecture, the penalty `λ Σ f`, the projected
//! gradient and the resampling of dead latents; Gao et al., "Scaling and evaluating sparse autoencoders" (2024), for
//! TopK and for an encoder that starts as the decoder's transpose. Ours: every batch is new (a toy model's data never
//! end), and the step size falls linearly to 0 over the last fifth, so that directions come to rest.

use super::scores::{DictionaryReport, score};
use super::subject::Subject;
use super::workspace::{Gradient, Parameters, TILE, Workspace};
use crate::kernels::Level;
use crate::optim::Moments;
use crate::rng::{Purpose, Stream};
use crate::sampler::Reading;
use crate::spec::{Dictionary, OptimizerKind};

/// A sparse autoencoder on a trained model's hidden activations.
#[derive(Debug)]
pub struct Autoencoder {
    subject: Subject,
    reading: Reading,
    settings: Dictionary,
    level: Level,
    parameters: Parameters,
    /// Encoder row and direction of each latent: a resampled one starts afresh, its bias correction included.
    moments: Vec<[Moments; 2]>,
    center_moments: Moments,
    /// Initial weights, then the choices of resampling.
    choices: Stream,
    batches: Stream,
    /// Samples in which each latent was active since the last resampling.
    fired: Vec<u64>,
    progress: Progress,
    gradient: Gradient,
    workspace: Workspace,
    before: Option<Parameters>,
}

/// How the training of a dictionary stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Updates made.
    pub step: u64,
    /// Batch mean of `‖h − ĥ‖²` before the last update; `None` before the first.
    pub loss: Option<f64>,
    /// Mean number of active latents in the last batch.
    pub active_latents: f64,
    /// Whether something became infinite or not a number; the last finite parameters are kept.
    pub diverged: bool,
}

/// Share of the steps, at the end, in which the step size falls to 0.
const DECAY: f64 = 0.2;
/// Samples among which resampling looks for badly reconstructed ones.
const RESAMPLE_SAMPLES: usize = 32 * TILE;
/// Length of a resampled encoder row, as a fraction of the mean of the living ones (Bricken et al.).
const RESAMPLED_LENGTH: f32 = 0.2;

impl Autoencoder {
    /// A new autoencoder: directions uniform on the sphere, the encoder their transpose, biases 0.
    ///
    /// The samples are read by `reading`, which knows the densities and sets of the model's features.
    ///
    /// # Panics
    /// If the reading is not of the subject's number of features.
    pub fn new(subject: Subject, reading: Reading, settings: &Dictionary, level: Level) -> Self {
        assert_eq!(reading.last_active.len(), subject.n_features(), "a reading of the model's features");
        let (m, latents) = (subject.n_hidden(), settings.latents);
        let mut choices = Stream::new(settings.seed, Purpose::Dictionary);
        let mut decoder = vec![0.0; latents * m];
        for pair in decoder.chunks_mut(2) {
            let normals = choices.normals().map(|z| z as f32);
            pair.copy_from_slice(&normals[..pair.len()]);
        }
        let mut encoder = Vec::with_capacity(latents * (m + 1));
        for direction in decoder.chunks_exact_mut(m) {
            normalise(direction);
            encoder.extend_from_slice(direction);
            encoder.push(0.0);
        }
        let mut workspace = Workspace::default();
        workspace.fit(&subject, &reading, latents);
        Autoencoder {
            subject,
            reading,
            settings: *settings,
            level,
            parameters: Parameters { encoder, decoder, center: vec![0.0; m] },
            moments: vec![[Moments::new(m + 1), Moments::new(m)]; latents],
            center_moments: Moments::new(m),
            choices,
            batches: Stream::new(settings.seed, Purpose::DictionaryBatches),
            fired: vec![0; latents],
            progress: Progress { step: 0, loss: None, active_latents: 0.0, diverged: false },
            gradient: Gradient::default(),
            workspace,
            before: None,
        }
    }

    /// Makes up to `steps` more steps, never more than the settings' in all; returns how many.
    pub fn advance(&mut self, steps: u64) -> u64 {
        let first = self.progress.step;
        while self.progress.step < self.settings.steps && self.progress.step - first < steps && !self.progress.diverged
        {
            self.step();
        }
        self.progress.step - first
    }

    /// How training stands.
    pub fn state(&self) -> Progress {
        self.progress
    }

    /// The model whose activations are read.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The learned directions.
    ///
    /// # Shapes
    /// `[latents][n_hidden]`, each of length 1.
    pub fn directions(&self) -> &[f32] {
        &self.parameters.decoder
    }

    /// Holds the dictionary against the truth, on samples of a stream of its own.
    pub fn scores(&self) -> DictionaryReport {
        let mut workspace = self.workspace.clone();
        workspace.take(&self.parameters);
        let Self { subject, reading, parameters, settings, level, .. } = self;
        let scores = score(subject, reading, parameters, settings, *level, &mut workspace);
        DictionaryReport { steps: self.progress.step, ..scores }
    }

    fn step(&mut self) {
        let Autoencoder { settings, parameters, gradient, workspace, .. } = self;
        workspace.take(parameters);
        gradient.clear(self.level, parameters);
        for first in (0..settings.batch).step_by(TILE) {
            let n_samples = TILE.min(settings.batch - first);
            workspace.draw(self.level, &self.subject, &self.reading, &mut self.batches);
            workspace.forward(self.level, parameters, settings.sparsity, n_samples);
            workspace.backward(self.level, parameters, settings.sparsity, n_samples, gradient);
        }
        gradient.finish(self.level, parameters, settings.batch);
        self.progress.loss = Some(gradient.squared_error / settings.batch as f64);
        self.progress.active_latents =
            gradient.fired.iter().map(|&n| f64::from(n)).sum::<f64>() / settings.batch as f64;
        self.fired.iter_mut().zip(&gradient.fired).for_each(|(sum, &n)| *sum += u64::from(n));
        self.update();
        if self.progress.diverged {
            return;
        }
        self.progress.step += 1;
        // The last resampling leaves its latents a whole period to settle.
        let (step, steps) = (self.progress.step, self.settings.steps);
        if self.settings.resample_every.is_some_and(|every| step.is_multiple_of(every) && every <= steps - step) {
            self.resample();
        }
    }

    /// Moves the parameters, or restores them and says so where they would not stay finite.
    fn update(&mut self) {
        let left = (self.settings.steps - self.progress.step) as f64 / self.settings.steps as f64;
        let learning_rate = self.settings.learning_rate * (left / DECAY).min(1.0);
        let m = self.subject.n_hidden();
        let before = self.before.get_or_insert_with(|| self.parameters.clone());
        before.clone_from(&self.parameters);
        let Parameters { encoder, decoder, center } = &mut self.parameters;
        let kind = OptimizerKind::Adam;
        let encoders = encoder.chunks_exact_mut(m + 1).zip(self.gradient.encoder.chunks_exact(m + 1));
        let decoders = decoder.chunks_exact_mut(m).zip(self.gradient.decoder.chunks_exact(m));
        for (moments, ((encoder, d_encoder), (decoder, d_decoder))) in
            self.moments.iter_mut().zip(encoders.zip(decoders))
        {
            moments[0].update(kind, learning_rate, encoder, d_encoder);
            moments[1].update(kind, learning_rate, decoder, d_decoder);
            normalise(decoder);
        }
        self.center_moments.update(kind, learning_rate, center, &self.gradient.center);
        let all = [&*encoder, decoder, center];
        if !self.gradient.squared_error.is_finite() || !all.iter().all(|part| part.iter().all(|p| p.is_finite())) {
            self.parameters.clone_from(before);
            self.progress.diverged = true;
        }
    }

    /// Gives latents that were silent since the last resampling a new start.
    ///
    /// The rule of Bricken et al. ("Neuron Resampling"): for each dead latent an activation is drawn with a probability
    /// proportional to its squared loss `‖h − ĥ‖⁴`; it becomes the latent's direction and, at a fifth of the mean
    /// length of the living ones, its encoder row. Ours: the direction is what the reconstruction misses, h − ĥ, since
    /// a toy model's activations are often sums of a feature that is known and one that is not.
    fn resample(&mut self) {
        let m = self.subject.n_hidden();
        let dead: Vec<usize> = (0..self.settings.latents).filter(|&latent| self.fired[latent] == 0).collect();
        self.fired.fill(0);
        if dead.is_empty() {
            return;
        }
        let (missed, weights) = self.missed();
        let total = weights.last().copied().unwrap_or(0.0);
        if total <= 0.0 {
            return;
        }
        let length = |row: &[f32]| row[..m].iter().map(|w| w * w).sum::<f32>().sqrt();
        let is_dead = |latent: &usize| dead.binary_search(latent).is_ok();
        let rows = self.parameters.encoder.chunks_exact(m + 1).enumerate();
        let living: Vec<f32> = rows.filter(|(latent, _)| !is_dead(latent)).map(|(_, row)| length(row)).collect();
        let mean_length = if living.is_empty() { 1.0 } else { living.iter().sum::<f32>() / living.len() as f32 };
        for latent in dead {
            let place = self.choices.uniform() * total;
            let sample = weights.partition_point(|&sum| sum <= place).min(weights.len() - 1);
            let direction = &mut self.parameters.decoder[latent * m..][..m];
            direction.copy_from_slice(&missed[sample * m..][..m]);
            normalise(direction);
            let row = &mut self.parameters.encoder[latent * (m + 1)..][..m + 1];
            row[m] = 0.0;
            row.iter_mut().zip(&*direction).for_each(|(w, &d)| *w = RESAMPLED_LENGTH * mean_length * d);
            self.moments[latent] = [Moments::new(m + 1), Moments::new(m)];
        }
    }

    /// What the reconstructions of [`RESAMPLE_SAMPLES`] samples miss, `[samples][n_hidden]`, and the running sums of
    /// the squared losses.
    fn missed(&mut self) -> (Vec<f32>, Vec<f64>) {
        let m = self.subject.n_hidden();
        let mut missed = Vec::with_capacity(RESAMPLE_SAMPLES * m);
        let mut weights = Vec::with_capacity(RESAMPLE_SAMPLES);
        let mut sum = 0.0;
        self.workspace.take(&self.parameters);
        for _ in 0..RESAMPLE_SAMPLES / TILE {
            self.workspace.draw(self.level, &self.subject, &self.reading, &mut self.batches);
            self.workspace.forward(self.level, &self.parameters, self.settings.sparsity, TILE);
            for sample in 0..TILE {
                let from = missed.len();
                missed.extend(self.workspace.error[sample..].iter().step_by(TILE).map(|&error| -error));
                let loss: f64 = missed[from..].iter().map(|&e| f64::from(e) * f64::from(e)).sum();
                sum += loss * loss;
                weights.push(sum);
            }
        }
        (missed, weights)
    }
}

/// Scales to length 1; leaves zeros as they are.
fn normalise(direction: &mut [f32]) {
    let length = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
    if length > 0.0 {
        direction.iter_mut().for_each(|d| *d /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{ModelKind, Sparsity};

    /// Half the latents are switched off by a large negative bias, which the gradient can't mend. At the next
    /// resampling each gets a short encoder row along what was missed, and from then on they fire; latents that fire
    /// are left alone.
    #[test]
    fn dead_latents_come_back_and_living_ones_stay() {
        let w: Vec<f32> = (0..16).map(|at| f32::from(u8::from(at % 5 == 0))).collect();
        let subject = Subject::new(ModelKind::Relu, &w, None, &[0.0; 4], &[1.0; 4]);
        let settings = Dictionary {
            latents: 8,
            sparsity: Sparsity::L1(0.01),
            batch: 64,
            steps: 200,
            learning_rate: 1e-3,
            resample_every: Some(50),
            seed: 3,
        };
        let mut dictionary = Autoencoder::new(subject, Reading::new(&[0.2; 4]), &settings, Level::best());
        for latent in 0..4 {
            dictionary.parameters.encoder[latent * 5 + 4] = -10.0;
        }
        dictionary.advance(49);
        let (dead, living): (Vec<_>, Vec<_>) = (0..8).partition(|&latent| dictionary.fired[latent] == 0);
        assert!(dead.starts_with(&[0, 1, 2, 3]) && !living.is_empty(), "{dead:?}");
        let before = dictionary.parameters.clone();
        dictionary.advance(1);
        for &latent in &dead {
            let row = &dictionary.parameters.encoder[latent * 5..][..5];
            let direction = &dictionary.parameters.decoder[latent * 4..][..4];
            let ratio = row[0] / direction[0];
            assert_eq!(row[4], 0.0);
            assert!(row.iter().zip(direction).all(|(w, d)| (w - ratio * d).abs() < 1e-6), "{row:?} {direction:?}");
        }
        for &latent in &living {
            let moved = (dictionary.parameters.encoder[latent * 5] - before.encoder[latent * 5]).abs();
            assert!(moved < 2e-3, "a living latent only makes its step: {moved}");
        }
        dictionary.advance(20);
        assert!(dead.iter().all(|&latent| dictionary.fired[latent] > 0), "{:?}", dictionary.fired);
    }

    #[test]
    fn a_run_that_diverges_keeps_its_last_finite_parameters() {
        let subject = Subject::new(ModelKind::Relu, &[1.0, 0.0, 0.0, 1.0], None, &[0.0; 2], &[1.0; 2]);
        let settings = Dictionary {
            latents: 4,
            sparsity: Sparsity::L1(0.0),
            batch: 32,
            steps: 1000,
            learning_rate: 1e30,
            resample_every: None,
            seed: 0,
        };
        let mut dictionary = Autoencoder::new(subject, Reading::new(&[0.5; 2]), &settings, Level::best());
        let done = dictionary.advance(u64::MAX);
        assert!(dictionary.state().diverged && done < 1000 && done == dictionary.state().step);
        assert!(dictionary.parameters.encoder.iter().chain(dictionary.directions()).all(|p| p.is_finite()));
    }
}
