//! Draws the pictures of every figure that stand in the page for readers without scripts, and in the README.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::shell;

/// Where the pictures are, for the page's width and for both themes.
const FOLDER: &str = "www/still";
const WIDTH: &str = "800";

/// A picture of more marks than this is smaller as pixels.
const LARGEST_SVG: u64 = 100_000;

/// Writes www/still/ anew from whole runs of the figures' presets: those of `ids`, or of all.
pub fn run(root: &Path, ids: &[String]) -> Result<()> {
    shell::step("stills");
    shell::run(shell::cargo(root).args(["build", "--release", "--bin", "superposition"]))?;
    let program = root.join("target/release/superposition");
    let all = match ids {
        [] => drawn(root)?,
        ids => ids.to_vec(),
    };
    for id in &all {
        let file = |theme: &str, ending: &str| root.join(format!("{FOLDER}/{id}-{theme}.{ending}"));
        // What had too many marks last time has them now.
        let before = if file("light", "png").is_file() { "png" } else { "svg" };
        draw(root, &program, id, before)?;
        let largest =
            std::fs::metadata(file("light", before))?.len().max(std::fs::metadata(file("dark", before))?.len());
        if before == "svg" && largest > LARGEST_SVG {
            for theme in ["light", "dark"] {
                std::fs::remove_file(file(theme, before))?;
            }
            draw(root, &program, id, "png")?;
        }
        shell::note(&format!("{id}: {}", shell::human_size(largest)));
    }
    Ok(())
}

/// Runs a figure and writes its picture in both themes.
fn draw(root: &Path, program: &Path, id: &str, ending: &str) -> Result<()> {
    let mut figure = Command::new(program);
    figure.current_dir(root).args(["figure", id, "--theme", "both", "--width", WIDTH, "--scale", "1", "--out"]);
    shell::run(figure.arg(format!("{FOLDER}/{id}.{ending}")))
}

/// The figures that have a picture already, which a test of the page compares with the catalogue.
fn drawn(root: &Path) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(root.join(FOLDER))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        ids.extend(name.split_once("-light.").map(|(id, _)| id.to_owned()));
    }
    ensure!(!ids.is_empty(), "{FOLDER} has no pictures");
    ids.sort();
    Ok(ids)
}
