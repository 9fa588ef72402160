//! Sweeps as jobs: every instance of a spec is a job of its own, and any order or worker gives the same lines.

mod job;
pub mod lab;
mod phase;

pub use job::Job;
pub use lab::Lab;
pub use phase::{Agreement, PhaseCell, PhaseGrid};

use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::{ExperimentSpec, Keep};
use crate::train::PRECISION;

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

/// The specs of all jobs.
///
/// # Errors
/// As [`job_spec`].
pub fn job_specs(spec: &ExperimentSpec) -> Result<Vec<ExperimentSpec>, Error> {
    (0..n_jobs(spec)).map(|job_idx| job_spec(spec, job_idx)).collect()
}

/// Runs a job to its end, with the attack and the dictionary that its spec asks for.
///
/// `keep_going` is told of steps made, at most `slice` at a time, and ends the job early with `None` when it says no.
///
/// # Errors
/// As [`job_spec`] and [`Trainer::new`].
pub fn run_job(
    spec: &ExperimentSpec,
    job_idx: usize,
    slice: u64,
    keep_going: impl FnMut(u64) -> bool,
) -> Result<Option<InstanceReport>, Error> {
    run_job_to(spec, job_idx, PRECISION, slice, keep_going)
}

/// As [`run_job`], with sampled losses known to this fraction of themselves.
///
/// # Errors
/// As [`run_job`].
pub fn run_job_to(
    spec: &ExperimentSpec,
    job_idx: usize,
    precision: f64,
    slice: u64,
    mut keep_going: impl FnMut(u64) -> bool,
) -> Result<Option<InstanceReport>, Error> {
    let mut job = Job::new(&job_spec(spec, job_idx)?, job_idx, precision)?;
    while !job.is_done() {
        let is_training = job.is_training();
        let made = job.advance(slice)?;
        // A dictionary's steps are none of the spec's own.
        if !keep_going(if is_training { made } else { 0 }) {
            return Ok(None);
        }
    }
    Ok(job.into_report())
}
