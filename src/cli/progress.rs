//! How far the work has come and how long it still takes, on standard error where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::spec::ExperimentSpec;
use crate::sweep::job_spec;

/// A bar on standard error with the time that is left, if that is a terminal.
pub struct Progress(ProgressBar);

/// What one instance fills of the bar.
pub struct Part<'a> {
    bar: &'a ProgressBar,
    made: u64,
    steps: u64,
}

impl Progress {
    /// The bar's length for one instance.
    const PART: u64 = 10_000;

    /// An empty bar for so many instances, hidden where standard error is no terminal.
    pub fn new(n_jobs: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(Self::PART * n_jobs as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{wide_bar} {percent}% of {msg}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(if n_jobs == 1 { "1 instance".into() } else { format!("{n_jobs} instances") });
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self(bar)
    }

    /// An empty bar for so many pieces of something.
    pub fn of(what: &str, n: usize) -> Self {
        let progress = Self::new(n);
        progress.0.set_message(format!("{what}, {n} pieces"));
        progress
    }

    /// Fills the part of one piece.
    pub fn done(&self) {
        self.0.inc(Self::PART);
    }

    /// The part of one instance.
    pub fn part(&self, spec: &ExperimentSpec, job_idx: usize) -> Part<'_> {
        let steps = job_spec(spec, job_idx).map_or(spec.steps, |job| job.steps);
        Part { bar: &self.0, made: 0, steps: steps.max(1) }
    }

    /// Writes something else to the terminal.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    /// Clears the bar away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Part<'_> {
    fn filled(&self) -> u64 {
        Progress::PART * self.made.min(self.steps) / self.steps
    }

    /// Counts steps.
    pub fn advance(&mut self, steps: u64) {
        let before = self.filled();
        self.made += steps;
        self.bar.inc(self.filled() - before);
    }
}

/// A run that ends early has filled its part as well.
impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.advance(self.steps);
    }
}
