//! How well a dictionary tells the truth: similarity of directions, and what the model makes of its reconstructions.

use serde::{Deserialize, Serialize};

use super::subject::{Subject, TrueDirection};
use super::workspace::{Parameters, TILE, Workspace};
use crate::kernels::Level;
use crate::rng::{Purpose, Stream};
use crate::sampler::Reading;
use crate::spec::Dictionary;

/// Samples behind the scores.
const SAMPLES: usize = 1 << 16;
/// From this similarity on a feature counts as recovered.
const RECOVERED: f64 = 0.9;

/// A dictionary held against the model's true features.
///
/// Similarities are cosines with their sign, since latents are never negative: a feature and its antipode are two
/// directions. A mean over nothing is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DictionaryReport {
    /// Updates that were made to it.
    pub steps: u64,
    /// Latents.
    pub latents: usize,
    /// Latents that were active in no sample.
    pub dead_latents: usize,
    /// Mean number of active latents a sample (L0).
    pub active_latents: f64,
    /// Mean over the represented features of the largest similarity to a living latent.
    pub feature_similarity: Option<f64>,
    /// Mean over the living latents of the largest similarity to a represented feature.
    pub latent_similarity: Option<f64>,
    /// Share of the represented features found at a similarity above 0.9.
    pub features_recovered: Option<f64>,
    /// Each represented feature's nearest latent.
    pub matches: Vec<FeatureMatch>,
    /// The learned directions, each of length 1: `[latents][n_hidden]`.
    pub directions: Vec<Vec<f32>>,
    /// Mean of `‖h − ĥ‖²`.
    pub squared_error: f64,
    /// The same as a fraction of the variance of h.
    pub unexplained_variance: f64,
    /// The model's loss on these samples.
    pub loss: f64,
    /// Its loss with ĥ in place of h.
    pub loss_reconstructed: f64,
    /// Its loss with the mean of h in place of h.
    pub loss_mean_ablated: f64,
    /// Its loss with zeros in place of h.
    pub loss_zero_ablated: f64,
    /// Where `loss_reconstructed` lies between the better of the two ablations (0) and the model's own loss (1).
    pub loss_recovered: f64,
}

/// A represented feature and the living latent nearest to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FeatureMatch {
    /// The feature.
    pub feature: usize,
    /// Whether this is the direction of its negative values.
    pub negative: bool,
    /// The latent.
    pub latent: usize,
    /// Their cosine.
    pub similarity: f64,
}

/// Sums over the samples.
#[derive(Debug, Default)]
struct Tally {
    fired: Vec<u64>,
    squared_error: f64,
    h_sum: Vec<f64>,
    h_squares: f64,
    loss: f64,
    loss_reconstructed: f64,
    loss_zero_ablated: f64,
}

/// Scores an autoencoder on [`SAMPLES`] samples of the dictionary's evaluation stream.
pub fn score(
    subject: &Subject,
    reading: &Reading,
    parameters: &Parameters,
    settings: &Dictionary,
    level: Level,
    workspace: &mut Workspace,
) -> DictionaryReport {
    let m = subject.n_hidden();
    let mut tally = Tally { fired: vec![0; settings.latents], h_sum: vec![0.0; m], ..Tally::default() };
    let mut out = vec![0.0; subject.n_features() * TILE];
    let mut replaced = vec![0.0; m * TILE];
    let mut loss_with = |h: &[f32], x: &[f32]| {
        subject.outputs_into(level, h, &mut out);
        subject.squared_error(x, &out)
    };
    let mut stream = Stream::new(settings.seed, Purpose::DictionaryEvaluation);
    for _ in 0..SAMPLES / TILE {
        workspace.draw(level, subject, reading, &mut stream);
        workspace.forward(level, parameters, settings.sparsity, TILE);
        for (sum, row) in tally.fired.iter_mut().zip(workspace.f.chunks_exact(TILE)) {
            *sum += row.iter().filter(|f| **f > 0.0).count() as u64;
        }
        for (sum, row) in tally.h_sum.iter_mut().zip(workspace.h.chunks_exact(TILE)) {
            *sum += row.iter().map(|&h| f64::from(h)).sum::<f64>();
            tally.h_squares += row.iter().map(|&h| f64::from(h).powi(2)).sum::<f64>();
        }
        tally.squared_error += workspace.error.iter().map(|&e| f64::from(e).powi(2)).sum::<f64>();
        tally.loss += loss_with(&workspace.h, &workspace.x);
        for ((replaced, h), error) in replaced.iter_mut().zip(&workspace.h).zip(&workspace.error) {
            *replaced = h + error;
        }
        tally.loss_reconstructed += loss_with(&replaced, &workspace.x);
        replaced.fill(0.0);
        tally.loss_zero_ablated += loss_with(&replaced, &workspace.x);
    }
    // A second pass over the same samples, now that their mean is known.
    for (row, sum) in replaced.chunks_exact_mut(TILE).zip(&tally.h_sum) {
        row.fill((sum / SAMPLES as f64) as f32);
    }
    let mut stream = Stream::new(settings.seed, Purpose::DictionaryEvaluation);
    let mut loss_mean_ablated = 0.0;
    for _ in 0..SAMPLES / TILE {
        workspace.draw(level, subject, reading, &mut stream);
        loss_mean_ablated += loss_with(&replaced, &workspace.x);
    }
    let directions = subject.true_directions();
    report(tally, loss_mean_ablated, &directions, parameters, settings, subject)
}

