//! Who is timed when: rounds in which all contestants take turns.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::contestant::{Contestant, Kind, Program, State};
use super::stats::Sample;
use super::workload::Workload;
use crate::shell;

/// Steps that no timing has: what a step costs changes as outputs fall silent.
const UNTIMED: u64 = 2000;
const TIMED: u64 = 2000;
/// Half a run that takes less is quick.
const QUICK_SECONDS: f64 = 0.5;
/// What a round of a shared run takes at most, about.
const SHARE_SECONDS: f64 = 0.5;
/// What a slow peer's timing takes, about, in seconds.
const SLOW_SECONDS: f64 = 1.0;

/// The programs that run, by name.
pub type Programs = BTreeMap<&'static str, Program>;

/// Milliseconds a step, by contestant, and how far the trained peers are from ours.
pub struct Timings {
    pub workload: Workload,
    pub steps: BTreeMap<&'static str, Sample>,
    pub agreement: BTreeMap<&'static str, f64>,
}

/// How the rounds are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A run from the start in every round: 2000 steps, then 2000 timed ones.
    Whole,
    /// One run, whose steps behind 2000 are shared out to the rounds. What is quick runs whole in every round all the same, since a
    /// share of it would be too short to be timed.
    Shared,
}

/// Times a workload.
pub fn steps(
    programs: &mut Programs,
    contestants: &[Contestant],
    workload: &Workload,
    rounds: usize,
    pace: Pace,
) -> Result<Timings> {
    shell::step(&format!("{}: {}", workload.name, workload.title()));
    let reference = Reference::new(programs, workload)?;
    let mut steps: BTreeMap<&'static str, Sample> = BTreeMap::new();
    let mut quick = BTreeSet::new();
    let mut counts = BTreeMap::new();
    for round in 0..rounds {
        let mut order = contestants.to_vec();
        // Whoever comes behind another finds the machine as that one left it.
        if round % 2 == 1 {
            order.reverse();
        }
        for contestant in order {
            let program = programs.get_mut(contestant.program).context("a contestant without its program")?;
            let seconds = match (contestant.kind, pace) {
                (Kind::SlowPeer, _) => few_steps(contestant, program, workload, &reference.half)?,
                _ => {
                    let is_new = round == 0 || pace == Pace::Whole || quick.contains(contestant.name);
                    if is_new {
                        contestant.begin(program, workload, &reference.start)?;
                        let seconds = contestant.advance(program, UNTIMED)?;
                        if pace == Pace::Shared && seconds < QUICK_SECONDS {
                            quick.insert(contestant.name);
                        }
                        let is_whole = pace == Pace::Whole || quick.contains(contestant.name);
                        counts.insert(contestant.name, if is_whole { TIMED } else { share(seconds, rounds) });
                    }
                    let count = counts[contestant.name];
                    contestant.advance(program, count)? / count as f64
                }
            };
            steps.entry(contestant.name).or_default().0.push(seconds * 1e3);
        }
    }
    for (name, sample) in &steps {
        shell::note(&format!(
            "{name:<14} {:.4} ms ({:.4} to {:.4})",
            sample.median(),
            sample.lowest(),
            sample.highest()
        ));
    }
    Ok(Timings { workload: workload.clone(), steps, agreement: BTreeMap::new() })
}

/// The steps of a round, where the rounds share a run whose first half took so many seconds.
fn share(seconds: f64, rounds: usize) -> u64 {
    let affordable = SHARE_SECONDS / seconds * UNTIMED as f64;
    (affordable as u64).min(TIMED / rounds as u64).max(1)
}

/// A slow peer's seconds a step, from our weights at step 2000.
fn few_steps(contestant: Contestant, program: &mut Program, workload: &Workload, from: &State) -> Result<f64> {
    const LOOK: u64 = 3;
    contestant.begin(program, workload, from)?;
    contestant.advance(program, LOOK)?;
    let guess = contestant.advance(program, LOOK)? / LOOK as f64;
    let count = ((SLOW_SECONDS / guess) as u64).clamp(LOOK, TIMED);
    Ok(contestant.advance(program, count)? / count as f64)
}

/// Our own program's weights on the way: where peers start.
struct Reference {
    start: State,
    half: State,
}

const NATIVE: Contestant = Contestant { name: "native", program: "native", kind: Kind::Ours };

impl Reference {
    fn new(programs: &mut Programs, workload: &Workload) -> Result<Self> {
        let program = programs.get_mut("native").context("the native program runs always")?;
        NATIVE.begin(program, workload, &State(Value::Null))?;
        let start = NATIVE.state(program)?;
        NATIVE.advance(program, UNTIMED)?;
        Ok(Reference { start, half: NATIVE.state(program)? })
    }
}

