//! `phase-2-1`, `phase-3-2`: the theoretical phase diagrams against the reference, and trained models against the theory.

use serde_json::{Value, json};

use super::reference::{list, theory, word};
use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::sweep::lab::map;
use crate::sweep::{Agreement, Lab, PhaseGrid};
use crate::theory::Bias;

/// The share of cells away from boundaries that must agree.
const SHARE: f64 = 0.95;

/// Cells a side of the diagram of sampled models, and of the exact ones that they are compared with.
const SAMPLED_CELLS: usize = 16;

/// As [`check`], of two features in one dimension.
pub(super) fn check_2_1(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    check(lab, effort, &Diagram { id: "phase-2-1", reference: "phase_2_1", axis: "importance[1]", cells: 64 })
}

/// As [`check`], of three features in two dimensions.
pub(super) fn check_3_2(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    check(lab, effort, &Diagram { id: "phase-3-2", reference: "phase_3_2", axis: "importance[2]", cells: 64 })
}

/// A diagram to check.
struct Diagram {
    id: &'static str,
    /// Its name in the reference.
    reference: &'static str,
    /// The extra feature's importance.
    axis: &'static str,
    /// Cells a side of the diagram of exact models.
    cells: usize,
}

/// 1. The natural solution with the lowest closed-form loss is that of the reference in each of its 169 cells, for the paper's
///    bias, none and the best one; ties go to the first in the reference's order.
/// 2. Models trained with exact gradients (64 × 64 cells; quick: 16 × 16; best of ten) are what theory at
///    the best bias says in at least 95% of the cells that are farther than one cell from a boundary.
///    Of three features 96% do: between densities .62 and .9 and at importances above 1 the best model is an uneven pair, where theory
///    knows only even ones and forgets one of the two.
/// 3. Models trained on samples as in the paper (16 × 16 cells, best of ten; quick: 8 × 8) agree with those of exact gradients
///    likewise.
fn check(lab: &dyn Lab, effort: Effort, diagram: &Diagram) -> Result<Vec<Claim>, Error> {
    let theory = theory_claim(effort, diagram)?;
    let n_exact = effort.of(diagram.cells, SAMPLED_CELLS);
    let (grid, exact) = trained(lab, effort, diagram, n_exact, json!({}))?;
    let agreement = Agreement::of(&grid.theory(Bias::Best)?, &exact, n_exact);
    let with_exact = Claim {
        id: diagram.id,
        about: "experiment, exact gradients",
        paper: "trained models change from one natural solution to the next where theory says, as phases do",
        rule: "of the cells farther than one cell from a boundary at least 95% of trained models (best of ten) are what theory says",
        measured: in_words(agreement, n_exact),
        verdict: Verdict::holds(agreement.share() >= SHARE),
        values: values(agreement, n_exact),
    };
    let n_sampled = effort.of(SAMPLED_CELLS, SAMPLED_CELLS / 2);
    let exact = trained(lab, effort, diagram, n_sampled, json!({}))?.1;
    let sampled = trained(lab, effort, diagram, n_sampled, sampled_settings(effort))?.1;
    let agreement = Agreement::of(&exact, &sampled, n_sampled);
    let with_samples = Claim {
        id: diagram.id,
        about: "experiment, sampled",
        paper: "the same of models trained on random samples",
        rule: "of the cells farther than one cell from a boundary of the exact ones at least 95% of sampled models (best of ten) are the same",
        measured: in_words(agreement, n_sampled),
        verdict: Verdict::holds(agreement.share() >= SHARE),
        values: values(agreement, n_sampled),
    };
    Ok(vec![theory, with_exact, with_samples])
}

/// Samples in place of exact gradients: few steps do, at a rate that falls to 0.
fn sampled_settings(effort: Effort) -> Value {
    json!({
        "gradient": "sampled",
        "batch": 1024,
        "steps": effort.of(1500, 600),
        "learning_rate": effort.of(0.02, 0.03),
        "schedule": "cosine",
        "stop": null,
    })
}

/// A grid of so many cells a side over the preset's ranges, with the classes of its trained cells.
fn trained(
    lab: &dyn Lab,
    effort: Effort,
    diagram: &Diagram,
    n_cells: usize,
    changes: Value,
) -> Result<(PhaseGrid, Vec<u8>), Error> {
    let grid = grid(effort, diagram, n_cells, changes)?;
    let classes = map(lab, diagram.id, n_cells * n_cells, |idx| {
        if lab.keep_going() { Ok(grid.train(idx)?.class) } else { Err(Error::Interrupted) }
    })?;
    Ok((grid, classes))
}

fn grid(effort: Effort, diagram: &Diagram, n_cells: usize, mut changes: Value) -> Result<PhaseGrid, Error> {
    let axis = |field: &str, from: f64, to: f64| json!({ "field": field, "from": from, "to": to, "count": n_cells, "scale": "log" });
    changes["seed"] = effort.seed.into();
    changes["sweep"] = json!([axis("density", 1.0, 0.01), axis(diagram.axis, 0.1, 10.0)]);
    PhaseGrid::new(&spec_of(diagram.id, changes)?)
}

/// Cells a side of the reference, over the ranges of the preset.
const REFERENCE_CELLS: usize = 13;

fn theory_claim(effort: Effort, diagram: &Diagram) -> Result<Claim, Error> {
    let reference = &theory()[diagram.reference];
    let order: Vec<&str> = list(&reference["order"]).iter().map(word).collect();
    let grid = grid(effort, diagram, REFERENCE_CELLS, json!({}))?;
    let variants = [("paper", Bias::Paper), ("zero_bias", Bias::Zero), ("optimal_bias", Bias::Best)];
    let mut same = Vec::new();
    for (name, bias) in variants {
        let expected = list(&reference[name]["phase"]).iter().flat_map(list).map(word);
        let n_same = grid
            .theory(bias)?
            .into_iter()
            .zip(expected)
            .filter(|&(class, name)| order.get(usize::from(class)) == Some(&name));
        same.push(n_same.count());
    }
    let n_cells = REFERENCE_CELLS * REFERENCE_CELLS;
    Ok(Claim {
        id: diagram.id,
        about: "theory",
        paper: "the losses of the natural solutions in closed form divide density and importance into regions",
        rule: "with the paper's bias, none and the best one the winner is the reference's in each of 169 cells",
        measured: format!("{}, {} and {} of {n_cells} cells the same", same[0], same[1], same[2]),
        verdict: Verdict::holds(same.iter().all(|&n_same| n_same == n_cells)),
        values: json!({ "cells": n_cells, "paper": same[0], "zero_bias": same[1], "optimal_bias": same[2] }),
    })
}

fn in_words(agreement: Agreement, n_cells: usize) -> String {
    let Agreement { n_inner, n_agreeing } = agreement;
    format!("{n_agreeing} of {n_inner} cells agree ({:.1}%), of {n_cells} × {n_cells}", 100.0 * agreement.share())
}

fn values(agreement: Agreement, n_cells: usize) -> Value {
    json!({ "cells": n_cells * n_cells, "inner": agreement.n_inner, "agreeing": agreement.n_agreeing })
}
