//! What a spec can ask for beyond the plain model does what it says: starts, pins, records, penalties, attacks, other models, sets.

use superposition::ExperimentSpec;
use superposition::report::InstanceReport;
use superposition::sweep::run_job;
use superposition::train::{Status, Trainer};

fn spec(json: &str) -> ExperimentSpec {
    ExperimentSpec::from_json(json).expect("a valid spec")
}

fn trained(json: &str) -> Trainer {
    let mut trainer = Trainer::new(&spec(json)).expect("a level that exists");
    trainer.advance(u64::MAX);
    trainer
}

fn report(json: &str) -> InstanceReport {
    run_job(&spec(json), 0, u64::MAX, |_| true).expect("a level that exists").expect("nothing stops it")
}

/// One of each kind of model, law and penalty.
const KINDS: [&str; 7] = [
    r#""model":"relu","correlated":[[0,3]],"anticorrelated":[[1,2]],"density":0.4"#,
    r#""model":"relu","correlated":[[0,3]],"gradient":"exact","density":0.4"#,
    r#""model":"relu-hidden","density":0.3"#,
    r#""model":"absolute","density":0.3,"start":{"decoder":"nonnegative"}"#,
    r#""model":"relu","hidden_l1":0.01,"density":0.3"#,
    r#""model":"relu","adversarial_training":{"norm":0.5},"density":0.3"#,
    r#""model":"linear","adversarial_training":{"norm":0.5},"pinned":[1],"density":0.003"#,
];

