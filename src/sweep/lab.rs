//! Many pieces of work at once, without knowing who does them: this crate's core starts no thread.
//!
//! Figures and claims say what is to be trained; a [`Lab`] (the command line's threads, or a test's single one) does it.

use std::sync::Mutex;

use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;

/// Who runs independent pieces of work.
pub trait Lab: Sync {
    /// Runs `work(0)` … `work(n − 1)`, each once, in any order and perhaps side by side; `what` is what a person waits for.
    ///
    /// # Errors
    /// The first error of a piece; the rest may then be left out.
    fn each(&self, what: &str, n: usize, work: &(dyn Fn(usize) -> Result<(), Error> + Sync)) -> Result<(), Error>;

    /// Whether long work should go on; asked between slices of it.
    fn keep_going(&self) -> bool;
}

/// Steps between two looks at [`Lab::keep_going`].
const SLICE: u64 = 200;

/// The results of `n` pieces of work, in order.
///
/// # Errors
/// As [`Lab::each`].
pub fn map<T: Send>(
    lab: &dyn Lab,
    what: &str,
    n: usize,
    work: impl Fn(usize) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let places: Vec<Mutex<Option<T>>> = (0..n).map(|_| Mutex::new(None)).collect();
    lab.each(what, n, &|idx| {
        let result = work(idx)?;
        *places[idx].lock().expect("no piece of work panics while it holds its place") = Some(result);
        Ok(())
    })?;
    let done = places.into_iter().map(|place| place.into_inner().ok().flatten());
    done.collect::<Option<_>>().ok_or(Error::Interrupted)
}

/// Trains specs without a sweep to their ends; of restarts the best is kept. Reports come in the order of the specs.
///
/// # Errors
/// [`Error::Interrupted`] where the lab stops early, else as [`super::run_job`].
pub fn train(lab: &dyn Lab, what: &str, specs: &[ExperimentSpec]) -> Result<Vec<InstanceReport>, Error> {
    map(lab, what, specs.len(), |idx| {
        let report = super::run_job(&specs[idx], 0, SLICE, |_| lab.keep_going())?;
        report.map(|report| InstanceReport { index: idx, ..report }).ok_or(Error::Interrupted)
    })
}

/// Trains every job of a sweep, in its order.
///
/// # Errors
/// As [`train`].
pub fn train_sweep(lab: &dyn Lab, what: &str, spec: &ExperimentSpec) -> Result<Vec<InstanceReport>, Error> {
    let jobs = (0..super::n_jobs(spec)).map(|idx| super::job_spec(spec, idx)).collect::<Result<Vec<_>, _>>()?;
    train(lab, what, &jobs)
}

/// One piece after the other on the calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct SingleThread;

impl Lab for SingleThread {
    fn each(&self, _: &str, n: usize, work: &(dyn Fn(usize) -> Result<(), Error> + Sync)) -> Result<(), Error> {
        (0..n).try_for_each(work)
    }

    fn keep_going(&self) -> bool {
        true
    }
}
