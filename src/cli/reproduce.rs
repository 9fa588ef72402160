//! `superposition reproduce`: the paper's claims, one after the other, with what was measured.

use std::io::{self, Write as _};
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::jobs::{self, MAX_THREADS};
use super::threads::Threads;
use super::{Failure, interrupt};
use crate::claims::{CHECKS, Check, Claim, Effort, Verdict};
use crate::kernels::Level;
use crate::report::VERSION;
use crate::spec::MAX_SEED;

/// Seeds that a check may use beyond its first.
const SEED_ROOM: u64 = 1 << 20;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Figures whose claims are checked [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    /// Fewer seeds, densities and cells: a minute on two cores
    #[arg(long)]
    quick: bool,

    /// Count "differs as documented" as a failure
    #[arg(long)]
    strict: bool,

    /// One JSON line a claim
    #[arg(long)]
    json: bool,

    /// The first seed of every check
    #[arg(long, value_name = "SEED", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=MAX_SEED - SEED_ROOM))]
    seed: u64,

    /// Threads, without which all processors are used; the results are the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_THREADS)))]
    threads: Option<u16>,
}

/// A claim as a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    claim: &'a Claim,
    seed: u64,
    quick: bool,
    level: &'static str,
    version: &'static str,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let checks = chosen(&arguments.ids)?;
    let lab = Threads::new(jobs::pool(arguments.threads)?);
    interrupt::begin()?;
    let effort = Effort { quick: arguments.quick, seed: arguments.seed };
    let level = Level::best().name();
    if !arguments.json {
        let quick = if arguments.quick { ", quick" } else { "" };
        print(&format!("superposition {VERSION}, {level}, seed {}{quick}\n", arguments.seed))?;
    }
    let began = Instant::now();
    let (mut n_claims, mut n_differ, mut n_fail) = (0, 0, 0);
    for (_, check) in checks {
        for claim in check(&lab, effort)? {
            n_claims += 1;
            n_differ += usize::from(claim.verdict == Verdict::Differs);
            n_fail += usize::from(claim.verdict == Verdict::Fails);
            if arguments.json {
                let line = Line { claim: &claim, seed: effort.seed, quick: effort.quick, level, version: VERSION };
                print(&(serde_json::to_string(&line).expect("a claim is plain data") + "\n"))?;
            } else {
                print(&text(&claim))?;
            }
        }
    }
    if !arguments.json {
        let seconds = began.elapsed().as_secs();
        let n_hold = n_claims - n_differ - n_fail;
        let claims = if n_claims == 1 { "claim" } else { "claims" };
        print(&format!(
            "\n{n_claims} {claims} in {} min {} s: {n_hold} hold, {n_differ} differ as documented, {n_fail} fail\n",
            seconds / 60,
            seconds % 60
        ))?;
    }
    let failed = n_fail + if arguments.strict { n_differ } else { 0 };
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::Diverged(format!("{failed} of {n_claims} claims did not come out")))
}

/// The checks of these figures, or all.
fn chosen(ids: &[String]) -> Result<Vec<(&str, Check)>, Failure> {
    if ids.is_empty() {
        return Ok(CHECKS.to_vec());
    }
    let known = || CHECKS.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
    let one = |id: &String| {
        let check = CHECKS.iter().find(|(name, _)| name == id);
        check.copied().ok_or_else(|| Failure::Input(format!("reproduce: got {id}, expected some of {}", known())))
    };
    ids.iter().map(one).collect()
}

/// A claim in a few lines.
fn text(claim: &Claim) -> String {
    let Claim { id, about, paper, rule, measured, verdict, .. } = claim;
    format!(
        "\n{id}: {about}\n  paper     {paper}\n  rule      {rule}\n  measured  {measured}\n  verdict   {}\n",
        verdict.name()
    )
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::io("standard output", &error))
}
