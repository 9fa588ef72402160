//! Measures speed: ours against the machine's peak, plain JavaScript, and on request JAX and PyTorch.
//!
//! [`workload`] says what is trained, [`contestant`] who takes part (programs that are told a line of JSON at a time), [`measure`] who is
//! timed when; [`results`] holds what came out, [`report`] writes it for people, [`compare`] holds it against the last report.
//! The numbers mean something only on a quiet machine, and the report says whether it was.

mod compare;
mod contestant;
mod measure;
mod peers;
mod plot;
mod report;
mod results;
mod stats;
mod workload;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::setup::Tools;
use crate::{serve, shell};
use contestant::{Contestant, Kind, Program};
use measure::{Pace, Programs};
use results::{Rates, Results};
use workload::Workload;

#[derive(Args)]
pub struct Options {
    /// Also JAX and PyTorch (installed under target/peers), two workers, W7, growth with size; writes benches/report.md and report.json
    #[arg(long)]
    peers: bool,
    /// Rounds of each timing
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// Rounds of W7, which takes minutes [default: as the others]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
    long_rounds: Option<u8>,
    /// Only these parts, into target/bench: W1 to W7, hero, first, growth
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    only: Vec<String>,
}

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == part)
    }
}

/// The timings that run in Chromium.
const BROWSER: &str = "tests/browser/bench.mjs";
/// Where the report is kept.
const REPORTS: &str = "benches";
/// A load above this, in programs that wait for a core, disturbs timings on two cores.
const QUIET_LOAD: f64 = 0.5;

const OURS: [Contestant; 3] = [
    Contestant { name: "native", program: "native", kind: Kind::Ours },
    Contestant { name: "relaxed-simd", program: "chromium", kind: Kind::Ours },
    Contestant { name: "simd128", program: "chromium", kind: Kind::Ours },
];
const TWO_WORKERS: Contestant = Contestant { name: "two-workers", program: "chromium", kind: Kind::Ours };
const JAVASCRIPT: Contestant = Contestant { name: "javascript", program: "chromium", kind: Kind::SlowPeer };
const PEERS: [Contestant; 3] = [
    Contestant { name: "jax", program: "jax", kind: Kind::Peer },
    Contestant { name: "jax-lanes", program: "jax", kind: Kind::Peer },
    Contestant { name: "torch", program: "torch", kind: Kind::SlowPeer },
];

/// Measures, compares with the last report or writes a new one; the status is 1 where something became worse.
pub fn run(root: &Path, tools: &Tools, dist: &Path, options: &Options) -> Result<ExitCode> {
    let python = if options.peers { Some(peers::python(root)?) } else { None };
    let executables = build(root, options.peers)?;
    let load = load();
    match load {
        Some(load) if load > QUIET_LOAD => shell::note(&format!(
            "note: this machine is not quiet (load {load:.2}, just built?): the numbers will be too slow"
        )),
        Some(load) => shell::note(&format!("the machine is quiet (load {load:.2})")),
        None => shell::note("note: close other programs, or the numbers will be too slow"),
    }
    let address = serve::serve_beside(dist)?;
    let start = Instant::now();
    let mut programs = Programs::new();
    programs.insert("native", Program::start("the native program", &mut Command::new(&executables.bench))?);
    programs.insert("chromium", Program::start(BROWSER, tools.node(root, &address).arg(BROWSER))?);
    if let Some(python) = &python {
        for (name, script) in [("jax", "benches/peers/jax_peer.py"), ("torch", "benches/peers/torch_peer.py")] {
            programs.insert(name, Program::start(script, Command::new(python).arg(script).current_dir(root))?);
        }
    }
    let mut results = Results::default();
    about(root, &mut programs, &mut results)?;
    results.about.load = load;
    results.about.rounds = options.rounds.into();
    peaks(&mut programs, &mut results)?;
    let mut contestants = OURS.to_vec();
    contestants.push(JAVASCRIPT);
    if options.peers {
        contestants.push(TWO_WORKERS);
        contestants.extend(PEERS);
    }
    for workload in workload::all().iter().filter(|workload| options.wants(&workload.name)) {
        let pace = if options.peers { Pace::Whole } else { Pace::Shared };
        let mut timings = measure::steps(&mut programs, &contestants, workload, options.rounds.into(), pace)?;
        if let Some(superposition) = &executables.superposition {
            timings.agreement = measure::agreement(&mut programs, &contestants, workload, superposition)?;
        }
        let memory = programs_memory(&mut programs)?;
        results.memory.insert(workload.name.clone(), memory);
        results.timings.push(timings);
    }
    if options.peers && options.wants("growth") {
        growth(&mut programs, &mut results)?;
    }
    peaks(&mut programs, &mut results)?;
    waits(root, &mut programs, &executables, options, &mut results)?;
    shell::note(&format!("measured in {}", shell::human_time(start.elapsed())));
    finish(root, options, &results)
}

