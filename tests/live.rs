//! Figures in the making (`gallery::Live`): the same picture as in one go, provisional ones on the way, whatever comes first.

use superposition::error::Error;
use superposition::gallery::{Live, Need, find};
use superposition::report::InstanceReport;
use superposition::spec::{ExperimentSpec, merge, preset};
use superposition::sweep::Job;
use superposition::sweep::lab::SingleThread;
use superposition::train::{PRECISION, Status, Trainer};

/// A preset with changed fields.
fn spec_of(id: &str, patch: &str) -> ExperimentSpec {
    let merged = merge(preset(id).expect("a preset"), patch).expect("a patch");
    ExperimentSpec::from_json(&merged.to_string()).expect("a valid spec")
}

/// The spec of a report's model.
fn report_spec(report: &InstanceReport) -> ExperimentSpec {
    report.spec.clone()
}

/// Runs a figure as the page does: every job a slice at a time, in turns; gives the final data and how many provisional pictures
/// there were.
fn run(id: &str, spec: &ExperimentSpec, slice: u64) -> (serde_json::Value, usize) {
    let mut live = Live::new(id, spec.clone()).expect("a figure");
    let mut jobs: Vec<(usize, Job)> = Vec::new();
    let mut n_provisional = 0;
    loop {
        match live.step().expect("a figure of that spec") {
            Need::Nothing => break,
            Need::Time(pieces) => assert!(pieces.done < pieces.of, "{pieces:?}"),
            Need::Jobs(asked) => {
                assert!(!asked.is_empty() || !jobs.is_empty(), "{id} waits for nothing");
                jobs.extend(asked.iter().map(|(idx, spec)| (*idx, Job::new(spec, *idx, PRECISION).expect("a job"))));
                for (idx, job) in &mut jobs {
                    job.advance(slice).expect("a slice");
                    let report = job.report();
                    let back =
                        InstanceReport::from_bytes(&report_spec(&report), &report.to_bytes()).expect("its own bytes");
                    let text = |report: &InstanceReport| serde_json::to_string(report).expect("plain data");
                    assert_eq!(text(&back), text(&report));
                    live.take_bytes(*idx, &report.to_bytes()).expect("a job that was asked for");
                }
                if jobs.iter().any(|(_, job)| !job.is_done()) && live.still().is_some() {
                    n_provisional += 1;
                }
                jobs.retain(|(_, job)| !job.is_done());
            }
        }
    }
    (live.last().expect("a picture").data(), n_provisional)
}

