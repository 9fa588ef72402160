//! The trainer: every cell of a sweep with every restart, advanced together.

use super::cell::Cell;
use super::history::History;
use super::run::{Run, Scratch, Status};
use crate::error::Error;
use crate::kernels::lists::{Drawn, Skipper};
use crate::kernels::{Aligned, BLOCK, Level};
use crate::models::{Kernel, Perturbation, Shape, Work};
use crate::order;
use crate::rng::{Purpose, Stream};
use crate::spec::{Draft, ExperimentSpec, GradientKind, InputLaw, LevelChoice};
use crate::theory::{exact_loss_with_sets, is_exact};

/// Many instances of one experiment in training.
#[derive(Debug)]
pub struct Trainer {
    spec: ExperimentSpec,
    level: Level,
    cells: Vec<Cell>,
    /// Restarts of cell 0, then of cell 1, …
    runs: Vec<Run>,
    groups: Vec<Group>,
    step: u64,
    scratch: Scratch,
}

/// Instances that see the same random words: same seed, shape, batch and reading. The words are drawn once for all. An instance whose active features are
/// listed is alone.
#[derive(Debug)]
struct Group {
    stream: Stream,
    /// Which feature's attack each sample gets; drawn from where a member trains against attacks.
    attacks: Stream,
    /// Indices into `runs`; never empty.
    members: Vec<usize>,
    shape: Shape,
    batch: usize,
    words: usize,
    /// Blocks that all members' kernels take at once.
    tile_blocks: usize,
    work: Vec<Work>,
    draws: Aligned<u32>,
    /// Where what is active is listed, in place of words for all.
    lists: Option<Box<(Skipper, Drawn)>>,
    choices: Vec<u32>,
    /// Attack directions, one list a member.
    directions: Vec<Vec<f32>>,
}

/// What instances of one group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    seed: u64,
    shape: Shape,
    batch: usize,
    paired: bool,
    narrow: bool,
    /// Where what is active is listed, each instance draws for itself.
    listed: Option<usize>,
}

/// An instance as it stands.
#[derive(Debug, Clone, Copy)]
pub struct InstanceView<'a> {
    /// `[n_hidden][n_features]`.
    pub weights: &'a [f32],
    /// `[n_features][n_hidden]`, of the absolute value model only.
    pub decoder: Option<&'a [f32]>,
    /// `[n_features]`.
    pub bias: &'a [f32],
    /// All of these in the order of [`crate::models`].
    pub parameters: &'a [f32],
    /// Loss of the last batch, or the exact loss, before its update; `None` before the first step.
    pub loss: Option<f64>,
    /// Updates made.
    pub step: u64,
    /// How it stands.
    pub status: Status,
    /// The seed it started from.
    pub seed: u64,
    /// The recorded points, where the spec asks for them.
    pub history: Option<&'a History>,
}

/// The exact loss is worked out for display up to this many features; beyond, the batches' running mean tells enough.
const EXACT_DISPLAY_FEATURES: usize = 6;

impl Trainer {
    /// All instances at step 0.
    ///
    /// # Errors
    /// [`Error::Level`] where the spec's level does not exist here, [`Error::Field`] where a cell breaks a rule.
    pub fn new(spec: &ExperimentSpec) -> Result<Self, Error> {
        Self::at_level(spec, level_of(spec)?)
    }

    /// As [`Trainer::new`], at a given level whatever the spec says: for conformance tests and timings.
    ///
    /// # Errors
    /// [`Error::Field`] where a cell breaks a rule.
    pub fn at_level(spec: &ExperimentSpec, level: Level) -> Result<Self, Error> {
        let cells = cells_of(spec)?;
        let runs = cells
            .iter()
            .flat_map(|cell| (0..spec.restarts.count as u64).map(|r| Run::new(cell, cell.spec.seed + r)))
            .collect();
        let mut trainer = Trainer {
            spec: spec.clone(),
            level,
            cells,
            runs,
            groups: Vec::new(),
            step: 0,
            scratch: Scratch::default(),
        };
        trainer.regroup();
        Ok(trainer)
    }

