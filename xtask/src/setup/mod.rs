//! Sets up what a command needs, on a machine with rustup's Rust and Node and nothing else.
//!
//! [`facts`] looks at the machine, [`plan`] says what is missing, and this file asks, installs and looks again. With all
//! in place it installs nothing and touches no network.

mod facts;
mod npm;
mod plan;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;
use facts::Facts;
pub use facts::{DEBIAN_CARGO, DEBIAN_RUSTC, WASM_TARGET, WasmToolchain, Webkit, find, has_own_wasm_target};
use plan::Step;

/// Something that a command can't do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A Rust toolchain for wasm.
    Wasm,
    /// The npm packages: wasm-opt, and what drives the browsers.
    Npm,
    Chromium,
    Firefox,
    Webkit,
}

pub const FOR_BUILD: &[Need] = &[Need::Wasm, Need::Npm];
pub const FOR_CHROMIUM: &[Need] = &[Need::Wasm, Need::Npm, Need::Chromium];
pub const EVERYTHING: &[Need] = &[Need::Wasm, Need::Npm, Need::Chromium, Need::Firefox, Need::Webkit];

/// `rustup` has no limit of its own when a server does not answer. The download is about 30 MB.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// The programs that were found or installed. A field that was not needed is None.
#[derive(Clone, Debug)]
pub struct Tools {
    pub wasm: Option<WasmToolchain>,
    pub chromium: Option<PathBuf>,
    pub firefox: Option<PathBuf>,
    pub webkit: Option<Webkit>,
}

impl Tools {
    /// A Node that runs one of the repository's scripts, told where the browsers are and where the page is served.
    pub fn node(&self, root: &Path, address: &str) -> Command {
        let mut node = Command::new("node");
        node.current_dir(root).env("SUPERPOSITION_URL", address);
        if let Some(path) = &self.chromium {
            node.env("CHROME_PATH", path);
        }
        if let Some(path) = &self.firefox {
            node.env("FIREFOX_PATH", path);
        }
        if let Some(webkit) = &self.webkit {
            node.env("WEBKIT_DRIVER_PATH", &webkit.driver).env("WEBKIT_BROWSER_PATH", &webkit.browser);
        }
        node
    }
}

/// Makes sure that `needs` are met: lists what is missing, asks where a person can answer, and installs it.
pub fn ensure(root: &Path, needs: &[Need], yes: bool) -> Result<Tools> {
    let mut rustup_failed = false;
    let mut agreed = false;
    let mut done: Vec<Step> = Vec::new();
    loop {
        let facts = Facts::gather(root, needs, rustup_failed);
        let steps = plan::plan(&facts, needs).map_err(|blocked| anyhow::anyhow!("{blocked}"))?;
        let Some(step) = steps.first() else {
            return Ok(Tools {
                wasm: facts.wasm_toolchain(),
                chromium: facts.chromium,
                firefox: facts.firefox,
                webkit: facts.webkit,
            });
        };
        if done.contains(step) {
            bail!("`{}` went through, yet what it brings was not found", step.command_line());
        }
        if !agreed {
            announce(&facts, &steps);
            agreed = yes || agree()?;
        }
        done.push(step.clone());
        match step {
            Step::RustupTarget => rustup_failed = !add_target(root)?,
            Step::Debian(packages) => install_packages(packages)?,
            Step::Npm => timed("npm ci", || shell::run(Command::new("npm").arg("ci").current_dir(root)))?,
        }
    }
}

fn announce(facts: &Facts, steps: &[Step]) {
    shell::step("to be installed:");
    for step in steps {
        shell::note(&format!("{}: {}", step.purpose(), step.command_line()));
        if let (Step::RustupTarget, Some(other)) = (step, plan::instead_of_rustup(facts)) {
            shell::note(&format!("  (if rustup reaches no server: {})", other.command_line()));
        }
    }
}

/// Asks on a terminal; elsewhere, and under CI=true, nobody is there to ask.
fn agree() -> Result<bool> {
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    if is_ci || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    eprint!("  Go ahead? [Y/n] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("could not read the answer")?;
    match answer.trim().to_lowercase().as_str() {
        "" | "y" | "yes" => Ok(true),
        _ => bail!("nothing was installed"),
    }
}

/// Whether rustup could add the wasm target.
fn add_target(root: &Path) -> Result<bool> {
    let mut command = Command::new("rustup");
    command.current_dir(root).args(["target", "add", WASM_TARGET]);
    let line = shell::shown(&command);
    let outcome = timed(&line, || shell::status_within(&mut command, RUSTUP_LIMIT))?;
    match outcome {
        Some(0) => return Ok(true),
        Some(code) => shell::note(&format!("rustup could not add the target (exit status {code})")),
        None => shell::note(&format!("rustup got no answer in {}", shell::human_time(RUSTUP_LIMIT))),
    }
    Ok(false)
}

fn install_packages(packages: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        // Another apt may be at work, on a machine that has just started.
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=600"]);
        command.args(arguments);
        command
    };
    timed("apt-get update", || shell::run(&mut apt(&["update"])))?;
    // --no-remove: rather stop than take away a package that excludes one of ours.
    let mut install = apt(&["install", "--yes", "--no-install-recommends", "--no-remove"]);
    install.args(packages);
    timed(&format!("apt-get install {}", packages.join(" ")), || shell::run(&mut install))
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    shell::step(what);
    let start = Instant::now();
    let result = work()?;
    shell::note(&format!("took {}", shell::human_time(start.elapsed())));
    Ok(result)
}
