//! The names by which the standard library calls the functions of `libm`.
//!
//! Left alone, wasm's standard library brings a second copy of each that it needs, for drawing, beside the one of the crate `libm` that
//! training needs: the same code, downloaded twice. What is defined here takes its place.

#![allow(unsafe_code, reason = "the linker finds these by their names; nothing else here could do harm")]

macro_rules! name {
    ($($name:ident($($argument:ident),+))+) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: f64),+) -> f64 {
            libm::$name($($argument),+)
        }
    )+};
}

name! {
    acos(x) atan(x) atan2(y, x) cos(x) exp(x) hypot(x, y) log(x) log10(x) pow(x, y) sin(x) tan(x)
}
