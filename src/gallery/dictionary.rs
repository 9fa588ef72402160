//! `dictionary`: finding the features of a trained model again from its activations (paper, "Approach 2: Finding an overcomplete
//! basis"), and compressed sensing beside it.

use serde_json::{Value, json};

use super::source::source;
use super::{Still, refuse};
use crate::dictionary::DictionaryReport;
use crate::dictionary::pursuit::{self, PursuitReport, measurements_needed, recovery_probability};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Shape};
use crate::figures::heatmap::Heatmap;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::number::{fixed, shortest};
use crate::report::InstanceReport;
use crate::sampler::reading;
use crate::spec::{ExperimentSpec, ModelKind};
use crate::sweep::Lab;
use crate::sweep::lab::map;
use crate::train::{Status, level_of};

/// Numbers of active features whose recovery is measured.
const ACTIVE: [usize; 3] = [2, 4, 8];
/// Measurements at which it is measured, as multiples of `k·log(n/k)`.
const MULTIPLES: [f64; 9] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5];
/// Random matrices a point of the recovery curves: the share is known to 0.05 or better.
const TRIALS: usize = 100;

/// A trained model with the dictionary that its spec asks for.
pub(crate) struct Learned {
    pub model: InstanceReport,
    pub scores: DictionaryReport,
    /// The cosines between represented features and their nearest latents, `[features][features]`, in the order of the matches.
    pub cosines: Vec<f64>,
    spec: ExperimentSpec,
}

/// Trains the model, then the dictionary.
///
/// # Errors
/// [`Error::Field`] for a sweep or a spec without a dictionary, else as [`Lab::train`].
pub(crate) fn learn(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Learned, Error> {
    if !spec.sweep.is_empty() {
        return refuse("sweep", format!("{} cells", spec.n_cells()), "no sweep for this figure");
    }
    if spec.dictionary.is_none() {
        return refuse("dictionary", "null", "a dictionary for this figure");
    }
    let model = lab.train("model and dictionary", std::slice::from_ref(spec))?.remove(0);
    let Some(scores) = model.dictionary.clone() else {
        // A model in training has none yet; one that diverged gets none.
        return match model.status {
            Status::Running => Err(Error::Interrupted),
            _ => refuse("learning_rate", shortest(spec.learning_rate), "one with which the model does not diverge"),
        };
    };
    let cosine = |a: &[f64], b: &[f32]| a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum::<f64>();
    let columns = || scores.matches.iter().map(|found| &scores.directions[found.latent]);
    let truths = model.subject(spec).true_directions();
    let cosines = truths.iter().flat_map(|truth| columns().map(|d| cosine(&truth.direction, d))).collect();
    Ok(Learned { model, scores, cosines, spec: spec.clone() })
}

/// Learned directions against the true ones, how well each feature is found, and how many measurements sparse recovery takes.
///
/// # Errors
/// As [`learn`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    let n = spec.features;
    let counts: Vec<usize> = ACTIVE.into_iter().filter(|&k| 2 * k < n).collect();
    let curves = map(lab, "recovery", counts.len() * MULTIPLES.len(), |idx| {
        let (k, multiple) = (counts[idx / MULTIPLES.len()], MULTIPLES[idx % MULTIPLES.len()]);
        let m = measurements_needed(n, k, multiple).round().max(1.0);
        let share = recovery_probability(n, m as usize, k, TRIALS, spec.seed);
        Ok((m / measurements_needed(n, k, 1.0), share))
    })?;
    let learned = learn(spec, lab)?;
    let scores = &learned.scores;
    if scores.matches.is_empty() {
        return refuse("seed", spec.seed, "one whose model represents features");
    }
    let linear = matches!(spec.model, ModelKind::Linear | ModelKind::Relu);
    // It takes its time, which a picture on the way does not have.
    let bound = if linear && learned.model.status != Status::Running {
        let law = reading(&learned.spec.input_law());
        let subject = learned.model.subject(&learned.spec);
        Some(pursuit::bound(&subject, &law, spec.seed, level_of(&learned.spec)?))
    } else {
        None
    };
    let told = bound.map_or(String::new(), |bound| {
        format!(
            " Told this model’s directions, pursuit finds {}% of its active features.",
            fixed(100.0 * bound.found, 0)
        )
    });
    let series =
        counts.iter().zip(curves.chunks_exact(MULTIPLES.len())).enumerate().map(|(idx, (k, points))| {
            Series::new(format!("k = {k}"), Tint::Kind(idx), Mark::LineDots, points.to_vec())
        });
    let recovery = Chart::new(
        Axis::linear("m / (k log(n/k))", 0.0, 2.6),
        Axis::linear("share recovered", 0.0, 1.05),
        series.collect(),
    )
    .with_rules(vec![Rule::level(1.0, "all")]);
    let panels = vec![
        similarity_panel(&learned),
        match_panel(&learned, n),
        score_panel(scores),
        Panel::new(
            "Sparse recovery in random directions",
            format!(
                "Matching pursuit of k active among {n} features from m measurements; the bound is m ≥ c·k·log(n/k).{told}"
            ),
            View::Chart(recovery),
        ),
    ];
    Ok(Still::new(Panels::new(panels, 320.0, 2), raw_data(learned, bound, counts, curves)))
}

