//! The rooms that run inside every loop, compiled for speed; all others are compiled for size where the page downloads them.
//!
//! They are rooms of `superposition` like any other: it exports them under their own names.

#[path = "../error.rs"]
pub mod error;
#[path = "mod.rs"]
pub mod kernels;
#[cfg(target_arch = "wasm32")]
mod math;
pub mod theory;