fn json(kind: &str, more: &str) -> String {
    format!(r#"{{{kind},"features":4,"hidden":3,"steps":120,"batch":100,"seed":4{more}}}"#)
}

fn bits(trainer: &Trainer, cell: usize) -> (u64, Vec<u32>) {
    let instance = trainer.instance(cell, 0);
    (instance.step, instance.parameters.iter().map(|p| p.to_bits()).collect())
}

#[test]
fn every_kind_trains_to_the_same_bits_however_it_is_sliced_saved_and_swept() {
    for kind in KINDS {
        let recorded = json(kind, r#","record":{"points":9}"#);
        let whole = trained(&recorded);
        let mut sliced = Trainer::new(&spec(&recorded)).expect("a level that exists");
        while sliced.advance(7) > 0 {}
        assert_eq!(bits(&whole, 0), bits(&sliced, 0), "{kind}");

        let mut first = Trainer::new(&spec(&recorded)).expect("a level that exists");
        first.advance(50);
        let mut second = Trainer::restore(&first.save()).expect("what was just saved");
        second.advance(u64::MAX);
        assert_eq!(bits(&whole, 0), bits(&second, 0), "{kind}");
        assert_eq!(whole.instance(0, 0).history, second.instance(0, 0).history, "{kind}");

        let swept = trained(&json(kind, r#","sweep":[{"field":"learning_rate","values":[0.01,0.001]}]"#));
        assert_eq!(bits(&whole, 0), bits(&swept, 1), "{kind}");
        assert_ne!(bits(&whole, 0), bits(&swept, 0), "{kind}");
    }
}

#[test]
fn training_lowers_the_evaluated_loss_of_every_kind() {
    for kind in KINDS {
        let at = |steps: &str| report(&json(kind, "").replace("\"steps\":120", steps)).loss;
        let (before, after) = (at("\"steps\":0"), at("\"steps\":4000"));
        // The models of the last two kinds are trained for another loss than the one that is evaluated.
        assert!(after < 0.9 * before, "{kind}: {before} to {after}");
    }
}

#[test]
fn starts_and_pins_are_kept() {
    let start = r#""start":{"weights":[[1,0,0.5],[0,1,0.25]],"bias":"mean","scale":0.5}"#;
    let fields = r#""features":3,"hidden":2,"density":0.1"#;
    let at_start = trained(&format!("{{{fields},\"steps\":0,{start}}}"));
    let instance = at_start.instance(0, 0);
    assert_eq!(instance.weights, [0.5, 0.0, 0.25, 0.0, 0.5, 0.125]);
    assert_eq!(instance.bias, [0.05; 3]);

    let pinned = trained(&format!("{{{fields},\"steps\":50,\"pinned\":[1],{start}}}"));
    let weights = pinned.instance(0, 0).weights;
    assert_eq!((weights[1], weights[4]), (0.0, 0.5));
    assert!([0, 2, 3, 5].iter().all(|&at| weights[at] != instance.weights[at]), "{weights:?}");

    let absolute =
        r#"{"model":"absolute","features":3,"hidden":2,"steps":50,"pinned":[2],"start":{"decoder":"nonnegative"}}"#;
    let (before, after) = (trained(&absolute.replace("50", "0")), trained(absolute));
    let (before, after) = (before.instance(0, 0), after.instance(0, 0));
    let [old, new] = [before, after].map(|instance| instance.decoder.expect("a decoder of its own"));
    assert_eq!((new[4], new[5]), (old[4], old[5]));
    assert!((0..4).all(|at| new[at] != old[at]));
    assert_eq!((after.weights[2], after.weights[5]), (before.weights[2], before.weights[5]));

    // A set's members are active less often where they exclude each other.
    let apart = trained(
        r#"{"features":3,"hidden":2,"steps":0,"density":0.6,"anticorrelated":[[0,2]],"start":{"bias":"mean"}}"#,
    );
    assert_eq!(apart.instance(0, 0).bias, [0.15, 0.3, 0.15]);
    let nonnegative =
        trained(r#"{"model":"absolute","features":5,"hidden":4,"steps":0,"start":{"decoder":"nonnegative"}}"#);
    let nonnegative = nonnegative.instance(0, 0);
    assert!(nonnegative.decoder.expect("a decoder").iter().all(|&w| w >= 0.0));
    assert!(nonnegative.weights.iter().any(|&w| w < 0.0));
}

#[test]
fn a_record_has_the_points_it_should() {
    let report = report(r#"{"features":5,"hidden":2,"density":0.1,"steps":1000,"record":{"points":5},"batch":64}"#);
    let history = report.history.expect("a record was asked for");
    assert_eq!(history.steps, [0, 1, 10, 100, 1000]);
    assert_eq!(history.weights[4], report.weights);
    assert_eq!(history.dimensionality.expect("a tied model")[4], report.measures.dimensionality.expect("a tied model"));
    // The loss at step 0 is the first batch's, like that of the first point after it; then means over more and more batches.
    assert_eq!(history.loss[0], history.loss[1]);
    assert!(history.loss[4] < history.loss[1], "{:?}", history.loss);
}

#[test]
fn a_run_that_diverges_records_where() {
    let trainer = trained(
        r#"{"features":5,"hidden":2,"optimizer":"sgd","learning_rate":1e9,"steps":1000,"record":{"points":3},"batch":64}"#,
    );
    let instance = trainer.instance(0, 0);
    assert_eq!(instance.status, Status::Diverged);
    let history = instance.history.expect("a record was asked for");
    assert_eq!(history.steps.last(), Some(&instance.step));
}

/// The penalty shrinks h, the trained attack shrinks interference: both more, the larger they are.
#[test]
fn penalties_and_attacks_take_superposition_away() {
    let features_per_dimension = |field: &str| {
        let json = format!(r#"{{"features":20,"hidden":5,"density":0.05,"steps":3000{field}}}"#);
        1.0 / report(&json).measures.dimensions_per_feature.expect("weights")
    };
    let none = features_per_dimension("");
    let l1 = [0.001, 0.01].map(|l1| features_per_dimension(&format!(r#","hidden_l1":{l1}"#)));
    let attacked =
        [0.3, 0.8].map(|norm| features_per_dimension(&format!(r#","adversarial_training":{{"norm":{norm}}}"#)));
    assert!(none > 3.5, "{none} features per dimension without either");
    assert!(none > l1[0] && l1[0] > l1[1] + 0.5, "{none}, then {l1:?}");
    assert!(none > attacked[0] && attacked[0] > attacked[1] + 0.5, "{none}, then {attacked:?}");
}

#[test]
fn attacks_and_dictionaries_are_in_the_report() {
    let report = report(
        r#"{"features":6,"hidden":3,"density":0.05,"steps":2000,"attack":{},
            "dictionary":{"latents":6,"l1":0.1,"steps":500}}"#,
    );
    let attack = report.attack.expect("an attack was asked for");
    assert!(attack.vulnerability > 0.0 && attack.attacked_loss > attack.loss);
    assert!((attack.loss - report.loss).abs() < 6.0 * attack.loss_standard_error, "{attack:?} for {}", report.loss);
    let dictionary = report.dictionary.expect("a dictionary was asked for");
    assert_eq!((dictionary.steps, dictionary.latents), (500, 6));
    assert!(report.neurons.is_none() && report.decoder.is_none());
}