#[test]
fn a_figure_in_slices_is_the_figure_in_one_go() {
    for (id, patch, has_provisional) in [
        ("correlated", r#"{"steps":600,"restarts":{"count":2,"keep":"best"}}"#, true),
        ("perturb", r#"{"steps":300,"restarts":{"count":2,"keep":"best"}}"#, true),
        ("trajectories", r#"{"steps":600}"#, true),
        ("polytopes", "{}", false),
        (
            "adversarial",
            r#"{"steps":200,"batch":64,"features":12,"hidden":4,"sweep":[{"field":"density","values":[1,0.2]}]}"#,
            true,
        ),
        (
            "dictionary",
            r#"{"steps":300,"features":16,"hidden":6,"dictionary":{"latents":20,"l1":0.05,"steps":300,"batch":256}}"#,
            true,
        ),
    ] {
        let spec = spec_of(id, patch);
        let at_once = find(id).expect("a figure")(&spec, &SingleThread).expect("a figure");
        let (data, n_provisional) = run(id, &spec, 100);
        assert_eq!(data, at_once.data(), "{id}");
        assert_eq!(n_provisional > 0, has_provisional, "{id}: {n_provisional} provisional pictures");
    }
}

/// What a figure refuses is told before anything is trained.
#[test]
fn a_spec_that_a_figure_cannot_show_is_refused_at_once() {
    let spec = spec_of("perturb", r#"{"hidden":3}"#);
    let Err(Error::Field { field, value, .. }) = Live::new("perturb", spec) else { panic!("it was taken") };
    assert_eq!((field.as_str(), value.as_str()), ("hidden", "3"));
    assert!(Live::new("nothing", spec_of("intro", "{}")).is_err());
}

/// Reports may cross on their way: a late provisional one does not undo a final one, and an unknown index is refused.
#[test]
fn a_final_report_stays() {
    let spec = spec_of("correlated", r#"{"steps":50,"restarts":{"count":1,"keep":"best"}}"#);
    let mut live = Live::new("correlated", spec).expect("a figure");
    let Need::Jobs(asked) = live.step().expect("jobs") else { panic!("it asks for jobs") };
    let (idx, spec) = &asked[0];
    let mut job = Job::new(spec, *idx, PRECISION).expect("a job");
    let early = job.report();
    assert_eq!((early.status, early.steps), (Status::Running, 0));
    job.advance(u64::MAX).expect("all steps");
    live.take(*idx, job.report()).expect("the final report");
    live.take(*idx, early).expect("a late one");
    // The figure asks for no job twice, and this one is not waited for.
    let Need::Jobs(more) = live.step().expect("the other jobs") else { panic!("it still waits for the others") };
    assert!(more.is_empty());
    assert!(live.take(asked.len(), job.report()).is_err());
    assert!(live.take_bytes(0, &[1, 2, 3]).is_err());
    // All others are trained, and what the figure asks for after them; were the first undone, it would be waited for without end.
    let mut asked = asked[1..].to_vec();
    while !asked.is_empty() {
        for (idx, spec) in &asked {
            let mut job = Job::new(spec, *idx, PRECISION).expect("a job");
            job.advance(u64::MAX).expect("all steps");
            live.take(*idx, job.report()).expect("a final report");
        }
        asked = match live.step().expect("a picture, or more jobs") {
            Need::Jobs(more) => more,
            need => {
                assert_eq!(need, Need::Nothing);
                return;
            }
        };
    }
    panic!("it waits for a report that it was given");
}

/// A job goes on from saved bytes to the same report.
#[test]
fn a_job_goes_on_from_its_bytes() {
    let spec = spec_of("intro", r#"{"sweep":[],"density":0.1,"steps":400}"#);
    let mut whole = Job::new(&spec, 3, PRECISION).expect("a job");
    while !whole.is_done() {
        whole.advance(70).expect("a slice");
    }
    let mut first = Job::new(&spec, 3, PRECISION).expect("a job");
    first.advance(130).expect("a slice");
    let mut second = Job::restore(&first.save().expect("a model in training"), 3, PRECISION).expect("its bytes");
    assert_eq!(second.progress(), (130, 400));
    while !second.is_done() {
        second.advance(90).expect("a slice");
    }
    assert_eq!(second.save(), None);
    let text = |job: Job| serde_json::to_string(&job.into_report().expect("a report")).expect("plain data");
    assert_eq!(text(second), text(whole));
}

#[test]
fn a_job_whose_settings_change_on_its_way_goes_on_as_a_trainer_does() {
    let spec = spec_of("intro", r#"{"sweep":[],"density":0.2,"steps":300,"seed":4}"#);
    let patch = r#"{"learning_rate": 0.02, "hidden_l1": 0.01}"#;
    let mut trainer = Trainer::new(&spec).expect("a trainer");
    trainer.advance(100);
    trainer.set(patch).expect("a patch");
    trainer.advance(300);
    let mut job = Job::new(&spec, 0, PRECISION).expect("a job");
    job.advance(100).expect("steps");
    job.set(patch).expect("a patch");
    // What it is saved as has the new settings.
    let mut job = Job::restore(&job.save().expect("in training"), 0, PRECISION).expect("its own bytes");
    while job.advance(70).expect("steps") > 0 {}
    assert!(job.set(patch).is_ok(), "nothing is left to change");
    let report = job.into_report().expect("done");
    assert_eq!(report.steps, 300);
    let weights: Vec<f32> = report.weights.iter().flatten().copied().collect();
    assert_eq!(weights, trainer.instance(0, 0).weights);
    let mut job = Job::new(&spec, 0, PRECISION).expect("a job");
    let refused = job.set(r#"{"learning_rate": -1}"#).expect_err("no such rate").to_string();
    assert!(refused.starts_with("learning_rate: got -1"), "{refused}");
}
