//! A lab of threads: the pieces of work of figures and claims on a pool, with progress and Ctrl-C.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::progress::Progress;
use super::{interrupt, turns};
use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;
use crate::train::PRECISION;

/// The pool, and where progress shows.
pub struct Threads {
    pool: ThreadPool,
    /// To which fraction of themselves sampled losses are known.
    precision: f64,
}

impl Threads {
    /// A lab on this pool, which knows losses as well as reports promise.
    pub fn new(pool: ThreadPool) -> Self {
        Threads { pool, precision: PRECISION }
    }

    /// The same for figures, which show three digits of a loss: for large sparse models those of a report take as long as a thousand steps.
    pub fn for_figures(pool: ThreadPool) -> Self {
        Threads { pool, precision: 0.01 }
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
        turns::train(&self.pool, what, specs, self.precision)
    }

    fn keep_going(&self) -> bool {
        !interrupt::requested()
    }
}
