//! The report: tables in Markdown, for people.

use std::fmt::Write as _;

use super::results::{About, Results, WITH_PEAK};
use super::stats::{Sample, three_digits};

/// How many times faster than tuned JAX a workload is to be: what must be met, and what is tried.
struct Target {
    workload: &'static str,
    browser: (f64, f64),
    native: (f64, f64),
}

const TARGETS: [Target; 5] = [
    Target { workload: "W1", browser: (4.5, 6.0), native: (15.0, 25.0) },
    Target { workload: "W2", browser: (2.5, 3.5), native: (6.0, 10.0) },
    Target { workload: "W3", browser: (0.8, 0.95), native: (2.5, 4.0) },
    Target { workload: "W4", browser: (0.65, 0.8), native: (1.8, 3.0) },
    Target { workload: "W5", browser: (0.9, 1.1), native: (2.5, 4.0) },
];

const TWO_WORKERS_BAR: f64 = 1.85;
const SIMD128_BAR: f64 = 1.5;
const MEMORY_BAR: u64 = 64 << 20;
/// A peer that ends farther from our loss has learnt something else.
pub const AGREEMENT: f64 = 0.05;

/// What a reader waits for: its key among the waits, in words, and the seconds that it may take.
const WAITS: [(&str, &str, Option<f64>); 7] = [
    ("hero", "the hero at its final shapes, after navigation", Some(1.0)),
    ("phase", "W6: `phase-2-1`, 64 × 64 cells, best of ten, in the page", Some(8.0)),
    ("first", "first provisional values of `dimensions`, after its figure is there", Some(0.5)),
    ("first-navigation", "the same, after navigation", None),
    ("dimensions-all", "W7: `dimensions`, every model provisional, after navigation", Some(10.0)),
    ("dimensions", "W7: `dimensions`, 20 densities, in the page, after navigation", Some(240.0)),
    ("dimensions-native", "W7: `dimensions`, natively, all cores", Some(60.0)),
];

/// The whole report.
pub fn markdown(results: &Results) -> String {
    let mut out = String::new();
    head(&mut out, results);
    out.push_str("## Against tuned JAX\n\n");
    targets(&mut out, results);
    steps(&mut out, results);
    agreement(&mut out, results);
    roofline(&mut out, results);
    page(&mut out, results);
    growth(&mut out, results);
    out
}

/// Where README quotes the report.
const QUOTE: (&str, &str) = ("<!-- bench: written by `cargo xtask bench --peers` -->\n", "<!-- /bench -->");

/// README with the lines that quote the report written anew; None where it has no place for them.
pub fn quoted(readme: &str, results: &Results) -> Option<String> {
    let start = readme.find(QUOTE.0)? + QUOTE.0.len();
    let end = start + readme[start..].find(QUOTE.1)?;
    let About { date, machine, rounds, .. } = &results.about;
    let mut quote = format!("On {date}; {machine}; medians of {rounds} rounds.\n\n");
    targets(&mut quote, results);
    waits(&mut quote, results);
    Some(format!("{}{}\n{}", &readme[..start], quote.trim_end(), &readme[end..]))
}

fn head(out: &mut String, results: &Results) {
    let about = &results.about;
    let versions: Vec<_> = about.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let load = about.load.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.2}"));
    let _ = writeln!(
        out,
        "# How fast it is\n\nWritten by `cargo xtask bench --peers` on {}; [report.json](report.json) has every round.\n\n\
         - machine: {}; load before the first timing {load}\n- our native level: {}\n- versions: {}\n\
         - {} rounds, in which all take turns; numbers are medians, ratios are taken within a round\n\
         - a step: the mean over steps 2000 to 4000 of a run, one thread, batch 1024, Adam; torch and JavaScript start from our weights at \
         step 2000, and are timed for about a second\n",
        about.date,
        about.machine,
        about.level,
        versions.join(", "),
        about.rounds
    );
}

