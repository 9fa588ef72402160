//! The networks: how parameters lie in memory, and which kernel works out loss and gradient (DESIGN.md section 2).
//!
//! The parameters of a network are one run of f32s: W `[n_hidden][n_features]`, then W₂ `[n_features][n_hidden]` where the decoder is
//! a matrix of its own (`absolute`), then b `[n_features]`. What is in a sample, which update follows and when a run ends are none
//! of this room's business.

pub mod linear;
pub mod listed;
mod work;

use std::ops::Range;

pub use work::{Kernel, Work};

pub use crate::kernels::{Network, Perturbation, SparseErrors, Sums};
use crate::spec::ModelKind;

/// The size of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// n, the length of x.
    pub n_features: usize,
    /// m, the length of h.
    pub n_hidden: usize,
    /// Whether the decoder is a matrix of its own.
    pub untied: bool,
}

impl Shape {
    /// The size of a model of this kind.
    pub fn new(kind: ModelKind, n_features: usize, n_hidden: usize) -> Self {
        Shape { n_features, n_hidden, untied: kind == ModelKind::Absolute }
    }

    /// Weights of the encoder.
    pub fn n_weights(self) -> usize {
        self.n_features * self.n_hidden
    }

    /// Weights of a decoder of its own.
    pub fn n_decoder(self) -> usize {
        if self.untied { self.n_weights() } else { 0 }
    }

    /// Weights and biases.
    pub fn n_parameters(self) -> usize {
        self.n_weights() + self.n_decoder() + self.n_features
    }

    /// Where the decoder lies among the parameters.
    pub fn decoder(self) -> Range<usize> {
        self.n_weights()..self.n_weights() + self.n_decoder()
    }

    /// Where the biases lie among the parameters.
    pub fn bias(self) -> Range<usize> {
        self.decoder().end..self.n_parameters()
    }

    /// The network that these parameters make under a spec's model, without a penalty.
    ///
    /// # Panics
    /// If there are not as many parameters as the shape has.
    pub fn network<'a>(self, kind: ModelKind, parameters: &'a [f32], importance: &'a [f32]) -> Network<'a> {
        assert_eq!(parameters.len(), self.n_parameters(), "parameters of the shape");
        Network {
            w: &parameters[..self.n_weights()],
            decoder: self.untied.then(|| &parameters[self.decoder()]),
            b: &parameters[self.bias()],
            importance,
            relu_hidden: matches!(kind, ModelKind::ReluHidden | ModelKind::Absolute),
            relu: kind != ModelKind::Linear,
            absolute: kind == ModelKind::Absolute,
            hidden_l1: 0.0,
        }
    }
}
