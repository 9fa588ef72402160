//! The commands of this repository: `cargo xtask <setup | build | serve | test | tidy | bench | lighthouse | shots | stills | mutate>`.
//!
//! Each command first sets up what it needs (see [`setup`]), so that on a fresh machine `cargo xtask serve` and
//! `cargo xtask test` are the first and only commands. Progress goes to standard error; standard output carries only
//! what another program may want to read: the served address, the screenshots' paths, the tests' last line.

mod bench;
mod bundle;
mod lighthouse;
mod mutate;
mod panics;
mod reach;
mod serve;
mod setup;
mod shell;
mod shots;
mod site;
mod split;
mod stills;
mod test;
mod tidy;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use setup::Need;

/// Build, serve and check Superposition.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Install what is missing without asking (so do CI=true and a run without a terminal).
    #[arg(long, global = true)]
    yes: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the other commands need: the wasm target, npm packages, browsers for the tests.
    Setup,
    /// Write the site to dist/: two wasm builds, their bindings, the page.
    Build,
    /// Build, then serve the page on 127.0.0.1 and print its address.
    Serve {
        /// The port to begin with; if it is taken, the next free one is used. 0 lets the system choose.
        #[arg(long, default_value_t = serve::DEFAULT_PORT)]
        port: u16,
        /// Whether to open the page in the system's browser.
        #[arg(long, value_enum, default_value_t = Open::No, num_args = 0..=1, default_missing_value = "yes")]
        open: Open,
    },
    /// Run every check that a merge needs.
    Test,
    /// Check the rooms' imports, the page's rules, formatting and lints.
    Tidy,
    /// Measure speed (wants a quiet machine), and compare it with benches/report.json.
    Bench(bench::Options),
    /// Let lighthouse judge the page (wants a quiet machine).
    Lighthouse,
    /// Photograph the page at three widths in both themes, into shots/.
    Shots,
    /// Draw the figures' pictures in www/still/ anew, with whole runs.
    Stills {
        /// Only these figures.
        ids: Vec<String>,
    },
    /// Break the code in a dozen named ways, each in a copy, and see that a named test notices.
    Mutate {
        /// Only the mutations whose names contain one of these.
        names: Vec<String>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Open {
    Yes,
    No,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            shell::failure(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace_root()?;
    let set_up = |needs: &[Need]| setup::ensure(&root, needs, arguments.yes);
    match &arguments.command {
        Command::Setup => {
            set_up(setup::EVERYTHING)?;
            shell::note("everything is in place");
        }
        Command::Build => {
            let tools = set_up(setup::FOR_BUILD)?;
            site::build(&root, &tools)?;
        }
        &Command::Serve { port, open } => {
            let tools = set_up(setup::FOR_BUILD)?;
            let site = site::build(&root, &tools)?;
            serve::serve_until_stopped(&site.folder, port, open == Open::Yes)?;
        }
        Command::Test => return test::run(&root, arguments.yes),
        Command::Tidy => return tidy::run(&root),
        Command::Bench(options) => {
            let tools = set_up(setup::FOR_CHROMIUM)?;
            let site = site::build(&root, &tools)?;
            return bench::run(&root, &tools, &site.folder, options);
        }
        Command::Lighthouse => {
            let tools = set_up(setup::FOR_CHROMIUM)?;
            let site = site::build(&root, &tools)?;
            lighthouse::run(&root, &tools, &site.folder)?;
        }
        Command::Shots => {
            let tools = set_up(setup::FOR_CHROMIUM)?;
            let site = site::build(&root, &tools)?;
            shots::run(&root, &tools, &site.folder)?;
        }
        Command::Stills { ids } => stills::run(&root, ids)?,
        Command::Mutate { names } => return mutate::run(&root, names),
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the workspace's Cargo.toml, found from this package's own.
fn workspace_root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().context("xtask/ has no parent folder")?;
    anyhow::ensure!(
        root.join("Cargo.toml").is_file(),
        "{} has moved since these commands were compiled: run them through `cargo xtask`",
        root.display()
    );
    Ok(root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn serve_opens_nothing_unless_told() {
        let open_of = |line: &[&str]| match Arguments::parse_from(line).command {
            Command::Serve { open, .. } => open,
            _ => unreachable!("the line names serve"),
        };
        assert!(open_of(&["xtask", "serve"]) == Open::No);
        assert!(open_of(&["xtask", "serve", "--open", "no"]) == Open::No);
        assert!(open_of(&["xtask", "serve", "--open"]) == Open::Yes);
    }
}
