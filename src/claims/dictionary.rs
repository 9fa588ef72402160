//! `dictionary`: a sparse autoencoder finds a trained model's features again.

use serde_json::json;

use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::dictionary::learn;
use crate::sweep::Lab;

/// The least mean similarity.
const LEAST: f64 = 0.95;
/// The least number of represented features: more than the dimensions, else there is no superposition to undo.
const MORE_THAN: usize = 20;

/// On the hidden activations of trained 80→20 models at density .03 (three seeds; quick: one, with shorter runs) a sparse autoencoder
/// recovers the represented features, more than 20 of them, with a mean largest cosine similarity of at least 0.95, scored against the
/// true directions.
pub(super) fn check(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let mut rows = Vec::new();
    for idx in 0..effort.of(3, 1) {
        let seed = effort.seed + idx;
        let mut spec = spec_of("dictionary", json!({ "seed": seed }))?;
        if let Some(dictionary) = &mut spec.dictionary {
            dictionary.seed = seed;
            if effort.quick {
                (dictionary.batch, dictionary.steps, dictionary.resample_every) = (256, 2000, Some(200));
            }
        }
        spec.steps = effort.of(spec.steps, 2000);
        let learned = learn(&spec, lab)?;
        rows.push((seed, learned.scores, learned.model.loss));
    }
    let similarity = |row: &(u64, crate::dictionary::DictionaryReport, f64)| row.1.feature_similarity.unwrap_or(0.0);
    let passes = rows.iter().all(|row| similarity(row) >= LEAST && row.1.matches.len() > MORE_THAN);
    let told = rows.iter().map(|row| format!("{:.4} of {}", similarity(row), row.1.matches.len()));
    Ok(vec![Claim {
        id: "dictionary",
        about: "recovered features",
        paper: "an overcomplete basis found after the fact would undo superposition (others report a mean similarity of 0.96)",
        rule: "the mean over represented features, more than 20 of them, of the largest cosine to a learned direction is at least 0.95 for every seed",
        measured: format!("mean similarity {} features", told.collect::<Vec<_>>().join(", ")),
        verdict: Verdict::holds(passes),
        values: rows
            .iter()
            .map(|(seed, scores, loss)| json!({ "seed": seed, "dictionary": scores, "loss": loss }))
            .collect::<Vec<_>>()
            .into(),
    }])
}