/// How many times our loss a peer's is, after 4000 steps from the same weights: the geometric mean over the instances, each loss by
/// `superposition evaluate`. A peer that learns something else is no peer.
pub fn agreement(
    programs: &mut Programs,
    contestants: &[Contestant],
    workload: &Workload,
    superposition: &Path,
) -> Result<BTreeMap<&'static str, f64>> {
    shell::note("does every peer learn the same?");
    let reference = Reference::new(programs, workload)?;
    let mut of = |contestant: Contestant| -> Result<Vec<f64>> {
        let program = programs.get_mut(contestant.program).context("a contestant without its program")?;
        contestant.begin(program, workload, &reference.start)?;
        contestant.advance(program, UNTIMED + TIMED)?;
        losses(superposition, workload, &contestant.state(program)?)
    };
    let ours = of(NATIVE)?;
    let mut agreement = BTreeMap::new();
    for &contestant in contestants.iter().filter(|contestant| !contestant.is_ours()) {
        let ratio = mean_ratio(&of(contestant)?, &ours);
        shell::note(&format!("{:<14} ends at {ratio:.3} times our loss", contestant.name));
        agreement.insert(contestant.name, ratio);
    }
    Ok(agreement)
}

fn mean_ratio(theirs: &[f64], ours: &[f64]) -> f64 {
    let logarithms = theirs.iter().zip(ours).map(|(their, our)| (their / our).ln());
    (logarithms.sum::<f64>() / ours.len() as f64).exp()
}

/// The exact or well-sampled losses of what was trained.
fn losses(superposition: &Path, workload: &Workload, state: &State) -> Result<Vec<f64>> {
    let numbers = |part: &str, instance: usize| -> Result<Vec<f64>> {
        let list = state.0[part][instance].as_array().with_context(|| format!("a state without {part}"))?;
        list.iter().map(|number| number.as_f64().context("a weight that is no number")).collect()
    };
    let mut lines = String::new();
    for instance in 0..workload.densities.len() {
        let weights = numbers("weights", instance)?;
        let rows: Vec<&[f64]> = weights.chunks(workload.features).collect();
        let line = json!({ "spec": workload.spec_of(instance), "weights": rows, "bias": numbers("bias", instance)? });
        lines += &format!("{line}\n");
    }
    let mut child = Command::new(superposition)
        .args(["evaluate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", superposition.display()))?;
    let mut input = child.stdin.take().context("a child has no standard input")?;
    // Beside reading: the child waits with an answer that nobody reads, and its input with it.
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output()?;
    let written = writing.join();
    anyhow::ensure!(output.status.success(), "`superposition evaluate` failed (see above)");
    written.expect("writing does not panic")?;
    let answers = String::from_utf8(output.stdout)?;
    answers.lines().map(|line| serde_json::from_str::<Value>(line)?["loss"].as_f64().context("no loss")).collect()
}

/// Milliseconds a step of models of growing size, one list a contestant: after a hundred steps, the best of three.
pub fn growth(
    programs: &mut Programs,
    contestants: &[Contestant],
    workloads: &[Workload],
) -> Result<BTreeMap<&'static str, Vec<f64>>> {
    const SETTLE: u64 = 100;
    let mut times: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for workload in workloads {
        for &contestant in contestants {
            let program = programs.get_mut(contestant.program).context("a contestant without its program")?;
            contestant.begin(program, workload, &State(Value::Null))?;
            let guess = contestant.advance(program, SETTLE)? / SETTLE as f64;
            let count = ((0.1 / guess) as u64).clamp(10, 2000);
            let mut best = f64::INFINITY;
            for _ in 0..3 {
                best = best.min(contestant.advance(program, count)? / count as f64);
            }
            shell::note(&format!("{}, {}: {:.4} ms", workload.title(), contestant.name, best * 1e3));
            times.entry(contestant.name).or_default().push(best * 1e3);
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_share_a_run_and_take_half_a_second_at_most() {
        assert_eq!(share(1.0, 5), 400);
        assert_eq!(share(8.0, 5), 125);
        assert_eq!(share(1e9, 5), 1);
    }

    #[test]
    fn agreement_weighs_every_instance_the_same() {
        assert!((mean_ratio(&[2.0, 0.5e-3], &[1.0, 1e-3]) - 1.0).abs() < 1e-12);
        assert!((mean_ratio(&[1.1, 1.1], &[1.0, 1.0]) - 1.1).abs() < 1e-12);
    }
}
