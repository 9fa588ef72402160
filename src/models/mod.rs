//! The networks: how parameters lie in memory, and which kernel works out loss and gradient (DESIGN.md section 2).
//!
//! A tied model (`linear`, `relu`) keeps W `[n_hidden][n_features]` and then b `[n_features]` in one run of f32s. What is
//! in a sample, which update follows and when a run ends are none of this room's business.

mod tied;

pub use tied::{TiedWork, sparse_error};

pub use crate::kernels::tiny::{Sums, Tied};

/// The size of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// n, the length of x.
    pub n_features: usize,
    /// m, the length of h.
    pub n_hidden: usize,
}

impl Shape {
    /// Weights of a tied model.
    pub fn n_weights(self) -> usize {
        self.n_features * self.n_hidden
    }

    /// Weights and biases of a tied model.
    pub fn n_parameters(self) -> usize {
        self.n_weights() + self.n_features
    }
}
