//! Jobs on the threads of a pool, their reports on this one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::progress::Progress;
use super::{Failure, interrupt};
use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::run_job;

/// The most threads that `--threads` takes.
pub const MAX_THREADS: u16 = 1024;

/// Multiplications between two looks at Ctrl-C: some hundredths of a second, and still enough that the memory for a step, made anew after
/// each look, is a small part.
const SLICE_WORK: u64 = 500_000_000;

/// Reports that may wait for the writing thread.
const CHANNEL: usize = 64;

/// A pool of so many threads, or one for each processor.
pub fn pool(threads: Option<u16>) -> Result<ThreadPool, Failure> {
    let pool = ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from)).build();
    pool.map_err(|error| Failure::Input(format!("--threads: {error}")))
}

/// Runs jobs on the pool and takes their reports on this thread, until all are done or something stops them.
///
/// Tells how many reports were taken.
pub fn run_jobs(
    pool: &ThreadPool,
    spec: &ExperimentSpec,
    jobs: &[usize],
    progress: &Progress,
    mut take: impl FnMut(usize, &InstanceReport) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    type Message = (usize, Result<InstanceReport, Error>);
    let (next, stop, slice) = (AtomicUsize::new(0), AtomicBool::new(false), slice(spec));
    let keep_going = || !stop.load(Ordering::Relaxed) && !interrupt::requested();
    let worker = |sender: &SyncSender<Message>| {
        while keep_going() {
            let Some(&job_idx) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let mut part = progress.part(spec, job_idx);
            let report = run_job(spec, job_idx, slice, |steps| {
                part.advance(steps);
                keep_going()
            });
            let sent = match report {
                Ok(None) => break,
                Ok(Some(report)) => sender.send((job_idx, Ok(report))),
                Err(error) => sender.send((job_idx, Err(error))),
            };
            if sent.is_err() {
                break;
            }
        }
    };
    let (sender, receiver) = sync_channel(CHANNEL);
    std::thread::scope(|scope| {
        let keep = &stop;
        scope.spawn(|| {
            // The sender ends with the last worker, and with it the loop below.
            let sender = sender;
            pool.broadcast(|_| worker(&sender));
        });
        let mut n_taken = 0;
        let mut outcome = Ok(());
        for (job_idx, report) in receiver {
            // After a failure the rest is only let go, so that no worker waits for ever.
            if outcome.is_ok() {
                outcome = report.map_err(Failure::from).and_then(|report| take(job_idx, &report));
                match outcome {
                    Ok(()) => n_taken += 1,
                    Err(_) => keep.store(true, Ordering::Relaxed),
                }
            }
        }
        outcome.map(|()| n_taken)
    })
}

/// Steps of a job between two looks at Ctrl-C, from the work that a step is.
fn slice(spec: &ExperimentSpec) -> u64 {
    let a_step = (spec.batch * spec.restarts.count) as u64 * (spec.features * spec.hidden) as u64;
    (SLICE_WORK / a_step.max(1)).clamp(1, 1000)
}