struct Executables {
    bench: PathBuf,
    /// The command line, beside peers only.
    superposition: Option<PathBuf>,
}

/// Compiles the native programs. The command line, which takes as long again, is for what only the long form does: `evaluate` and W7.
fn build(root: &Path, peers: bool) -> Result<Executables> {
    shell::step("the native programs");
    let mut cargo = shell::cargo(root);
    cargo.args(["build", "--release", "--quiet", "--package", "superposition"]);
    cargo.args(["--example", "bench-native", "--message-format=json-render-diagnostics"]);
    if peers {
        cargo.args(["--bin", "superposition"]);
    }
    let output = cargo.stderr(std::process::Stdio::inherit()).output().context("could not start cargo")?;
    ensure!(output.status.success(), "`{}` failed", shell::shown(&cargo));
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let find = |name: &str| executable(&messages, name).with_context(|| format!("cargo made no `{name}`"));
    let superposition = if peers { Some(find("superposition")?) } else { None };
    Ok(Executables { bench: find("bench-native")?, superposition })
}

/// The executable that cargo's messages name for a target.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut named = messages.filter(|message| message["target"]["name"] == name);
    named.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

fn ask(programs: &mut Programs, name: &str, request: Value) -> Result<Value> {
    programs.get_mut(name).with_context(|| format!("{name} does not run"))?.ask(&request)
}

fn about(root: &Path, programs: &mut Programs, results: &mut Results) -> Result<()> {
    let names: Vec<_> = programs.keys().copied().collect();
    for name in names {
        let answer = ask(programs, name, json!({ "op": "about" }))?;
        let versions = answer["versions"].as_object().into_iter().flatten();
        for (what, version) in versions.filter_map(|(what, version)| Some((what.clone(), version.as_str()?.to_owned())))
        {
            if !results.about.versions.contains(&(what.clone(), version.clone())) {
                results.about.versions.push((what, version));
            }
        }
        if let Some(level) = answer["level"].as_str() {
            results.about.level = level.to_owned();
        }
        if let Some(date) = answer["date"].as_str() {
            results.about.date = date.to_owned();
        }
        if name == "chromium" {
            let levels: Vec<_> = answer["levels"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            ensure!(
                levels.contains(&"relaxed-simd"),
                "this browser has only {levels:?}, and the targets are for relaxed-simd"
            );
        }
    }
    let commit = shell::answer(Command::new("git").current_dir(root).args(["describe", "--always", "--dirty"]));
    results.about.versions.extend(commit.map(|commit| ("commit".to_owned(), commit)));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    results.about.machine =
        format!("{cores} cores, {}, {} {}", processor(), std::env::consts::OS, std::env::consts::ARCH);
    Ok(())
}

/// The processor's name, where the system tells.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "an unknown processor".to_owned(), |(_, name)| name.to_owned())
}

