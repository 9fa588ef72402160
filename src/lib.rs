//! The core of *Superposition*, the live companion to "Toy Models of Superposition" (Elhage et al., 2022).
//!
//! Data flows one way: `spec → sampler → models (on kernels) → train → measures → report → figures → web | cli`. Each
//! module here is a room of that house and imports only from rooms above it; `cargo xtask tidy` holds it to that, and
//! ARCHITECTURE.md draws the map.
//!
//! Everything above `web` and `cli` does no input or output, reads no clock, starts no thread and knows no DOM.

pub mod attack;
pub mod dictionary;
pub mod figures;
pub mod gallery;
pub mod measures;
pub mod models;
mod number;
mod order;
pub mod report;
pub mod rng;
pub mod sampler;
pub mod spec;
pub mod sweep;
pub mod theory;
pub mod train;
mod wire;

#[cfg(not(target_arch = "wasm32"))]
pub mod claims;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::Error;
pub use spec::ExperimentSpec;
pub use superposition_kernels::{error, kernels, optim};
