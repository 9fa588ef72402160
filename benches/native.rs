//! The native side of `cargo xtask bench`: it trains and times what it is told, a line of JSON at a time.
//!
//! Each line of standard input is a request, `{"op": …}`; each gets one line of answer, `{"error": …}` where it could not be
//! done. `xtask/src/bench/contestant.rs` speaks the other half; the peers beside this file and the page's
//! `tests/browser/bench.mjs` know the same requests:
//!
//! | op | fields | answer |
//! | --- | --- | --- |
//! | `about` | | `level` |
//! | `start` | `spec` | `instances` |
//! | `advance` | `steps` | `seconds`, of one thread |
//! | `state` | | `weights` (an instance's m × n in one list) and `bias`, a list an instance |
//! | `peak` | | `multiply_adds`, `operations`, `words`, each a second, of one thread |
//!
//! It is an example to cargo, not a bench: those are compiled without `panic = "abort"`, and what is timed is what ships.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use fearless_simd::prelude::*;
use serde_json::{Value, json};
use superposition::ExperimentSpec;
use superposition::kernels::Level;
use superposition::train::Trainer;

fn main() -> std::io::Result<()> {
    let mut trainer = None;
    for line in std::io::stdin().lock().lines() {
        let answer = answer(&line?, &mut trainer).unwrap_or_else(|error| json!({ "error": error }));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(line: &str, trainer: &mut Option<Trainer>) -> Result<Value, String> {
    let request: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let started = |trainer: &mut Option<Trainer>| trainer.take().ok_or_else(|| "nothing was started".to_owned());
    match request["op"].as_str() {
        Some("about") => Ok(json!({ "level": Level::best().name() })),
        Some("start") => {
            let spec = ExperimentSpec::from_json(&request["spec"].to_string()).map_err(|error| error.to_string())?;
            let made = Trainer::new(&spec).map_err(|error| error.to_string())?;
            let n_cells = made.n_cells();
            *trainer = Some(made);
            Ok(json!({ "instances": n_cells }))
        }
        Some("advance") => {
            let steps = request["steps"].as_u64().ok_or("steps: expected a number")?;
            let mut running = started(trainer)?;
            let start = Instant::now();
            let done = running.advance(steps);
            let seconds = start.elapsed().as_secs_f64();
            *trainer = Some(running);
            if done == steps { Ok(json!({ "seconds": seconds })) } else { Err(format!("stopped after {done} steps")) }
        }
        Some("state") => {
            let running = started(trainer)?;
            let instances = || (0..running.n_cells()).map(|cell| running.instance(cell, 0));
            let weights: Vec<_> = instances().map(|instance| instance.weights).collect();
            let bias: Vec<_> = instances().map(|instance| instance.bias).collect();
            let state = json!({ "weights": weights, "bias": bias });
            *trainer = Some(running);
            Ok(state)
        }
        Some("peak") => Ok(peak()),
        other => Err(format!("op: {other:?} is none of about, start, advance, state, peak")),
    }
}

/// Rounds of each measurement; the best counts, since a peak is what the machine can do.
const ROUNDS: usize = 60;
/// Turns a round: about a millisecond, less than other programs leave alone.
const TURNS: u32 = 400_000;

/// What one thread does at most: arithmetic on registers alone.
fn peak() -> Value {
    let level = fearless_simd::Level::new();
    json!({
        "multiply_adds": best_rate(|| fearless_simd::dispatch!(level, simd => multiply_adds(simd, TURNS))),
        "operations": best_rate(|| fearless_simd::dispatch!(level, simd => operations(simd, TURNS))),
        "words": best_rate(|| fearless_simd::dispatch!(level, simd => words(simd, TURNS))),
    })
}

/// The highest of some rates: what `work` says it did, a second.
fn best_rate(work: impl Fn() -> f64) -> f64 {
    let rate = |_| {
        let start = Instant::now();
        let done = work();
        done / start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(rate).fold(0.0, f64::max)
}

/// Independent chains: latency times throughput of today's multiply-add units is at most 10, and AVX2 has sixteen registers.
const CHAINS: usize = 12;

/// Multiply-adds, fused where the level has it; returns how many numbers went through.
#[inline(always)]
fn multiply_adds<S: Simd>(simd: S, turns: u32) -> f64 {
    let (factor, term) = (S::f32s::splat(simd, black_box(0.999)), S::f32s::splat(simd, black_box(0.001)));
    let mut chains = [S::f32s::splat(simd, black_box(0.5)); CHAINS];
    for _ in 0..turns {
        for chain in &mut chains {
            *chain = chain.mul_add(factor, term);
        }
    }
    black_box(chains.map(|chain| chain[0]));
    f64::from(turns) * (CHAINS * S::f32s::LEN) as f64
}

/// Plain additions and comparisons by turns, the kind of work that comes beside the multiply-adds.
#[inline(always)]
fn operations<S: Simd>(simd: S, turns: u32) -> f64 {
    let (term, floor) = (S::f32s::splat(simd, black_box(-0.001)), S::f32s::splat(simd, black_box(0.25)));
    let mut chains = [S::f32s::splat(simd, black_box(0.5)); CHAINS];
    for _ in 0..turns {
        for chain in &mut chains {
            *chain = (*chain + term).max(floor);
        }
    }
    black_box(chains.map(|chain| chain[0]));
    f64::from(turns) * (2 * CHAINS * S::f32s::LEN) as f64
}

/// Words of xoshiro128++, the generator of the batches, one generator a lane; two vectors of them hide each other's latency.
#[inline(always)]
fn words<S: Simd>(simd: S, turns: u32) -> f64 {
    let lane = |word: u32| S::u32s::from_fn(simd, |lane| black_box(word).wrapping_mul(2 * lane as u32 + 1));
    let mut states = [[1, 2, 3, 4].map(lane), [5, 6, 7, 8].map(lane)];
    let mut sums = [S::u32s::splat(simd, 0); 2];
    for _ in 0..turns {
        for ([s0, s1, s2, s3], total) in states.iter_mut().zip(&mut sums) {
            let sum = *s0 + *s3;
            *total ^= ((sum << 7) | (sum >> 25)) + *s0;
            let shifted = *s1 << 9;
            *s2 ^= *s0;
            *s3 ^= *s1;
            *s1 ^= *s2;
            *s0 ^= *s3;
            *s2 ^= shifted;
            *s3 = (*s3 << 11) | (*s3 >> 21);
        }
    }
    black_box(sums.map(|sum| sum[0]));
    f64::from(turns) * (2 * S::u32s::LEN) as f64
}
