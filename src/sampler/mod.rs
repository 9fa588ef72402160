//! Sparse features: what a sample is (DESIGN.md section 2; paper, "Demonstrating Superposition", the input distribution).
//!
//! Training reads samples straight from random words through a [`Reading`]; [`ActiveSampler`] draws only samples in which
//! something is active, for estimates that must not waste effort on empty ones.

mod active;
mod norm;

pub use crate::kernels::draws::Reading;
pub use active::ActiveSampler;
pub use norm::expected_norm;

use crate::spec::InputLaw;

/// How random words become samples of a law.
pub fn reading(law: &InputLaw) -> Reading {
    let reading = Reading::new(&law.densities).with_sets(&law.densities, &law.correlated, &law.anticorrelated);
    if law.signed { reading.with_signs() } else { reading }
}