/// The model with its dictionary and the bound, and the share recovered for each of the `counts`: `curves` has a point for each
/// of [`MULTIPLES`], one count after the other.
fn raw_data(
    learned: Learned,
    bound: Option<PursuitReport>,
    counts: Vec<usize>,
    curves: Vec<(f64, f64)>,
) -> impl Fn() -> Value {
    move || {
        let recovery: Vec<_> = counts.iter().zip(curves.chunks_exact(MULTIPLES.len())).collect();
        json!({ "instance": learned.model, "dictionary": learned.scores, "pursuit": bound, "recovery": recovery })
    }
}

/// Cosines of true and learned directions.
fn similarity_panel(learned: &Learned) -> Panel {
    let count = learned.scores.matches.len();
    let map = Heatmap::new(count, count, learned.cosines.clone())
        .with_limit(1.0)
        .with_titles("true feature", "its nearest latent")
        .with_features(learned.scores.matches.iter().map(|found| found.feature).collect(), Vec::new());
    let words = "Cosines between the true directions of represented features and the learned ones nearest to them.";
    Panel::new("True against learned directions", words, View::Heatmap(map))
}

/// The similarity of each feature.
fn match_panel(learned: &Learned, n: usize) -> Panel {
    let scores = &learned.scores;
    let points: Vec<(f64, f64)> =
        scores.matches.iter().map(|found| ((found.feature + 1) as f64, found.similarity)).collect();
    let sources = scores.matches.iter().map(|found| source(&learned.model).feature(found.feature)).collect();
    let low = points.iter().map(|point| point.1).fold(0.9, f64::min).max(-1.0);
    let chart = Chart::new(
        Axis::linear("feature", 0.0, n as f64 + 1.0),
        Axis::linear("largest cosine to a latent", (low - 0.05).max(-1.0), 1.02),
        vec![Series::new("", Tint::Kind(0), Mark::Dots(Shape::Disc, 3.0), points).with_sources(sources)],
    )
    .with_rules(vec![Rule::level(1.0, "1"), Rule::level(0.9, "found")]);
    let words = format!(
        "{} of {n} features are represented; mean similarity {}, {}% above 0.9.",
        scores.matches.len(),
        fixed(scores.feature_similarity.unwrap_or(0.0), 4),
        fixed(100.0 * scores.features_recovered.unwrap_or(0.0), 0)
    );
    Panel::new("How well each feature is found", words, View::Chart(chart))
}

/// The model's loss with its activations replaced.
fn score_panel(scores: &DictionaryReport) -> Panel {
    let bars = [
        ("as it is", scores.loss),
        ("rebuilt", scores.loss_reconstructed),
        ("mean", scores.loss_mean_ablated),
        ("zero", scores.loss_zero_ablated),
    ];
    let high = bars.iter().map(|bar| bar.1).fold(1e-12, f64::max) * 2.0;
    let low = bars.iter().map(|bar| bar.1).filter(|&loss| loss > 0.0).fold(high, f64::min) / 2.0;
    let points = bars.iter().enumerate().map(|(at, bar)| (at as f64, bar.1)).collect();
    let ticks = bars.iter().enumerate().map(|(at, bar)| (at as f64, bar.0.to_owned())).collect();
    let chart = Chart::new(
        Axis::linear("what the output layer is given for h", -0.5, 3.5).with_ticks(ticks),
        Axis::log("the model’s loss", low, high),
        vec![Series::new("", Tint::Kind(0), Mark::Dots(Shape::Square, 5.0), points)],
    );
    let words = format!(
        "{}% of the loss recovered; {} of {} latents active at a time, {} dead.",
        fixed(100.0 * scores.loss_recovered, 1),
        fixed(scores.active_latents, 1),
        scores.latents,
        scores.dead_latents
    );
    Panel::new("What the model makes of it", words, View::Chart(chart))
}
