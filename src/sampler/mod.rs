//! Sparse features: what a sample is (DESIGN.md section 2; paper, "Demonstrating Superposition", the input distribution).
//!
//! Each feature is zero with probability 1 − density, else uniform on [0, 1], independently of the others. Training reads
//! samples straight from random words through [`Reading`]; [`ActiveSampler`] draws only samples in which something is
//! active, for estimates that must not waste effort on empty ones.

mod active;

pub use crate::kernels::draws::Reading;
pub use active::ActiveSampler;
