//! `basic-small`, `basic-large`: how many features linear and ReLU output models keep, from dense to sparse.

use serde_json::{Value, json};

use super::reference::{list, number, training, word};
use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::measures::Measures;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;
use crate::sweep::lab::map;
use crate::train::{Status, Trainer, batch_sums};

/// The reference's bounds are widened by this share, either way.
const WIDENED: f64 = 0.05;

/// A figure, and how many seeds its check trains.
struct Figure {
    id: &'static str,
    n_hidden: usize,
    /// Seeds of the linear model, and of the relu model: whole and quick.
    linear: (usize, usize),
    relu: (usize, usize),
    /// Densities of the quick check, of the linear and of the relu model.
    quick: (&'static [f64], &'static [f64]),
}

/// As [`check`], of 20 features in 5 dimensions: 2 seeds a density of the linear model, 11 of the relu model; quick: 1 and 3.
pub(super) fn check_small(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let quick: (&[f64], &[f64]) = (&[0.1], &[1.0, 0.1, 0.01]);
    check(lab, effort, &Figure { id: "basic-small", n_hidden: 5, linear: (2, 1), relu: (11, 3), quick })
}

/// As [`check`], of 80 features in 20 dimensions: 1 seed a density of the linear model, 5 of the relu model; quick: 1 of each.
pub(super) fn check_large(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let quick: (&[f64], &[f64]) = (&[0.1], &[0.1, 0.01]);
    check(lab, effort, &Figure { id: "basic-large", n_hidden: 20, linear: (1, 1), relu: (5, 1), quick })
}

/// What the seeds of a density came to.
struct Row {
    density: f64,
    /// The represented features of each seed, in order.
    represented: Vec<usize>,
    median_represented: f64,
    median_loss: f64,
    /// The reference's 10% and 90% quantiles of the loss, widened.
    bounds: (f64, f64),
}

impl Row {
    fn loss_fits(&self) -> bool {
        (self.bounds.0..=self.bounds.1).contains(&self.median_loss)
    }

    fn json(&self) -> Value {
        json!({
            "density": self.density,
            "represented": self.represented,
            "median_loss": self.median_loss,
            "loss_from": self.bounds.0,
            "loss_to": self.bounds.1,
        })
    }
}

/// Two claims, each over the paper's seven densities (quick: one and a few of them):
/// 1. every linear model represents exactly m features, and the median loss lies within the reference's 10 and 90% quantiles,
///    widened by 5%;
/// 2. the median relu model represents m features at density 1, its number never falls by more than 1 from one density to the next
///    and exceeds that of a density ten times greater, and the median loss lies within the reference's quantiles likewise.
fn check(lab: &dyn Lab, effort: Effort, figure: &Figure) -> Result<Vec<Claim>, Error> {
    let m = figure.n_hidden;
    let linear = rows(lab, effort, figure, "linear")?;
    let keeps_m = linear.iter().all(|row| row.represented.iter().all(|&count| count == m));
    let relu = rows(lab, effort, figure, "relu")?;
    let grows = relu.windows(2).all(|pair| pair[1].median_represented >= pair[0].median_represented - 1.0);
    // Densities of the paper are a factor 3 or 10 apart, so that "ten times" is within rounding or not at all.
    let exceeds = |row: &Row| {
        let denser = relu.iter().find(|other| (other.density / row.density / 10.0 - 1.0).abs() < 1e-6);
        denser.is_none_or(|denser| row.median_represented > denser.median_represented)
    };
    let starts_at_m = relu.iter().filter(|row| row.density == 1.0).all(|row| row.median_represented == m as f64);
    let shape = grows && starts_at_m && relu.iter().all(exceeds);
    Ok(vec![
        Claim {
            id: figure.id,
            about: "linear models",
            paper: "a linear model keeps the most important features, one a dimension, however sparse they are",
            rule: "every model represents exactly m features; the median loss is within the reference's 10 to 90% quantiles, widened by 5%",
            measured: format!("{}; {}", counts(&linear), fits(&linear)),
            verdict: Verdict::holds(keeps_m && linear.iter().all(Row::loss_fits)),
            values: linear.iter().map(Row::json).collect::<Vec<_>>().into(),
        },
        Claim {
            id: figure.id,
            about: "ReLU output models",
            paper: "a ReLU output model represents as many features as dimensions when they are dense, and more and more in superposition as they get sparser",
            rule: "the median is m at density 1, never falls by more than 1 and exceeds that a decade denser; the median loss is within the reference's 10 to 90% quantiles, widened by 5%",
            measured: format!("{}; {}", counts(&relu), fits(&relu)),
            verdict: Verdict::holds(shape && relu.iter().all(Row::loss_fits)),
            values: relu.iter().map(Row::json).collect::<Vec<_>>().into(),
        },
    ])
}

