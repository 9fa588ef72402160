//! Measures speed in the browser. The numbers mean something only on a quiet machine, and the report says whether it was.

use std::path::Path;

use anyhow::{Result, bail};

use crate::setup::Tools;
use crate::{serve, shell};

/// The timings that run in Chromium, against the served page.
const BROWSER_BENCH: &str = "tests/browser/bench.mjs";

/// A load above this, in programs that wait for a core, disturbs timings on two cores.
const QUIET_LOAD: f64 = 0.5;

/// Runs the timings against the site in `dist`.
pub fn run(root: &Path, tools: &Tools, dist: &Path) -> Result<()> {
    if !root.join(BROWSER_BENCH).is_file() {
        bail!("{BROWSER_BENCH} is missing: there is nothing to measure");
    }
    let address = serve::serve_beside(dist)?;
    shell::step("timings in Chromium");
    match load() {
        Some(load) if load > QUIET_LOAD => {
            shell::note(&format!(
                "note: this machine is not quiet (load {load:.2}, just built?): the numbers will be too slow"
            ));
        }
        Some(load) => shell::note(&format!("the machine is quiet (load {load:.2})")),
        None => shell::note("note: close other programs, or the numbers will be too slow"),
    }
    let mut node = tools.node(root, &address);
    node.arg(BROWSER_BENCH);
    // Its answer is what the command is for, so it goes to standard output.
    let status = node.status()?;
    if !status.success() {
        bail!("`{}` failed", shell::shown(&node));
    }
    Ok(())
}

/// The average number of programs that wanted a core in the last minute, where the system tells.
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
