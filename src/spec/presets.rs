//! The paper's own configuration of every figure, one JSON file an id under `presets/`.
//!
//! They are compiled in, so that a figure needs no file, and parsed like any other spec.

/// The ids that have a preset.
pub const PRESET_IDS: &[&str] = &["intro", "phase-2-1", "playground"];

/// The text of a preset, or `None` for an id without one.
pub fn preset(id: &str) -> Option<&'static str> {
    Some(match id {
        "intro" => include_str!("../../presets/intro.json"),
        "phase-2-1" => include_str!("../../presets/phase-2-1.json"),
        "playground" => include_str!("../../presets/playground.json"),
        _ => return None,
    })
}
