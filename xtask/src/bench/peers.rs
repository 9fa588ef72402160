//! The peers' own folder: a Python environment with pinned packages, under target/.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::setup::find;
use crate::shell;

/// What is installed, each package with its version.
const REQUIREMENTS: &str = "benches/peers/requirements.txt";
const FOLDER: &str = "target/peers";
/// The peers' packages have no wheels for older ones.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// A Python that has the packages; installs them where they are not.
pub fn python(root: &Path) -> Result<PathBuf> {
    let folder = root.join(FOLDER);
    let python = folder.join("venv/bin/python");
    let stamp = folder.join("requirements.txt");
    let wanted = std::fs::read_to_string(root.join(REQUIREMENTS)).context(REQUIREMENTS)?;
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let base = base_python()?;
    shell::step(&format!("the peers' packages, into {FOLDER} (JAX and PyTorch: a download of 3 GB, 6 GB on disk)"));
    std::fs::create_dir_all(&folder)?;
    if !python.is_file() {
        shell::run(Command::new(base).args(["-m", "venv"]).arg(folder.join("venv")))
            .context("the peers need a Python with venv (on Debian: `apt-get install python3-venv`)")?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-deps", "--requirement"]);
    shell::run(pip.arg(root.join(REQUIREMENTS)))?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

fn base_python() -> Result<PathBuf> {
    for name in ["python3.11", "python3.12", "python3.13", "python3"] {
        let Some(path) = find(name) else { continue };
        let version = shell::answer(Command::new(&path).args(["-c", "import sys; print(*sys.version_info[:2])"]));
        if version.and_then(|text| pair(&text)).is_some_and(|version| version >= OLDEST_PYTHON) {
            return Ok(path);
        }
    }
    bail!("the peers need Python {}.{} or newer", OLDEST_PYTHON.0, OLDEST_PYTHON.1)
}

fn pair(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_python_are_compared_as_numbers() {
        assert_eq!(pair("3 9"), Some((3, 9)));
        assert!(pair("3 9") < Some(OLDEST_PYTHON) && pair("3 11") >= Some(OLDEST_PYTHON));
        assert_eq!(pair(""), None);
    }
}
