//! The paper's own configuration of every figure, one JSON file an id under `presets/`.
//!
//! They are compiled in, so that a figure needs no file, and parsed like any other spec.

/// The ids that have a preset.
pub const PRESET_IDS: &[&str] = &["intro", "phase-2-1"];

/// The text of a preset, or `None` for an id without one.
pub fn preset(id: &str) -> Option<&'static str> {
    Some(match id {
        "intro" => include_str!("../../presets/intro.json"),
        "phase-2-1" => include_str!("../../presets/phase-2-1.json"),
        _ => return None,
    })
}
