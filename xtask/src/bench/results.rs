//! What one run of the command measured, and the ratios that it comes to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::compare::Ratios;
use super::measure::Timings;
use super::plot::Growth;
use super::stats::Sample;
use super::workload::Work;

/// Arithmetic a second, of one thread.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub multiply_adds: f64,
    pub operations: f64,
    pub words: f64,
}

impl Rates {
    pub fn read(answer: &Value) -> Option<Self> {
        let rate = |name: &str| answer[name].as_f64();
        Some(Rates { multiply_adds: rate("multiply_adds")?, operations: rate("operations")?, words: rate("words")? })
    }

    /// Of two measurements of a peak, the higher counts.
    pub fn higher(self, other: Self) -> Self {
        Rates {
            multiply_adds: self.multiply_adds.max(other.multiply_adds),
            operations: self.operations.max(other.operations),
            words: self.words.max(other.words),
        }
    }

    /// Milliseconds that some work takes at least: multiply-adds, other operations, random words.
    pub fn least(&self, work: Work) -> [f64; 3] {
        [work.multiply_adds / self.multiply_adds, work.operations / self.operations, work.words / self.words]
            .map(|seconds| seconds * 1e3)
    }
}

/// On what, with what, when.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub date: String,
    pub machine: String,
    /// Programs and libraries with their versions.
    pub versions: Vec<(String, String)>,
    /// Of our native program.
    pub level: String,
    /// Programs that wanted a core before the first timing.
    pub load: Option<f64>,
    pub rounds: usize,
}

/// Everything that was measured; what was left out is empty.
#[derive(Default)]
pub struct Results {
    pub about: About,
    /// Of the native program and of each level of the browser.
    pub peaks: BTreeMap<String, Rates>,
    pub timings: Vec<Timings>,
    /// Seconds that a reader waits, by what for.
    pub waits: BTreeMap<&'static str, Sample>,
    /// The most bytes of a worker's module, by what it did.
    pub memory: BTreeMap<String, u64>,
    pub growth: Vec<Growth>,
}

/// The contestants that have a peak of their own to be held against.
pub const WITH_PEAK: [&str; 3] = ["native", "relaxed-simd", "simd128"];

impl Timings {
    /// How many times faster one contestant is than another, the median of the rounds.
    pub fn speedup(&self, ours: &str, peer: &str) -> Option<f64> {
        Some(self.steps.get(ours)?.times_faster_than(self.steps.get(peer)?).median())
    }

    /// What two workers do in the time of one, each with the whole workload.
    pub fn two_workers(&self) -> Option<f64> {
        self.speedup("two-workers", "relaxed-simd").map(|speedup| 2.0 * speedup)
    }

    /// The part of the peak's multiply-adds that a contestant does, if it did the products densely.
    pub fn part_of_peak(&self, who: &str, peaks: &BTreeMap<String, Rates>) -> Option<f64> {
        let [least, ..] = peaks.get(who)?.least(self.workload.dense());
        Some(least / self.steps.get(who)?.median())
    }
}

impl Results {
    /// What a later run is compared with.
    pub fn ratios(&self) -> Ratios {
        let mut ratios = Ratios::new();
        for timings in &self.timings {
            let name = &timings.workload.name;
            for ours in WITH_PEAK {
                if let Some(speedup) = timings.speedup(ours, "javascript") {
                    ratios.insert(format!("{name}: {ours} to JavaScript"), speedup);
                }
                if let Some(part) = timings.part_of_peak(ours, &self.peaks) {
                    ratios.insert(format!("{name}: {ours} to the peak"), part);
                }
            }
        }
        ratios
    }

    /// All of it as JSON: the ratios, and the rounds that they came from.
    pub fn to_json(&self) -> Value {
        let samples = |samples: &BTreeMap<&'static str, Sample>| -> Value {
            samples.iter().map(|(name, sample)| (name.to_string(), json!(sample.0))).collect::<Map<_, _>>().into()
        };
        let workloads = self.timings.iter().map(|timings| {
            let entry = json!({
                "title": timings.workload.title(), "milliseconds": samples(&timings.steps), "agreement": timings.agreement,
            });
            (timings.workload.name.clone(), entry)
        });
        let peaks = self.peaks.iter().map(|(name, rates)| {
            let rates = json!({
                "multiply_adds": rates.multiply_adds, "operations": rates.operations, "words": rates.words,
            });
            (name.clone(), rates)
        });
        let growth = self.growth.iter().map(|chart| {
            let lines: Map<_, _> = chart.lines.iter().map(|(name, line)| (name.clone(), json!(line))).collect();
            (chart.label.clone(), json!({ "x": chart.x, "milliseconds": lines }))
        });
        let About { date, machine, versions, level, load, rounds } = &self.about;
        let versions: Map<_, _> = versions.iter().map(|(name, version)| (name.clone(), json!(version))).collect();
        json!({
            "date": date, "machine": machine, "versions": versions, "level": level, "load": load, "rounds": rounds,
            "ratios": self.ratios(),
            "workloads": Map::from_iter(workloads),
            "peaks_a_second": Map::from_iter(peaks),
            "seconds": samples(&self.waits),
            "bytes": self.memory,
            "growth": Map::from_iter(growth),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::compare::ratios_of;
    use super::super::workload;
    use super::*;

    fn results() -> Results {
        let steps =
            [("native", vec![0.1, 0.2, 0.3]), ("relaxed-simd", vec![0.4; 3]), ("two-workers", vec![0.4, 0.5, 0.4])];
        let javascript = ("javascript", vec![1.0, 4.0, 3.0]);
        let steps = steps.into_iter().chain([javascript]).map(|(name, values)| (name, Sample(values))).collect();
        let rates = Rates { multiply_adds: 1024.0 * 5.0 * 2.0 * 50.0 * 1e4, operations: 1.0, words: 1.0 };
        Results {
            timings: vec![Timings { workload: workload::all().remove(0), steps, agreement: BTreeMap::new() }],
            peaks: [("native".to_owned(), rates)].into(),
            ..Results::default()
        }
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let ratios = results().ratios();
        assert_eq!(ratios["W1: native to JavaScript"], 10.0);
        // 50 products a step at 10⁴ steps a second are 0.1 ms of the median's 0.2.
        assert!((ratios["W1: native to the peak"] - 0.5).abs() < 1e-9);
        assert!(!ratios.contains_key("W1: simd128 to JavaScript"));
    }

    #[test]
    fn two_workers_are_counted_by_what_both_did() {
        assert_eq!(results().timings[0].two_workers(), Some(2.0));
    }

    #[test]
    fn a_report_holds_its_ratios() {
        let results = results();
        assert_eq!(ratios_of(&results.to_json()), results.ratios());
    }
}
