//! Of `theory`, what is in a step of training with exact gradients.

#[path = "../theory/clipped.rs"]
mod clipped;
#[path = "../theory/exact.rs"]
pub mod exact;
#[path = "../theory/moments.rs"]
mod moments;
#[path = "../theory/pair.rs"]
mod pair;
#[path = "../theory/sets.rs"]
pub mod sets;

pub use exact::{exact_loss, exact_loss_and_gradient_into, is_exact};
pub use sets::exact_loss_with_sets;
