//! Safe slice functions that do the arithmetic of training, each algorithm written once over [`fearless_simd::Simd`].
//!
//! Every function here takes a [`Level`] and dispatches on it; beside the vector code stands the plain scalar [`oracle`]
//! in f64 that the tests hold it to. Kernels know nothing of specs, seeds or models' names: they see slices and shapes.
//!
//! # Layout
//! Samples lie in lanes where inputs are dense, features and hidden units where they are listed ([`lists`], [`rows`], [`gram`]). The samples of a batch come in *blocks* of [`BLOCK`] samples, at every level, so that what a
//! sample is made of never depends on the vector width. A *tile* is a number of blocks that is worked on at once.

mod aligned;
pub mod blocked;
pub mod draws;
pub mod gaps;
pub mod gram;
mod lanes;
mod level;
pub mod lists;
pub mod narrow;
pub mod network;
pub mod oracle;
pub mod products;
pub mod rows;
mod sparse;
pub mod sums;
#[cfg(not(target_arch = "wasm32"))]
mod turned;

pub use aligned::Aligned;
pub use level::Level;
pub use network::{Network, Perturbation, Sums};
pub use sparse::SparseErrors;

/// Samples a block: the generator's lanes, and the widest vector (AVX-512 has 16 lanes of f32).
pub const BLOCK: usize = 16;