    /// Puts runs into groups; a group's stream goes on from where its first member's old group was.
    fn regroup(&mut self) {
        let restarts = self.spec.restarts.count;
        let mut members: Vec<(GroupKey, usize, Kernel)> = Vec::new();
        for (run_idx, run) in self.runs.iter().enumerate() {
            let cell = &self.cells[run_idx / restarts];
            if cell.spec.gradient == GradientKind::Sampled {
                let network = cell.network(&run.parameters);
                let kernel = Kernel::of(self.level, &network, &cell.reading, cell.attack.is_some(), cell.spec.batch);
                let key = GroupKey {
                    seed: run.seed,
                    shape: cell.shape,
                    batch: cell.spec.batch,
                    paired: cell.reading.paired,
                    narrow: kernel == Kernel::Narrow,
                    listed: kernel.is_listed().then_some(run_idx),
                };
                members.push((key, run_idx, kernel));
            }
        }
        order::sort_by_key(&mut members, |member| member.0);
        let old = std::mem::take(&mut self.groups);
        self.groups = members
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| {
                let key = group[0].0;
                let (members, kernels): (Vec<_>, Vec<_>) = group.iter().map(|&(_, run, kernel)| (run, kernel)).unzip();
                let reading = &self.cells[members[0] / restarts].reading;
                let before = old.iter().find(|group| group.members.contains(&members[0]));
                let stream = |purpose, of: fn(&Group) -> &Stream| {
                    before.map_or_else(|| Stream::new(key.seed, purpose), |group| of(group).clone())
                };
                Group {
                    stream: stream(Purpose::Batches, |group| &group.stream),
                    attacks: stream(Purpose::Attacks, |group| &group.attacks),
                    tile_blocks: kernels[0].tile_blocks(self.level, reading),
                    lists: key.listed.map(|_| Box::new((kernels[0].skipper(reading), Drawn::default()))),
                    work: kernels.into_iter().map(|kernel| Work::new(key.shape, kernel)).collect(),
                    directions: vec![Vec::new(); members.len()],
                    members,
                    shape: key.shape,
                    batch: key.batch,
                    words: key.shape.n_features * if key.paired { 2 } else { 1 },
                    draws: Aligned::default(),
                    choices: Vec::new(),
                }
            })
            .collect();
    }

    /// Trains every running instance by at most `steps` steps; returns the most that any made.
    pub fn advance(&mut self, steps: u64) -> u64 {
        let restarts = self.spec.restarts.count;
        let mut most = 0;
        for (run_idx, run) in self.runs.iter_mut().enumerate() {
            let cell = &self.cells[run_idx / restarts];
            if cell.spec.gradient == GradientKind::Exact {
                let before = run.step;
                while run.status == Status::Running && run.step - before < steps {
                    run.exact_step(cell, &mut self.scratch);
                }
                most = most.max(run.step - before);
            }
        }
        for group in &mut self.groups {
            let mut done = 0;
            while done < steps && group.members.iter().any(|&run_idx| self.runs[run_idx].status == Status::Running) {
                group.step(self.level, &self.cells, &mut self.runs, restarts, &mut self.scratch);
                done += 1;
            }
            most = most.max(done);
        }
        self.step += most;
        most
    }

    /// Gives back the memory that steps are worked out in: where many trainers take turns, each needs it in its own turn only.
    pub fn rest(&mut self) {
        self.scratch = Scratch::default();
        for group in &mut self.groups {
            group.draws = Aligned::default();
            if let Some(lists) = &mut group.lists {
                lists.1 = Drawn::default();
            }
            group.work.iter_mut().for_each(Work::rest);
        }
    }

    /// How the whole stands: running while any instance is, diverged if any did, converged if all did, else done.
    pub fn status(&self) -> Status {
        let any = |status| self.runs.iter().any(|run| run.status == status);
        if any(Status::Running) {
            Status::Running
        } else if any(Status::Diverged) {
            Status::Diverged
        } else if any(Status::Done) {
            Status::Done
        } else {
            Status::Converged
        }
    }

    /// Steps made since the start, by the instance that made most.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The spec with all live changes.
    pub fn spec(&self) -> &ExperimentSpec {
        &self.spec
    }

    /// The level that trains.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Cells of the sweep, 1 without one.
    pub fn n_cells(&self) -> usize {
        self.cells.len()
    }

    /// The spec of a cell, without the sweep.
    pub fn cell_spec(&self, cell: usize) -> &ExperimentSpec {
        &self.cells[cell].spec
    }

    /// The instance of a cell's restart.
    pub fn instance(&self, cell: usize, restart: usize) -> InstanceView<'_> {
        let run = &self.runs[cell * self.spec.restarts.count + restart];
        let shape = self.cells[cell].shape;
        InstanceView {
            weights: &run.parameters[..shape.n_weights()],
            decoder: shape.untied.then(|| &run.parameters[shape.decoder()]),
            bias: &run.parameters[shape.bias()],
            parameters: &run.parameters,
            loss: run.loss,
            step: run.step,
            status: run.status,
            seed: run.seed,
            history: self.spec.record.map(|_| &run.history),
        }
    }

    /// The restart of a cell with the lowest loss so far, one that has not diverged if there is any.
    pub fn best(&self, cell: usize) -> usize {
        let restarts = self.spec.restarts.count;
        if restarts == 1 {
            return 0;
        }
        let loss = |&r: &usize| {
            let diverged = self.runs[cell * restarts + r].status == Status::Diverged;
            (diverged, self.current_loss(cell, r).unwrap_or(f64::INFINITY))
        };
        (0..restarts).min_by(|a, b| loss(a).partial_cmp(&loss(b)).expect("losses are never NaN")).unwrap_or(0)
    }

    /// The loss of an instance as it stands: exact where that is cheap, else the running mean of its batches' losses.
    pub fn current_loss(&self, cell_idx: usize, restart: usize) -> Option<f64> {
        let cell = &self.cells[cell_idx];
        let run = &self.runs[cell_idx * self.spec.restarts.count + restart];
        let n_features = cell.shape.n_features;
        if n_features <= EXACT_DISPLAY_FEATURES && is_exact(cell.spec.model, n_features) {
            let (w, b) = run.parameters.split_at(cell.shape.n_weights());
            let [w, b] = [w, b].map(|part| part.iter().copied().map(f64::from).collect::<Vec<_>>());
            let InputLaw { densities, correlated, anticorrelated, .. } = &cell.law;
            let kind = cell.spec.model;
            return Some(exact_loss_with_sets(kind, &w, &b, densities, correlated, anticorrelated, &cell.importances));
        }
        run.smoothed_loss.is_finite().then_some(run.smoothed_loss)
    }

    /// Changes settings in mid-run: parameters, moments and streams stay as they are.
    ///
    /// `patch` is a JSON object of fields that replace the spec's. What the parameters are made of (model, sizes, seed,
    /// restarts, sweep, gradient, level) cannot change.
    ///
    /// # Errors
    /// As [`ExperimentSpec::from_json`], and [`Error::Field`] for a field that cannot change; nothing has changed then.
    pub fn set(&mut self, patch: &str) -> Result<(), Error> {
        let spec = self.spec.changed(Draft::from_json(patch)?.into())?;
        let old = &self.spec;
        let fixed: [(&str, bool, String); 8] = [
            ("model", spec.model == old.model, spec.model.name().into()),
            ("features", spec.features == old.features, spec.features.to_string()),
            ("hidden", spec.hidden == old.hidden, spec.hidden.to_string()),
            ("seed", spec.seed == old.seed, spec.seed.to_string()),
            ("restarts", spec.restarts == old.restarts, spec.restarts.count.to_string()),
            ("sweep", spec.sweep == old.sweep, "another sweep".into()),
            ("gradient", spec.gradient == old.gradient, spec.gradient.name().into()),
            ("level", spec.level == old.level, spec.level.name().into()),
        ];
        if let Some((field, _, value)) = fixed.into_iter().find(|(_, same, _)| !same) {
            let allowed = "no change in the middle of a run: restart with it instead".into();
            return Err(Error::Field { field: field.into(), value, allowed });
        }
        let cells = cells_of(&spec)?;
        let moments_change = std::mem::discriminant(&spec.optimizer) != std::mem::discriminant(&old.optimizer);
        for (run_idx, run) in self.runs.iter_mut().enumerate() {
            let cell = &cells[run_idx / spec.restarts.count];
            if moments_change {
                run.moments = crate::optim::Moments::new(cell.shape.n_parameters());
            }
            run.smoothed_loss = f64::INFINITY;
            run.settle_status(cell);
        }
        self.cells = cells;
        self.spec = spec;
        self.regroup();
        Ok(())
    }

    /// Moves a feature's direction, a column of W, in every instance, as a hand would; training goes on from there.
    ///
    /// # Shapes
    /// `column: [n_hidden]`.
    ///
    /// # Errors
    /// [`Error::Field`] for a feature that a cell does not have, a column of another length, or one that is not finite.
    pub fn set_column(&mut self, feature_idx: usize, column: &[f32]) -> Result<(), Error> {
        let refuse =
            |field: &str, value: String, allowed: String| Err(Error::Field { field: field.into(), value, allowed });
        for cell in &self.cells {
            let Shape { n_features, n_hidden, .. } = cell.shape;
            if feature_idx >= n_features {
                return refuse("feature", feature_idx.to_string(), format!("0 to {}", n_features - 1));
            }
            if column.len() != n_hidden || !column.iter().all(|weight| weight.is_finite()) {
                return refuse("column", format!("{column:?}"), format!("{n_hidden} finite numbers"));
            }
        }
        let restarts = self.spec.restarts.count;
        for (run_idx, run) in self.runs.iter_mut().enumerate() {
            run.set_column(&self.cells[run_idx / restarts], feature_idx, column);
        }
        Ok(())
    }

    /// Back to step 0 with the settings as they are now, from the same seed or another.
    ///
    /// # Errors
    /// [`Error::Field`] for a seed out of range.
    pub fn reset(&mut self, seed: Option<u64>) -> Result<(), Error> {
        let spec = match seed {
            Some(seed) => self.spec.changed(Draft::from_json(&format!("{{\"seed\":{seed}}}"))?.into())?,
            None => self.spec.clone(),
        };
        *self = Self::at_level(&spec, self.level)?;
        Ok(())
    }

    /// What [`super::snapshot`] saves: step, runs and two streams a group.
    pub(super) fn parts(&self) -> (u64, &[Run], Vec<&Stream>) {
        (self.step, &self.runs, self.groups.iter().flat_map(|group| [&group.stream, &group.attacks]).collect())
    }

    /// Takes over saved parts; false if they do not fit this trainer's cells.
    pub(super) fn take_parts(&mut self, step: u64, runs: Vec<Run>, streams: Vec<Stream>) -> bool {
        let restarts = self.spec.restarts.count;
        let seeds = self.runs.iter().map(|run| run.seed);
        let fits = runs.len() == self.runs.len()
            && streams.len() == 2 * self.groups.len()
            && runs.iter().zip(seeds).enumerate().all(|(i, (run, seed))| run.fits(&self.cells[i / restarts], seed));
        if fits {
            self.step = step;
            self.runs = runs;
            let places = self.groups.iter_mut().flat_map(|group| [&mut group.stream, &mut group.attacks]);
            places.zip(streams).for_each(|(place, stream)| *place = stream);
        }
        fits
    }
}