/// Trains all seeds of all densities of a kind of model.
fn rows(lab: &dyn Lab, effort: Effort, figure: &Figure, model: &str) -> Result<Vec<Row>, Error> {
    let is_linear = model == "linear";
    let seeds = if is_linear { figure.linear } else { figure.relu };
    let n_seeds = effort.of(seeds.0, seeds.1);
    let quick = if is_linear { figure.quick.0 } else { figure.quick.1 };
    let is_ours = |row: &&Value| word(&row["figure"]) == figure.id && word(&row["model"]) == model;
    let references: Vec<&Value> = list(&training()["basic"])
        .iter()
        .filter(is_ours)
        .filter(|row| !effort.quick || quick.contains(&number(&row["density"])))
        .collect();
    let mut specs = Vec::new();
    for row in &references {
        for idx in 0..n_seeds {
            let seed = effort.seed + idx as u64;
            specs.push(spec_of(
                figure.id,
                json!({ "model": model, "density": row["density"], "seed": seed, "sweep": null }),
            )?);
        }
    }
    let models = map(lab, figure.id, specs.len(), |idx| trained(lab, &specs[idx]))?;
    let rows = references.iter().zip(models.chunks(n_seeds)).map(|(row, models)| {
        let quantiles = &row["loss_median_q10_q90"];
        let mut represented: Vec<usize> = models.iter().map(|model| model.represented).collect();
        represented.sort_unstable();
        Row {
            density: number(&row["density"]),
            median_represented: median(represented.iter().map(|&count| count as f64).collect()),
            median_loss: median(models.iter().map(|model| model.loss).collect()),
            represented,
            bounds: (number(&quantiles[1]) * (1.0 - WIDENED), number(&quantiles[2]) * (1.0 + WIDENED)),
        }
    });
    Ok(rows.collect())
}

/// A trained model.
#[derive(Clone)]
struct Trained {
    represented: usize,
    loss: f64,
}

/// Samples that a loss is taken from, and from how many where few of them have an active feature: it is known to 1 or 2%, which the
/// widened bounds can bear. A report's own loss, known to 0.2%, takes longer than the training here.
const SAMPLES: (usize, usize) = (1 << 20, 1 << 22);

fn trained(lab: &dyn Lab, spec: &ExperimentSpec) -> Result<Trained, Error> {
    let mut trainer = Trainer::new(spec)?;
    while trainer.status() == Status::Running {
        trainer.advance(SLICE);
        if !lab.keep_going() {
            return Err(Error::Interrupted);
        }
    }
    let model = trainer.instance(0, 0);
    let w: Vec<f64> = model.weights.iter().copied().map(f64::from).collect();
    let represented = Measures::of(&w, spec.features, spec.hidden).represented.len();
    let n_samples = if spec.densities()[0] < 0.1 { SAMPLES.1 } else { SAMPLES.0 };
    let sum = batch_sums(trainer.level(), spec, model.parameters, n_samples).loss;
    Ok(Trained { represented, loss: sum / (n_samples * spec.features) as f64 })
}

/// Steps between two looks at whether to go on.
const SLICE: u64 = 200;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// The median of represented features at each density.
fn counts(rows: &[Row]) -> String {
    let words = rows.iter().map(|row| format!("{} at {}", row.median_represented, row.density));
    format!("features {}", words.collect::<Vec<_>>().join(", "))
}

/// How many median losses fit.
fn fits(rows: &[Row]) -> String {
    let n_fitting = rows.iter().filter(|row| row.loss_fits()).count();
    format!("{n_fitting} of {} losses within", rows.len())
}
