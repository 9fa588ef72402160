//! The inner rooms of `theory`: the exact loss of one output, compiled for speed with the kernels.

#[path = "../theory/clipped.rs"]
pub mod clipped;
#[path = "../theory/moments.rs"]
mod moments;
#[path = "../theory/pair.rs"]
pub mod pair;
