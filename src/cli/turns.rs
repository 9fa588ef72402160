//! Models in training take turns on the threads of a pool.

use std::sync::{Mutex, MutexGuard};

use rayon::ThreadPool;

use super::interrupt;
use super::progress::{Part, Progress};
use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::{Job, job_spec};

/// Models a thread that take turns: with more, their memory would count.
const MODELS_A_THREAD: usize = 32;
/// Steps of a turn: a look at Ctrl-C costs a small part of it.
const STEPS: u64 = 200;

/// Trains specs without a sweep to their ends, and returns their reports in the order of the specs.
///
/// The model that is least far is the next to go on, so that all are done at about the same time: model after model, the last would keep one thread
/// busy and leave the others without work. Bits do not depend on it, for a model's steps know of no others.
///
/// # Errors
/// [`Error::Interrupted`] after Ctrl-C, else as [`Job::new`].
pub fn train(
    pool: &ThreadPool,
    what: &str,
    specs: &[ExperimentSpec],
    precision: f64,
) -> Result<Vec<InstanceReport>, Error> {
    let progress = Progress::of(what, specs.len());
    let turns = Turns::new(specs, precision, MODELS_A_THREAD * pool.current_num_threads(), &progress);
    pool.broadcast(|_| while turns.take_one() {});
    progress.end();
    let State { reports, failure, .. } = turns.state.into_inner().expect(NO_PANIC);
    match failure {
        Some(error) => Err(error),
        None => reports.into_iter().collect::<Option<_>>().ok_or(Error::Interrupted),
    }
}

const NO_PANIC: &str = "no thread panics while it looks at the state";

struct Turns<'a> {
    specs: &'a [ExperimentSpec],
    precision: f64,
    progress: &'a Progress,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    /// Those that take turns and are in no thread's hands.
    waiting: Vec<Model<'a>>,
    /// How many specs were among them so far.
    n_listed: usize,
    reports: Vec<Option<InstanceReport>>,
    failure: Option<Error>,
}

struct Model<'a> {
    idx: usize,
    /// What it fills of the bar, too; none before its first turn.
    begun: Option<(Job, Part<'a>)>,
}

impl<'a> Turns<'a> {
    fn new(specs: &'a [ExperimentSpec], precision: f64, at_once: usize, progress: &'a Progress) -> Self {
        let n_listed = specs.len().min(at_once);
        let waiting = (0..n_listed).map(Model::new).collect();
        let reports = specs.iter().map(|_| None).collect();
        Turns { specs, precision, progress, state: Mutex::new(State { waiting, n_listed, reports, failure: None }) }
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().expect(NO_PANIC)
    }

    /// Gives one model its turn; says whether there was one for this thread.
    fn take_one(&self) -> bool {
        let Some(model) = self.state().next() else { return false };
        let idx = model.idx;
        let outcome = self.advance(model);
        let mut state = self.state();
        match outcome {
            Ok((job, _)) if job.is_done() => {
                state.reports[idx] = job.into_report();
                if state.n_listed < self.specs.len() {
                    let next = Model::new(state.n_listed);
                    state.waiting.push(next);
                    state.n_listed += 1;
                }
            }
            Ok(begun) => state.waiting.push(Model { idx, begun: Some(begun) }),
            Err(error) => state.failure = Some(error),
        }
        true
    }

    fn advance(&self, model: Model<'a>) -> Result<(Job, Part<'a>), Error> {
        let (mut job, mut part) = match model.begun {
            Some(begun) => begun,
            None => {
                let spec = &self.specs[model.idx];
                (Job::new(&job_spec(spec, 0)?, model.idx, self.precision)?, self.progress.part(spec, 0))
            }
        };
        let is_training = job.is_training();
        let made = job.advance(STEPS)?;
        // A dictionary's steps are none of the spec's own.
        part.advance(if is_training { made } else { 0 });
        Ok((job, part))
    }
}

impl<'a> State<'a> {
    /// Takes out the model that is least far, unless all work is to end.
    fn next(&mut self) -> Option<Model<'a>> {
        if interrupt::requested() {
            self.failure.get_or_insert(Error::Interrupted);
        }
        if self.failure.is_some() {
            return None;
        }
        let far = |at: usize| self.waiting[at].fraction();
        let least = (0..self.waiting.len()).min_by(|&a, &b| far(a).total_cmp(&far(b)))?;
        Some(self.waiting.swap_remove(least))
    }
}

impl Model<'_> {
    fn new(idx: usize) -> Self {
        Model { idx, begun: None }
    }

    /// How much of it is done.
    fn fraction(&self) -> f64 {
        let (made, of) = self.begun.as_ref().map_or((0, 1), |(job, _)| job.progress());
        made as f64 / of.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::jobs;
    use crate::sweep::lab::{SingleThread, train_at_once};

    const PRECISION: f64 = 0.1;

    fn specs(steps: impl Iterator<Item = u64>) -> Vec<ExperimentSpec> {
        let spec = |(seed, steps)| {
            let json = format!(r#"{{"features": 3, "hidden": 1, "batch": 16, "steps": {steps}, "seed": {seed}}}"#);
            ExperimentSpec::from_json(&json).expect("a valid spec")
        };
        steps.enumerate().map(spec).collect()
    }

    #[test]
    fn reports_are_those_of_one_after_the_other() {
        // One that has nothing to train, some that take turns, and more than may at a time.
        let specs = specs((0..20).map(|idx| 197 * idx % 500));
        let expected = train_at_once(&SingleThread, "", &specs, PRECISION).expect("reports");
        let pool = jobs::pool(Some(3)).expect("threads");
        let progress = Progress::new(specs.len());
        for at_once in [7, 20] {
            let turns = Turns::new(&specs, PRECISION, at_once, &progress);
            pool.broadcast(|_| while turns.take_one() {});
            let found: Vec<_> = turns.state().reports.drain(..).flatten().collect();
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{at_once} at a time");
        }
    }

    #[test]
    fn the_least_far_goes_on_so_that_all_end_together() {
        let specs = specs([4000, 1000, 2000].into_iter());
        let progress = Progress::new(3);
        let turns = Turns::new(&specs, PRECISION, 3, &progress);
        while turns.state().reports.iter().all(Option::is_none) {
            assert!(turns.take_one(), "none is done");
        }
        for model in &turns.state().waiting {
            assert!(model.fraction() >= 0.8, "{} when the first is done", model.fraction());
        }
    }
}
