//! Photographs the page at three widths in both themes, and lays the pictures out on one sheet.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::setup::Tools;
use crate::{serve, shell};

/// Takes the pictures; it prints their paths.
const SCRIPT: &str = "tests/browser/shots.mjs";

/// Writes shots/ from the site in `dist`.
pub fn run(root: &Path, tools: &Tools, dist: &Path) -> Result<()> {
    let folder = root.join("shots");
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let address = serve::serve_beside(dist)?;
    shell::step("screenshots");
    let mut node = tools.node(root, &address);
    node.arg(SCRIPT).arg(&folder);
    let status = node.status().context("could not start node")?;
    if !status.success() {
        bail!("`{}` failed", shell::shown(&node));
    }
    Ok(())
}
