//! The exact loss, its gradient and the theory of n = 2, m = 1, held against independent references.
//!
//! - `reference`: numbers from another implementation (tests/reference/theory.json);
//! - `quadrature`: iterated adaptive quadrature, which knows no vertex formula (`oracle`);
//! - `gradient`: central differences; `properties`: invariances, sampling, edge cases;
//! - `phase`, `phase_3_2`: natural solutions, best bias, the diagrams, the class of trained models;
//! - `sets`: sets of features; `minimum`: polished minima.

mod gradient;
mod minimum;
mod models;
mod oracle;
mod phase;
mod phase_3_2;
mod properties;
mod quadrature;
mod reference;
mod sets;
