//! Lets lighthouse judge the page as a phone on a slow line sees it.
//!
//! Lighthouse is no package of the repository's: nothing else needs it, and it brings two hundred others. It lives in a folder of its own
//! under target/, at one version, and uses the Chromium that the tests use.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::setup::Tools;
use crate::{serve, shell};

/// Node 20, our floor, runs the twelfth; later ones do not promise to.
const VERSION: &str = "12.8.2";

/// Runs; the score is their median.
const ROUNDS: usize = 5;

/// Categories by lighthouse's names, and the score out of 100 that each has to reach.
const FLOORS: [(&str, f64); 4] =
    [("performance", 95.0), ("accessibility", 100.0), ("best-practices", 100.0), ("seo", 100.0)];

/// What keeps Chromium quiet, as in the tests.
const CHROMIUM_FLAGS: &str = "--headless --disable-gpu --no-first-run --disable-background-networking \
     --disable-component-update --disable-sync --disable-quic";

/// Judges the site in `dist`, prints the scores, and fails where one is too low.
pub fn run(root: &Path, tools: &Tools, dist: &Path) -> Result<()> {
    let folder = root.join("target/lighthouse");
    install(&folder)?;
    let address = serve::serve_beside(dist)?;
    shell::step(&format!("lighthouse {VERSION}, {ROUNDS} runs as a phone"));
    let reports: Vec<Value> = (0..ROUNDS).map(|_| judge(&folder, tools, &address)).collect::<Result<_>>()?;
    let mut low = Vec::new();
    for (category, floor) in FLOORS {
        let mut scores = reports.iter().map(|report| score(report, category)).collect::<Result<Vec<_>>>()?;
        scores.sort_by(f64::total_cmp);
        let median = scores[ROUNDS / 2];
        println!("{category:<15} {median:>3}  ({} to {})", scores[0], scores[ROUNDS - 1]);
        if median < floor {
            low.push(format!("{category} is {median}, not {floor}"));
            reports.iter().flat_map(|report| lost_points(report, category)).for_each(|line| shell::note(&line));
        }
    }
    if !low.is_empty() {
        bail!("{}; the last report is {}", low.join("; "), folder.join("report.json").display());
    }
    Ok(())
}

/// Brings the program into `folder`, unless it is there.
fn install(folder: &Path) -> Result<()> {
    let manifest = folder.join("node_modules/lighthouse/package.json");
    let found = std::fs::read_to_string(manifest).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if found.is_some_and(|manifest| manifest["version"] == VERSION) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(folder);
    npm.arg(format!("lighthouse@{VERSION}"));
    shell::step(&format!("lighthouse into {}", folder.display()));
    shell::with_heartbeat("npm install", || shell::run(&mut npm))
}

/// One run.
fn judge(folder: &Path, tools: &Tools, address: &str) -> Result<Value> {
    let report = folder.join("report.json");
    let mut lighthouse = Command::new("node");
    lighthouse.arg(folder.join("node_modules/lighthouse/cli/index.js")).arg(address);
    if let Some(chromium) = &tools.chromium {
        lighthouse.env("CHROME_PATH", chromium);
    }
    let root_flag = if is_root() { " --no-sandbox" } else { "" };
    lighthouse.args(["--quiet", "--output=json", &format!("--chrome-flags={CHROMIUM_FLAGS}{root_flag}")]);
    lighthouse.arg(format!("--output-path={}", report.display()));
    shell::with_heartbeat("lighthouse", || shell::run(&mut lighthouse))?;
    let text = std::fs::read_to_string(&report).with_context(|| format!("could not read {}", report.display()))?;
    serde_json::from_str(&text).context("lighthouse wrote no JSON")
}

/// Chromium's sandbox refuses to run as root.
fn is_root() -> bool {
    shell::answer(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// A category's score, out of 100.
fn score(report: &Value, category: &str) -> Result<f64> {
    let score = report["categories"][category]["score"].as_f64();
    score.map(|score| (score * 100.0).round()).with_context(|| format!("lighthouse gave no score for {category}"))
}

/// What a category lost points for.
fn lost_points(report: &Value, category: &str) -> Vec<String> {
    let audits = report["categories"][category]["auditRefs"].as_array().cloned().unwrap_or_default();
    let lost = audits.iter().filter(|audit| audit["weight"].as_f64().is_some_and(|weight| weight > 0.0));
    let lost = lost.map(|audit| &report["audits"][audit["id"].as_str().unwrap_or_default()]);
    lost.filter(|audit| audit["score"].as_f64().is_some_and(|score| score < 0.9))
        .map(|audit| {
            format!(
                "{}: {}",
                audit["title"].as_str().unwrap_or_default(),
                audit["displayValue"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_gives_scores_and_what_they_lost() {
        let report = serde_json::json!({
            "categories": { "seo": { "score": 0.915, "auditRefs": [{ "id": "a", "weight": 1 }, { "id": "b", "weight": 0 }, { "id": "c", "weight": 2 }] } },
            "audits": {
                "a": { "title": "No title", "score": 0, "displayValue": "1 page" },
                "b": { "title": "Unweighted", "score": 0 },
                "c": { "title": "Good", "score": 1 },
            },
        });
        assert_eq!(score(&report, "seo").unwrap(), 92.0);
        assert!(score(&report, "performance").is_err());
        assert_eq!(lost_points(&report, "seo"), ["No title: 1 page"]);
    }
}
