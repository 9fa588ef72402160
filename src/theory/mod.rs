//! What can be known about the toy models without sampling: exact expected losses with their gradients, and the closed
//! forms of the natural solutions.
//!
//! - [`exact_loss`] and [`exact_loss_and_gradient_into`]: the expected loss over the paper's data distribution
//!   ("Demonstrating superposition", Setup), for the linear model at any size and the ReLU output model up to six
//!   features;
//! - [`phase_2_1`]: the losses of the three natural solutions of two features in one dimension ("Superposition as a
//!   phase change"), the phase diagram that follows from them, and the class of a trained model; [`phase_3_2`]: the same
//!   of three features in two dimensions; [`surface`]: the whole loss surface of the former;
//! - [`sets`]: the exact loss with correlated and anticorrelated sets; [`one_sparse`]: the loss where one feature is
//!   active, in its two terms;
//! - [`error_of_several`]: the part of the loss where more than one is, at any n;
//! - [`minimum`]: local minima of the exact loss; [`perturb`]: those of a pentagon with one odd feature, and of two digons;
//! - [`thomson`]: points that repel each other on a sphere.
//!
//! All of it is f64 on slices, `w: [m][n]` row-major, column i the direction of feature i. Only `+ − × ÷`, square roots
//! and `libm` are used, in a fixed order, so the same input gives the same bits on every machine and in every build. This
//! room knows of no trainer, sampler or figure.

pub mod minimum;
pub mod one_sparse;
pub mod perturb;
pub mod phase_2_1;
pub mod phase_3_2;
pub mod several;
pub mod surface;
pub mod thomson;

// Compiled for speed with the kernels.
use superposition_kernels::theory::exact;
pub use superposition_kernels::theory::sets;

pub use exact::{ExactScratch, exact_loss, exact_loss_and_gradient_into, is_exact};
pub use minimum::{PolishedModel, polish};
pub use one_sparse::{OneSparseLoss, one_sparse_loss, one_sparse_total, squared_error};
pub use perturb::{PerturbLosses, perturb_crossing, perturb_losses};
pub use phase_2_1::{Bias, Phase21, classify, theory_phase};
pub use phase_3_2::{Phase32, classify_3_2, theory_phase_3_2};
pub use sets::{SetsScratch, exact_loss_and_gradient_with_sets_into, exact_loss_with_sets};
pub use several::error_of_several;
pub use surface::{Surface, SurfaceBias, SurfaceKind, SurfaceMinimum};
pub use thomson::{Thomson, thomson};
