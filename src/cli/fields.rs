//! Which fields of a report a line has.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::Failure;
use crate::report::InstanceReport;

/// The fields of a full line, in its order.
pub const ALL: &[&str] = &[
    "index",
    "spec",
    "status",
    "steps",
    "restart",
    "loss",
    "loss_standard_error",
    "weights",
    "bias",
    "decoder",
    "norms",
    "superposition",
    "dimensionality",
    "dimensions_per_feature",
    "represented",
    "geometry",
    "solution",
    "neurons",
    "history",
    "attack",
    "dictionary",
    "level",
    "version",
];

/// The chosen fields, in the order in which lines have them.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields(Vec<&'static str>);

impl Fields {
    /// Reads `--fields`; all fields without it.
    pub fn parse(names: Option<&[String]>) -> Result<Self, Failure> {
        let Some(names) = names else { return Ok(Self(ALL.to_vec())) };
        let mut fields = Vec::new();
        for name in names {
            let Some(known) = ALL.iter().find(|known| *known == name) else {
                return Err(Failure::Input(format!("--fields: got {name}, expected some of {}", ALL.join(", "))));
            };
            if fields.contains(known) {
                return Err(Failure::Input(format!("--fields: got {name} twice, expected each field once")));
            }
            fields.push(*known);
        }
        Ok(Self(fields))
    }

    /// The names.
    pub fn names(&self) -> &[&'static str] {
        &self.0
    }

    /// A report as a line of these fields, without its newline.
    pub fn line(&self, report: &InstanceReport) -> String {
        let whole = serde_json::to_string(report).expect("a report is plain data");
        if self.0 == ALL {
            return whole;
        }
        // Picked as text, so that a number reads the same in every choice of fields.
        let parts: BTreeMap<&str, &RawValue> = serde_json::from_str(&whole).expect("a report is an object");
        let parts: Vec<String> = self.0.iter().map(|name| format!("\"{name}\":{}", parts[name].get())).collect();
        format!("{{{}}}", parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ExperimentSpec;

    #[test]
    fn the_list_is_that_of_a_report_and_a_choice_keeps_its_text() {
        let spec = ExperimentSpec::from_json(r#"{"features":2,"hidden":1,"steps":3}"#).unwrap();
        let report = crate::sweep::run_job(&spec, 0, 10, |_| true).unwrap().unwrap();
        let line = Fields::parse(None).unwrap().line(&report);
        let mut at = 0;
        for name in ALL {
            let key = format!("\"{name}\":");
            at += line[at..].find(&key).unwrap_or_else(|| panic!("no {name} after {at} in {line}"));
        }
        let whole: BTreeMap<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
        assert_eq!(whole.len(), ALL.len());

        let some = Fields::parse(Some(&["bias".into(), "loss".into()])).unwrap().line(&report);
        assert_eq!(some, format!("{{\"bias\":{},\"loss\":{}}}", whole["bias"], whole["loss"]));
    }
}
