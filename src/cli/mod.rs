//! The command line (native only): `superposition train`, `evaluate`, `figure` and `reproduce` as in DESIGN.md section 4.
//!
//! This room reads arguments and files, writes lines and pictures, starts threads and catches signals, so that the core
//! does none of it. Exit statuses: 0 done, 1 a run diverged or a claim failed, 2 bad input or a file that cannot be read or written, 130
//! interrupted. Whatever goes wrong is one line on standard error; a closed pipe ends the program quietly.

mod evaluate;
mod fields;
mod figure;
mod interrupt;
mod jobs;
mod output;
mod progress;
mod reproduce;
mod source;
mod threads;
mod train;
mod turns;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::error::Error;
use crate::spec::escaped;

/// Every experiment of "Toy Models of Superposition", trained natively.
#[derive(Debug, Parser)]
#[command(name = "superposition", version, disable_help_subcommand = true)]
enum Command {
    /// Train the instances of a spec and print one JSON line for each, in order.
    Train(train::Arguments),
    /// Evaluate models, read as lines that `train` prints: loss, gradient and measures, one JSON line a model.
    Evaluate(evaluate::Arguments),
    /// Run a figure's experiment and draw it with the code that draws it on the page.
    Figure(figure::Arguments),
    /// Check the paper's claims: what it says, what is measured, and whether that holds.
    Reproduce(reproduce::Arguments),
}

/// Why a command ended before its end, or with something to say.
#[derive(Debug)]
enum Failure {
    /// Bad input, or a file that cannot be read or written.
    Input(String),
    /// All is done, and a run diverged or a claim failed.
    Diverged(String),
    /// Somebody pressed Ctrl-C.
    Interrupted(String),
    /// Nobody reads our output any more.
    ClosedPipe,
}

impl Failure {
    /// A failure to read or write what has this name.
    fn io(name: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Input(format!("{name}: {error}")),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Interrupted => Failure::Interrupted(error.to_string()),
            _ => Failure::Input(error.to_string()),
        }
    }
}

/// Runs the program with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match Command::try_parse_from(arguments) {
        Ok(Command::Train(arguments)) => train::run(&arguments),
        Ok(Command::Evaluate(arguments)) => evaluate::run(&arguments),
        Ok(Command::Figure(arguments)) => figure::run(&arguments),
        Ok(Command::Reproduce(arguments)) => reproduce::run(&arguments),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // Help into a closed pipe is no more than that.
            let _ = error.print();
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::Input("a command is missing, expected train, evaluate, figure or reproduce".into()))
        }
        Err(error) => Err(Failure::Input(one_line(&error))),
    };
    let (status, message) = match outcome {
        Ok(()) | Err(Failure::ClosedPipe) => (0, None),
        Err(Failure::Diverged(message)) => (1, Some(message)),
        Err(Failure::Input(message)) => (2, Some(message)),
        Err(Failure::Interrupted(message)) => (130, Some(message)),
    };
    if let Some(message) = message {
        // Where standard error is closed too, the exit status has to tell.
        let _ = writeln!(io::stderr(), "error: {}", escaped(&message));
    }
    ExitCode::from(status)
}

/// What clap says up to its tips and usage, in one line like every other message.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty() && !line.starts_with("Usage:"));
    let line = lines.collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    line.chars().take(300).collect::<String>().trim_end_matches('.').to_owned()
}