fn targets(out: &mut String, results: &Results) {
    if !results.timings.iter().any(|timings| timings.steps.contains_key("jax")) {
        return;
    }
    out.push_str(
        "| times faster than tuned JAX | Chromium, relaxed-simd | bar | stretch | native | bar | stretch | Chromium to the fastest JAX | native to the fastest JAX |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for timings in &results.timings {
        let Some(target) = TARGETS.iter().find(|target| target.workload == timings.workload.name) else { continue };
        let median = |jax: &str| timings.steps.get(jax).map_or(f64::INFINITY, Sample::median);
        let fastest = ["jax", "jax-lanes"].into_iter().min_by(|one, other| median(one).total_cmp(&median(other)));
        let cells = |who: &str, (bar, stretch): (f64, f64)| {
            let speedup = timings.speedup(who, "jax");
            let against = |bound: f64| format!("{bound}: {}", verdict(speedup.is_some_and(|speedup| speedup >= bound)));
            format!("{} | {} | {}", times(speedup), against(bar), against(stretch))
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            timings.workload.name,
            cells("relaxed-simd", target.browser),
            cells("native", target.native),
            times(fastest.and_then(|jax| timings.speedup("relaxed-simd", jax))),
            times(fastest.and_then(|jax| timings.speedup("native", jax))),
        );
    }
    out.push_str(
        "\nBars are for `jax`, which has batches first, as one writes it; `jax-lanes` has samples last and shares the random words among its \
         instances, which is faster for small models.\n\n",
    );
}

fn steps(out: &mut String, results: &Results) {
    let Some(first) = results.timings.first() else { return };
    let names: Vec<&str> = first.steps.keys().copied().collect();
    let _ =
        writeln!(out, "## Milliseconds a step\n\n| | {} |\n| --- |{}", names.join(" | "), " --- |".repeat(names.len()));
    for timings in &results.timings {
        let cell = |name: &&str| {
            let sample = &timings.steps[*name];
            let [middle, low, high] = [sample.median(), sample.lowest(), sample.highest()].map(three_digits);
            format!("{middle} ({low} to {high})")
        };
        let cells: Vec<_> = names.iter().map(cell).collect();
        let _ = writeln!(out, "| {} | {} |", timings.workload.name, cells.join(" | "));
    }
    out.push_str("\n`two-workers`: both train the whole workload at once. The workloads:\n\n");
    for timings in &results.timings {
        let _ = writeln!(out, "- {}: {}", timings.workload.name, timings.workload.title());
    }
    let _ = writeln!(
        out,
        "\n| | relaxed-simd to JavaScript | two workers to one (at least {TWO_WORKERS_BAR}) | simd128's time to relaxed-simd's \
         (at most {SIMD128_BAR}) |\n| --- | --- | --- | --- |"
    );
    for timings in &results.timings {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            timings.workload.name,
            times(timings.speedup("relaxed-simd", "javascript")),
            judged(timings.two_workers(), |speedup| speedup >= TWO_WORKERS_BAR),
            judged(timings.speedup("relaxed-simd", "simd128"), |slower| slower <= SIMD128_BAR),
        );
    }
    out.push('\n');
}

