//! The house rules as code: the rooms' imports ([`rooms`]), the page's ([`page`]), what no file may hold ([`rules`]),
//! formatting and lints. Rules are read off the text, so they take no time; the last two are cargo's.

mod imports;
mod page;
mod rooms;
mod rules;
mod rust;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::setup::{WASM_TARGET, has_own_wasm_target};
use crate::shell;
use crate::site::files_under;

/// The folders whose files people read and write.
const FOLDERS: &[&str] = &["src", "tests", "benches", "xtask", "www"];

/// A broken rule: file, line, what is wrong.
type Problem = (String, usize, String);

/// The command `tidy`.
pub fn run(root: &Path) -> Result<ExitCode> {
    check(root)?;
    shell::note("tidy");
    Ok(ExitCode::SUCCESS)
}

/// Checks everything; the error counts what was printed.
pub fn check(root: &Path) -> Result<()> {
    let mut failures = Vec::new();
    let problems = text_problems(root)?;
    for (file, line, text) in &problems {
        eprintln!("  {file}:{line}: {text}");
    }
    if !problems.is_empty() {
        failures.push(format!("{} broken house rule(s)", problems.len()));
    }
    if shell::status(shell::cargo(root).args(["fmt", "--all", "--check"]))? != 0 {
        failures.push("formatting (`cargo fmt --all` mends it)".to_owned());
    }
    let denied = ["--", "-D", "warnings"];
    if shell::status(shell::cargo(root).args(["clippy", "--quiet", "--workspace", "--all-targets"]).args(denied))? != 0
    {
        failures.push("clippy".to_owned());
    }
    if !has_own_wasm_target(root) {
        shell::note("clippy does not see src/web/ here: this Rust has no library for wasm (`build` sees its warnings)");
    } else if shell::status(
        shell::cargo(root).args(["clippy", "--quiet", "--lib", "--target", WASM_TARGET]).args(denied),
    )? != 0
    {
        failures.push("clippy for wasm".to_owned());
    }
    if !failures.is_empty() {
        bail!("not tidy: {}", failures.join(", "));
    }
    Ok(())
}

/// Every broken rule that can be read off the text.
fn text_problems(root: &Path) -> Result<Vec<Problem>> {
    let library = std::fs::read_to_string(root.join("src/lib.rs")).context("could not read src/lib.rs")?;
    let re_exports = imports::re_exports(&library);
    let mut files = vec![root.join("index.html")];
    for folder in FOLDERS {
        files.extend(files_under(&root.join(folder))?);
    }
    let mut problems = Vec::new();
    for file in files {
        let path = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let extension = file.extension().map(|extension| extension.to_string_lossy().into_owned());
        let kind = extension.as_deref().unwrap_or_default();
        if !matches!(kind, "rs" | "js" | "mjs" | "css" | "html") {
            continue;
        }
        let source = std::fs::read_to_string(&file).with_context(|| format!("could not read {path}"))?;
        let mut found = rules::check_length(&path, &source);
        if kind == "rs" {
            found.extend(rules::check_rust(&path, &source));
            if let Some(in_src) = path.strip_prefix("src/") {
                found.extend(imports::check(in_src, &source, &re_exports));
            }
        }
        if let Some(in_www) = path.strip_prefix("www/")
            && matches!(kind, "js" | "mjs")
        {
            found.extend(page::check_imports(in_www, &source));
        }
        if path == "index.html" || path.starts_with("www/") {
            found.extend(page::check_loads(&source));
        }
        if path.starts_with("tests/") && matches!(kind, "js" | "mjs") {
            found.extend(rules::check_test_script(&source));
        }
        problems.extend(found.into_iter().map(|(line, text)| (path.clone(), line, text)));
    }
    Ok(problems)
}