fn peaks(programs: &mut Programs, results: &mut Results) -> Result<()> {
    let browser = ask(programs, "chromium", json!({ "op": "peak" }))?;
    let native = ask(programs, "native", json!({ "op": "peak" }))?;
    let named = [("native", &native), ("relaxed-simd", &browser["relaxed-simd"]), ("simd128", &browser["simd128"])];
    for (name, answer) in named {
        let rates = Rates::read(answer).with_context(|| format!("no peak of {name}"))?;
        let known = results.peaks.entry(name.to_owned()).or_insert(rates);
        *known = known.higher(rates);
    }
    Ok(())
}

/// Bytes of the worker's module that has trained.
fn programs_memory(programs: &mut Programs) -> Result<u64> {
    let answer = ask(programs, "chromium", json!({ "op": "memory", "who": "relaxed-simd" }))?;
    answer["bytes"].as_u64().context("no bytes")
}

/// Times models of growing size, in three directions.
fn growth(programs: &mut Programs, results: &mut Results) -> Result<()> {
    shell::step("how a step's time grows");
    let one = |features, hidden, density| Workload {
        name: String::new(),
        features,
        hidden,
        decay: 1.0,
        densities: vec![density],
    };
    let sizes = [5, 10, 20, 40, 80, 160, 320, 640];
    let directions: [(&str, Vec<(f64, Workload)>); 3] = [
        ("features n, at m = 10 and density 0.1", sizes.map(|n| (n as f64, one(n, 10, 0.1))).into()),
        (
            "hidden m, at n = 160 and density 0.1",
            [1, 2, 5, 10, 20, 40, 80].map(|m| (m as f64, one(160, m, 0.1))).into(),
        ),
        (
            "density, at n = 160 and m = 20",
            [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001].map(|p| (p, one(160, 20, p))).into(),
        ),
    ];
    for (label, points) in directions {
        let (x, workloads): (Vec<f64>, Vec<Workload>) = points.into_iter().unzip();
        let lines = measure::growth(programs, &OURS[..2], &workloads)?;
        let lines = lines.into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
        results.growth.push(plot::Growth { label: label.to_owned(), x, lines });
    }
    Ok(())
}

/// Times what a reader waits for.
fn waits(
    root: &Path,
    programs: &mut Programs,
    executables: &Executables,
    options: &Options,
    results: &mut Results,
) -> Result<()> {
    let add = |results: &mut Results, key: &'static str, seconds: &Value| -> Result<()> {
        let seconds = seconds.as_f64().with_context(|| format!("{key}: no seconds"))?;
        shell::note(&format!("{key} {seconds:.2} s"));
        results.waits.entry(key).or_default().0.push(seconds);
        Ok(())
    };
    let keep = |results: &mut Results, what: &str, bytes: &Value| {
        let known = results.memory.entry(what.to_owned()).or_default();
        *known = (*known).max(bytes.as_u64().unwrap_or_default());
    };
    shell::step("what a reader waits for");
    for _ in 0..options.rounds {
        if options.wants("hero") {
            let answer = ask(programs, "chromium", json!({ "op": "page", "what": "hero" }))?;
            add(results, "hero", &answer["seconds"])?;
        }
        if options.wants("W6") {
            let answer = ask(programs, "chromium", json!({ "op": "page", "what": "phase" }))?;
            add(results, "phase", &answer["seconds"])?;
            keep(results, "W6", &answer["memory"]);
        }
        if options.wants("first") {
            let answer = ask(programs, "chromium", json!({ "op": "page", "what": "provisional" }))?;
            add(results, "first", &answer["figure"])?;
            add(results, "first-navigation", &answer["navigation"])?;
        }
    }
    let Some(superposition) = executables.superposition.as_ref().filter(|_| options.wants("W7")) else {
        return Ok(());
    };
    let folder = root.join("target/bench");
    std::fs::create_dir_all(&folder)?;
    for _ in 0..options.long_rounds.unwrap_or(options.rounds) {
        let answer = ask(programs, "chromium", json!({ "op": "page", "what": "dimensions" }))?;
        add(results, "dimensions-all", &answer["all"])?;
        add(results, "dimensions", &answer["seconds"])?;
        keep(results, "W7", &answer["memory"]);
        let start = Instant::now();
        let mut native = Command::new(superposition);
        shell::run(native.args(["figure", "dimensions", "--out"]).arg(folder.join("dimensions.json")))?;
        add(results, "dimensions-native", &json!(start.elapsed().as_secs_f64()))?;
    }
    Ok(())
}

