//! Many pieces of work at once, without knowing who does them: this crate's core starts no thread.
//!
//! Figures and claims say what is to be trained and worked out; a [`Lab`] does it: the command line's threads, a test's single
//! thread, or the page's workers, which do it between two calls and answer from what they have ([`Memo`]).

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::train::PRECISION;

/// Who runs independent pieces of work.
pub trait Lab: Sync {
    /// Runs `work(0)` … `work(n − 1)`, each once, in any order and perhaps side by side; `what` is what a person waits for.
    ///
    /// # Errors
    /// The first error of a piece; the rest may then be left out.
    fn each(&self, what: &str, n: usize, work: &(dyn Fn(usize) -> Result<(), Error> + Sync)) -> Result<(), Error>;

    /// Trains specs without a sweep to their ends; of restarts the best is kept. Reports come in the order of the specs.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where the lab stops early, else as [`super::run_job`].
    fn train(&self, what: &str, specs: &[ExperimentSpec]) -> Result<Vec<InstanceReport>, Error>;

    /// Whether long work should go on; asked between slices of it.
    fn keep_going(&self) -> bool;

    /// Where this lab keeps results of [`map`] from one call of a figure to the next, if it calls figures again and again.
    fn memo(&self) -> Option<&Memo> {
        None
    }
}

/// Steps between two looks at [`Lab::keep_going`].
const SLICE: u64 = 200;

/// The results of `n` pieces of work, in order.
///
/// # Errors
/// As [`Lab::each`].
pub fn map<T: Clone + Send + Sync + 'static>(
    lab: &dyn Lab,
    what: &str,
    n: usize,
    work: impl Fn(usize) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let pieces = pieces(lab, what, n, &|idx| Ok(Arc::new(work(idx)?)))?;
    let typed = |piece: &Piece| piece.downcast_ref::<T>().expect("a figure asks for the same in every call").clone();
    Ok(pieces.iter().map(typed).collect())
}

/// A result of some type. What works with these is compiled once, for all figures.
type Piece = Arc<dyn Any + Send + Sync>;

fn pieces(
    lab: &dyn Lab,
    what: &str,
    n: usize,
    work: &(dyn Fn(usize) -> Result<Piece, Error> + Sync),
) -> Result<Vec<Piece>, Error> {
    match lab.memo() {
        Some(memo) => memo.pieces(what, n, work),
        None => map_once(lab, what, n, work),
    }
}

fn map_once<T: Send>(
    lab: &(impl Lab + ?Sized),
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

/// What [`Lab::train`] does where the work is done at once, by [`Lab::each`]; sampled losses are known to a fraction `precision` of
/// themselves.
///
/// # Errors
/// As [`Lab::train`].
pub fn train_at_once(
    lab: &(impl Lab + ?Sized),
    what: &str,
    specs: &[ExperimentSpec],
    precision: f64,
) -> Result<Vec<InstanceReport>, Error> {
    map_once(lab, what, specs.len(), |idx| {
        let report = super::run_job_to(&specs[idx], 0, precision, SLICE, |_| lab.keep_going())?;
        report.map(|report| InstanceReport { index: idx, ..report }).ok_or(Error::Interrupted)
    })
}

/// Trains every job of a sweep, in its order.
///
/// # Errors
/// As [`Lab::train`].
pub fn train_sweep(lab: &dyn Lab, what: &str, spec: &ExperimentSpec) -> Result<Vec<InstanceReport>, Error> {
    lab.train(what, &super::job_specs(spec)?)
}

/// One piece after the other on the calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct SingleThread;

impl Lab for SingleThread {
    fn each(&self, _: &str, n: usize, work: &(dyn Fn(usize) -> Result<(), Error> + Sync)) -> Result<(), Error> {
        (0..n).try_for_each(work)
    }

    fn train(&self, what: &str, specs: &[ExperimentSpec]) -> Result<Vec<InstanceReport>, Error> {
        train_at_once(self, what, specs, PRECISION)
    }

    fn keep_going(&self) -> bool {
        true
    }
}

/// How far a [`map`] has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// What is worked out.
    pub what: String,
    /// Pieces that are known.
    pub done: usize,
    /// All pieces.
    pub of: usize,
}

/// The results of [`map`] over many calls of one figure, which asks for the same pieces in the same order every time: at most one new
/// piece is worked out a call, so that no call takes long.
#[derive(Debug, Default)]
pub struct Memo(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    /// By the place of the `map` in the call, and of the piece in it; they are worked out in order.
    known: Vec<Vec<Piece>>,
    n_maps: usize,
    may_work: bool,
    /// The map at which the call ended early.
    open: Option<Pieces>,
}

impl Memo {
    /// Begins a call; a piece that is not known yet is worked out only where it `may_work`.
    pub fn begin(&self, may_work: bool) {
        let mut pages = self.pages();
        pages.n_maps = 0;
        pages.may_work = may_work;
        pages.open = None;
    }

    /// The map at which the call ended early, if one did.
    pub fn open(&self) -> Option<Pieces> {
        self.pages().open.clone()
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.0.lock().expect("nothing panics while it holds the pages")
    }

    fn pieces(&self, what: &str, n: usize, work: &dyn Fn(usize) -> Result<Piece, Error>) -> Result<Vec<Piece>, Error> {
        let mut pages = self.pages();
        let at = pages.n_maps;
        pages.n_maps += 1;
        if pages.known.len() <= at {
            pages.known.push(Vec::new());
        }
        let mut results = Vec::with_capacity(n);
        for idx in 0..n {
            if let Some(known) = pages.known[at].get(idx) {
                results.push(known.clone());
                continue;
            }
            if !pages.may_work {
                pages.open = Some(Pieces { what: what.into(), done: idx, of: n });
                return Err(Error::Interrupted);
            }
            pages.may_work = false;
            let result = work(idx)?;
            pages.known[at].push(Arc::clone(&result));
            results.push(result);
        }
        Ok(results)
    }
}