fn report(
    tally: Tally,
    loss_mean_ablated: f64,
    directions: &[TrueDirection],
    parameters: &Parameters,
    settings: &Dictionary,
    subject: &Subject,
) -> DictionaryReport {
    let m = subject.n_hidden();
    let samples = SAMPLES as f64;
    let living: Vec<usize> = (0..settings.latents).filter(|&latent| tally.fired[latent] > 0).collect();
    let cosine = |truth: &TrueDirection, latent: usize| -> f64 {
        let learned = &parameters.decoder[latent * m..][..m];
        truth.direction.iter().zip(learned).map(|(t, &l)| t * f64::from(l)).sum()
    };
    let matches: Vec<FeatureMatch> = directions
        .iter()
        .filter_map(|truth| {
            let nearest = living.iter().map(|&latent| (latent, cosine(truth, latent)));
            let (latent, similarity) = nearest.max_by(|a, b| a.1.total_cmp(&b.1))?;
            Some(FeatureMatch { feature: truth.feature, negative: truth.negative, latent, similarity })
        })
        .collect();
    let of_latents: Vec<f64> = living
        .iter()
        .filter_map(|&latent| directions.iter().map(|truth| cosine(truth, latent)).max_by(f64::total_cmp))
        .collect();
    let of_features: Vec<f64> = matches.iter().map(|found| found.similarity).collect();
    let recovered: Vec<f64> = of_features.iter().map(|&s| f64::from(u8::from(s > RECOVERED))).collect();
    let mean_square = tally.h_sum.iter().map(|sum| (sum / samples).powi(2)).sum::<f64>();
    let squared_error = tally.squared_error / samples;
    let ablated = loss_mean_ablated.min(tally.loss_zero_ablated);
    let per_output = 1.0 / (samples * subject.n_features() as f64);
    DictionaryReport {
        steps: settings.steps,
        latents: settings.latents,
        dead_latents: settings.latents - living.len(),
        active_latents: tally.fired.iter().map(|&n| n as f64).sum::<f64>() / samples,
        feature_similarity: mean(&of_features),
        latent_similarity: mean(&of_latents),
        features_recovered: mean(&recovered),
        matches,
        directions: parameters.decoder.chunks_exact(m).map(<[f32]>::to_vec).collect(),
        squared_error,
        unexplained_variance: squared_error / (tally.h_squares / samples - mean_square),
        loss: tally.loss * per_output,
        loss_reconstructed: tally.loss_reconstructed * per_output,
        loss_mean_ablated: loss_mean_ablated * per_output,
        loss_zero_ablated: tally.loss_zero_ablated * per_output,
        loss_recovered: (ablated - tally.loss_reconstructed) / (ablated - tally.loss),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{ModelKind, Sparsity};

    /// Three orthogonal features, a fourth that is not represented, and a dictionary that knows two of the three
    /// exactly, has a latent between the third and the first, and one that never fires.
    #[test]
    fn scores_of_a_dictionary_made_by_hand() {
        let w = [1.0, 0.0, 0.0, 0.01, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let (densities, root) = ([0.1; 4], 0.5_f32.sqrt());
        let subject = Subject::new(ModelKind::Linear, &w, None, &[0.0; 4], &[1.0, 1.0, 1.0, 0.0]);
        let decoder = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, root, 0.0, root, 0.0, 0.0, 1.0];
        let encoder = vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, -10.0];
        let parameters = Parameters { encoder, decoder, center: vec![0.0; 3] };
        let settings = Dictionary {
            latents: 4,
            sparsity: Sparsity::L1(0.1),
            batch: 1,
            steps: 0,
            learning_rate: 1e-3,
            resample_every: None,
            seed: 2,
        };
        let (reading, mut workspace, level) = (Reading::new(&densities), Workspace::default(), Level::best());
        workspace.fit(&subject, &reading, 4);
        workspace.take(&parameters);
        let report = score(&subject, &reading, &parameters, &settings, level, &mut workspace);
        let near = |found: f64, expected: f64, what: &str| {
            assert!((found - expected).abs() < 1e-6, "{what}: {found}, expected {expected}");
        };
        assert_eq!(report.dead_latents, 1);
        let found: Vec<(usize, usize)> = report.matches.iter().map(|m| (m.feature, m.latent)).collect();
        assert_eq!(found, [(0, 0), (1, 1), (2, 2)], "feature 3 is not represented");
        let root = f64::from(root);
        near(report.feature_similarity.unwrap(), (2.0 + root) / 3.0, "features to latents");
        near(report.latent_similarity.unwrap(), (2.0 + root) / 3.0, "latents to features");
        near(report.features_recovered.unwrap(), 2.0 / 3.0, "recovered");
        // Feature 3 is unimportant, so the loss is that of one hundredth of it on feature 0: E (0.01 x)² p / 4.
        let leak = 0.1 / 3.0 * 1e-4 / 4.0;
        assert!((report.loss / leak - 1.0).abs() < 0.1, "{} against {leak}", report.loss);
        // ĥ − h = x₂ (√½, 0, √½ − 1), with E x₂² = p/3 up to sampling: 5 standard errors of x² at p = .1 are 2.6e-3 ·
        // .59.
        let expected = 0.1 / 3.0 * (2.0 - 2.0 * root);
        assert!((report.squared_error - expected).abs() < 1.6e-3, "{} against {expected}", report.squared_error);
        // Zeros in place of h lose every x², a mean the square of the mean less.
        assert!(report.loss_mean_ablated < report.loss_zero_ablated);
        let expected =
            (report.loss_mean_ablated - report.loss_reconstructed) / (report.loss_mean_ablated - report.loss);
        near(report.loss_recovered, expected, "against the better ablation");
        // Each of latents 0 to 2 fires with its feature, latent 0 with feature 3 too: .19 + .1 + .1, standard error
        // 2e-3.
        assert!((report.active_latents - 0.39).abs() < 0.012, "{}", report.active_latents);
    }
}
