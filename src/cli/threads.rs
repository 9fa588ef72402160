//! A lab of threads: the pieces of work of figures and claims on a pool, with progress and Ctrl-C.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::interrupt;
use super::progress::Progress;
use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;
use crate::sweep::lab::train_at_once;

/// The pool, and where progress shows.
pub struct Threads {
    pool: ThreadPool,
}

impl Threads {
    /// A lab on this pool.
    pub fn new(pool: ThreadPool) -> Self {
        Threads { pool }
    }
}

impl Lab for Threads {
    fn each(&self, what: &str, n: usize, work: &(dyn Fn(usize) -> Result<(), Error> + Sync)) -> Result<(), Error> {
        let progress = Progress::of(what, n);
        let outcome = self.pool.install(|| {
            (0..n).into_par_iter().with_max_len(1).try_for_each(|idx| {
                if interrupt::requested() {
                    return Err(Error::Interrupted);
                }
                work(idx)?;
                progress.done();
                Ok(())
            })
        });
        progress.end();
        outcome
    }

    fn train(&self, what: &str, specs: &[ExperimentSpec]) -> Result<Vec<InstanceReport>, Error> {
        train_at_once(self, what, specs)
    }

    fn keep_going(&self) -> bool {
        !interrupt::requested()
    }
}
