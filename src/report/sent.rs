//! A report on its way from the worker that trains to the one that makes a picture of it.
//!
//! What can be read off the weights stays behind and is measured again: it is quicker done than sent and parsed.

use serde::{Deserialize, Serialize};

use super::{HistoryReport, InstanceReport, MeasuresReport, VERSION, rows, wide};
use crate::attack::AttackReport;
use crate::dictionary::DictionaryReport;
use crate::error::Error;
use crate::measures::neuron_kinds;
use crate::spec::{ExperimentSpec, ModelKind};
use crate::train::Status;
use crate::wire;

/// The first byte; raised whenever the layout after it changes.
const LAYOUT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Sent {
    index: usize,
    status: Status,
    steps: u64,
    restart: usize,
    loss: f64,
    loss_standard_error: f64,
    weights: Vec<f32>,
    bias: Vec<f32>,
    decoder: Option<Vec<f32>>,
    history: Option<SentHistory>,
    attack: Option<AttackReport>,
    dictionary: Option<DictionaryReport>,
    level: String,
}

#[derive(Serialize, Deserialize)]
struct SentHistory {
    steps: Vec<u64>,
    loss: Vec<Option<f64>>,
    weights: Vec<f32>,
}

impl InstanceReport {
    /// The bytes that [`InstanceReport::from_bytes`] reads: within one version of this program only.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sent = Sent {
            index: self.index,
            status: self.status,
            steps: self.steps,
            restart: self.restart,
            loss: self.loss,
            loss_standard_error: self.loss_standard_error,
            weights: self.weights.concat(),
            bias: self.bias.clone(),
            decoder: self.decoder.as_ref().map(|decoder| decoder.concat()),
            history: self.history.as_ref().map(|history| SentHistory {
                steps: history.steps.clone(),
                loss: history.loss.clone(),
                weights: history.weights.iter().flatten().flatten().copied().collect(),
            }),
            attack: self.attack,
            dictionary: self.dictionary.clone(),
            level: self.level.to_string(),
        };
        wire::to_bytes(LAYOUT, &sent)
    }

    /// The report of a model of that spec.
    ///
    /// # Errors
    /// [`Error::Snapshot`] for bytes that do not decode or do not fit the spec.
    pub fn from_bytes(spec: &ExperimentSpec, bytes: &[u8]) -> Result<Self, Error> {
        let sent: Sent = wire::from_bytes("report", LAYOUT, bytes)?;
        let (kind, n, m) = (spec.model, spec.features, spec.hidden);
        let history_fits = sent.history.as_ref().is_none_or(|history| {
            history.weights.len() == history.steps.len() * n * m && history.loss.len() == history.steps.len()
        });
        let decoder_fits = sent.decoder.as_ref().map(Vec::len) == (kind == ModelKind::Absolute).then_some(n * m);
        if sent.weights.len() != n * m || sent.bias.len() != n || !history_fits || !decoder_fits {
            return Err(Error::Snapshot("report: it does not fit its spec".into()));
        }
        let w = wide(&sent.weights);
        let privileged = matches!(kind, ModelKind::ReluHidden | ModelKind::Absolute);
        Ok(InstanceReport {
            index: sent.index,
            spec: spec.clone(),
            status: sent.status,
            steps: sent.steps,
            restart: sent.restart,
            loss: sent.loss,
            loss_standard_error: sent.loss_standard_error,
            measures: MeasuresReport::of(kind, &w, n, m),
            neurons: privileged.then(|| neuron_kinds(&w, n)),
            weights: rows(&sent.weights, n),
            bias: sent.bias,
            decoder: sent.decoder.map(|decoder| rows(&decoder, m)),
            history: sent.history.map(|history| {
                let weights = history.weights.chunks_exact(n * m).map(|w| rows(w, n)).collect();
                HistoryReport::of_points(kind, history.steps, history.loss, weights)
            }),
            attack: sent.attack,
            dictionary: sent.dictionary,
            level: sent.level.into(),
            version: VERSION.into(),
        })
    }
}
