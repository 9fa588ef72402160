//! Everything that a merge needs, step by step. A step that fails does not hide the ones after it, and a step that could
//! not run counts as failed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::setup::{self, Tools};
use crate::shell::{self, human_time, paint};
use crate::site::{self, Site, files_under};
use crate::{serve, tidy};

/// A test file that takes longer than this hangs.
const NODE_TEST_LIMIT: Duration = Duration::from_secs(600);

/// What came of one step.
struct Outcome {
    name: &'static str,
    error: Option<String>,
    time: Duration,
}

/// The steps so far.
#[derive(Default)]
struct Steps {
    outcomes: Vec<Outcome>,
}

impl Steps {
    /// Runs one step, says how it ended and how long it took, and gives its result if it has one.
    fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        shell::step(name);
        let start = Instant::now();
        let result = work();
        let time = start.elapsed();
        let error = result.as_ref().err().map(|error| format!("{error:#}"));
        match &error {
            None => eprintln!("{} {name} ({})", paint("1;32", "✓"), human_time(time)),
            Some(error) => eprintln!("{} {name} ({}): {error}", paint("1;31", "✗"), human_time(time)),
        }
        self.outcomes.push(Outcome { name, error, time });
        result.ok()
    }

    /// Prints all steps, and on standard output the counts, as the last line.
    fn summarize(&self) -> ExitCode {
        eprintln!();
        for Outcome { name, error, time } in &self.outcomes {
            let (mark, color) = if error.is_none() { ("passed", "1;32") } else { ("FAILED", "1;31") };
            eprintln!("{}  {name:<16} {}", paint(color, mark), human_time(*time));
            for line in error.iter().flat_map(|text| text.lines()) {
                eprintln!("        {line}");
            }
        }
        let (passed, failed) = self.counts();
        println!("{passed} passed, {failed} failed");
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn counts(&self) -> (usize, usize) {
        let failed = self.outcomes.iter().filter(|outcome| outcome.error.is_some()).count();
        (self.outcomes.len() - failed, failed)
    }
}

/// Runs every step and returns the exit status.
pub fn run(root: &Path, yes: bool) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let tools = steps.run("setup", || setup::ensure(root, setup::EVERYTHING, yes));
    steps.run("tidy", || tidy::check(root));
    steps.run("native tests", || native_tests(root));
    steps.run("claims, quick", || quick_claims(root));
    let site = steps.run("build", || {
        let tools = tools.as_ref().context("not run: setup failed")?;
        site::build(root, tools)
    });
    if let Some(site) = &site {
        steps.run("built as promised", || check_site(site));
    }
    for (name, folder) in [("JS tests", "tests/js"), ("browser tests", "tests/browser")] {
        let files = test_files(root, folder)?;
        if files.is_empty() {
            shell::step(name);
            shell::note(&format!("none: {folder}/ has no *.test.mjs (not counted)"));
            continue;
        }
        steps.run(name, || match (&tools, &site) {
            (Some(tools), Some(site)) => node_tests(root, tools, site, &files),
            _ => bail!("not run: setup or build failed"),
        });
    }
    Ok(steps.summarize())
}

/// The core's tests in the workspace's test profile, the commands' own in theirs, which is compiled already.
fn native_tests(root: &Path) -> Result<()> {
    shell::run(shell::cargo(root).args(["test", "--workspace", "--exclude", "xtask"]))?;
    shell::run(shell::cargo(root).args(["test", "--profile", "xtask", "--package", "xtask"]))
}

/// The paper's claims with little effort, by the program that the native tests have compiled already.
fn quick_claims(root: &Path) -> Result<()> {
    shell::run(shell::cargo(root).args(["run", "--quiet", "--package", "superposition", "--", "reproduce", "--quick"]))
}

fn check_site(site: &Site) -> Result<()> {
    ensure!(site.n_warnings == 0, "the compiler warned about the code that only wasm compiles (see above)");
    ensure!(
        site.download <= site::DOWNLOAD_GOAL,
        "one browser downloads {}, and at most {} are allowed",
        shell::human_size(site.download),
        shell::human_size(site::DOWNLOAD_GOAL)
    );
    ensure!(
        site.opening <= site::OPENING_GOAL,
        "the opening figure downloads {}, and at most {} are allowed",
        shell::human_size(site.opening),
        shell::human_size(site::OPENING_GOAL)
    );
    Ok(())
}

fn test_files(root: &Path, folder: &str) -> Result<Vec<PathBuf>> {
    let mut files = files_under(&root.join(folder))?;
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    Ok(files)
}

/// Runs `files` one after another: a test that measures time shares the machine with no other.
fn node_tests(root: &Path, tools: &Tools, site: &Site, files: &[PathBuf]) -> Result<()> {
    let address = serve::serve_beside(&site.folder)?;
    let mut node: Command = tools.node(root, &address);
    node.env("SUPERPOSITION_DIST", &site.folder);
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.arg(format!("--test-timeout={}", NODE_TEST_LIMIT.as_millis()));
    node.args(files.iter().map(|file| file.strip_prefix(root).unwrap_or(file)));
    shell::run(&mut node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_counted_and_does_not_stop_the_next() {
        let mut steps = Steps::default();
        assert_eq!(steps.run("one", || Ok(1)), Some(1));
        assert_eq!(steps.run("two", || -> Result<()> { bail!("broken") }), None);
        assert_eq!(steps.run("three", || Ok(3)), Some(3));
        assert_eq!(steps.counts(), (2, 1));
    }
}
