//! The exact loss, its gradient and the theory of n = 2, m = 1, held against independent references.
//!
//! - `reference`: numbers from another implementation (tests/reference/theory.json);
//! - `quadrature`: iterated adaptive quadrature, which knows no vertex formula (`oracle`);
//! - `gradient`: central differences; `properties`: invariances, sampling, edge cases;
//! - `phase`, `phase_3_2`: natural solutions, best bias, the diagrams, the class of trained models;
//! - `surface`: the surface of n = 2, m = 1; `one_sparse`: the loss of one active feature; `sets`: sets of features;
//!   `minimum`: polished minima; `thomson`: known energies.

mod gradient;
mod minimum;
mod models;
mod one_sparse;
mod oracle;
mod phase;
mod phase_3_2;
mod properties;
mod quadrature;
mod reference;
mod sets;
mod several;
mod surface;
mod thomson;
