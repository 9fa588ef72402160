//! The program `superposition`: see [`superposition::cli`].

use std::process::ExitCode;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> ExitCode {
    superposition::cli::run(std::env::args_os())
}

/// In wasm the library is all there is.
#[cfg(target_arch = "wasm32")]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
