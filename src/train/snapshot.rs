//! Saved trainers: versioned bytes from which a run goes on to the same bits.

use serde::{Deserialize, Serialize};

use super::Trainer;
use super::run::Run;
use crate::error::Error;
use crate::rng::Stream;
use crate::spec::{ExperimentSpec, json_text};
use crate::wire;

/// The first byte; raised whenever the layout after it changes.
const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Saved {
    /// The resolved spec with all live changes, as JSON.
    spec: String,
    step: u64,
    runs: Vec<Run>,
    streams: Vec<Stream>,
}

impl Trainer {
    /// Parameters, moments, streams, schedule and progress of every instance.
    pub fn save(&self) -> Vec<u8> {
        let (step, runs, streams) = self.parts();
        let saved = Saved {
            spec: json_text(self.spec()),
            step,
            runs: runs.to_vec(),
            streams: streams.into_iter().cloned().collect(),
        };
        wire::to_bytes(VERSION, &saved)
    }

    /// A trainer that goes on from saved bytes, at this machine's own level (the same bits follow at the same level).
    ///
    /// # Errors
    /// [`Error::Snapshot`] for bytes of another version, or that are damaged or do not fit their own spec.
    pub fn restore(bytes: &[u8]) -> Result<Self, Error> {
        let saved: Saved = wire::from_bytes("saved state", VERSION, bytes)?;
        let spec = ExperimentSpec::from_json(&saved.spec)?;
        let mut trainer = Trainer::new(&spec)?;
        if !trainer.take_parts(saved.step, saved.runs, saved.streams) {
            return Err(Error::Snapshot("saved state: damaged, its runs do not fit its spec".into()));
        }
        Ok(trainer)
    }
}
