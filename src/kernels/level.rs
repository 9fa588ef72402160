//! Which vector instructions run, found out once and passed down.

use crate::error::Error;

/// A SIMD level together with whether multiply-adds may fuse.
///
/// Holding one proves that the processor (or the wasm engine that compiled this module) has the instructions.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    pub(super) simd: fearless_simd::Level,
    pub(super) fused: bool,
}

impl Level {
    /// The best level of this processor and build.
    pub fn best() -> Self {
        Level { simd: fearless_simd::Level::new(), fused: true }
    }

    /// Four lanes and no fused multiply-add: the same bits in every browser, on x86-64 and on 64-bit ARM.
    ///
    /// # Errors
    /// [`Error::Level`] where no such level exists: an x86 processor without SSE4.2, or another architecture.
    pub fn simd128() -> Result<Self, Error> {
        four_lanes(fearless_simd::Level::new()).map(|simd| Level { simd, fused: false }).ok_or_else(|| {
            Error::Level("level: got \"simd128\", expected \"auto\": this processor has no four-lane level".into())
        })
    }

    /// Every level that this build can run on this processor, the best first; the last is the scalar one where it is built.
    pub fn all() -> Vec<Self> {
        let best = fearless_simd::Level::new();
        #[cfg(target_arch = "x86_64")]
        let wide = {
            use fearless_simd::Level as Simd;
            let narrower = [best.as_avx2().map(Simd::Avx2), best.as_sse4_2().map(Simd::Sse4_2)];
            [best.as_avx512().map(Simd::Avx512)].into_iter().chain(narrower).chain([Some(Simd::baseline())])
        };
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [Some(best)].into_iter();
        #[cfg(not(target_arch = "wasm32"))]
        let scalar = Some(fearless_simd::Level::fallback());
        #[cfg(target_arch = "wasm32")]
        let scalar = None;
        let levels = wide.chain([scalar]).flatten();
        let mut all: Vec<Self> = levels.map(|simd| Level { simd, fused: true }).collect();
        all.extend(Self::simd128());
        all
    }

    /// Whether multiply-adds may fuse.
    pub fn is_fused(self) -> bool {
        self.fused
    }

    /// The name that reports carry.
    pub fn name(self) -> &'static str {
        #[cfg(target_arch = "x86_64")]
        return match self.simd {
            _ if !self.fused => "simd128",
            fearless_simd::Level::Avx512(_) => "avx512",
            fearless_simd::Level::Avx2(_) => "avx2",
            fearless_simd::Level::Sse4_2(_) => "sse4.2",
            fearless_simd::Level::Sse2(_) => "sse2",
            _ => "scalar",
        };
        #[cfg(target_arch = "aarch64")]
        return match self.simd {
            _ if !self.fused => "simd128",
            fearless_simd::Level::Neon(_) => "neon",
            _ => "scalar",
        };
        #[cfg(target_arch = "wasm32")]
        return if self.fused && cfg!(target_feature = "relaxed-simd") { "relaxed-simd" } else { "simd128" };
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "wasm32")))]
        return if self.fused { "scalar" } else { "simd128" };
    }
}

/// The level of four lanes below `best`, if there is one.
fn four_lanes(best: fearless_simd::Level) -> Option<fearless_simd::Level> {
    #[cfg(target_arch = "x86_64")]
    return best.as_sse4_2().map(fearless_simd::Level::Sse4_2);
    #[cfg(target_arch = "aarch64")]
    return best.as_neon().map(fearless_simd::Level::Neon);
    #[cfg(target_arch = "wasm32")]
    return Some(best);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "wasm32")))]
    return {
        let _ = best;
        None
    };
}

/// Runs a kernel that is generic over `S: Simd` and `const FUSED: bool` at a [`Level`].
///
/// `run_at!(level, simd, FUSED => kernel::<_, FUSED>(simd, …))`
macro_rules! run_at {
    ($level:expr, $simd:ident, $fused:ident => $op:expr) => {{
        let level: $crate::kernels::Level = $level;
        if level.fused {
            const $fused: bool = true;
            fearless_simd::dispatch!(level.simd, $simd => $op)
        } else {
            $crate::kernels::level::run_unfused!(level.simd, $simd, $fused => $op)
        }
    }};
}

/// The same for a kernel without multiply-adds, which is the same code fused and unfused, and so compiled once.
///
/// `run_either!(level, simd => kernel(simd, …))`
macro_rules! run_either {
    ($level:expr, $simd:ident => $op:expr) => {{
        let level: $crate::kernels::Level = $level;
        fearless_simd::dispatch!(level.simd, $simd => $op)
    }};
}

/// The unfused half of [`run_at!`]: one level an architecture, so that no other is compiled for it.
#[cfg(target_arch = "x86_64")]
macro_rules! run_unfused {
    ($level:expr, $simd:ident, $fused:ident => $op:expr) => {{
        const $fused: bool = false;
        let $simd = $level.as_sse4_2().expect("an unfused level holds SSE4.2");
        fearless_simd::Simd::vectorize(
            $simd,
            #[inline(always)]
            || $op,
        )
    }};
}
#[cfg(not(target_arch = "x86_64"))]
macro_rules! run_unfused {
    ($level:expr, $simd:ident, $fused:ident => $op:expr) => {{
        const $fused: bool = false;
        fearless_simd::dispatch!($level, $simd => $op)
    }};
}
pub(super) use {run_at, run_either, run_unfused};
