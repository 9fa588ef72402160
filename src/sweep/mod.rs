//! Sweeps as jobs: every instance of a spec is a job of its own, and any order or worker gives the same lines.

pub mod lab;
mod phase;

pub use lab::Lab;
pub use phase::{Agreement, PhaseCell, PhaseGrid};

use crate::attack;
use crate::dictionary::Autoencoder;
use crate::error::Error;
use crate::report::InstanceReport;
use crate::sampler::reading;
use crate::spec::{ExperimentSpec, Keep};
use crate::train::{Status, Trainer, level_of};

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
    mut keep_going: impl FnMut(u64) -> bool,
) -> Result<Option<InstanceReport>, Error> {
    let spec = job_spec(spec, job_idx)?;
    let Some(mut report) = train_job(&spec, job_idx, slice, &mut keep_going)? else { return Ok(None) };
    if report.status == Status::Diverged {
        return Ok(Some(report));
    }
    let level = level_of(&spec)?;
    if let Some(attack) = &spec.attack {
        report.attack = Some(attack::evaluate(&report.subject(&spec), attack, &spec.input_law(), spec.seed, level));
    }
    if let Some(settings) = &spec.dictionary {
        let mut dictionary = Autoencoder::new(report.subject(&spec), reading(&spec.input_law()), settings, level);
        while dictionary.advance(slice) > 0 {
            // No steps of the job's own: its training is done.
            if !keep_going(0) {
                return Ok(None);
            }
        }
        report.dictionary = Some(dictionary.scores());
    }
    Ok(Some(report))
}

/// Trains a spec without a sweep to its end.
fn train_job(
    spec: &ExperimentSpec,
    index: usize,
    slice: u64,
    keep_going: &mut impl FnMut(u64) -> bool,
) -> Result<Option<InstanceReport>, Error> {
    let mut trainer = Trainer::new(spec)?;
    while trainer.status() == Status::Running {
        let done = trainer.advance(slice);
        if !keep_going(done) {
            return Ok(None);
        }
    }
    Ok(Some(InstanceReport::of(&trainer, index)))
}
