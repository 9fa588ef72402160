//! One instance in training: parameters, moments and how far it has come.

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::history::History;
use super::start::initial_parameters;
use crate::models::Sums;
use crate::optim::{Moments, scheduled};
use crate::spec::{GradientKind, Stop};
use crate::theory::{SetsScratch, exact_loss_and_gradient_with_sets_into};

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Steps are left.
    Running,
    /// All steps are done.
    Done,
    /// The stop rule ended it.
    Converged,
    /// Something became infinite or not a number; the last finite parameters are kept.
    Diverged,
}

/// The state of an instance; saved as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Run {
    pub seed: u64,
    /// In the order of [`crate::models`].
    pub parameters: Vec<f32>,
    pub moments: Moments,
    /// Updates made.
    pub step: u64,
    /// Loss of the last batch (or the exact loss) before its update; `None` before the first.
    pub loss: Option<f64>,
    /// A running mean of `loss` over about a hundred steps, to tell restarts apart.
    pub smoothed_loss: f64,
    pub status: Status,
    window: Window,
    /// Empty where the spec asks for no record.
    pub history: History,
}

/// The stop rule's memory: the sum of the losses of this window, and the mean of the one before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Window {
    sum: f64,
    count: u64,
    previous: Option<f64>,
}

impl Window {
    /// Takes in a loss; true when a whole window changed too little.
    fn settles(&mut self, loss: f64, stop: Stop) -> bool {
        self.sum += loss;
        self.count += 1;
        if self.count < stop.window {
            return false;
        }
        let mean = self.sum / self.count as f64;
        let settled = self.previous.is_some_and(|previous| (mean - previous).abs() <= stop.relative_change * previous);
        *self = Window { previous: Some(mean), ..Window::default() };
        settled
    }
}

/// Memory that every run's update shares.
#[derive(Debug, Clone, Default)]
pub(super) struct Scratch {
    gradient: Vec<f32>,
    before: Vec<f32>,
    exact: SetsScratch,
    w: Vec<f64>,
    b: Vec<f64>,
    dw: Vec<f64>,
    db: Vec<f64>,
}

/// How much of the running mean a new loss replaces.
const SMOOTHING: f64 = 0.01;

impl Run {
    pub fn new(cell: &Cell, seed: u64) -> Self {
        let mut run = Run {
            seed,
            parameters: initial_parameters(cell, seed),
            moments: Moments::new(cell.shape.n_parameters()),
            step: 0,
            loss: None,
            smoothed_loss: f64::INFINITY,
            status: Status::Running,
            window: Window::default(),
            history: History::default(),
        };
        run.settle_status(cell);
        run.record(cell);
        run
    }

    /// After a change of settings: runs on if steps are left, and judges convergence anew.
    pub fn settle_status(&mut self, cell: &Cell) {
        if self.status != Status::Diverged {
            let left = self.step < cell.spec.steps;
            self.status = if left { Status::Running } else { Status::Done };
            self.window = Window::default();
        }
    }

    /// Puts a feature's direction somewhere else; what the optimiser remembers of it is forgotten, and a run that had come to rest goes
    /// on if steps are left.
    pub fn set_column(&mut self, cell: &Cell, feature_idx: usize, column: &[f32]) {
        let entries = || (0..cell.shape.n_hidden).map(|k| k * cell.shape.n_features + feature_idx);
        for (at, &value) in entries().zip(column) {
            self.parameters[at] = value;
        }
        self.moments.forget(entries());
        self.smoothed_loss = f64::INFINITY;
        self.settle_status(cell);
    }

    /// Whether the saved state belongs to a cell.
    pub fn fits(&self, cell: &Cell, seed: u64) -> bool {
        let points = self.history.steps.len();
        self.seed == seed
            && self.parameters.len() == cell.shape.n_parameters()
            && self.moments.fits(self.parameters.len())
            && self.history.losses.len() == points
            && self.history.parameters.len() == points * self.parameters.len()
    }

