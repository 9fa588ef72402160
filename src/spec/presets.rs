//! The paper's own configuration of every figure, one JSON file an id under `presets/`.
//!
//! They are compiled in, so that a figure needs no file, and parsed like any other spec.

/// The ids that have a preset.
pub const PRESET_IDS: &[&str] = &[
    "intro",
    "basic-small",
    "basic-large",
    "loss-terms",
    "loss-surface",
    "phase-2-1",
    "phase-3-2",
    "dimensions",
    "dimensionality",
    "polytopes",
    "perturb",
    "correlated",
    "anticorrelated",
    "local-bases",
    "collapse",
    "energy-levels",
    "trajectories",
    "adversarial",
    "privileged",
    "absolute-small",
    "absolute-large",
    "asymmetric",
    "without",
    "dictionary",
    "playground",
];

/// The text of a preset, or `None` for an id without one.
pub fn preset(id: &str) -> Option<&'static str> {
    Some(match id {
        "intro" => include_str!("../../presets/intro.json"),
        "basic-small" => include_str!("../../presets/basic-small.json"),
        "basic-large" => include_str!("../../presets/basic-large.json"),
        "loss-terms" => include_str!("../../presets/loss-terms.json"),
        "loss-surface" => include_str!("../../presets/loss-surface.json"),
        "phase-2-1" => include_str!("../../presets/phase-2-1.json"),
        "phase-3-2" => include_str!("../../presets/phase-3-2.json"),
        "dimensions" => include_str!("../../presets/dimensions.json"),
        "dimensionality" => include_str!("../../presets/dimensionality.json"),
        "polytopes" => include_str!("../../presets/polytopes.json"),
        "perturb" => include_str!("../../presets/perturb.json"),
        "correlated" => include_str!("../../presets/correlated.json"),
        "anticorrelated" => include_str!("../../presets/anticorrelated.json"),
        "local-bases" => include_str!("../../presets/local-bases.json"),
        "collapse" => include_str!("../../presets/collapse.json"),
        "energy-levels" => include_str!("../../presets/energy-levels.json"),
        "trajectories" => include_str!("../../presets/trajectories.json"),
        "adversarial" => include_str!("../../presets/adversarial.json"),
        "privileged" => include_str!("../../presets/privileged.json"),
        "absolute-small" => include_str!("../../presets/absolute-small.json"),
        "absolute-large" => include_str!("../../presets/absolute-large.json"),
        "asymmetric" => include_str!("../../presets/asymmetric.json"),
        "without" => include_str!("../../presets/without.json"),
        "dictionary" => include_str!("../../presets/dictionary.json"),
        "playground" => include_str!("../../presets/playground.json"),
        _ => return None,
    })
}
