//! The exact loss, its gradient and the theory of n = 2, m = 1, held against independent references.
//!
//! - `reference`: numbers from another implementation (tests/reference/theory.json);
//! - `quadrature`: iterated adaptive quadrature, which knows no vertex formula (`oracle`);
//! - `gradient`: central differences; `properties`: invariances, sampling, edge cases;
//! - `phase`: natural solutions, best bias, the diagram, the class of trained models.

mod gradient;
mod models;
mod oracle;
mod phase;
mod properties;
mod quadrature;
mod reference;
