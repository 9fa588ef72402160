//! What runs inside every loop, compiled for speed; all else is compiled for size where the page downloads it.
//!
//! These are files of the rooms of `superposition` whose names they carry here, and which give them to all others: a package of their
//! own, because cargo optimises by the package.

#[path = "../error.rs"]
pub mod error;
#[path = "mod.rs"]
pub mod kernels;
#[cfg(target_arch = "wasm32")]
mod math;
#[cfg(target_arch = "wasm32")]
mod memory;
#[path = "../optim.rs"]
pub mod optim;
pub mod spec;
pub mod theory;