impl Group {
    /// One step of every running member: words are drawn a tile at a time, and each member's kernel reads them in turn.
    fn step(&mut self, level: Level, cells: &[Cell], runs: &mut [Run], restarts: usize, scratch: &mut Scratch) {
        let n_blocks = self.batch.div_ceil(BLOCK);
        let tile_blocks = self.tile_blocks;
        let running = |runs: &[Run], run_idx: usize| runs[run_idx].status == Status::Running;
        debug_assert!(self.members.iter().all(|&i| cells[i / restarts].shape == self.shape));
        if self.lists.is_none() {
            self.draws.resize(tile_blocks * self.words * BLOCK);
        }
        let mut attacked = false;
        for ((work, directions), &run_idx) in self.work.iter_mut().zip(&mut self.directions).zip(&self.members) {
            if running(runs, run_idx) {
                let cell = &cells[run_idx / restarts];
                work.begin(level, cell.network(&runs[run_idx].parameters), &cell.reading);
                if let Some(size) = cell.attack {
                    attacked = true;
                    cell.attacks_into(size, &runs[run_idx].parameters, directions);
                }
            }
        }
        if attacked {
            self.draw_choices(level, n_blocks);
        }
        for first in (0..n_blocks).step_by(tile_blocks) {
            // Only the batch's own blocks are drawn, so that the stream does not depend on the tile's size.
            let drawn = tile_blocks.min(n_blocks - first);
            let n_samples = (self.batch - first * BLOCK).min(drawn * BLOCK);
            match &mut self.lists {
                None => self.stream.fill_rows(level, &mut self.draws[..drawn * self.words * BLOCK]),
                Some(lists) => {
                    let gap_scales = &cells[self.members[0] / restarts].reading.gap_scales;
                    let fill = &mut |words: &mut [u32]| self.stream.fill_rows(level, words);
                    lists.0.draw(level, gap_scales, n_samples, fill, &mut lists.1);
                }
            }
            for ((work, directions), &run_idx) in self.work.iter_mut().zip(&self.directions).zip(&self.members) {
                if running(runs, run_idx) {
                    let cell = &cells[run_idx / restarts];
                    let network = cell.network(&runs[run_idx].parameters);
                    if let Some(lists) = &self.lists {
                        work.add_lists(level, network, &lists.1, n_samples);
                        continue;
                    }
                    let perturbation = cell
                        .attack
                        .map(|_| Perturbation { directions, choices: &self.choices[first * BLOCK..][..n_samples] });
                    work.add_tile(level, network, &cell.reading, &self.draws, n_samples, perturbation);
                }
            }
        }
        for (work, &run_idx) in self.work.iter_mut().zip(&self.members) {
            if running(runs, run_idx) {
                let cell = &cells[run_idx / restarts];
                let sums = work.finish(level, cell.network(&runs[run_idx].parameters));
                runs[run_idx].update(cell, sums, scratch);
            }
        }
    }

    /// The feature that each sample of the batch is attacked through, each as likely (to n·2⁻³²).
    fn draw_choices(&mut self, level: Level, n_blocks: usize) {
        self.choices.resize(n_blocks * BLOCK, 0);
        self.attacks.fill_rows(level, &mut self.choices);
        let n_features = self.shape.n_features as u64;
        self.choices.iter_mut().for_each(|word| *word = ((u64::from(*word) * n_features) >> 32) as u32);
    }
}

/// The level that a spec asks for.
///
/// # Errors
/// [`Error::Level`] where it does not exist here.
pub fn level_of(spec: &ExperimentSpec) -> Result<Level, Error> {
    match spec.level {
        LevelChoice::Auto => Ok(Level::best()),
        LevelChoice::Simd128 => Level::simd128(),
    }
}

fn cells_of(spec: &ExperimentSpec) -> Result<Vec<Cell>, Error> {
    (0..spec.n_cells()).map(|idx| spec.cell(idx).map(Cell::new)).collect()
}
