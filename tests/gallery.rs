//! The catalogue of DESIGN.md section 5 is whole: every id has a preset that parses, a figure and, `playground` aside, a claim.

use superposition::spec::{ExperimentSpec, PRESET_IDS, preset};
use superposition::sweep::lab::SingleThread;
use superposition::{claims, gallery};

/// The ids in the first column of the catalogue's table.
fn catalogue() -> Vec<&'static str> {
    let design = include_str!("../DESIGN.md");
    let section = design.split("\n## ").find(|part| part.starts_with("5.")).expect("section 5");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    // The ids stand between backquotes in what is before the second bar.
    rows.flat_map(|row| row[1..].split('|').next().expect("a first column").split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_catalogue_has_the_ids_that_this_test_knows_of() {
    let ids = catalogue();
    assert_eq!((ids.len(), ids[0], ids[ids.len() - 1]), (25, "intro", "playground"), "{ids:?}");
}

#[test]
fn every_id_has_a_preset_a_figure_and_a_claim() {
    for id in catalogue() {
        let text = preset(id).unwrap_or_else(|| panic!("{id} has no preset"));
        ExperimentSpec::from_json(text).unwrap_or_else(|error| panic!("presets/{id}.json: {error}"));
        assert!(PRESET_IDS.contains(&id), "{id} is not listed among the presets");
        assert!(gallery::find(id).is_some(), "{id} has no figure");
        assert_eq!(claims::find(id).is_some(), id != "playground", "{id} has no claim");
        let reasons = include_str!("../presets/README.md");
        assert!(reasons.contains(&format!("`{id}`")), "presets/README.md says nothing of {id}");
    }
}

#[test]
fn figures_and_claims_come_in_the_order_of_the_catalogue() {
    let ids = catalogue();
    let figures: Vec<&str> = gallery::FIGURES.iter().map(|(id, _)| *id).collect();
    assert_eq!(figures, ids);
    let checks: Vec<&str> = claims::CHECKS.iter().map(|(id, _)| *id).collect();
    assert_eq!(checks, ids[..ids.len() - 1]);
}

/// The playground shows any kind of model.
#[test]
fn the_playground_shows_every_kind_of_model() {
    for (fields, n_panels) in [
        (r#""hidden":1"#, 3),
        (r#""hidden":2,"record":{"points":5}"#, 4),
        (r#""hidden":3,"model":"linear""#, 3),
        (r#""hidden":5,"model":"relu-hidden""#, 2),
        (r#""hidden":4,"model":"absolute""#, 2),
    ] {
        let json = format!(r#"{{"features":6,"density":0.2,"steps":300,"batch":64,{fields}}}"#);
        let spec = ExperimentSpec::from_json(&json).expect("a valid spec");
        let make = gallery::find("playground").expect("a playground");
        let still = make(&spec, &SingleThread).expect("a figure");
        assert_eq!(still.panels.panels.len(), n_panels, "{json}");
    }
}
