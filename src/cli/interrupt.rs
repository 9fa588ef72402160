//! Ctrl-C, and the signals that ask a program to end.
//!
//! Until work has begun a signal ends the program at once. From [`begin`] on, the first one is a request that the work
//! looks at between slices of steps, so that what is finished is kept; a second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Failure;

static WORKING: AtomicBool = AtomicBool::new(false);
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// From now on, signals are requests.
pub fn begin() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if !WORKING.load(Ordering::Relaxed) || REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|error| Failure::Input(format!("signals cannot be caught: {error}")))?;
    WORKING.store(true, Ordering::Relaxed);
    Ok(())
}

/// Whether somebody asked the work to end.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
