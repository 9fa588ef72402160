//! `superposition train`: every instance of a spec, on all cores, one line each.
//!
//! Instances are handed out in order to the threads of a pool, each trains one alone from its own resolved spec, and
//! this thread writes what comes back in order: the lines are the same whatever the number of threads.

use std::path::PathBuf;

use clap::Args;

use super::fields::Fields;
use super::jobs::{self, MAX_THREADS};
use super::output::{Expected, KNOWN_BY, Output};
use super::progress::Progress;
use super::{Failure, interrupt, source};
use crate::sweep::{job_spec, n_jobs};
use crate::train::Status;

#[derive(Debug, Args)]
pub struct Arguments {
    #[arg(value_name = "SPEC", help = source::SPEC_HELP)]
    spec: Option<String>,

    #[arg(long, value_name = "FIELD=JSON", help = source::SET_HELP)]
    set: Vec<String>,

    /// Fields of a line, in this order [default: all]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    fields: Option<Vec<String>>,

    /// Write lines to a file, where finished instances survive Ctrl-C, a kill and a full disk
    #[arg(long, value_name = "FILE.jsonl")]
    out: Option<PathBuf>,

    /// Go on from the finished instances in the file
    #[arg(long, requires = "out")]
    resume: bool,

    /// Threads, without which all processors are used; the results are the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_THREADS)))]
    threads: Option<u16>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let spec = source::draft(arguments.spec.as_deref(), &arguments.set)?.check()?;
    let fields = Fields::parse(arguments.fields.as_deref())?;
    let n_lines = n_jobs(&spec);
    let (mut output, finished) = match &arguments.out {
        None => (Output::stdout(), Vec::new()),
        Some(path) if arguments.resume => {
            if let Some(name) = KNOWN_BY.iter().find(|name| !fields.names().contains(name)) {
                let known_by = KNOWN_BY.join(", ");
                let message = format!("--resume: got --fields without {name}, expected {known_by} among them");
                return Err(Failure::Input(message));
            }
            let spec = |idx| job_spec(&spec, idx).map(|spec| spec.to_json());
            Output::resume(path, &Expected { names: fields.names(), n_lines, spec: &spec })?
        }
        Some(path) => (Output::create(path)?, Vec::new()),
    };
    let mut done = vec![false; n_lines];
    let mut diverged = Diverged::default();
    for line in &finished {
        done[line.index] = true;
        diverged.count(line.index, line.diverged);
    }
    let left: Vec<usize> = (0..n_lines).filter(|idx| !done[*idx]).collect();

    let pool = jobs::pool(arguments.threads)?;
    interrupt::begin()?;
    let progress = Progress::new(left.len());
    let written = jobs::run_jobs(&pool, &spec, &left, &progress, |job_idx, report| {
        diverged.count(job_idx, report.status == Status::Diverged);
        progress.aside(|| output.take(job_idx, fields.line(report)))
    });
    progress.end();
    // What was written stays written, whatever came after.
    let ended = output.finish();
    let n_written = written?;
    ended?;

    let n_finished = finished.len() + n_written;
    if n_finished < n_lines {
        let kept = match &arguments.out {
            Some(path) => format!(", --resume goes on from those in {}", path.display()),
            None => String::new(),
        };
        return Err(Failure::Interrupted(format!("interrupted after {n_finished} of {n_lines} instances{kept}")));
    }
    diverged.outcome(n_lines)
}

/// Runs that diverged.
#[derive(Default)]
struct Diverged {
    count: usize,
    first: Option<usize>,
}

impl Diverged {
    fn count(&mut self, index: usize, diverged: bool) {
        if diverged {
            self.count += 1;
            self.first = Some(self.first.map_or(index, |first| first.min(index)));
        }
    }

    fn outcome(&self, n_lines: usize) -> Result<(), Failure> {
        match self.first {
            None => Ok(()),
            Some(first) => {
                let message =
                    format!("{} of {n_lines} instances diverged, the first of them at index {first}", self.count);
                Err(Failure::Diverged(message))
            }
        }
    }
}
