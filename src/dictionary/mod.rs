//! Finding the features again from the hidden activations alone (paper, "Strategic Picture": the second way out of
//! superposition, "find an overcomplete basis that describes how features are represented").
//!
//! - [`Autoencoder`]: a sparse autoencoder, trained on the activations of a [`Subject`] by the kernels and the
//!   optimiser that train the models themselves; [`Autoencoder::scores`] holds it against the truth, which a toy model
//!   knows.
//! - [`pursuit`]: orthogonal matching pursuit with the true directions, the bound on what any dictionary could give,
//!   and the condition of compressed sensing beside it.
//!
//! Takes parameters and a reading of random words, so it knows nothing of trainers, figures or how a model came about.

mod autoencoder;
pub mod pursuit;
mod scores;
mod subject;
mod workspace;

pub use autoencoder::{Autoencoder, Progress};
pub use scores::{DictionaryReport, FeatureMatch};
pub use subject::{Subject, TILE_UNIT, TrueDirection};
