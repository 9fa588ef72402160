//! One instance on its way: trained in slices, then attacked, then described by a dictionary, as far as its spec asks.

use crate::attack;
use crate::dictionary::Autoencoder;
use crate::error::Error;
use crate::report::InstanceReport;
use crate::sampler::reading;
use crate::spec::ExperimentSpec;
use crate::train::{Status, Trainer, level_of};

/// An instance with all that its spec asks for, in slices of any size; the bits do not depend on them.
#[derive(Debug)]
pub struct Job {
    index: usize,
    spec: ExperimentSpec,
    /// To which fraction of itself a sampled loss is known in the end.
    precision: f64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Training(Box<Trainer>),
    Dictionary(Box<InstanceReport>, Box<Autoencoder>),
    Done(Box<InstanceReport>),
}

/// A dictionary in training is scored this often for provisional reports.
const LOOKS: u64 = 20;

impl Job {
    /// A job at step 0, of a spec without a sweep.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn new(spec: &ExperimentSpec, index: usize, precision: f64) -> Result<Self, Error> {
        Self::with(Trainer::new(spec)?, index, precision)
    }

    fn with(trainer: Trainer, index: usize, precision: f64) -> Result<Self, Error> {
        let spec = trainer.cell_spec(0).clone();
        let is_running = trainer.status() == Status::Running;
        let mut job = Job { index, spec, precision, stage: Stage::Training(Box::new(trainer)) };
        if !is_running {
            job.end_training()?;
        }
        Ok(job)
    }

    /// Makes up to `steps` more steps, of the model and then of its dictionary; returns how many, 0 when all is done.
    ///
    /// # Errors
    /// As [`level_of`].
    pub fn advance(&mut self, steps: u64) -> Result<u64, Error> {
        match &mut self.stage {
            Stage::Training(trainer) => {
                let made = trainer.advance(steps);
                trainer.rest();
                if trainer.status() != Status::Running {
                    self.end_training()?;
                }
                Ok(made)
            }
            Stage::Dictionary(report, dictionary) => {
                let made = dictionary.advance(steps);
                if made == 0 {
                    report.dictionary = Some(dictionary.scores());
                    self.stage = Stage::Done(report.clone());
                }
                Ok(made)
            }
            Stage::Done(_) => Ok(0),
        }
    }

    /// Changes settings in mid-run, as [`Trainer::set`]; once the model is trained there is nothing to change.
    ///
    /// # Errors
    /// As [`Trainer::set`].
    pub fn set(&mut self, patch: &str) -> Result<(), Error> {
        let Stage::Training(trainer) = &mut self.stage else { return Ok(()) };
        trainer.set(patch)?;
        self.spec = trainer.cell_spec(0).clone();
        if trainer.status() != Status::Running {
            self.end_training()?;
        }
        Ok(())
    }

    /// Evaluates the trained model; what is left is its dictionary, or nothing.
    fn end_training(&mut self) -> Result<(), Error> {
        let Stage::Training(trainer) = &self.stage else { return Ok(()) };
        let mut report = Box::new(InstanceReport::of(trainer, self.index, self.precision));
        let level = level_of(&self.spec)?;
        if report.status == Status::Diverged {
            self.stage = Stage::Done(report);
            return Ok(());
        }
        if let Some(attack) = &self.spec.attack {
            let subject = report.subject(&self.spec);
            report.attack = Some(attack::evaluate(&subject, attack, &self.spec.input_law(), self.spec.seed, level));
        }
        self.stage = match &self.spec.dictionary {
            Some(settings) => {
                let law = reading(&self.spec.input_law());
                let dictionary = Autoencoder::new(report.subject(&self.spec), law, settings, level);
                Stage::Dictionary(report, Box::new(dictionary))
            }
            None => Stage::Done(report),
        };
        Ok(())
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done(_))
    }

    /// Whether the model itself is still in training.
    pub fn is_training(&self) -> bool {
        matches!(self.stage, Stage::Training(_))
    }

    /// The steps made, of all that there may be: the model's and its dictionary's.
    pub fn progress(&self) -> (u64, u64) {
        let of_dictionary = self.spec.dictionary.map_or(0, |settings| settings.steps);
        let all = self.spec.steps + of_dictionary;
        match &self.stage {
            Stage::Training(trainer) => (trainer.step(), all),
            Stage::Dictionary(_, dictionary) => (self.spec.steps + dictionary.state().step, all),
            Stage::Done(_) => (all, all),
        }
    }

    /// What it has come to: the final report when all is done, else a provisional one, whose status is `running`.
    pub fn report(&mut self) -> InstanceReport {
        match &mut self.stage {
            Stage::Training(trainer) => InstanceReport::provisional(trainer, self.index),
            Stage::Dictionary(report, dictionary) => {
                let (step, steps) =
                    (dictionary.state().step, self.spec.dictionary.map_or(0, |settings| settings.steps));
                let scored = report.dictionary.as_ref().map_or(0, |scores| scores.steps);
                // Scores take as long as some hundred steps.
                if report.dictionary.is_none() || (step - scored) * LOOKS >= steps {
                    report.dictionary = Some(dictionary.scores());
                }
                InstanceReport { status: Status::Running, ..report.as_ref().clone() }
            }
            Stage::Done(report) => report.as_ref().clone(),
        }
    }

    /// The final report, if all is done.
    pub fn into_report(self) -> Option<InstanceReport> {
        match self.stage {
            Stage::Done(report) => Some(*report),
            _ => None,
        }
    }

    /// Bytes from which the training of the model goes on; none afterwards.
    pub fn save(&self) -> Option<Vec<u8>> {
        match &self.stage {
            Stage::Training(trainer) => Some(trainer.save()),
            _ => None,
        }
    }

    /// A job that goes on from saved bytes.
    ///
    /// # Errors
    /// As [`Trainer::restore`].
    pub fn restore(bytes: &[u8], index: usize, precision: f64) -> Result<Self, Error> {
        Self::with(Trainer::restore(bytes)?, index, precision)
    }
}