/// Writes what was measured; without peers, holds it against the last report.
fn finish(root: &Path, options: &Options, results: &Results) -> Result<ExitCode> {
    let is_report = options.peers && options.only.is_empty();
    let folder = if is_report { root.join(REPORTS) } else { root.join("target/bench") };
    std::fs::create_dir_all(&folder)?;
    let markdown = report::markdown(results);
    std::fs::write(folder.join("report.md"), &markdown)?;
    std::fs::write(folder.join("report.json"), format!("{:#}\n", results.to_json()))?;
    if !results.growth.is_empty() {
        std::fs::write(folder.join("growth.svg"), plot::svg(&results.growth))?;
    }
    // Its answer is what the command is for, so it goes to standard output.
    println!("{markdown}");
    shell::note(&format!("written to {}", folder.join("report.md").display()));
    let broken: Vec<_> = results
        .timings
        .iter()
        .flat_map(|timings| timings.agreement.iter().map(|(peer, &ratio)| (&timings.workload.name, peer, ratio)))
        .filter(|&(_, _, ratio)| !report::agrees(ratio))
        .collect();
    for (workload, peer, ratio) in &broken {
        shell::failure(&format!("{workload}: {peer} ends at {ratio:.3} times our loss, and is no peer"));
    }
    if is_report {
        let readme = root.join("README.md");
        let text = std::fs::read_to_string(&readme)?;
        std::fs::write(&readme, report::quoted(&text, results).context("README.md has no place for the report")?)?;
        return Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let Ok(kept) = std::fs::read_to_string(root.join(REPORTS).join("report.json")) else {
        shell::note("there is no report to compare with: `cargo xtask bench --peers` writes one");
        return Ok(ExitCode::SUCCESS);
    };
    let kept: Value = serde_json::from_str(&kept).context("benches/report.json")?;
    let worse = compare::worse(&compare::ratios_of(&kept), &results.ratios());
    for compare::Worse { name, was, is } in &worse {
        shell::failure(&format!(
            "{name}: {} now, {} in the report",
            stats::three_digits(*is),
            stats::three_digits(*was)
        ));
    }
    let margin = compare::MARGIN * 100.0;
    if !worse.is_empty() {
        shell::failure(&format!("more than {margin:.0}% slower than in the report, by every ratio"));
        return Ok(ExitCode::FAILURE);
    }
    shell::note(&format!(
        "nothing lost more than {margin:.0}% by all its ratios since the report of {}",
        kept["date"].as_str().unwrap_or("?")
    ));
    Ok(ExitCode::SUCCESS)
}

/// The average number of programs that wanted a core in the last minute, where the system tells.
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_by_their_target() {
        let messages = "{\"target\":{\"name\":\"serde\"},\"executable\":null}\nwarning: text\n\
                        {\"target\":{\"name\":\"superposition\"},\"executable\":null}\n\
                        {\"target\":{\"name\":\"superposition\"},\"executable\":\"/t/superposition\"}\n";
        assert_eq!(executable(messages, "superposition"), Some(PathBuf::from("/t/superposition")));
        assert_eq!(executable(messages, "bench-native"), None);
    }

    #[test]
    fn only_what_was_asked_for_is_measured() {
        let options = |only: &[&str]| Options {
            peers: false,
            rounds: 5,
            long_rounds: None,
            only: only.iter().map(|&name| name.to_owned()).collect(),
        };
        assert!(options(&[]).wants("W1"));
        assert!(options(&["W2", "hero"]).wants("hero") && !options(&["W2"]).wants("W1"));
    }
}
