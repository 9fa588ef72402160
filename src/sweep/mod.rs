//! Sweeps as jobs: every instance of a spec is a job of its own, and any order or worker gives the same lines.

pub mod lab;
mod phase;

pub use lab::Lab;
pub use phase::{PhaseCell, PhaseGrid};

use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::{ExperimentSpec, Keep};
use crate::train::{Status, Trainer};

/// The instances that `train` prints: the cells, or every restart of every cell where all are kept.
pub fn n_jobs(spec: &ExperimentSpec) -> usize {
    spec.n_cells() * restarts_apart(spec)
}

fn restarts_apart(spec: &ExperimentSpec) -> usize {
    match spec.restarts.keep {
        Keep::Best => 1,
        Keep::All => spec.restarts.count,
    }
}

/// The spec of a job: run alone, it gives the same bits.
///
/// # Errors
/// [`Error::Field`] if the cell's values break a rule together.
pub fn job_spec(spec: &ExperimentSpec, job_idx: usize) -> Result<ExperimentSpec, Error> {
    let apart = restarts_apart(spec);
    let cell = spec.cell(job_idx / apart)?;
    Ok(match spec.restarts.keep {
        Keep::Best => cell,
        Keep::All => cell.restart(job_idx % apart),
    })
}

/// Runs a job to its end; `keep_going` is asked every `slice` steps and ends it early with `None` when it says no.
///
/// # Errors
/// As [`job_spec`] and [`Trainer::new`].
pub fn run_job(
    spec: &ExperimentSpec,
    job_idx: usize,
    slice: u64,
    mut keep_going: impl FnMut(u64) -> bool,
) -> Result<Option<InstanceReport>, Error> {
    let mut trainer = Trainer::new(&job_spec(spec, job_idx)?)?;
    while trainer.status() == Status::Running {
        let done = trainer.advance(slice);
        if !keep_going(done) {
            return Ok(None);
        }
    }
    Ok(Some(InstanceReport::of(&trainer, job_idx)))
}
