//! Whether anything became slower since the report was written.
//!
//! Only ratios are compared (ours to a peer, ours to the machine's peak, both of one run), so that another or a busier machine is no
//! regression. What became slower itself loses by all of them; a newer browser makes the peer faster, and a neighbour who takes up
//! caches slows ours and the peer, but not the peak, which is a loop on registers: either lowers one ratio alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a ratio may lose. On a quiet machine the same build's ratios stay within a tenth.
pub const MARGIN: f64 = 0.2;

/// Ratios by name; more is better.
pub type Ratios = BTreeMap<String, f64>;

/// A ratio that is worse than it was by more than the margin.
#[derive(Debug, PartialEq)]
pub struct Worse {
    pub name: String,
    pub was: f64,
    pub is: f64,
}

/// The ratios that a report holds.
pub fn ratios_of(report: &Value) -> Ratios {
    let entries = report["ratios"].as_object().into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
}

/// What became worse by every ratio that it has (`W1: native to …`); ratios that only one of the two has are left out.
pub fn worse(was: &Ratios, is: &Ratios) -> Vec<Worse> {
    let pairs = || was.iter().filter_map(|(name, &was)| Some((name, was, *is.get(name)?)));
    let is_lost = |was: f64, is: f64| is < was * (1.0 - MARGIN);
    let whose = |name: &str| name.split(" to ").next().unwrap_or_default().to_owned();
    let holds: BTreeSet<String> =
        pairs().filter(|&(_, was, is)| !is_lost(was, is)).map(|(name, ..)| whose(name)).collect();
    let lost = pairs().filter(|(name, ..)| !holds.contains(&whose(name)));
    lost.map(|(name, was, is)| Worse { name: name.clone(), was, is }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ratios(pairs: &[(&str, f64)]) -> Ratios {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn only_what_lost_more_than_the_margin_is_told() {
        let was = ratios(&[("a", 10.0), ("b", 10.0), ("c", 10.0), ("gone", 10.0)]);
        let is = ratios(&[("a", 8.1), ("b", 7.9), ("c", 30.0), ("new", 0.1)]);
        assert_eq!(worse(&was, &is), [Worse { name: "b".into(), was: 10.0, is: 7.9 }]);
    }

    #[test]
    fn what_is_slower_itself_loses_by_all_its_ratios() {
        let was = ratios(&[("W1: native to JavaScript", 10.0), ("W1: native to the peak", 0.5)]);
        let now = |to_javascript, to_peak| {
            let is = ratios(&[("W1: native to JavaScript", to_javascript), ("W1: native to the peak", to_peak)]);
            worse(&was, &is).len()
        };
        assert_eq!([now(10.0, 0.3), now(6.0, 0.5), now(6.0, 0.3)], [0, 0, 2]);
    }

    #[test]
    fn ratios_are_read_back_from_a_report() {
        assert_eq!(ratios_of(&json!({ "ratios": { "a": 2.5, "b": null } })), ratios(&[("a", 2.5)]));
        assert_eq!(ratios_of(&json!({})), ratios(&[]));
    }
}