fn agreement(out: &mut String, results: &Results) {
    let Some(first) = results.timings.iter().find(|timings| !timings.agreement.is_empty()) else { return };
    let names: Vec<&str> = first.agreement.keys().copied().collect();
    let _ = writeln!(
        out,
        "## Do the peers learn the same?\n\nTheir loss after 4000 steps from our initial weights, in ours: the geometric mean over the instances, by \
         `superposition evaluate`. Within {:.0}% they do.\n\n| | {} |\n| --- |{}",
        AGREEMENT * 100.0,
        names.join(" | "),
        " --- |".repeat(names.len())
    );
    for timings in &results.timings {
        let cell = |name: &&str| {
            timings.agreement.get(name).map_or_else(
                || "not run".to_owned(),
                |ratio| format!("{ratio:.4}{}", if agrees(*ratio) { "" } else { ", **another model**" }),
            )
        };
        let _ =
            writeln!(out, "| {} | {} |", timings.workload.name, names.iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
    out.push('\n');
}

/// Whether a peer that ends at so many times our loss trains the same model.
pub fn agrees(ratio: f64) -> bool {
    (ratio - 1.0).abs() <= AGREEMENT
}

fn roofline(out: &mut String, results: &Results) {
    if results.peaks.is_empty() {
        return;
    }
    out.push_str(
        "## The roofline\n\nThe machine's peak, one thread, by loops on registers alone, in 10⁹ a second:\n\n\
         | | multiply-adds (FLOP: twice) | other operations | random words |\n| --- | --- | --- | --- |\n",
    );
    for (name, rates) in &results.peaks {
        let [adds, operations, words] =
            [rates.multiply_adds, rates.operations, rates.words].map(|rate| three_digits(rate / 1e9));
        let _ = writeln!(
            out,
            "| {name} | {adds} ({} GFLOP/s) | {operations} | {words} |",
            three_digits(rates.multiply_adds / 5e8)
        );
    }
    out.push_str(
        "\nWhat a step needs at those rates, one kind of work after the other, in milliseconds: five products of batch × n × m (encode, decode, and three \
         backwards), eleven other operations an input and output, nine a parameter, a random word a feature, or two an active feature where \
         those are listed. *Sparse* skips inputs that are zero in encoding and in the encoder's gradient. What is done of the peak is counted as if every \
         product were dense, so skipping can pass 100%.\n\n\
         | | | multiply-adds | others | words | dense, in all | sparse, in all | measured | GFLOP/s | of the peak |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for timings in &results.timings {
        for who in WITH_PEAK {
            let (Some(rates), Some(sample)) = (results.peaks.get(who), timings.steps.get(who)) else { continue };
            let (dense, sparse) = (timings.workload.dense(), timings.workload.sparse());
            let parts = rates.least(dense);
            let measured = sample.median();
            let part = timings.part_of_peak(who, &results.peaks).unwrap_or(f64::NAN);
            let _ = writeln!(
                out,
                "| {} | {who} | {} | {} | {} | {} | {} | {} | {} | {:.0}% |",
                timings.workload.name,
                three_digits(parts[0]),
                three_digits(parts[1]),
                three_digits(parts[2]),
                three_digits(parts.iter().sum()),
                three_digits(rates.least(sparse).iter().sum()),
                three_digits(measured),
                three_digits(2.0 * dense.multiply_adds / measured / 1e6),
                part * 100.0
            );
        }
    }
    out.push('\n');
}

fn page(out: &mut String, results: &Results) {
    if results.waits.is_empty() {
        return;
    }
    out.push_str("## What a reader waits for\n\n");
    waits(out, results);
    memory(out, results);
}

fn waits(out: &mut String, results: &Results) {
    out.push_str("| | seconds | range | rounds | at most |\n| --- | --- | --- | --- | --- |\n");
    for (key, what, bar) in WAITS {
        let Some(sample) = results.waits.get(key) else { continue };
        let [middle, low, high] = [sample.median(), sample.lowest(), sample.highest()];
        let bound = bar.map_or_else(String::new, |bar| format!("{bar}: {}", verdict(middle <= bar)));
        let [middle, low, high] = [middle, low, high].map(three_digits);
        let _ = writeln!(out, "| {what} | {middle} | {low} to {high} | {} | {bound} |", sample.0.len());
    }
    out.push('\n');
}

fn memory(out: &mut String, results: &Results) {
    let _ =
        writeln!(out, "| the most memory of a worker's module | MiB, at most {} |\n| --- | --- |", MEMORY_BAR >> 20);
    for (what, &bytes) in &results.memory {
        let size = bytes as f64 / f64::from(1 << 20);
        let _ = writeln!(out, "| {what} | {size:.1}, {} |", verdict(bytes <= MEMORY_BAR));
    }
    out.push('\n');
}

fn growth(out: &mut String, results: &Results) {
    if results.growth.is_empty() {
        return;
    }
    out.push_str("## How a step's time grows\n\n![Milliseconds a step against features, hidden dimensions and density](growth.svg)\n\n");
    for chart in &results.growth {
        let row = |name: &str, values: &[f64]| {
            let cells: Vec<_> = values.iter().map(|&value| three_digits(value)).collect();
            format!("| {name} | {} |\n", cells.join(" | "))
        };
        let x: Vec<_> = chart.x.iter().map(f64::to_string).collect();
        let _ = writeln!(out, "| {} | {} |\n| --- |{}", chart.label, x.join(" | "), " --- |".repeat(x.len()));
        for (name, line) in &chart.lines {
            out.push_str(&row(name, line));
        }
        out.push('\n');
    }
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**not met**" }
}

/// A ratio with whether it meets its bar.
fn judged(ratio: Option<f64>, is_met: impl Fn(f64) -> bool) -> String {
    ratio.map_or_else(|| times(None), |value| format!("{}: {}", times(ratio), verdict(is_met(value))))
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "not run".to_owned(), |ratio| format!("{}×", three_digits(ratio)))
}

#[cfg(test)]
mod tests {
    use super::super::measure::Timings;
    use super::super::results::Rates;
    use super::super::workload;
    use super::*;

    fn results() -> Results {
        let steps = [("relaxed-simd", 0.2), ("native", 0.05), ("jax", 1.0), ("jax-lanes", 0.5)];
        let steps = steps.into_iter().map(|(name, time)| (name, Sample(vec![time; 3]))).collect();
        let agreement = [("jax", 1.01), ("jax-lanes", 1.2)].into();
        let rates = Rates { multiply_adds: 1e9, operations: 1e9, words: 1e9 };
        Results {
            about: About { date: "2026-11-23".into(), rounds: 3, ..About::default() },
            timings: vec![Timings { workload: workload::all().remove(0), steps, agreement }],
            peaks: [("native".to_owned(), rates)].into(),
            waits: [("hero", Sample(vec![1.5, 0.5, 0.9]))].into(),
            memory: [("W6".to_owned(), 65 << 20)].into(),
            ..Results::default()
        }
    }

    #[test]
    fn bars_are_met_or_not() {
        let report = markdown(&results());
        assert!(
            report.contains(
                "| W1 | 5.00× | 4.5: met | 6: **not met** | 20.0× | 15: met | 25: **not met** | 2.50× | 10.0× |"
            ),
            "{report}"
        );
        assert!(
            report.contains("| the hero at its final shapes, after navigation | 0.900 | 0.500 to 1.50 | 3 | 1: met |"),
            "{report}"
        );
        assert!(report.contains("| W6 | 65.0, **not met** |"), "{report}");
    }

    #[test]
    fn readme_quotes_the_report_and_keeps_the_rest() {
        let readme = format!("# A\n{}old | 1 |\n{}\n## B\n", QUOTE.0, QUOTE.1);
        let quoted = quoted(&readme, &results()).unwrap();
        assert!(quoted.starts_with("# A\n<!--") && quoted.ends_with("<!-- /bench -->\n## B\n"), "{quoted}");
        assert!(
            quoted.contains("| W1 | 5.00×") && quoted.contains("| the hero") && !quoted.contains("old"),
            "{quoted}"
        );
        assert_eq!(super::quoted("# A\n", &results()), None);
    }

    #[test]
    fn a_peer_that_learns_something_else_is_named() {
        assert!(markdown(&results()).contains("| W1 | 1.0100 | 1.2000, **another model** |"));
        assert!(agrees(0.96) && !agrees(0.94));
    }
}
