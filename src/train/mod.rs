//! Training: many instances side by side, advanced by steps, changed in mid-run, saved and restored.
//!
//! The trainer knows no clock and no thread: to pause it is not to call [`Trainer::advance`]. An instance's bits depend on
//! its resolved spec and level alone, not on what else is trained beside it or how the steps are sliced.

mod cell;
mod evaluate;
mod history;
mod run;
mod snapshot;
mod start;
mod trainer;

pub use evaluate::{Evaluation, PRECISION, batch_sums, evaluate, evaluate_to};
pub use history::History;
pub use run::Status;
pub use trainer::{InstanceView, Trainer, level_of};