    /// One step along a batch's gradient.
    pub fn update(&mut self, cell: &Cell, sums: &Sums, scratch: &mut Scratch) {
        // Means over the batch and over the features.
        let scale = 1.0 / (cell.spec.batch * cell.shape.n_features) as f64;
        scratch.gradient.clear();
        let sums_in_order = sums.dw.iter().chain(&sums.d_decoder).chain(&sums.db);
        scratch.gradient.extend(sums_in_order.map(|g| (g * scale) as f32));
        self.apply(cell, sums.loss * scale, scratch);
    }

    /// One step along the exact gradient.
    pub fn exact_step(&mut self, cell: &Cell, scratch: &mut Scratch) {
        let (w, b) = self.parameters.split_at(cell.shape.n_weights());
        scratch.w.clear();
        scratch.w.extend(w.iter().copied().map(f64::from));
        scratch.b.clear();
        scratch.b.extend(b.iter().copied().map(f64::from));
        scratch.dw.resize(w.len(), 0.0);
        scratch.db.resize(b.len(), 0.0);
        debug_assert_eq!(cell.spec.gradient, GradientKind::Exact);
        let loss = exact_loss_and_gradient_with_sets_into(
            cell.spec.model,
            &scratch.w,
            &scratch.b,
            &cell.law.densities,
            &cell.law.correlated,
            &cell.law.anticorrelated,
            &cell.importances,
            &mut scratch.dw,
            &mut scratch.db,
            &mut scratch.exact,
        );
        scratch.gradient.clear();
        scratch.gradient.extend(scratch.dw.iter().chain(&scratch.db).map(|&g| g as f32));
        self.apply(cell, loss, scratch);
    }

    /// Updates the parameters along `scratch.gradient`, or ends the run where that would not stay finite.
    fn apply(&mut self, cell: &Cell, loss: f64, scratch: &mut Scratch) {
        let spec = &cell.spec;
        scratch.before.clear();
        scratch.before.extend_from_slice(&self.parameters);
        let learning_rate = scheduled(spec.schedule, spec.learning_rate, self.step, spec.steps);
        self.moments.update(spec.optimizer, learning_rate, &mut self.parameters, &scratch.gradient);
        if !spec.train_bias {
            let bias = cell.shape.bias();
            self.parameters[bias.clone()].copy_from_slice(&scratch.before[bias]);
        }
        for &feature_idx in &spec.pinned {
            let (n, m) = (cell.shape.n_features, cell.shape.n_hidden);
            let own_decoder = if cell.shape.untied { m } else { 0 };
            let row = cell.shape.decoder().start + feature_idx * own_decoder;
            for at in (0..m).map(|k| k * n + feature_idx).chain(row..row + own_decoder) {
                self.parameters[at] = scratch.before[at];
            }
        }
        let finite = loss.is_finite() && self.parameters.iter().all(|p| p.is_finite());
        if !finite {
            self.parameters.copy_from_slice(&scratch.before);
            self.status = Status::Diverged;
            self.record(cell);
            return;
        }
        self.smoothed_loss = if self.smoothed_loss.is_finite() {
            self.smoothed_loss + SMOOTHING * (loss - self.smoothed_loss)
        } else {
            loss
        };
        self.loss = Some(loss);
        self.step += 1;
        if spec.record.is_some() {
            self.history.take_loss(loss);
        }
        if spec.stop.is_some_and(|stop| self.window.settles(loss, stop)) {
            self.status = Status::Converged;
        } else if self.step >= spec.steps {
            self.status = Status::Done;
        }
        self.record(cell);
    }

    /// Adds a point to the history where one is due: at the planned steps, and where the run ends.
    fn record(&mut self, cell: &Cell) {
        let Some(record) = cell.spec.record else { return };
        let due = self.status != Status::Running || cell.record_steps.binary_search(&self.step).is_ok();
        // A change of `steps` in mid-run plans anew: the bound holds all the same.
        if due && self.history.steps.len() < record.points {
            self.history.take_point(self.step, &self.parameters);
        }
    }
}
